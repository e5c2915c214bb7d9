//! Placeholders, and how models write them.
//!
//! `[PERSON_1]` is the exact form. Understood as well, because models do write them:
//!
//! * in brackets `[ ] { } < > 【 】`, in any case, with blanks, hyphens or escaped underscores for the
//!   underscore, with emphasis or a possessive inside: `[person 1]`, `[**PERSON\_1**]`, `[PERSON_1's]`;
//! * in brackets other than `[ ]` doubled: `{{PERSON_1}}`. Brackets around `[PERSON_1]` are text of their
//!   own, because it is there that people write addresses: `Ada <[EMAIL_1]>`;
//! * with the closing bracket forgotten: `[PERSON_1 wrote`;
//! * in square brackets without its number: `[PERSON]` (restored only where one such value exists);
//! * without brackets, but in capitals and numbered: `PERSON_1`, `PERSON 1`. Not in lower case:
//!   "person 1" is ordinary English; and not with a zero in front, as other numbers have it.
//!
//! [`read`] is the one grammar: the restorer uses it on answers, and what a *user* types that it
//! understands is put out of the way ([`typed`]), so that nothing a user typed is ever taken for one of
//! ours. Such text becomes a placeholder of its own, `[TEXT_1]`, which restores to exactly what was typed.

use std::fmt;
use std::ops::Range;

use crate::types::Entity;

use super::span::{Candidate, Evidence};
use super::text::is_word;

/// Most opening brackets in a row.
const MAX_OPEN: usize = 3;
/// Most separators in a row.
const MAX_GAP: usize = 3;
/// Most digits of a number.
const MAX_DIGITS: usize = 5;

/// What a placeholder names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Label {
    /// Personal data.
    Entity(Entity),
    /// Text that a user typed and that looks like a placeholder.
    Text,
}

impl Label {
    /// The name in capitals.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Entity(entity) => entity.label(),
            Self::Text => "TEXT",
        }
    }

    fn all() -> impl Iterator<Item = (&'static str, Self)> {
        let spellings = [
            ("ORGANIZATION", Self::Entity(Entity::Organisation)),
            ("TEXT", Self::Text),
        ];
        Entity::ALL
            .iter()
            .map(|e| (e.label(), Self::Entity(*e)))
            .chain(spellings)
    }
}

/// A label with its number; shows as `[PERSON_1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Placeholder {
    pub(super) label: Label,
    pub(super) number: u32,
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}_{}]", self.label.as_str(), self.number)
    }
}

/// What stands at a place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Perhaps a placeholder: what follows decides.
    Incomplete,
    /// None.
    Nothing,
    /// A placeholder.
    Found {
        /// Its bytes.
        len: usize,
        /// What it names.
        label: Label,
        /// Its number, unless it was left out.
        number: Option<u32>,
        /// The part that stands for nothing and stays: a possessive inside the brackets.
        tail: Range<usize>,
    },
}

/// Whether a placeholder may start with `c`, `in_word` telling whether a word goes on there.
pub(super) fn may_start(c: char, in_word: bool) -> bool {
    is_open(c) || !in_word && c.is_ascii_uppercase()
}

