//! One mask for a whole answer: the use case's texts and the model's places, one after the other.

use std::sync::Arc;

use crate::engine::TokenMask;

use super::Rule;
use super::vocabulary::Vocabulary;

/// So many candidates are looked at first, and eight times more each round.
const FIRST_LOOK: usize = 32;
/// Tokens below this logit, in temperatures under the likeliest allowed one, are dropped unseen: each has
/// less than a ten-millionth of its weight.
const MARGIN: f32 = 16.0;
/// Tokens of a sentence after which it is brought to its end, where sentences are counted.
const LONG_SENTENCE: usize = 60;

/// A part of an answer.
pub(super) enum Step {
    /// These tokens.
    Text(Vec<u32>),
    /// What the model writes.
    Write(Place),
}

/// A place that the model fills.
pub(super) struct Place {
    rule: Box<dyn Rule>,
    /// The most sentences.
    sentences: Option<u32>,
    /// Sentences that ended.
    ended: u32,
    /// Whether a stop was the last that counts.
    at_stop: bool,
    /// Tokens of the sentence that is being written.
    n_tokens: usize,
}

/// Keeps an answer to its steps.
pub(super) struct OutlineMask {
    vocabulary: Arc<Vocabulary>,
    steps: Vec<Step>,
    /// The step that is being written, and how many of its tokens are, if it is a text.
    at: usize,
    written: usize,
    /// How far below the likeliest allowed token others are looked at.
    margin: f32,
    candidates: Vec<(f32, u32)>,
}

impl Step {
    pub(super) fn write(rule: Box<dyn Rule>, sentences: Option<u32>) -> Self {
        Self::Write(Place {
            rule,
            sentences,
            ended: 0,
            at_stop: false,
            n_tokens: 0,
        })
    }
}

impl Place {
    fn may_end(&self) -> bool {
        let whole = self.sentences.is_none() || self.at_stop && self.total() > 0;
        whole && self.rule.may_end()
    }

    fn must_end(&self) -> bool {
        self.rule.must_end()
            || self.sentences.is_some_and(|most| self.total() >= most) && self.may_end()
    }

    fn total(&self) -> u32 {
        self.ended + u32::from(self.at_stop)
    }

    fn allows(&self, bytes: &[u8]) -> bool {
        // Counted sentences stand on one line.
        (self.sentences.is_none() || !bytes.contains(&b'\n')) && self.rule.allows(bytes)
    }

    /// What `token` writes here; `None` where it can't stand.
    fn bytes<'v>(&self, vocabulary: &'v Vocabulary, token: u32) -> Option<&'v [u8]> {
        let mark = || self.rule.takes_marks().then(|| vocabulary.mark(token));
        vocabulary.bytes(token).or_else(|| mark().flatten())
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.rule.advance(bytes);
        self.n_tokens += 1;
        for byte in bytes {
            match byte {
                b'.' | b'!' | b'?' => self.at_stop = true,
                b'"' | b')' | b'\'' => {}
                b' ' if self.at_stop => {
                    self.ended += 1;
                    (self.at_stop, self.n_tokens) = (false, 0);
                }
                _ => self.at_stop = false,
            }
        }
    }
}

impl OutlineMask {
    pub(super) fn new(vocabulary: Arc<Vocabulary>, steps: Vec<Step>, temperature: f32) -> Self {
        let steps = steps
            .into_iter()
            .filter(|step| !matches!(step, Step::Text(tokens) if tokens.is_empty()))
            .collect();
        Self {
            vocabulary,
            steps,
            at: 0,
            written: 0,
            margin: MARGIN * temperature,
            candidates: Vec::new(),
        }
    }

    /// The tokens with which the step at `at` is left: the next text's first, or the model's end tokens.
    fn exits(&self) -> &[u32] {
        match self.steps.get(self.at + 1) {
            Some(Step::Text(tokens)) => tokens.get(..1).unwrap_or_default(),
            // Two places side by side have nothing between them: the first is left by ending.
            Some(Step::Write(_)) | None => self.vocabulary.ends(),
        }
    }

    /// Leaves only `tokens`.
    fn only(logits: &mut [f32], tokens: &[u32]) {
        let at = |token: &u32| usize::try_from(*token).unwrap_or(usize::MAX);
        let kept: Vec<(usize, f32)> = tokens
            .iter()
            .filter_map(|token| Some((at(token), *logits.get(at(token))?)))
            .collect();
        let possible = kept.iter().any(|(_, logit)| *logit > f32::NEG_INFINITY);
        logits.fill(f32::NEG_INFINITY);
        for (index, logit) in kept {
            if let Some(place) = logits.get_mut(index) {
                // A bias against the only way on must not end the answer.
                *place = if possible { logit } else { 0.0 };
            }
        }
    }

