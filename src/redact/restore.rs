//! Puts values back in place of their placeholders, also across the borders of a stream.
//!
//! Models write `[PERSON_1]` in many ways: another case, blanks for the underscore, other brackets,
//! no closing bracket, no number. In brackets all of these are understood; without them only the exact
//! capitals with underscore and number are, because "person 1" is ordinary English. Nothing is
//! restored that could mean two values.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroize as _;

use crate::types::Entity;

/// What was put back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoreStats {
    /// Placeholders that were put back.
    pub restored: u32,
    /// How many of these were not written exactly.
    pub mangled: u32,
    /// Placeholders that stand for nothing; they stay.
    pub unknown: u32,
}

/// Restores one answer. Holds back only what may be the start of a placeholder.
pub struct Restorer {
    values: BTreeMap<(Entity, u32), String>,
    held: String,
    /// Whether the last character that went out belongs to a word.
    in_word: bool,
    stats: RestoreStats,
}

/// What stands at a place of the text.
enum Found {
    /// Perhaps a placeholder: more text decides.
    Incomplete,
    Nothing,
    Placeholder { len: usize, entity: Entity, number: Option<u32>, exact: bool },
}

impl Restorer {
    pub(super) fn new(values: BTreeMap<(Entity, u32), String>) -> Self {
        Self { values, held: String::new(), in_word: false, stats: RestoreStats::default() }
    }

    /// Takes more of the answer and returns what is certain by now.
    pub fn push(&mut self, delta: &str) -> String {
        self.held.push_str(delta);
        self.advance(false)
    }

    /// Returns what was held back; nothing follows.
    pub fn finish(&mut self) -> String {
        self.advance(true)
    }

    /// What was put back so far.
    pub fn stats(&self) -> RestoreStats {
        self.stats
    }

    fn advance(&mut self, last: bool) -> String {
        let held = std::mem::take(&mut self.held);
        let mut out = String::with_capacity(held.len());
        let mut at = 0;
        while let Some(c) = held.get(at..).and_then(|rest| rest.chars().next()) {
            let rest = &held[at..];
            match find(rest, self.in_word, last) {
                Found::Incomplete => break,
                Found::Placeholder { len, entity, number, exact } => {
                    let written = &rest[..len];
                    match self.value(entity, number) {
                        Some(value) => {
                            out.push_str(value);
                            self.stats.restored += 1;
                            self.stats.mangled += u32::from(!exact);
                        }
                        None => {
                            out.push_str(written);
                            self.stats.unknown += 1;
                        }
                    }
                    self.in_word = false;
                    at += len;
                }
                Found::Nothing => {
                    out.push(c);
                    self.in_word = c.is_alphanumeric() || c == '_';
                    at += c.len_utf8();
                }
            }
        }
        held[at..].clone_into(&mut self.held);
        out
    }

    fn value(&self, entity: Entity, number: Option<u32>) -> Option<&String> {
        match number {
            Some(number) => self.values.get(&(entity, number)),
            // Without a number only where there is one such value.
            None if !self.values.contains_key(&(entity, 2)) => self.values.get(&(entity, 1)),
            None => None,
        }
    }
}

fn closing(open: char) -> Option<char> {
    match open {
        '[' => Some(']'),
        '{' => Some('}'),
        '<' => Some('>'),
        '(' => Some(')'),
        _ => None,
    }
}

/// Reads a placeholder at the start of `text`. `last`: nothing follows `text`.
fn find(text: &str, in_word: bool, last: bool) -> Found {
    let Some(first) = text.chars().next() else {
        return Found::Nothing;
    };
    let close = closing(first);
    if close.is_none() && (in_word || !first.is_ascii_uppercase()) {
        return Found::Nothing;
    }
    let mut best = Found::Nothing;
    for entity in Entity::ALL {
        match find_entity(text, *entity, close, last) {
            found @ (Found::Incomplete | Found::Placeholder { .. }) => {
                // Of two labels that fit, one is the start of the other: wait, or take the longer.
                let longer = match (&best, &found) {
                    (Found::Nothing, _) | (_, Found::Incomplete) => true,
                    (Found::Placeholder { len: a, .. }, Found::Placeholder { len: b, .. }) => b > a,
                    _ => false,
                };
                if longer {
                    best = found;
                }
            }
            Found::Nothing => {}
        }
    }
    best
}

