//! The smallest parts of an expression of time: a day, an hour, a weekday.

use std::cell::OnceCell;
use std::ops::Range;

use super::super::super::text::Text;
use super::super::vocabulary::{Beside, Language, Word};
use super::{clock, day, named};

/// What a part says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A day of a year, a month of one, or a year.
    Date,
    /// A number that may be a day or an hour.
    Number,
    /// An hour.
    Clock,
    /// A weekday.
    Weekday,
    /// A weekday, abbreviated.
    Short,
    /// "yesterday".
    Relative,
    /// "morning".
    Part,
}

/// A part of an expression of time.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
    /// How sure it is where it stands alone.
    pub(super) score: f32,
    /// Whether it is in a language that writes days and hours apart.
    pub(super) apart: bool,
    /// Whether a dash joins it to what is in front, without which it is nothing.
    pub(super) dashed: bool,
}

impl Atom {
    pub(super) const fn new(range: Range<usize>, kind: Kind, score: f32) -> Self {
        Self {
            range,
            kind,
            score,
            apart: false,
            dashed: false,
        }
    }

    /// With the language of `word`.
    pub(super) fn told_by(mut self, word: &Word) -> Self {
        use Language::{It, Nl, Pl, Pt};
        self.apart = word.is_only_in(&[It, Nl, Pl, Pt]);
        self
    }
}

/// A text in which parts are looked for.
pub(super) struct Place<'t> {
    pub(super) text: &'t Text<'t>,
    pub(super) str: &'t str,
    pub(super) words: &'t [Word],
}

impl<'t> Place<'t> {
    pub(super) fn before(&self, at: usize) -> Option<Beside<'t>> {
        Beside::before(self.str, at)
    }

    pub(super) fn behind(&self, at: usize) -> Option<Beside<'t>> {
        Beside::behind(self.str, at)
    }

    /// The characters from `at` on.
    pub(super) fn rest(&self, at: usize) -> &'t str {
        self.str.get(at..).unwrap_or("")
    }

    /// The value of the digits at `range`.
    pub(super) fn value(&self, range: &Range<usize>) -> u16 {
        let digits = self.text.slice(range.clone());
        digits.parse().unwrap_or(u16::MAX)
    }

    /// Whether a number that ends at `end` ends there: neither goes on, nor is a price, a share or half of a word.
    pub(super) fn ends_at(&self, end: usize) -> bool {
        let mut rest = self.rest(end).chars();
        let blank = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}');
        match rest.next() {
            None => true,
            Some('.' | ',' | ':' | '/' | '\'' | '’') => {
                !rest.next().is_some_and(|c| c.is_ascii_digit())
            }
            Some('-' | '–') => !rest.next().is_some_and(char::is_alphabetic),
            Some(c) if blank(c) => {
                !matches!(rest.next(), Some('%' | '€' | '$' | '£' | '°' | '×' | '²'))
            }
            Some(c) => {
                !c.is_alphanumeric()
                    && !matches!(c, '_' | '%' | '€' | '$' | '£' | '°' | '²' | '#' | '@' | '=')
            }
        }
    }

    /// Whether a number may start at `start`; and whether a dash joins it to another one.
    fn starts_at(&self, start: usize) -> Option<bool> {
        let mut head = self.str.get(..start)?.chars().rev();
        let Some(last) = head.next() else {
            return Some(false);
        };
        let other = head.next();
        match last {
            '-' | '–' | '—' => other
                .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | ')'))
                .then_some(true),
            // "Datum:3.11.", but no part of an address of a machine.
            ':' => {
                let named = other.is_none_or(|c| !c.is_alphanumeric() && c != ':')
                    || other.is_some_and(char::is_alphabetic)
                        && head.take(2).filter(|c| c.is_alphabetic()).count() == 2;
                named.then_some(false)
            }
            'T' => other.is_some_and(|c| c.is_ascii_digit()).then_some(true),
            '=' | ',' => (!other.is_some_and(|c| c.is_ascii_digit())).then_some(false),
            '.' | '/' | '\'' | '’' | '#' | '@' | '+' | '$' | '€' | '£' | '&' | '*' | '_' | '\\'
            | '~' | '^' => None,
            c => (!c.is_alphanumeric()).then_some(false),
        }
    }
}

