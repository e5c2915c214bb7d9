//! Anything, but of what starts like a placeholder only those that exist.

use std::sync::Arc;

use super::Rule;
use super::known::Known;

/// Longest text that is looked at.
const MAX: usize = 64;

/// Lets through what is no placeholder, and the placeholders of the prompt.
pub(super) struct Free {
    known: Arc<Known>,
    state: State,
}

#[derive(Clone, Copy, Debug)]
struct State {
    /// What may become a placeholder: from its bracket, or a word in capitals without one.
    text: [u8; MAX],
    len: usize,
    in_word: bool,
}

impl Free {
    pub(super) fn new(known: Arc<Known>) -> Self {
        let state = State {
            text: [0; MAX],
            len: 0,
            in_word: false,
        };
        Self { known, state }
    }
}

impl Rule for Free {
    fn allows(&self, bytes: &[u8]) -> bool {
        let mut state = self.state;
        bytes.iter().all(|byte| state.step(&self.known, *byte))
    }

    fn allows_plain(&self) -> bool {
        // No placeholder starts without its bracket, and no bare name gets a number without an underscore.
        self.state.len == 0
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.pass(bytes);
    }

    fn may_end(&self) -> bool {
        let written = self.state.written();
        !self
            .known
            .labels()
            .iter()
            .any(|label| written.starts_with(label))
    }

    fn takes_marks(&self) -> bool {
        true
    }

    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.state.step(&self.known, *byte);
        }
    }
}

impl State {
    fn written(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }

    /// Takes `byte`; whether it may stand there.
    fn step(&mut self, known: &Known, byte: u8) -> bool {
        let was_open = self.len > 0;
        if byte == b'[' || was_open || byte.is_ascii_uppercase() && !self.in_word {
            let fits = self.step_open(known, byte);
            self.in_word = byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'_';
            return fits;
        }
        self.in_word = byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'_';
        true
    }

    fn step_open(&mut self, known: &Known, byte: u8) -> bool {
        let label_was_whole = known.labels().iter().any(|own| self.is_label(own));
        if byte == b'[' {
            let written = self.written();
            if known.labels().iter().any(|own| written.starts_with(own)) {
                return false;
            }
            (self.text, self.len) = ([0; MAX], 0);
        }
        if let Some(place) = self.text.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
        let written = self.written();
        if written.starts_with(b"[") {
            if known.is_placeholder(written) {
                self.len = 0;
                return true;
            }
            if known.starts_placeholder(written) {
                return true;
            }
            // It goes another way: allowed where it was no name of a placeholder yet.
            let named = known.labels().iter().any(|own| written.starts_with(own));
            self.len = 0;
            return !named && !label_was_whole;
        }
        // A bare name in capitals: it must not get a number.
        let on_its_way = known
            .labels()
            .iter()
            .any(|own| own.get(1..).is_some_and(|name| name.starts_with(written)));
        let numbered = byte == b'_' && label_was_whole;
        if !on_its_way {
            self.len = 0;
        }
        !numbered || on_its_way
    }

    /// Whether all of a label is written, with its bracket or without, and nothing after it.
    fn is_label(&self, label: &[u8]) -> bool {
        let written = self.written();
        written == label || Some(written) == label.get(1..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_placeholders_that_exist_can_be_finished() {
        let placeholders = ["[PERSON_1]", "[PERSON_12]", "[IP_ADDRESS_1]"].map(str::to_owned);
        let known = Arc::new(Known::new(&[], &placeholders));
        for (text, expected) in [
            ("Dear [PERSON_1], [PERSON_12] and [IP_ADDRESS_1]", true),
            ("A [link](x), [1], [P], [] and PERSON", true),
            ("PERSONS and PERSON A", true),
            ("[PERSON_2]", false),
            ("[PERSON_1", false),
            ("[PERSON 1]", false),
            ("[PERSON]", false),
            ("[[PERSON_1]]", true),
            ("[PERSON[PERSON_1]", false),
            ("PERSON_1", false),
            ("IP_ADDRESS_1", false),
            ("[EMAIL_1]", true),
        ] {
            let mut rule = Free::new(Arc::clone(&known));
            let passed = text.bytes().all(|byte| {
                let fits = rule.allows(&[byte]);
                rule.advance(&[byte]);
                fits
            });
            assert_eq!(passed && rule.may_end(), expected, "{text}");
        }
    }
}
