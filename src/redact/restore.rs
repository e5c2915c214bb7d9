//! Puts values back in place of their placeholders, also across the borders of a stream.
//!
//! [`read`] says what is understood as a placeholder. Held back is only what may still become one, at
//! most a few dozen bytes; and what may still become a surrogate, at most as long as the longest of them. Nothing is restored that could mean two values; what names nothing stays as it was written, and is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zeroize::{Zeroize as _, Zeroizing};

use super::forms::{Forms, Read};
use super::placeholder::{Label, Placeholder, Reading, may_start, read};

/// Most bytes of values that are put back into all texts of a request: a placeholder of ten bytes may stand for a value
/// of a million, and a text repeat it as often as it likes.
pub const MAX_RESTORED: usize = 32 << 20;

/// What was put back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoreStats {
    /// Placeholders that were put back.
    pub restored: u32,
    /// How many of these were not written exactly.
    pub mangled: u32,
    /// Placeholders that stand for nothing; they stay.
    pub unknown: u32,
    /// Placeholders whose values were more than [`MAX_RESTORED`] together; they stay.
    pub beyond: u32,
}

/// Restores one answer. Holds back only what may be the start of a placeholder.
pub struct Restorer {
    values: Arc<BTreeMap<Placeholder, Zeroizing<String>>>,
    /// The labels in use: without brackets only these are read as placeholders.
    labels: Arc<BTreeSet<Label>>,
    /// Surrogates, and what they stand for.
    forms: Arc<Forms>,
    /// Whether the text is JSON, so that values are written as its strings hold them.
    in_json: bool,
    held: String,
    /// Whether the last character that was read belongs to a word.
    in_word: bool,
    /// Bytes of values that may still be put back, into this text and the others of the request.
    room: Arc<AtomicUsize>,
    stats: RestoreStats,
}

impl Restorer {
    pub(super) fn new(values: BTreeMap<Placeholder, Zeroizing<String>>, forms: Arc<Forms>) -> Self {
        let labels = values.keys().map(|p| p.label).collect();
        Self {
            values: Arc::new(values),
            labels: Arc::new(labels),
            forms,
            in_json: false,
            held: String::new(),
            in_word: false,
            room: Arc::new(AtomicUsize::new(MAX_RESTORED)),
            stats: RestoreStats::default(),
        }
    }