    fn mask_place(&self, logits: &mut [f32], candidates: &mut Vec<(f32, u32)>) {
        let Some(Step::Write(place)) = self.steps.get(self.at) else {
            return;
        };
        if place.must_end() {
            return Self::only(logits, self.exits());
        }
        let (exits, vocabulary) = (self.exits(), &self.vocabulary);
        let may_end = place.may_end();
        if place.sentences.is_some() && place.n_tokens >= LONG_SENTENCE {
            match vocabulary.stop() {
                _ if may_end => return Self::only(logits, exits),
                Some(stop) if place.allows(b".") => return Self::only(logits, &[stop]),
                _ => {}
            }
        }
        if may_end && self.at + 1 < self.steps.len() {
            raise_exit(logits, exits, vocabulary);
        }
        let allowed = |token: u32| {
            // Before the place may end, its exit is a token like others: a quotation mark, say.
            if may_end && exits.contains(&token) {
                return true;
            }
            place
                .bytes(vocabulary, token)
                .is_some_and(|bytes| place.allows(bytes))
        };
        candidates.clear();
        candidates.extend(
            (0_u32..)
                .zip(logits.iter())
                .filter(|(_, logit)| **logit > f32::NEG_INFINITY)
                .map(|(token, logit)| (*logit, token)),
        );
        logits.fill(f32::NEG_INFINITY);
        let mut keep = |logit: f32, token: u32| {
            if let Some(place) = usize::try_from(token)
                .ok()
                .and_then(|at| logits.get_mut(at))
            {
                *place = logit;
            }
        };
        // The likeliest first; once one is found, those within the margin of it.
        let (mut floor, mut from, mut look) = (None, 0, FIRST_LOOK);
        while from < candidates.len() {
            let to = look.min(candidates.len());
            let rest = candidates.get_mut(from..).unwrap_or_default();
            if to - from < rest.len() {
                rest.select_nth_unstable_by(to - from, likelier);
            }
            let next = rest.get_mut(..to - from).unwrap_or_default();
            next.sort_unstable_by(likelier);
            for (logit, token) in next.iter().copied() {
                if floor.is_some_and(|floor| logit < floor) {
                    return;
                }
                if allowed(token) {
                    keep(logit, token);
                    floor.get_or_insert(logit - self.margin);
                }
            }
            (from, look) = (to, look.saturating_mul(8));
        }
    }
}

impl TokenMask for OutlineMask {
    fn apply(&mut self, logits: &mut [f32]) {
        match self.steps.get(self.at) {
            None => Self::only(logits, self.vocabulary.ends()),
            Some(Step::Text(tokens)) => {
                let next = tokens.get(self.written..).unwrap_or_default();
                Self::only(logits, next.get(..1).unwrap_or_default());
            }
            Some(Step::Write(_)) => {
                let mut candidates = std::mem::take(&mut self.candidates);
                self.mask_place(logits, &mut candidates);
                self.candidates = candidates;
            }
        }
    }

    fn expects(&self) -> Vec<u32> {
        let text_at = |at: usize, written: usize| match self.steps.get(at) {
            Some(Step::Text(tokens)) => tokens.get(written..).unwrap_or_default(),
            Some(Step::Write(_)) | None => &[],
        };
        match self.steps.get(self.at) {
            Some(Step::Write(place)) if place.must_end() => text_at(self.at + 1, 0).to_vec(),
            Some(Step::Write(place)) => {
                let rest = place.rule.expects();
                let rest = std::str::from_utf8(&rest).unwrap_or_default();
                self.vocabulary.encode(rest)
            }
            Some(Step::Text(_)) | None => text_at(self.at, self.written).to_vec(),
        }
    }

    fn accept(&mut self, token: u32) {
        let exits = self.exits().contains(&token);
        match self.steps.get_mut(self.at) {
            None => {}
            Some(Step::Text(tokens)) => {
                self.written += 1;
                if self.written >= tokens.len() {
                    (self.at, self.written) = (self.at + 1, 0);
                }
            }
            Some(Step::Write(place)) if exits && place.may_end() => {
                self.at += 1;
                self.written = 1;
                if matches!(self.steps.get(self.at), Some(Step::Text(tokens)) if tokens.len() == 1)
                {
                    (self.at, self.written) = (self.at + 1, 0);
                }
            }
            Some(Step::Write(place)) => {
                if let Some(bytes) = place.bytes(&self.vocabulary, token) {
                    place.advance(bytes);
                }
            }
        }
    }
}

/// Lets the model leave a place the way it would: by ending the answer or the line.
fn raise_exit(logits: &mut [f32], exits: &[u32], vocabulary: &Vocabulary) {
    let at = |token: u32| usize::try_from(token).unwrap_or(usize::MAX);
    let ways = vocabulary.ends().iter().chain(vocabulary.breaks());
    let best = ways
        .filter_map(|token| logits.get(at(*token)).copied())
        .fold(f32::NEG_INFINITY, f32::max);
    for exit in exits {
        if let Some(logit) = logits.get_mut(at(*exit)) {
            *logit = logit.max(best);
        }
    }
}

/// Likelier first, the lower id of equals first.
fn likelier(a: &(f32, u32), b: &(f32, u32)) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}