fn find_entity(text: &str, entity: Entity, close: Option<char>, last: bool) -> Found {
    let more = || if last { Found::Nothing } else { Found::Incomplete };
    let bytes = text.as_bytes();
    let separator = |byte: u8| matches!(byte, b'_' | b' ' | b'-');
    let mut at = usize::from(close.is_some());
    while close.is_some() && bytes.get(at) == Some(&b' ') && at < 3 {
        at += 1;
    }
    for letter in entity.label().bytes() {
        let Some(&byte) = bytes.get(at) else {
            return more();
        };
        let fits = if close.is_some() {
            byte.to_ascii_uppercase() == letter || (letter == b'_' && separator(byte))
        } else {
            byte == letter
        };
        if !fits {
            return Found::Nothing;
        }
        at += 1;
    }
    let label_end = at;
    while at < label_end + 2 && bytes.get(at).copied().is_some_and(|byte| if close.is_some() { separator(byte) } else { byte == b'_' }) {
        at += 1;
    }
    let digits = bytes[at..].iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    let number = if digits == 0 { None } else { text[at..at + digits].parse().ok() };
    if (digits == 0 && (close.is_none() || bytes.get(at).is_none() && at > label_end)) || digits > 4 {
        return if at == bytes.len() && digits == 0 { more() } else { Found::Nothing };
    }
    at += digits;
    if at == bytes.len() && !last && digits < 4 {
        return Found::Incomplete;
    }
    let exact = |len: usize| number.is_some_and(|number: u32| text[..len] == format!("[{entity}_{number}]"));
    let Some(close) = close else {
        let ends = !bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        return if ends { Found::Placeholder { len: at, entity, number, exact: false } } else { Found::Nothing };
    };
    let inside = at;
    while bytes.get(at) == Some(&b' ') && at < inside + 2 {
        at += 1;
    }
    match text[at..].chars().next() {
        Some(c) if c == close => Found::Placeholder { len: at + 1, entity, number, exact: exact(at + 1) },
        None if !last => Found::Incomplete,
        // The closing bracket was forgotten: the number ends the placeholder.
        _ if number.is_some() && !bytes.get(inside).is_some_and(u8::is_ascii_alphanumeric) => {
            Found::Placeholder { len: inside, entity, number, exact: false }
        }
        _ => Found::Nothing,
    }
}

impl Drop for Restorer {
    fn drop(&mut self) {
        self.values.values_mut().for_each(|value| value.zeroize());
        self.held.zeroize();
    }
}

impl fmt::Debug for Restorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Restorer({} values)", self.values.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn restorer() -> Restorer {
        Restorer::new(
            [
                ((Entity::Person, 1), "Jürgen Müller"),
                ((Entity::Person, 2), "Ada Byron"),
                ((Entity::Email, 1), "j@example.com"),
                ((Entity::DateOfBirth, 1), "3 May 1980"),
            ]
            .map(|(slot, value)| (slot, value.to_owned()))
            .into(),
        )
    }

    fn restore(text: &str) -> String {
        let mut restorer = restorer();
        let start = restorer.push(text);
        start + &restorer.finish()
    }

    #[test]
    fn placeholders_come_back_however_they_are_written() {
        for (text, expected) in [
            ("Dear [PERSON_1],", "Dear Jürgen Müller,"),
            ("[PERSON_1][PERSON_2]", "Jürgen MüllerAda Byron"),
            ("**[PERSON_1]**", "**Jürgen Müller**"),
            ("[PERSON_1]'s order", "Jürgen Müller's order"),
            ("[person 1] and [Person_2]", "Jürgen Müller and Ada Byron"),
            ("[ PERSON_1 ] {PERSON_1} <PERSON_1> (PERSON_1)", "Jürgen Müller Jürgen Müller Jürgen Müller Jürgen Müller"),
            ("[PERSON_1 wrote", "Jürgen Müller wrote"),
            ("PERSON_1 wrote", "Jürgen Müller wrote"),
            ("[EMAIL]", "j@example.com"),
            ("[DATE OF BIRTH 1]", "3 May 1980"),
            ("[PERSON]", "[PERSON]"),
            ("[PERSON_3]", "[PERSON_3]"),
            ("[PERSON_11]", "[PERSON_11]"),
            ("person 1 and Person 2 met", "person 1 and Person 2 met"),
            ("[personal] [1] [", "[personal] [1] ["),
            ("THE_PERSON_1 x", "THE_PERSON_1 x"),
            ("an EMAIL was sent", "an EMAIL was sent"),
        ] {
            assert_eq!(restore(text), expected, "{text}");
        }
    }

    #[test]
    fn plain_text_is_not_held_back() {
        let mut restorer = restorer();
        assert_eq!(restorer.push("The kettle leaks. "), "The kettle leaks. ");
        assert_eq!(restorer.push("See [PER"), "See ");
        assert_eq!(restorer.push("mission]"), "[PERmission]");
        assert_eq!(restorer.stats(), RestoreStats::default());
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same(
            parts in prop::collection::vec(prop_oneof![
                Just("[PERSON_1]"), Just("[PERSON_2"), Just("PERSON_1"), Just("[person 2]"), Just("[EMAIL]"), Just("["),
                Just(" "), Just("ü"), Just("PER"), Just("12"), Just("]"), Just("a word"), Just("[DATE_OF_BIRTH_1]"),
            ], 0..12),
            cuts in prop::collection::vec(0_usize..80, 0..8),
        ) {
            let text = parts.concat();
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut)).collect();
            cuts.sort_unstable();
            let mut restorer = restorer();
            let (mut found, mut from) = (String::new(), 0);
            for cut in cuts.into_iter().chain([text.len()]) {
                found.push_str(&restorer.push(&text[from..cut]));
                from = cut;
            }
            found.push_str(&restorer.finish());
            prop_assert_eq!(found, restore(&text));
        }
    }
}