    /// A restorer of the same values for another text.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            values: Arc::clone(&self.values),
            labels: Arc::clone(&self.labels),
            forms: Arc::clone(&self.forms),
            in_json: false,
            held: String::new(),
            in_word: false,
            room: Arc::clone(&self.room),
            stats: RestoreStats::default(),
        }
    }

    /// A restorer of the same values for what is no part of the answer, and takes no room of it.
    #[must_use]
    pub fn apart(&self) -> Self {
        let mut own = self.again();
        own.room = Arc::new(AtomicUsize::new(MAX_RESTORED));
        own
    }

    /// The same for another text, which is JSON: a value with a quotation mark or a line break stays within its
    /// string.
    #[must_use]
    pub fn for_json(&self) -> Self {
        let mut own = self.again();
        own.in_json = true;
        own
    }

    /// Takes more of the answer and returns what is certain by now.
    pub fn push(&mut self, delta: &str) -> String {
        self.held.push_str(delta);
        self.advance(false)
    }

    /// Returns what was held back; what follows is another text.
    pub fn finish(&mut self) -> String {
        let rest = self.advance(true);
        self.in_word = false;
        rest
    }

    /// What was put back so far.
    pub fn stats(&self) -> RestoreStats {
        self.stats
    }

    fn advance(&mut self, last: bool) -> String {
        let mut held = std::mem::take(&mut self.held);
        let mut out = String::with_capacity(held.len());
        let mut at = 0;
        while let Some(c) = held.get(at..).and_then(|rest| rest.chars().next()) {
            let rest = &held[at..];
            let reading = if may_start(c, self.in_word) {
                read(rest, self.in_word, last, |label| {
                    self.labels.contains(&label)
                })
            } else {
                Reading::Nothing
            };
            let form = match self.forms.read(rest, self.in_word, last) {
                form if reading == Reading::Nothing => form,
                _ => Read::Nothing,
            };
            let used = match (reading, form) {
                (Reading::Incomplete, _) | (_, Read::Incomplete) => break,
                (
                    Reading::Found {
                        len,
                        label,
                        number,
                        tail,
                    },
                    _,
                ) => {
                    let written = &rest[..len];
                    self.put(&mut out, written, label, number).then(|| {
                        out.push_str(rest.get(tail).unwrap_or(""));
                        len
                    })
                }
                (
                    _,
                    Read::Found {
                        len,
                        form,
                        genitive,
                    },
                ) => {
                    let value = self.forms.value(form, &rest[..len], genitive);
                    if self.has_room(value.len()) {
                        self.write(&mut out, &value);
                        self.stats.restored += 1;
                    } else {
                        out.push_str(&rest[..len]);
                    }
                    Some(len)
                }
                (Reading::Nothing, Read::Nothing) => None,
            };
            let used = used.unwrap_or_else(|| {
                out.push(c);
                c.len_utf8()
            });
            self.in_word = rest[..used].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            at += used;
        }
        held[at..].clone_into(&mut self.held);
        held.zeroize();
        out
    }

    /// Writes the value of a placeholder, or the whole placeholder where it names nothing; whether
    /// `written` is dealt with.
    fn put(&mut self, out: &mut String, written: &str, label: Label, number: Option<u32>) -> bool {
        let Some(len) = self.value(label, number).map(str::len) else {
            if number.is_none() {
                return false;
            }
            self.stats.unknown += 1;
            out.push_str(written);
            return true;
        };
        if !self.has_room(len) {
            out.push_str(written);
            return true;
        }
        let value = Zeroizing::new(self.value(label, number).unwrap_or_default().to_owned());
        self.write(out, &value);
        let exact =
            number.is_some_and(|number| Placeholder { label, number }.to_string() == written);
        self.stats.restored += 1;
        self.stats.mangled += u32::from(!exact);
        true
    }

    /// Whether a value of so many bytes may still be put back; it is counted then.
    fn has_room(&mut self, bytes: usize) -> bool {
        let less = |room: usize| room.checked_sub(bytes);
        let taken = self
            .room
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        self.stats.beyond += u32::from(taken.is_err());
        taken.is_ok()
    }

    fn write(&self, out: &mut String, value: &str) {
        if self.in_json {
            push_escaped(out, value);
        } else {
            out.push_str(value);
        }
    }

    fn value(&self, label: Label, number: Option<u32>) -> Option<&str> {
        let value = |number| {
            self.values
                .get(&Placeholder { label, number })
                .map(|v| v.as_str())
        };
        match number {
            Some(number) => value(number),
            // Without a number only where there is one such value.
            None if value(2).is_none() => value(1),
            None => None,
        }
    }
}

/// Writes `value` as it stands inside a JSON string.
fn push_escaped(out: &mut String, value: &str) {
    let quoted = Zeroizing::new(serde_json::Value::from(value).to_string());
    out.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
}

impl Drop for Restorer {
    fn drop(&mut self) {
        // The values overwrite themselves.
        self.held.zeroize();
    }
}

