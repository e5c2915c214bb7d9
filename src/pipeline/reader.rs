//! Reads an answer: what the model thinks, what it says, which tools it calls; with values put back.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::engine::Logprobs;
use crate::redact::{RestoreStats, Restorer};
use crate::tokenizer::Tokenizer;
use crate::types::{FinishReason, Sensitive};

use super::answer::{Candidate, Part, TokenLogprob};
use super::think::{Think, Thought};

/// How the answers of one request are to be read.
#[derive(Debug)]
pub(super) struct Reading {
    /// Puts values back; `None` where the caller may not see them.
    pub(super) restorer: Option<Restorer>,
    /// Whether the answer is JSON.
    pub(super) is_json: bool,
    /// Whether the text is kept as the model gave it, for an explanation.
    pub(super) keeps_masked: bool,
    /// How the model's thoughts are told from its answer.
    pub(super) think: Think,
    /// Names tokens.
    pub(super) tokenizer: Arc<Tokenizer>,
}

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Reader {
    restorer: Option<Restorer>,
    /// Of what the model thinks, which is text even where the answer is JSON.
    thoughts: Option<Restorer>,
    think: Think,
    tokenizer: Arc<Tokenizer>,
    masked: Option<String>,
    /// Chances of tokens whose text has not come yet.
    logprobs: Vec<TokenLogprob>,
}

impl Reading {
    /// A reader of one answer.
    pub(super) fn reader(&self) -> Reader {
        let restorer = self.restorer.as_ref();
        Reader {
            restorer: restorer.map(|own| match self.is_json {
                true => own.for_json(),
                false => own.again(),
            }),
            thoughts: restorer.map(Restorer::again),
            think: self.think.clone(),
            tokenizer: Arc::clone(&self.tokenizer),
            masked: self.keeps_masked.then(String::new),
            logprobs: Vec::new(),
        }
    }
}

impl Reader {
    /// Takes more of the answer.
    pub(super) fn push(&mut self, delta: &str, to: &mut VecDeque<Part>) {
        if let Some(masked) = &mut self.masked {
            masked.push_str(delta);
        }
        let thoughts = self.think.push(delta);
        for thought in thoughts {
            self.pass(thought, to);
        }
    }

    /// Notes the chances of the next token.
    pub(super) fn note_logprobs(&mut self, logprobs: &Logprobs) {
        let candidate = |token: u32, logprob: f32| Candidate {
            bytes: Sensitive::new(self.tokenizer.token_bytes(token).to_vec()),
            logprob,
        };
        // The end is no text.
        if !self.tokenizer.end_ids().contains(&logprobs.token) {
            let own = TokenLogprob {
                token: candidate(logprobs.token, logprobs.logprob),
                top: logprobs
                    .top
                    .iter()
                    .map(|(id, p)| candidate(*id, *p))
                    .collect(),
            };
            self.logprobs.push(own);
        }
    }

    /// Gives out what was held back; why the answer ended, for the caller.
    pub(super) fn finish(&mut self, reason: FinishReason, to: &mut VecDeque<Part>) -> FinishReason {
        let thoughts = self.think.finish();
        for thought in thoughts {
            self.pass(thought, to);
        }
        self.flush_logprobs(to);
        let rest = |restorer: &mut Option<Restorer>| restorer.as_mut().map(Restorer::finish);
        let thought = rest(&mut self.thoughts).filter(|text| !text.is_empty());
        let text = rest(&mut self.restorer).filter(|text| !text.is_empty());
        to.extend(thought.map(|text| Part::Reasoning(text.into())));
        to.extend(text.map(|text| Part::Text(text.into())));
        reason
    }

    /// What was put back so far.
    pub(super) fn restored(&self) -> RestoreStats {
        let mut sum = RestoreStats::default();
        for restorer in [&self.restorer, &self.thoughts].into_iter().flatten() {
            let own = restorer.stats();
            sum.restored += own.restored;
            sum.mangled += own.mangled;
            sum.unknown += own.unknown;
        }
        sum
    }

    /// The answer as the model gave it, where it was kept.
    pub(super) fn take_masked(&mut self) -> Sensitive<String> {
        self.masked.take().unwrap_or_default().into()
    }

    fn pass(&mut self, thought: Thought, to: &mut VecDeque<Part>) {
        match thought {
            Thought::Reasoning(text) => {
                // Chances are shown of the answer's own tokens.
                self.logprobs.clear();
                let text = restore(self.thoughts.as_mut(), text);
                to.extend(text.map(Part::Reasoning));
            }
            Thought::Text(text) => {
                self.flush_logprobs(to);
                let text = restore(self.restorer.as_mut(), text);
                to.extend(text.map(Part::Text));
            }
        }
    }

    fn flush_logprobs(&mut self, to: &mut VecDeque<Part>) {
        if !self.logprobs.is_empty() {
            to.push_back(Part::Logprobs(std::mem::take(&mut self.logprobs)));
        }
    }
}

/// `text` with values in place of placeholders; `None` while there is nothing certain.
fn restore(restorer: Option<&mut Restorer>, text: String) -> Option<Sensitive<String>> {
    let text = match restorer {
        Some(restorer) => restorer.push(&text),
        None => text,
    };
    (!text.is_empty()).then(|| text.into())
}