/// All parts of expressions of time in `text`, in order, without overlaps.
pub(super) fn atoms<'t>(text: &'t Text<'t>, words: &'t [Word]) -> Vec<Atom> {
    let place = Place {
        text,
        str: text.str,
        words,
    };
    let mut atoms: Vec<Atom> = Vec::new();
    let (mut group, mut word, mut from) = (0, 0, 0);
    loop {
        let number = text.groups.get(group).map(|own| own.range.start);
        let named = words.get(word).map(|own| own.range.start);
        let atom = match (number, named) {
            (None, None) => break,
            (Some(number), other) if other.is_none_or(|other| number < other) => {
                group += 1;
                (number >= from).then(|| at_number(&place, group - 1, atoms.last()))
            }
            (_, Some(start)) => {
                word += 1;
                let own = words.get(word - 1).filter(|_| start >= from);
                own.map(|own| named::at_word(&place, own))
            }
            (Some(_), None) => break,
        };
        if let Some(mut atom) = atom.flatten() {
            atom.range.start = atom.range.start.max(from);
            from = atom.range.end;
            match atoms.last_mut() {
                Some(last) if is_one(&place, last, &atom) => {
                    last.range.end = atom.range.end;
                    last.kind = atom.kind;
                    last.score = atom.score;
                }
                _ => atoms.push(atom),
            }
        }
    }
    atoms
}

/// Whether a number and what follows it are one day or one hour: "8–11 Uhr", "5. bis 7. Mai".
fn is_one(place: &Place<'_>, number: &Atom, next: &Atom) -> bool {
    number.kind == Kind::Number
        && matches!(next.kind, Kind::Clock | Kind::Date)
        && is_until(place.text.slice(number.range.end..next.range.start))
}

/// Whether what stands between two parts says that the one is until the other.
pub(super) fn is_until(between: &str) -> bool {
    matches!(between.trim(), "-" | "–" | "—" | ".-" | ".–")
        || matches!(between, " bis " | ". bis " | " to " | " until " | " till ")
}

fn at_number(place: &Place<'_>, index: usize, last: Option<&Atom>) -> Option<Atom> {
    let group = place.text.groups.get(index)?;
    if group.range.len() > 4 || group.range.len() == 3 {
        return None;
    }
    let dashed = place.starts_at(group.range.start)?;
    let before = OnceCell::new();
    let number = Number {
        place,
        index,
        range: group.range.clone(),
        before,
    };
    let mut atom = day::at(&number)
        .or_else(|| clock::at(&number))
        .or_else(|| day::year(&number))
        .or_else(|| day::bare(&number, last))?;
    atom.dashed = dashed;
    Some(atom)
}

/// A group of digits that may begin a part.
pub(super) struct Number<'p, 't> {
    pub(super) place: &'p Place<'t>,
    index: usize,
    pub(super) range: Range<usize>,
    before: OnceCell<Option<Beside<'t>>>,
}

impl<'t> Number<'_, 't> {
    /// The word in front.
    pub(super) fn before(&self) -> Option<&Beside<'t>> {
        self.before
            .get_or_init(|| {
                let before = self.place.before(self.range.start)?;
                // No other number, no other line, no end of a sentence.
                let gap = before.gap;
                (gap.len() <= 4 && !gap.contains(|c: char| c.is_ascii_digit() || c == '\n'))
                    .then_some(before)
            })
            .as_ref()
    }

    /// The next group, where just `separator` is between.
    pub(super) fn next(&self, by: usize, separator: &str) -> Option<Range<usize>> {
        let groups = &self.place.text.groups;
        let last = groups.get(self.index + by - 1)?;
        let next = groups.get(self.index + by)?;
        let between = self.place.text.slice(last.range.end..next.range.start);
        (between == separator).then(|| next.range.clone())
    }
}
