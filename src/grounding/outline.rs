//! One mask for a whole answer: the use case's texts and the model's places, one after the other.

use std::sync::Arc;

use crate::engine::{TokenMask, largest};

use super::Rule;
use super::quote::Quote;
use super::vocabulary::Vocabulary;

/// Tokens below this logit, in temperatures under the likeliest allowed one, are dropped unseen: each has
/// less than a ten-millionth of its weight.
pub(super) const MARGIN: f32 = 16.0;
/// Tokens whose largest logit is looked for at a time.
const STRETCH: usize = 64;
/// Tokens of a sentence after which it is brought to its end, where sentences are counted.
const LONG_SENTENCE: usize = 60;

/// A part of an answer: a text, what the model writes after it, and what closes it.
pub(super) struct Part {
    pub(super) text: String,
    pub(super) place: Option<Place>,
    pub(super) end: String,
    /// Whether the model may pass it over.
    pub(super) optional: bool,
}

/// A place that the model fills.
pub(super) enum Place {
    /// With words of its own.
    Words(Words),
    /// With sentences of the input, or one of a list of words.
    Quote(Quote),
}

/// The model's own words.
pub(super) struct Words {
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

/// Where a text leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// To the place of this part.
    Place(usize),
    /// To the end of this sentence of this part.
    Sentence {
        /// The part.
        part: usize,
        /// The place of the sentence in its list.
        at: usize,
    },
    /// To the end of the answer.
    End,
}

/// A way on: bytes, and where they lead.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) rest: Vec<u8>,
    pub(super) goal: Goal,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum State {
    /// These tokens, from the one at `written` on.
    Text {
        tokens: Vec<u32>,
        written: usize,
        goal: Goal,
    },
    /// The model's own words at this part; a token of `exits` may leave it.
    Words { part: usize, exits: Vec<u32> },
    /// One of these.
    Ways(Vec<Way>),
    /// Nothing.
    End,
}

/// Keeps an answer to its parts.
pub(super) struct OutlineMask {
    vocabulary: Arc<Vocabulary>,
    parts: Vec<Part>,
    state: State,
    /// What was reached so far.
    trail: Vec<Goal>,
    /// Sentences of the present place that are written, and the first that may still come.
    quoted: usize,
    from: usize,
    /// Sentences that stand in the answer: none comes twice.
    used: Vec<Vec<u8>>,
    /// How far below the likeliest allowed token others are looked at.
    margin: f32,
}

impl Words {
    pub(super) fn new(rule: Box<dyn Rule>, sentences: Option<u32>) -> Self {
        Self {
            rule,
            sentences,
            ended: 0,
            at_stop: false,
            n_tokens: 0,
        }
    }

    fn may_end(&self) -> bool {
        let whole = self.sentences.is_none() || self.at_stop && self.total() > 0;
        whole && self.rule.may_end()
    }

