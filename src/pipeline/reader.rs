//! Reads an answer: what the model thinks, what it says, which tools it calls; with values put back.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::engine::Logprobs;
use crate::grammar::{CallFormat, ToolEvent, ToolParser};
use crate::redact::{RestoreStats, Restorer};
use crate::tokenizer::{Special, Tokenizer};
use crate::types::{FinishReason, RequestId, Sensitive};

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
    /// The tools that may be called, and how calls are written; `None` where there are none.
    pub(super) tools: Option<(CallFormat, Vec<String>)>,
    /// Names calls.
    pub(super) request: RequestId,
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
    /// What was thought, for counting.
    thought: String,
    tools: Option<ToolReader>,
    tokenizer: Arc<Tokenizer>,
    masked: Option<String>,
    /// Chances of tokens whose text has not come yet.
    logprobs: Vec<TokenLogprob>,
}

impl Reading {
    /// A reader of the answer at `index`.
    pub(super) fn reader(&self, index: u8) -> Reader {
        let restorer = self.restorer.as_ref();
        Reader {
            restorer: restorer.map(|own| match self.is_json {
                true => own.for_json(),
                false => own.again(),
            }),
            thoughts: restorer.map(Restorer::again),
            think: self.think.clone(),
            thought: String::new(),
            tools: self.tools.clone().map(|(format, names)| ToolReader {
                parser: ToolParser::new(format, names),
                restorer: restorer.map(Restorer::for_json),
                prefix: format!("call_{}{index:x}", self.request.hex()),
                restored: RestoreStats::default(),
            }),
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
        let mut called = false;
        if let Some(tools) = &mut self.tools {
            let events = tools.parser.finish();
            self.events(events, to);
        }
        if let Some(tools) = &mut self.tools
            && let Some(last) = tools.parser.n_calls().checked_sub(1)
        {
            tools.end_call(last, to);
            called = true;
        }
        if !called {
            self.flush_logprobs(to);
        }
        let rest = |restorer: &mut Option<Restorer>| restorer.as_mut().map(Restorer::finish);
        let thought = rest(&mut self.thoughts).filter(|text| !text.is_empty());
        let text = rest(&mut self.restorer).filter(|text| !text.is_empty());
        to.extend(thought.map(|text| Part::Reasoning(text.into())));
        to.extend(text.map(|text| Part::Text(text.into())));
        match reason {
            FinishReason::Stop if called => FinishReason::ToolCalls,
            reason => reason,
        }
    }

    /// What was put back so far.
    pub(super) fn restored(&self) -> RestoreStats {
        let calls = self.tools.as_ref();
        let before = calls.map(|own| own.restored).unwrap_or_default();
        let running = calls.and_then(|own| own.restorer.as_ref());
        [self.restorer.as_ref(), self.thoughts.as_ref(), running]
            .into_iter()
            .flatten()
            .fold(before, |all, own| sum(all, own.stats()))
    }

    /// How many tokens were thoughts: as many as their text has.
    pub(super) fn n_reasoning(&self) -> u32 {
        let tokens = self.tokenizer.encode(&self.thought, Special::Plain);
        tokens.map_or(0, |own| u32::try_from(own.len()).unwrap_or(u32::MAX))
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
                self.thought.push_str(&text);
                let text = restore(self.thoughts.as_mut(), text);
                to.extend(text.map(Part::Reasoning));
            }
            Thought::Text(text) => match &mut self.tools {
                None => self.text(text, to),
                Some(tools) => {
                    let events = tools.parser.push(&text);
                    self.events(events, to);
                }
            },
        }
    }

    fn events(&mut self, events: Vec<ToolEvent>, to: &mut VecDeque<Part>) {
        for event in events {
            let Some(tools) = &mut self.tools else {
                continue;
            };
            match tools.take(event, to) {
                Some(text) => self.text(text, to),
                None => self.logprobs.clear(),
            }
        }
    }

    fn text(&mut self, text: String, to: &mut VecDeque<Part>) {
        self.flush_logprobs(to);
        let text = restore(self.restorer.as_mut(), text);
        to.extend(text.map(Part::Text));
    }

    fn flush_logprobs(&mut self, to: &mut VecDeque<Part>) {
        if !self.logprobs.is_empty() {
            to.push_back(Part::Logprobs(std::mem::take(&mut self.logprobs)));
        }
    }
}

/// Reads calls of tools.
#[derive(Debug)]
struct ToolReader {
    parser: ToolParser,
    /// Of the arguments that are being read.
    restorer: Option<Restorer>,
    /// What the identifiers of calls start with.
    prefix: String,
    /// What was put back in calls before.
    restored: RestoreStats,
}

impl ToolReader {
    /// What `event` is for the caller; text is given back.
    fn take(&mut self, event: ToolEvent, to: &mut VecDeque<Part>) -> Option<String> {
        match event {
            ToolEvent::Text(text) => return Some(text),
            ToolEvent::CallStart { index, name } => {
                if let Some(last) = index.checked_sub(1) {
                    self.end_call(last, to);
                }
                let id = format!("{}{index:02x}", self.prefix);
                to.push_back(Part::ToolCall { index, id, name });
            }
            ToolEvent::Arguments { index, delta } => {
                let delta = restore(self.restorer.as_mut(), delta);
                to.extend(delta.map(|delta| Part::Arguments { index, delta }));
            }
        }
        None
    }

    /// Gives out what is held back of a call's arguments.
    fn end_call(&mut self, index: usize, to: &mut VecDeque<Part>) {
        let Some(restorer) = &mut self.restorer else {
            return;
        };
        let delta = restorer.finish();
        if !delta.is_empty() {
            let delta = delta.into();
            to.push_back(Part::Arguments { index, delta });
        }
        self.restored = sum(self.restored, restorer.stats());
        *restorer = restorer.for_json();
    }
}

fn sum(a: RestoreStats, b: RestoreStats) -> RestoreStats {
    RestoreStats {
        restored: a.restored + b.restored,
        mangled: a.mangled + b.mangled,
        unknown: a.unknown + b.unknown,
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