impl fmt::Debug for Restorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.values.len() + self.forms.len();
        write!(f, "Restorer({n} values)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::Entity;

    fn restorer() -> Restorer {
        let value = |label, number, text: &str| {
            (
                Placeholder { label, number },
                Zeroizing::new(text.to_owned()),
            )
        };
        Restorer::new(
            BTreeMap::from([
                value(Label::Entity(Entity::Person), 1, "Jürgen Müller"),
                value(Label::Entity(Entity::Person), 2, "Ada Byron"),
                value(Label::Entity(Entity::Email), 1, "j@example.com"),
                value(Label::Entity(Entity::DateOfBirth), 1, "3 May 1980"),
                value(Label::Text, 1, "[PERSON_1]"),
            ]),
            Arc::default(),
        )
    }

    fn restore(text: &str) -> (String, RestoreStats) {
        let mut restorer = restorer();
        let start = restorer.push(text);
        let whole = start + &restorer.finish();
        (whole, restorer.stats())
    }

    #[test]
    fn placeholders_come_back_however_they_are_written() {
        for (text, expected, [restored, mangled, unknown]) in [
            ("Dear [PERSON_1],", "Dear Jürgen Müller,", [1, 0, 0]),
            ("[PERSON_1][PERSON_2]", "Jürgen MüllerAda Byron", [2, 0, 0]),
            ("**[PERSON_1]**", "**Jürgen Müller**", [1, 0, 0]),
            ("[PERSON_1]'s order", "Jürgen Müller's order", [1, 0, 0]),
            ("[PERSON_1's] order", "Jürgen Müller's order", [1, 1, 0]),
            (
                "[person 1] and [Person_2]",
                "Jürgen Müller and Ada Byron",
                [2, 2, 0],
            ),
            (
                "[ PERSON_1 ] {PERSON_1} <PERSON_1>",
                "Jürgen Müller Jürgen Müller Jürgen Müller",
                [3, 3, 0],
            ),
            ("(PERSON_1)", "(Jürgen Müller)", [1, 1, 0]),
            ("([PERSON_1])", "(Jürgen Müller)", [1, 0, 0]),
            ("[PERSON_1 wrote", "Jürgen Müller wrote", [1, 1, 0]),
            (
                "PERSON_1 and PERSON 2 wrote",
                "Jürgen Müller and Ada Byron wrote",
                [2, 2, 0],
            ),
            (
                "[[PERSON_1] and [PERSON_2]]",
                "[Jürgen Müller and Ada Byron]",
                [2, 0, 0],
            ),
            ("[EMAIL]", "j@example.com", [1, 1, 0]),
            ("[DATE OF BIRTH 1]", "3 May 1980", [1, 1, 0]),
            ("he typed [TEXT_1]", "he typed [PERSON_1]", [1, 0, 0]),
            ("[PERSON]", "[PERSON]", [0, 0, 0]),
            ("[PERSON_3]", "[PERSON_3]", [0, 0, 1]),
            ("[PHONE_1]", "[PHONE_1]", [0, 0, 1]),
            ("[PERSON_11]", "[PERSON_11]", [0, 0, 1]),
            (
                "person 1 and Person 2 met",
                "person 1 and Person 2 met",
                [0, 0, 0],
            ),
            ("PHONE 1 and CARD 2", "PHONE 1 and CARD 2", [0, 0, 0]),
            ("[personal] [1] [", "[personal] [1] [", [0, 0, 0]),
            ("THE_PERSON_1 x", "THE_PERSON_1 x", [0, 0, 0]),
            ("an EMAIL was sent", "an EMAIL was sent", [0, 0, 0]),
        ] {
            let (got, stats) = restore(text);
            assert_eq!(got, expected, "{text}");
            assert_eq!(
                [stats.restored, stats.mangled, stats.unknown],
                [restored, mangled, unknown],
                "{text}"
            );
        }
    }

    #[test]
    fn plain_text_is_not_held_back() {
        let mut restorer = restorer();
        assert_eq!(restorer.push("The kettle leaks. "), "The kettle leaks. ");
        assert_eq!(restorer.push("See [PER"), "See ");
        assert_eq!(restorer.push("mission]"), "[PERmission]");
        assert_eq!(restorer.push("PERSONS"), "PERSONS");
        assert_eq!(restorer.stats(), RestoreStats::default());
        assert_eq!(restorer.finish(), "");
    }

    /// However often a text repeats a placeholder, and however long its value is.
    #[test]
    fn what_is_put_back_is_bounded() {
        let placeholder = Placeholder {
            label: Label::Entity(Entity::Person),
            number: 1,
        };
        let value = Zeroizing::new("x".repeat(MAX_RESTORED / 4));
        let mut restorer = Restorer::new(BTreeMap::from([(placeholder, value)]), Arc::default());
        let whole = restorer.push(&"[PERSON_1] ".repeat(3)) + &restorer.finish();
        assert_eq!(whole.len(), MAX_RESTORED / 4 * 3 + 3);
        // The texts of a request share it, what is beside them does not.
        assert_eq!(
            restorer.apart().push("[PERSON_1] ").len(),
            MAX_RESTORED / 4 + 1
        );
        let mut other = restorer.for_json();
        let whole = other.push(&"[PERSON_1] ".repeat(3)) + &other.finish();
        assert_eq!(whole.len(), MAX_RESTORED / 4 + 1 + 2 * "[PERSON_1] ".len());
        let stats = (
            other.stats().restored,
            other.stats().beyond,
            restorer.stats().beyond,
        );
        assert_eq!(stats, (1, 2, 0));
    }

    /// Numbers with a common start, however they are written and wherever the stream is cut, are told apart.
    #[test]
    fn numbers_do_not_collide() {
        let all = || {
            let value = |number| {
                let label = Label::Entity(Entity::Person);
                (
                    Placeholder { label, number },
                    Zeroizing::new(format!("‹{number}›")),
                )
            };
            Restorer::new((1..=121).map(value).collect(), Arc::default())
        };
        for n in [1, 2, 10, 11, 12, 20, 21, 99, 100, 112, 120, 121] {
            for (form, rest) in [
                (format!("[PERSON_{n}]"), ""),
                (format!("[PERSON_{n}]'s"), "'s"),
                (format!("[PERSON_{n}'s]"), "'s"),
                (format!("[Person {n}]"), ""),
                (format!("[PERSON{n}]"), ""),
                (format!("[person_{n}]"), ""),
                (format!("[PERSON-{n}]"), ""),
                (format!("[PERSON\\_{n}]"), ""),
                (format!("[PERSON_{n}"), ""),
                (format!("PERSON_{n}"), ""),
                (format!("PERSON {n}"), ""),
                (format!("**[PERSON_{n}]**"), "****"),
                (format!("{{{{PERSON_{n}}}}}"), ""),
            ] {
                for cut in 0..=form.len() {
                    let mut restorer = all();
                    let mut got = restorer.push(&form[..cut]);
                    got.push_str(&restorer.push(&form[cut..]));
                    got.push_str(&restorer.push(" x"));
                    got.push_str(&restorer.finish());
                    let stars = rest.len() == 4;
                    let expected = if stars {
                        format!("**‹{n}›** x")
                    } else {
                        format!("‹{n}›{rest} x")
                    };
                    assert_eq!(got, expected, "{form} cut at {cut}");
                }
            }
        }
        let mut restorer = all();
        let got = restorer.push("[PERSON_122] [PERSON_1234] [PERSON_0]") + &restorer.finish();
        assert_eq!(got, "[PERSON_122] [PERSON_1234] [PERSON_0]");
    }

    #[test]
    fn values_stay_within_json_strings() {
        let label = Label::Entity(Entity::Person);
        let value = |number, text: &str| {
            let placeholder = Placeholder { label, number };
            (placeholder, Zeroizing::new(text.to_owned()))
        };
        let values = BTreeMap::from([value(1, "Ann \"Nan\"\nO'Hara\\"), value(2, "Zoë")]);
        let restorer = Restorer::new(values, Arc::default());
        let text = r#"{"who":"[PERSON_1]","and":["[PERSON_2]"]}"#;
        for cut in 0..=text.len() {
            let mut own = restorer.for_json();
            let (head, tail) = text.split_at(cut);
            let found = own.push(head) + &own.push(tail) + &own.finish();
            let read: serde_json::Value = serde_json::from_str(&found).unwrap();
            let expected = serde_json::json!({"who": "Ann \"Nan\"\nO'Hara\\", "and": ["Zoë"]});
            assert_eq!(read, expected, "{found}");
        }
        assert_eq!(restorer.again().push("[PERSON_2]"), "Zoë");
    }

    /// What a reader of a stream waits for: a letter here and there.
    #[test]
    fn prose_is_hardly_held_back() {
        let prose = "Dear Customer, thank you for your patience. Please send us a Photo of the Invoice, \
            and the Person who signed for the Parcel. Danke für Ihre Nachricht; der Techniker kommt am \
            Donnerstag, die Lieferung am Dienstag. UPS (in capitals) will EMAIL or PHONE you.";
        let mut restorer = restorer();
        let (mut waits, mut longest) = (0, 0);
        for c in prose.chars() {
            restorer.push(c.encode_utf8(&mut [0; 4]));
            waits += usize::from(!restorer.held.is_empty());
            longest = longest.max(restorer.held.len());
        }
        // "EMAIL " may yet become "EMAIL 1".
        assert!(longest <= "EMAIL ".len(), "held {longest}");
        assert!(waits * 10 < prose.chars().count(), "{waits} waits");
    }

    fn pieces() -> impl Strategy<Value = Vec<&'static str>> {
        let piece = prop::sample::select(vec![
            "[PERSON_1]",
            "[PERSON_2",
            "PERSON_1",
            "[person 2]",
            "[EMAIL]",
            "[",
            "{",
            "]",
            "}",
            " ",
            "ü",
            "PER",
            "SON",
            "12",
            "_",
            "'s",
            "a word",
            "[DATE_OF_BIRTH_1]",
            "**",
            "\\",
            "[TEXT_1]",
            "P",
            "<",
            ">",
        ]);
        prop::collection::vec(piece, 0..14)
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same(parts in pieces(), cuts in prop::collection::vec(0_usize..120, 0..12)) {
            let text = parts.concat();
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut)).collect();
            cuts.sort_unstable();
            let mut restorer = restorer();
            let (mut found, mut from) = (String::new(), 0);
            for cut in cuts.into_iter().chain([text.len()]) {
                found.push_str(&restorer.push(&text[from..cut]));
                from = cut;
                prop_assert!(restorer.held.len() <= 64, "held {}", restorer.held.len());
            }
            found.push_str(&restorer.finish());
            let (whole, stats) = restore(&text);
            prop_assert_eq!(found, whole);
            prop_assert_eq!(restorer.stats(), stats);
        }

        #[test]
        fn text_without_placeholders_is_untouched(text in "[a-z .,\\]\\)0-9äß\n]{0,60}") {
            prop_assert_eq!(restore(&text).0, text);
        }
    }
}