/// Reads a placeholder at the start of `text`; `last`: nothing follows `text`; `bare`: the labels that
/// count without brackets.
pub(super) fn read(text: &str, in_word: bool, last: bool, bare: impl Fn(Label) -> bool) -> Reading {
    let mut cursor = Cursor { text, at: 0, last };
    let open = cursor.skip(MAX_OPEN, is_open);
    let square = text.starts_with('[');
    if open > 1
        && text
            .get(..cursor.at)
            .is_some_and(|opened| opened.ends_with('['))
    {
        return Reading::Nothing;
    }
    if open == 0 && (in_word || !text.starts_with(|c: char| c.is_ascii_uppercase())) {
        return Reading::Nothing;
    }
    if open > 0 {
        cursor.skip(MAX_GAP, |c| c == ' ' || is_markup(c));
    }
    let label = match cursor.label(open > 0, bare) {
        Ok(label) => label,
        Err(reading) => return reading,
    };
    let label_end = cursor.at;
    let gap = cursor.skip(MAX_GAP, |c| is_gap(c) || open > 0 && matches!(c, '#' | ':'));
    let digits_at = cursor.at;
    let digits = cursor.skip(MAX_DIGITS + 1, |c| c.is_ascii_digit());
    if cursor.is_cut() {
        return Reading::Incomplete;
    }
    let number = text.get(digits_at..cursor.at).and_then(|d| d.parse().ok());
    let padded = text.get(digits_at..).is_some_and(|d| d.starts_with('0'));
    let goes_on = |at: usize| {
        text.get(at..)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    if digits > MAX_DIGITS || digits > 0 && goes_on(cursor.at) {
        return Reading::Nothing;
    }
    if open == 0 {
        let found = Reading::Found {
            len: cursor.at,
            label,
            number,
            tail: 0..0,
        };
        return if digits > 0 && gap <= 2 && !padded {
            found
        } else {
            Reading::Nothing
        };
    }
    if digits == 0 {
        cursor.at = label_end;
    }
    let number_end = cursor.at;
    let tail = match cursor.possessive() {
        Ok(tail) => tail,
        Err(reading) => return reading,
    };
    cursor.skip(MAX_GAP, |c| c == ' ' || is_markup(c));
    let closed = cursor.skip(open, is_close);
    if closed < open && cursor.is_cut() {
        return Reading::Incomplete;
    }
    let numbered = digits > 0;
    if closed == open && (numbered || square && open == 1 && label != Label::Text) {
        return Reading::Found {
            len: cursor.at,
            label,
            number,
            tail,
        };
    }
    // The closing bracket was forgotten; the outermost of several openers is then plain text.
    if closed == 0 && open == 1 && numbered {
        return Reading::Found {
            len: number_end,
            label,
            number,
            tail: 0..0,
        };
    }
    Reading::Nothing
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
    last: bool,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Whether the text ends here and may go on.
    fn is_cut(&self) -> bool {
        !self.last && self.rest().is_empty()
    }

    /// Skips up to `most` characters that fit; how many.
    fn skip(&mut self, most: usize, fits: impl Fn(char) -> bool) -> usize {
        let mut skipped = 0;
        while skipped < most
            && let Some(c) = self.rest().chars().next().filter(|c| fits(*c))
        {
            self.at += c.len_utf8();
            skipped += 1;
        }
        skipped
    }

    /// Reads a label, the longest that fits; in brackets any, in any case.
    fn label(&mut self, any_case: bool, bare: impl Fn(Label) -> bool) -> Result<Label, Reading> {
        let mut best: Option<(usize, Label)> = None;
        let mut cut = false;
        // The first letter dismisses most labels.
        let first = self.rest().bytes().next();
        let first = first.map(|b| if any_case { b.to_ascii_uppercase() } else { b });
        let may_be = |name: &str| first.is_none() || first == name.bytes().next();
        let names = Label::all().filter(|(name, _)| may_be(name));
        for (name, label) in names.filter(|(_, label)| any_case || bare(*label)) {
            let mut own = Cursor {
                text: self.text,
                at: self.at,
                last: self.last,
            };
            match own.spelled(name, any_case) {
                Some(true) if best.is_none_or(|(at, _)| own.at > at) => {
                    best = Some((own.at, label))
                }
                Some(true) => {}
                None => cut = true,
                Some(false) => {}
            }
        }
        match best {
            _ if cut => Err(Reading::Incomplete),
            Some((at, label)) => {
                self.at = at;
                Ok(label)
            }
            None => Err(Reading::Nothing),
        }
    }

    /// Whether `name` stands here; `None` where the text ends before that is certain.
    fn spelled(&mut self, name: &str, any_case: bool) -> Option<bool> {
        for letter in name.chars() {
            if letter == '_' {
                let gap = self.skip(MAX_GAP, is_gap);
                if gap == 0 && !any_case {
                    return if self.is_cut() { None } else { Some(false) };
                }
                continue;
            }
            match self.rest().chars().next() {
                Some(c) if c == letter || any_case && c.to_ascii_uppercase() == letter => {
                    self.at += 1
                }
                Some(_) => return Some(false),
                None => return if self.last { Some(false) } else { None },
            }
        }
        Some(true)
    }

    /// Skips `'s` and says where it is.
    fn possessive(&mut self) -> Result<Range<usize>, Reading> {
        let start = self.at;
        if self.skip(1, |c| matches!(c, '\'' | '’')) == 1 {
            if self.is_cut() {
                return Err(Reading::Incomplete);
            }
            if self.skip(1, |c| c == 's') == 1 {
                return Ok(start..self.at);
            }
            self.at = start;
        }
        Ok(start..start)
    }
}

const fn is_open(c: char) -> bool {
    matches!(c, '[' | '{' | '<' | '【' | '［' | '⟦')
}

const fn is_close(c: char) -> bool {
    matches!(c, ']' | '}' | '>' | '】' | '］' | '⟧')
}

const fn is_markup(c: char) -> bool {
    matches!(c, '*' | '`' | '"' | '_')
}

const fn is_gap(c: char) -> bool {
    matches!(c, '_' | ' ' | '-' | '\\' | '\u{a0}')
}

/// What a user typed that reads as a placeholder.
pub(super) fn typed(text: &str) -> Vec<Candidate> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(skip) = bytes.get(next..).and_then(next_lead) {
        let at = next + skip;
        next = at + 1;
        // No word goes on in front of a label.
        let bare = bytes[at].is_ascii_uppercase();
        let in_word = bare && text[..at].chars().next_back().is_some_and(is_word);
        if !text[at..].starts_with(|c| may_start(c, in_word)) {
            continue;
        }
        if let Reading::Found { len, .. } = read(&text[at..], false, true, |_| true) {
            next = at + len;
            found.push(as_typed(at..next));
        }
    }
    found
}

/// Where the first byte is that a placeholder may begin with: a bracket's, or the first of a label's two capitals.
fn next_lead(bytes: &[u8]) -> Option<usize> {
    let mut capital = false;
    let mut bytes = bytes.iter().enumerate();
    bytes.find_map(|(at, byte)| match LEADS[usize::from(*byte)] {
        Lead::Bracket => Some(at),
        Lead::Capital if capital => Some(at - 1),
        lead => {
            capital = lead == Lead::Capital;
            None
        }
    })
}

