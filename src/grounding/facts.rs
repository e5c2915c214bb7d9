//! The model's own words, with the input's facts.

use std::sync::Arc;

use super::Rule;
use super::known::{Known, unit};
use super::scan::{MAX_WORD, Scan, Step};

/// Lets through words; numbers, dates, amounts, codes, addresses, names and placeholders only as the
/// input has them. A name is a word with a capital inside a sentence.
#[derive(Clone)]
pub(super) struct Facts {
    known: Arc<Known>,
    state: State,
}

/// What stands before a word, one blank between.
#[derive(Clone, Copy, Debug)]
enum Before {
    Anything,
    /// A fact; at most so long as words are.
    Fact([u8; MAX_WORD], usize),
    Unit(&'static str),
}

/// What stands between two words so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    Blank,
    None,
    Other,
}

#[derive(Clone, Copy, Debug)]
struct State {
    scan: Scan,
    /// A placeholder that is being written.
    bracket: Option<([u8; MAX_WORD], usize)>,
    /// What the last whole word was.
    last: Before,
    /// What stands before the open word.
    before: Before,
    gap: Gap,
    /// Whether the next word starts a sentence.
    starts: bool,
    /// Whether the open one did.
    started: bool,
    /// Whether the open word holds bytes of typographic signs.
    strict: bool,
    last_byte: u8,
}

impl Facts {
    pub(super) fn new(known: Arc<Known>) -> Self {
        Self {
            known,
            state: State {
                scan: Scan::default(),
                bracket: None,
                last: Before::Anything,
                before: Before::Anything,
                gap: Gap::Other,
                starts: true,
                started: true,
                strict: false,
                last_byte: b'\n',
            },
        }
    }
}

impl Facts {
    /// Goes on with `byte`; whether it may stand there.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        self.state.step(&self.known, byte)
    }

    /// Whether a token may end here.
    pub(super) fn is_settled(&self) -> bool {
        self.state.is_settled(&self.known)
    }
}

impl Rule for Facts {
    fn allows(&self, bytes: &[u8]) -> bool {
        let mut state = self.state;
        bytes.iter().all(|byte| state.step(&self.known, *byte)) && state.is_settled(&self.known)
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.pass(bytes);
    }

    fn may_end(&self) -> bool {
        self.state.bracket.is_none() && self.state.is_whole(&self.known)
    }

    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.state.step(&self.known, *byte);
        }
    }
}

impl State {
    /// Takes `byte`; whether it may stand there.
    fn step(&mut self, known: &Known, byte: u8) -> bool {
        let last_byte = std::mem::replace(&mut self.last_byte, byte);
        if let Some(bracket) = self.bracket {
            return self.step_bracket(known, bracket, byte);
        }
        let step = self.scan.look(byte);
        match step {
            Step::Joins => {
                let fits = self.is_whole(known) || self.may_join(known, byte);
                self.scan.take(byte, step);
                fits
            }
            Step::Word { starts } => {
                let fits = !starts || self.close(known);
                if starts {
                    self.before = if self.gap == Gap::Blank {
                        self.last
                    } else {
                        Before::Anything
                    };
                    (self.gap, self.started, self.strict) = (Gap::None, self.starts, false);
                }
                self.strict |= is_sign(last_byte, byte);
                self.scan.take(byte, step);
                fits && self.may_go_on(known)
            }
            Step::Parts => {
                let fits = self.close(known);
                self.scan.take(byte, step);
                self.gap = match (self.gap, byte) {
                    (Gap::None, b' ') => Gap::Blank,
                    _ => Gap::Other,
                };
                self.starts |= matches!(byte, b'!' | b'?' | b'\n' | b'"');
                if byte == b'[' {
                    return fits && self.step_bracket(known, ([0; MAX_WORD], 0), byte);
                }
                fits
            }
        }
    }

    fn step_bracket(
        &mut self,
        known: &Known,
        (mut text, len): ([u8; MAX_WORD], usize),
        byte: u8,
    ) -> bool {
        let Some(place) = text.get_mut(len) else {
            return false;
        };
        *place = byte;
        let written = text.get(..=len).unwrap_or_default();
        let (fits, whole) = (
            known.starts_placeholder(written),
            known.is_placeholder(written),
        );
        self.bracket = (fits && !whole).then_some((text, len + 1));
        (self.last, self.gap, self.starts) = (Before::Anything, Gap::None, false);
        fits
    }

    /// Whether the open word can become one that may stand here.
    fn may_go_on(&self, known: &Known) -> bool {
        let word = self.scan.word();
        if self.scan.is_fact() {
            return known.starts_fact(word, self.unit_before());
        }
        let free = !self.strict && !self.is_name();
        free || known.starts_fact(word, None) || known.starts_word(&word.to_ascii_lowercase())
    }

    /// Whether the open word with `joiner` can become one that may stand here.
    fn may_join(&self, known: &Known, joiner: u8) -> bool {
        let mut longer = self.scan.word().to_vec();
        longer.push(joiner);
        known.starts_fact(&longer, self.unit_before())
            || !self.scan.is_fact() && known.starts_word(&longer.to_ascii_lowercase())
    }

    /// Whether the open word may end here; also where none is open.
    fn is_whole(&self, known: &Known) -> bool {
        let word = self.scan.word();
        if word.is_empty() {
            return true;
        }
        if self.scan.is_fact() {
            return known.has_fact(word, self.unit_before());
        }
        let lower = word.to_ascii_lowercase();
        if (self.strict || self.is_name()) && !known.has_word(&lower) {
            return false;
        }
        !known.lacks(&lower, self.is_capital()) && self.unit_fits(known, &lower)
    }