    fn must_end(&self) -> bool {
        self.sentences.is_some_and(|most| self.total() >= most) && self.may_end()
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
    /// A mask of an answer of which `start` is written already.
    pub(super) fn new(
        vocabulary: Arc<Vocabulary>,
        parts: Vec<Part>,
        start: &str,
        temperature: f32,
    ) -> Self {
        let mut mask = Self {
            vocabulary,
            parts,
            state: State::End,
            trail: Vec::new(),
            quoted: 0,
            from: 0,
            used: Vec::new(),
            margin: MARGIN * temperature,
        };
        if let Some(Part {
            place: Some(Place::Words(words)),
            ..
        }) = mask.parts.first_mut()
        {
            words.rule.pass(start.as_bytes());
        }
        let ways = mask.onward(None);
        mask.go(ways);
        mask
    }

    /// The ways on from the end of a part, or from the start of the answer: to the next place, past those that
    /// may be passed over, or to the end.
    fn onward(&self, after: Option<usize>) -> Vec<Way> {
        let end = after.and_then(|at| self.parts.get(at));
        let mut before = end.map(|part| part.end.clone()).unwrap_or_default();
        let mut ways = Vec::new();
        let first = after.map_or(0, |at| at + 1);
        for (at, part) in self.parts.iter().enumerate().skip(first) {
            match &part.place {
                None => before.push_str(&part.text),
                // Nothing is left to quote there.
                Some(Place::Quote(quote)) if quote.choices(0, 0, &self.used).next().is_none() => {}
                Some(_) => {
                    ways.push(Way {
                        rest: (before.clone() + &part.text).into_bytes(),
                        goal: Goal::Place(at),
                    });
                    if !part.optional {
                        return ways;
                    }
                }
            }
        }
        ways.push(Way {
            rest: before.into_bytes(),
            goal: Goal::End,
        });
        ways
    }

    /// The ways on within the quote of a part: its sentences that may come next.
    fn sentences(&self, part: usize) -> Vec<Way> {
        let Some(Part {
            place: Some(Place::Quote(quote)),
            ..
        }) = self.parts.get(part)
        else {
            return Vec::new();
        };
        let choices = quote.choices(self.quoted, self.from, &self.used);
        let ways = choices.map(|(at, rest)| Way {
            rest,
            goal: Goal::Sentence { part, at },
        });
        ways.collect()
    }

    /// Goes one of `ways`; where there is but one, at once.
    fn go(&mut self, mut ways: Vec<Way>) {
        let mut at = 0;
        while let Some(way) = ways.get(at) {
            let rest = &way.rest;
            let known = ways.iter().take(at).any(|own| own.rest == *rest);
            if known {
                ways.remove(at);
            } else {
                at += 1;
            }
        }
        // The shorter of two that start alike ends where it ends; but the whole answer may go on.
        let reached = ways.iter().find(|way| way.rest.is_empty());
        if let Some(way) = reached
            && (way.goal != Goal::End || ways.len() == 1)
        {
            let goal = way.goal;
            return self.reach(goal);
        }
        if let [way] = ways.as_slice()
            && let Ok(rest) = std::str::from_utf8(&way.rest)
        {
            let tokens = self.vocabulary.encode(rest);
            if !tokens.is_empty() {
                self.state = State::Text {
                    tokens,
                    written: 0,
                    goal: way.goal,
                };
                return;
            }
        }
        self.state = match ways.is_empty() {
            true => State::End,
            false => State::Ways(ways),
        };
    }

    /// Goes on from `goal`, which is reached.
    fn reach(&mut self, goal: Goal) {
        self.trail.push(goal);
        match goal {
            Goal::End => self.state = State::End,
            Goal::Place(part) => {
                (self.quoted, self.from) = (0, 0);
                let exits = self.exits(part);
                match self.parts.get_mut(part) {
                    Some(Part {
                        place: Some(Place::Words(words)),
                        text,
                        ..
                    }) => {
                        words.rule.pass(text.as_bytes());
                        self.state = State::Words { part, exits };
                    }
                    _ => {
                        let ways = self.sentences(part);
                        self.go(ways);
                    }
                }
            }
            Goal::Sentence { part, at } => {
                self.quoted += 1;
                self.from = at + 1;
                let mut may_end = true;
                if let Some(Part {
                    place: Some(Place::Quote(quote)),
                    ..
                }) = self.parts.get(part)
                {
                    self.used.extend(quote.sentence(at));
                    may_end = self.quoted >= quote.least();
                }
                let mut ways = self.sentences(part);
                if may_end || ways.is_empty() {
                    ways.extend(self.onward(Some(part)));
                }
                self.go(ways);
            }
        }
    }

    /// The tokens with which the words of `part` are left: the first of what may follow, or the model's end tokens.
    fn exits(&self, part: usize) -> Vec<u32> {
        let ways = self.onward(Some(part));
        let firsts = ways.iter().flat_map(|way| match way.rest.as_slice() {
            [] => self.vocabulary.ends().to_vec(),
            rest => {
                let text = std::str::from_utf8(rest).unwrap_or_default();
                let first = self.vocabulary.encode(text).into_iter().take(1);
                first.collect()
            }
        });
        firsts.collect()
    }

    /// Goes on with those of `ways` that start with what `token` writes.
    fn follow(&mut self, ways: Vec<Way>, token: u32) {
        let ends = |way: &Way| way.rest.is_empty() && way.goal == Goal::End;
        if self.vocabulary.ends().contains(&token) && ways.iter().any(ends) {
            return self.reach(Goal::End);
        }
        let bytes = self.vocabulary.bytes(token).unwrap_or_default();
        let ways = ways.into_iter().filter_map(|way| {
            let rest = way.rest.strip_prefix(bytes)?.to_vec();
            Some(Way { rest, ..way })
        });
        let ways = ways.collect();
        self.go(ways);
    }

    /// What is to come.
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// What was reached so far.
    pub(super) fn trail(&self) -> &[Goal] {
        &self.trail
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

    fn mask_words(&mut self, logits: &mut [f32]) {
        let State::Words { part, exits } = &self.state else {
            return;
        };
        let Some(Part {
            place: Some(Place::Words(words)),
            ..
        }) = self.parts.get(*part)
        else {
            return;
        };
        if words.must_end() {
            return Self::only(logits, exits);
        }
        let vocabulary = &self.vocabulary;
        let may_end = words.may_end();
        if words.sentences.is_some() && words.n_tokens >= LONG_SENTENCE {
            match vocabulary.stop() {
                _ if may_end => return Self::only(logits, exits),
                Some(stop) if words.allows(b".") => return Self::only(logits, &[stop]),
                _ => {}
            }
        }
        if may_end && exits != vocabulary.ends() {
            raise_exit(logits, exits, vocabulary);
        }
        let plain = words.rule.allows_plain();
        let allowed = |token: u32| {
            if plain && vocabulary.is_plain(token) {
                return true;
            }
            // Before the place may end, its exit is a token like others: a quotation mark, say.
            if may_end && exits.contains(&token) {
                return true;
            }
            words
                .bytes(vocabulary, token)
                .is_some_and(|bytes| words.allows(bytes))
        };
        keep_likeliest(logits, self.margin, allowed);
    }

    fn mask_ways(&mut self, logits: &mut [f32]) {
        let State::Ways(ways) = &self.state else {
            return;
        };
        let vocabulary = &self.vocabulary;
        let may_end = ways.iter().any(|way| way.rest.is_empty());
        // Most tokens are out by their first byte.
        let mut firsts = [false; 256];
        for byte in ways.iter().filter_map(|way| way.rest.first()) {
            if let Some(first) = firsts.get_mut(usize::from(*byte)) {
                *first = true;
            }
        }
        let starts = |bytes: &[u8]| {
            let first = bytes.first().map(|byte| usize::from(*byte));
            first.is_some_and(|byte| firsts.get(byte) == Some(&true))
                && ways.iter().any(|way| way.rest.starts_with(bytes))
        };
        let allowed = |token: u32| {
            may_end && vocabulary.ends().contains(&token)
                || vocabulary.bytes(token).is_some_and(starts)
        };
        keep_likeliest(logits, self.margin, allowed);
    }
}

impl TokenMask for OutlineMask {
    fn apply(&mut self, logits: &mut [f32]) {
        match &self.state {
            State::End => Self::only(logits, self.vocabulary.ends()),
            State::Text {
                tokens, written, ..
            } => {
                let next = tokens.get(*written..).unwrap_or_default();
                Self::only(logits, next.get(..1).unwrap_or_default());
            }
            State::Words { .. } => self.mask_words(logits),
            State::Ways(_) => self.mask_ways(logits),
        }
    }

    fn expects(&self) -> Vec<u32> {
        match &self.state {
            State::Text {
                tokens, written, ..
            } => tokens.get(*written..).unwrap_or_default().to_vec(),
            State::Words { part, .. } => match self.parts.get(*part).map(|part| &part.place) {
                Some(Some(Place::Words(words))) if words.must_end() => {
                    self.vocabulary.encode(&shared(&self.onward(Some(*part))))
                }
                _ => Vec::new(),
            },
            State::Ways(ways) => self.vocabulary.encode(&shared(ways)),
            State::End => Vec::new(),
        }
    }

    fn accept(&mut self, token: u32) {
        match &mut self.state {
            State::End => {}
            State::Text {
                tokens,
                written,
                goal,
            } => {
                *written += 1;
                if *written >= tokens.len() {
                    let goal = *goal;
                    self.reach(goal);
                }
            }
            State::Ways(ways) => {
                let ways = std::mem::take(ways);
                self.follow(ways, token);
            }
            State::Words { part, exits } => {
                let (part, exits) = (*part, exits.contains(&token));
                let Some(Part {
                    place: Some(Place::Words(words)),
                    ..
                }) = self.parts.get_mut(part)
                else {
                    return;
                };
                if exits && words.may_end() {
                    let ways = self.onward(Some(part));
                    self.follow(ways, token);
                } else if let Some(bytes) = words.bytes(&self.vocabulary, token) {
                    words.advance(bytes);
                }
            }
        }
    }
}

/// What all of `ways` start with.
fn shared(ways: &[Way]) -> String {
    let Some((first, others)) = ways.split_first() else {
        return String::new();
    };
    let alike = |other: &Way| {
        let pairs = first.rest.iter().zip(&other.rest);
        pairs.take_while(|(a, b)| a == b).count()
    };
    let len = others.iter().map(alike).min().unwrap_or(first.rest.len());
    let start = first.rest.get(..len).unwrap_or_default();
    let whole = start.utf8_chunks().next().map(|chunk| chunk.valid());
    whole.unwrap_or_default().to_owned()
}

/// Leaves the likeliest allowed token and the allowed ones within `margin` of it. Asks for few more tokens than those:
/// what may not come is mostly unlikely, too.
pub(super) fn keep_likeliest(logits: &mut [f32], margin: f32, allowed: impl Fn(u32) -> bool) {
    let mut best = f32::NEG_INFINITY;
    for (stretch, first) in logits.chunks(STRETCH).zip((0_u32..).step_by(STRETCH)) {
        if largest(stretch) > best {
            for (token, logit) in (first..).zip(stretch) {
                if *logit > best && allowed(token) {
                    best = *logit;
                }
            }
        }
    }
    let floor = best - margin;
    for (stretch, first) in logits.chunks_mut(STRETCH).zip((0_u32..).step_by(STRETCH)) {
        if best == f32::NEG_INFINITY || largest(stretch) < floor {
            stretch.fill(f32::NEG_INFINITY);
            continue;
        }
        for (token, logit) in (first..).zip(stretch) {
            // What is no number is less than nothing, too.
            let kept = *logit >= floor && allowed(token);
            if !kept {
                *logit = f32::NEG_INFINITY;
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