/// What a byte may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    Nothing,
    Bracket,
    Capital,
}

static LEADS: [Lead; 256] = {
    let mut leads = [Lead::Nothing; 256];
    let mut byte = 0_u8;
    loop {
        leads[byte as usize] = match byte {
            // The last three lead brackets that are not ASCII.
            b'[' | b'{' | b'<' | 0xe2 | 0xe3 | 0xef => Lead::Bracket,
            b'A'..=b'Z' => Lead::Capital,
            _ => Lead::Nothing,
        };
        if byte == u8::MAX {
            break leads;
        }
        byte += 1;
    }
};

const fn as_typed(range: Range<usize>) -> Candidate {
    Candidate {
        range,
        entity: None,
        score: 1.0,
        evidence: Evidence::Checksum,
        subject: None,
        source: "",
    }
}

/// The same as [`typed`] by a look at every character: slower, and simple enough to compare with.
#[cfg(test)]
pub(super) fn typed_anywhere(text: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut in_word = false;
    let mut skip_to = 0;
    for (at, c) in text.char_indices() {
        let starts = at >= skip_to && may_start(c, in_word);
        in_word = is_word(c);
        if starts && let Reading::Found { len, .. } = read(&text[at..], false, true, |_| true) {
            skip_to = at + len;
            found.push(as_typed(at..skip_to));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_as_a_table() {
        let person = |number| Some(("PERSON", number));
        for (text, len, expected) in [
            ("[PERSON_1]", 10, person(Some(1))),
            ("[person 1] x", 10, person(Some(1))),
            ("{{PERSON_1}}", 12, person(Some(1))),
            ("[**PERSON_1**]", 14, person(Some(1))),
            ("[PERSON\\_1]", 11, person(Some(1))),
            ("[ PERSON_1 ]", 12, person(Some(1))),
            ("[PERSON_1's]", 12, person(Some(1))),
            ("[PERSON_1 wrote", 9, person(Some(1))),
            ("[PERSON_1's order", 9, person(Some(1))),
            ("[PERSON #12]", 12, person(Some(12))),
            ("【PERSON_1】", 14, person(Some(1))),
            ("[PERSON]", 8, person(None)),
            ("PERSON_1.", 8, person(Some(1))),
            ("PERSON 1", 8, person(Some(1))),
            ("[DateOfBirth 1]", 15, Some(("DATE_OF_BIRTH", Some(1)))),
            ("[DATE OF BIRTH_1]", 17, Some(("DATE_OF_BIRTH", Some(1)))),
            ("[ORGANIZATION_1]", 16, Some(("ORGANISATION", Some(1)))),
            ("[TEXT_3]", 8, Some(("TEXT", Some(3)))),
            ("<address>", 0, None),
            ("[text]", 0, None),
            ("[[PERSON_1] and", 0, None),
            ("[[PERSON_1]]", 0, None),
            ("<[EMAIL_1]>", 0, None),
            ("<<PERSON_1>>", 12, person(Some(1))),
            ("[PERSON_01]", 11, person(Some(1))),
            ("PHONE 030", 0, None),
            ("[PERSON wrote", 0, None),
            ("[PERSON_1x]", 0, None),
            ("[PERSON_123456]", 0, None),
            ("person_1", 0, None),
            ("PERSON wrote", 0, None),
            ("[personal]", 0, None),
            ("[1]", 0, None),
        ] {
            let got = match read(text, false, true, |_| true) {
                Reading::Found {
                    len, label, number, ..
                } => (len, Some((label.as_str(), number))),
                _ => (0, None),
            };
            assert_eq!(got, (len, expected), "{text}");
        }
    }

    #[test]
    fn brackets_and_labels_begin_as_the_search_expects() {
        for open in ['[', '{', '<', '【', '［', '⟦'] {
            let mut utf8 = [0; 4];
            let lead = open.encode_utf8(&mut utf8).as_bytes()[0];
            assert!(is_open(open) && LEADS[usize::from(lead)] == Lead::Bracket);
        }
        for (name, _) in Label::all() {
            assert!(
                name.bytes().take(2).all(|b| b.is_ascii_uppercase()),
                "{name}"
            );
        }
    }

    #[test]
    fn only_true_prefixes_wait() {
        for (text, waits) in [
            ("[", true),
            ("[P", true),
            ("[per", true),
            ("[PERSON_1", true),
            ("P", true),
            ("PERSON", true),
            ("{{", true),
            ("<[", false),
            ("[[", false),
            ("[PERSON_1'", true),
            ("{{EMAIL_2}", true),
            ("[x", false),
            ("[PERM", false),
            ("p", false),
            ("Pe", false),
            ("[1", false),
            ("[PERSON_1]", false),
            ("PERSON_1 ", false),
        ] {
            assert_eq!(
                read(text, false, false, |_| true) == Reading::Incomplete,
                waits,
                "{text}"
            );
        }
    }
}