    /// Whether the open word, at the end of a token, is whole or still on its way to something: models end
    /// words with tokens.
    fn is_settled(&self, known: &Known) -> bool {
        if self.scan.word().is_empty() || self.scan.is_fact() || self.scan.joiner().is_some() {
            return true;
        }
        let lower = self.scan.word().to_ascii_lowercase();
        let fits = !known.lacks(&lower, self.is_capital()) && self.unit_fits(known, &lower);
        fits || known.starts_word(&lower) && !known.has_word(&lower)
    }

    /// Whether a unit is the one that the input has beside the fact before it.
    fn unit_fits(&self, known: &Known, lower: &[u8]) -> bool {
        match (self.before, unit(lower)) {
            (Before::Fact(fact, len), Some(unit)) => {
                known.fits(fact.get(..len).unwrap_or_default(), Some(unit))
            }
            _ => true,
        }
    }

    /// The unit before a number, which must fit it.
    fn unit_before(&self) -> Option<&'static str> {
        match self.before {
            Before::Unit(unit) if self.scan.word().first().is_some_and(u8::is_ascii_digit) => {
                Some(unit)
            }
            _ => None,
        }
    }

    fn is_capital(&self) -> bool {
        self.scan.word().first().is_some_and(u8::is_ascii_uppercase)
    }

    fn is_name(&self) -> bool {
        self.is_capital() && !self.started
    }

    /// Ends the open word, if there is one; whether it may end.
    fn close(&mut self, known: &Known) -> bool {
        if self.scan.word().is_empty() {
            return true;
        }
        let fits = self.is_whole(known);
        let word = self.scan.word();
        self.last = if self.scan.is_fact() {
            let mut fact = [0; MAX_WORD];
            for (place, byte) in fact.iter_mut().zip(word) {
                *place = *byte;
            }
            Before::Fact(fact, word.len())
        } else {
            unit(&word.to_ascii_lowercase()).map_or(Before::Anything, Before::Unit)
        };
        self.starts = matches!(self.scan.joiner(), Some(b'.' | b':'));
        self.gap = match self.scan.joiner() {
            Some(_) => Gap::Other,
            None => Gap::None,
        };
        fits
    }
}

/// Whether a typographic sign or a digit of another script starts with these bytes: no-break spaces,
/// quotation marks, dashes, currency signs, full-width forms, Arabic and Persian digits.
const fn is_sign(before: u8, byte: u8) -> bool {
    matches!(byte, 0xC2 | 0xE2 | 0xEF)
        || matches!(
            (before, byte),
            (0xE3, 0x80) | (0xD9, 0xA0..=0xA9) | (0xDB, 0xB0..=0xB9)
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: &str = "[PERSON_1] paid 1,199.00 EUR on 14 May for two lamps (R-2209, COFFEE20), not 70 USD. \
        Mail x@example.com on Friday at 17:00. Luna is in Mérida.";

    fn rule() -> Facts {
        let placeholders = ["[PERSON_1]".to_owned(), "[EMAIL_2]".to_owned()];
        Facts::new(Arc::new(Known::new(&[INPUT.to_owned()], &placeholders)))
    }

    /// Whether the rule lets `text` through byte by byte and at the end.
    fn passes(text: &str) -> bool {
        let mut rule = rule();
        for byte in text.bytes() {
            let mut state = rule.state;
            if !state.step(&rule.known, byte) {
                return false;
            }
            rule.advance(&[byte]);
        }
        rule.may_end()
    }

    #[test]
    fn facts_of_the_input_pass_and_no_others() {
        for (text, expected) in [
            ("The customer paid 1,199.00 EUR on May 14.", true),
            ("We paid it on 14 May, at 17:00, with COFFEE20.", true),
            ("Dear [PERSON_1], your two lamps (R-2209).", true),
            ("Write to x@example.com, on Friday. Luna is warm.", true),
            ("It is in Mérida, for Luna.", true),
            ("We may call. Then I will.", true),
            ("It costs 1,199", false),
            ("It costs 1,19", false),
            ("It costs 1,199.00 USD.", false),
            ("It costs EUR 70.", false),
            ("It costs USD 70.", true),
            ("It came on 17 May.", false),
            ("It came on 14 June.", false),
            ("In June we call.", false),
            ("See you on Monday.", false),
            ("For three lamps.", false),
            ("Order R-2208.", false),
            ("Order R-220.", false),
            ("Use COFFEE2.", false),
            ("Write to y@example.com.", false),
            ("See example.org for it.", false),
            ("We told Grace about it.", false),
            ("Grace called.", true),
            ("Dear [PERSON_2],", false),
            ("Dear [PERSON_1", false),
            ("Dear [EMAIL_1]", false),
            ("Dear PERSON_1,", false),
            ("A [note] here", false),
            ("It costs \u{ff11}.", false),
            ("It costs “ten”.", false),
            ("It costs \u{663}.", false),
        ] {
            assert_eq!(passes(text), expected, "{text}");
        }
    }

    #[test]
    fn tokens_end_words() {
        let rule = rule();
        for (token, expected) in [
            (" ten", false),
            (" tenant", true),
            (" two", true),
            (" Monday", false),
            (" 1", true),
            (" 2", false),
        ] {
            assert_eq!(rule.allows(token.as_bytes()), expected, "{token}");
        }
    }
}
