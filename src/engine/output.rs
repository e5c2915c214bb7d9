//! From tokens to the text that leaves: stop strings, the end token, the token limit.
//!
//! Text is held back only while a stop string may be starting. A stop string ends the answer when its
//! last character comes, whatever the borders of tokens; of two that end there, the longer counts.
//! Neither it nor anything after it leaves.

use crate::types::FinishReason;

use super::limits::GenerationLimits;
use super::text::TextDecoder;

/// The output of one sequence.
pub(super) struct Output {
    decoder: Box<dyn TextDecoder>,
    stops: Stops,
    max_tokens: u32,
    n_tokens: u32,
}

/// What a token led to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Emission {
    /// Text to send; never empty.
    pub(super) text: Option<String>,
    /// Whether it was the last.
    pub(super) finish: Option<FinishReason>,
}

impl Output {
    pub(super) fn new(decoder: Box<dyn TextDecoder>, limits: &GenerationLimits) -> Self {
        Self {
            decoder,
            stops: Stops::new(limits.stop()),
            max_tokens: limits.max_tokens(),
            n_tokens: 0,
        }
    }

    /// Tokens so far.
    pub(super) fn n_tokens(&self) -> u32 {
        self.n_tokens
    }

    /// Takes the next token; `ends` where it is an end token.
    pub(super) fn push(&mut self, token: u32, ends: bool) -> Emission {
        self.n_tokens = self.n_tokens.saturating_add(1);
        if ends {
            // What the decoder still holds was emitted by the model and is no character.
            let rest = self.decoder.finish().unwrap_or_default();
            let (mut text, stopped) = self.stops.push(&rest);
            if !stopped {
                text.push_str(&self.stops.finish());
            }
            return Emission::new(text, Some(FinishReason::Stop));
        }
        let decoded = self.decoder.push(token).unwrap_or_default();
        let (mut text, stopped) = self.stops.push(&decoded);
        if stopped {
            return Emission::new(text, Some(FinishReason::Stop));
        }
        if self.n_tokens >= self.max_tokens {
            text.push_str(&self.stops.finish());
            return Emission::new(text, Some(FinishReason::Length));
        }
        Emission::new(text, None)
    }

    /// Ends early, at a deadline: what is held back. An unfinished character is dropped.
    pub(super) fn cut(&mut self) -> Option<String> {
        Some(self.stops.finish()).filter(|text| !text.is_empty())
    }
}

impl Emission {
    fn new(text: String, finish: Option<FinishReason>) -> Self {
        Self {
            text: Some(text).filter(|text| !text.is_empty()),
            finish,
        }
    }
}

/// Finds stop strings in text that comes in pieces.
struct Stops {
    stops: Vec<String>,
    held: String,
}

impl Stops {
    fn new(stops: &[String]) -> Self {
        Self {
            stops: stops.to_vec(),
            held: String::new(),
        }
    }

    /// The text that may leave, and whether a stop string was completed.
    fn push(&mut self, text: &str) -> (String, bool) {
        if self.stops.is_empty() {
            return (text.to_owned(), false);
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            self.held.push(c);
            let done = self.stops.iter().filter(|stop| self.held.ends_with(*stop));
            if let Some(length) = done.map(String::len).max() {
                self.held.truncate(self.held.len() - length);
                out.push_str(&std::mem::take(&mut self.held));
                return (out, true);
            }
            let keep = self.held.len() - self.starting();
            out.extend(self.held.drain(..keep));
        }
        (out, false)
    }

    /// What is held back, given up.
    fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Bytes at the end of what is held with which a stop string may be starting.
    fn starting(&self) -> usize {
        self.held
            .char_indices()
            .map(|(at, _)| &self.held[at..])
            .find(|tail| self.stops.iter().any(|stop| stop.starts_with(tail)))
            .map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Token `n` is the `n`-th byte.
    #[derive(Default)]
    struct Bytes(Vec<u8>);

    impl TextDecoder for Bytes {
        fn push(&mut self, token: u32) -> Option<String> {
            self.0.push(u8::try_from(token).unwrap());
            let text = std::str::from_utf8(&self.0).ok()?.to_owned();
            self.0.clear();
            Some(text)
        }

        fn finish(&mut self) -> Option<String> {
            let rest = std::mem::take(&mut self.0);
            Some(String::from_utf8_lossy(&rest).into_owned()).filter(|text| !text.is_empty())
        }
    }

    fn run(bytes: &[u8], stops: &[&str], max: u32) -> (Vec<String>, Option<FinishReason>) {
        let stops = stops.iter().map(|stop| (*stop).to_owned()).collect();
        let limits = GenerationLimits::new(max)
            .unwrap()
            .with_stop(stops)
            .unwrap();
        let mut output = Output::new(Box::new(Bytes::default()), &limits);
        let mut deltas = Vec::new();
        for byte in bytes {
            let step = output.push(u32::from(*byte), *byte == 0);
            deltas.extend(step.text);
            if step.finish.is_some() {
                return (deltas, step.finish);
            }
        }
        (deltas, None)
    }

    #[test]
    fn answers_end_where_they_should() {
        use FinishReason::{Length, Stop};
        type Row<'a> = (&'a [u8], &'a [&'a str], u32, &'a str, Option<FinishReason>);
        let rows: [Row<'_>; 10] = [
            (b"hello\0", &[], 99, "hello", Some(Stop)),
            (b"hello", &[], 5, "hello", Some(Length)),
            (b"hello", &[], 6, "hello", None),
            (b"one STOP two", &["STOP"], 99, "one ", Some(Stop)),
            (b"one STO\0", &["STOP"], 99, "one STO", Some(Stop)),
            (b"one STO", &["STOP"], 7, "one STO", Some(Length)),
            (b"aab", &["ab"], 99, "a", Some(Stop)),
            (b"xabcd", &["abcd", "bc"], 99, "xa", Some(Stop)),
            ("Grüße".as_bytes(), &["üß"], 99, "Gr", Some(Stop)),
            (b"ab\xc3\0", &[], 99, "ab\u{fffd}", Some(Stop)),
        ];
        for (bytes, stops, max, text, finish) in rows {
            let (deltas, found) = run(bytes, stops, max);
            assert_eq!((deltas.concat().as_str(), found), (text, finish));
            assert!(deltas.iter().all(|delta| !delta.is_empty()));
        }
    }

    #[test]
    fn a_character_cut_by_the_limit_is_dropped() {
        assert_eq!(run("aü".as_bytes(), &[], 2).0.concat(), "a");
    }

    proptest! {
        #[test]
        fn borders_change_nothing(text in "[abc]{0,30}", stops in prop::collection::vec("[abc]{1,4}", 1..4), cuts in prop::collection::vec(1_usize..6, 1..30)) {
            let mut whole = Stops::new(&stops);
            let (mut expected, stopped) = whole.push(&text);
            if !stopped { expected.push_str(&whole.finish()); }
            let mut pieces = Stops::new(&stops);
            let (mut found, mut rest, mut ended) = (String::new(), text.as_str(), false);
            for cut in cuts.into_iter().chain(std::iter::repeat(7)) {
                if rest.is_empty() || ended { break; }
                let (head, tail) = rest.split_at(cut.min(rest.len()));
                let (out, stop) = pieces.push(head);
                found.push_str(&out);
                (rest, ended) = (tail, stop);
            }
            if !ended { found.push_str(&pieces.finish()); }
            prop_assert_eq!(&found, &expected);
            prop_assert!(stops.iter().all(|stop| !found.contains(stop.as_str())));
            prop_assert!(text.starts_with(&found));
        }
    }
}
