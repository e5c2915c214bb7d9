//! Licence plates, next to words only: their forms are those of half of all product codes.
//!
//! Right behind a word for a plate any form of any country counts. Near a word for a vehicle, or some words behind one
//! for a plate, only what follows the rules of a country does.

mod districts;
mod forms;
mod words;

use std::collections::HashMap;
use std::ops::Range;

use crate::types::Entity;

use super::super::context::floor;
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::hints::{Hint, Hinted, Hints, Topic};
use super::labelled::value_at;

use self::forms::Forms;
use self::words::{CUT, JOINERS, NOT_PLATES};
pub(super) use self::words::{VEHICLES, WORDS};

/// How far behind a word for a vehicle its plate may start, in bytes.
const BEHIND: usize = 110;
/// How far before it one may start.
const BEFORE: usize = 60;

/// Looks around its words.
#[derive(Debug)]
pub(super) struct LicencePlate;

impl Hinted for LicencePlate {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        let forms = Forms::get().ok_or(RedactError::Pattern {
            recogniser: "licence_plate",
        })?;
        let mut plates = Plates {
            text,
            forms,
            next: 0,
            found,
            readings: HashMap::new(),
        };
        for hint in hints.of_topic(Topic::LicencePlate) {
            if let Some(value) = value_at(text.str, hint.range.end)
                && value.start >= plates.next
                && let Some(range) = forms.told(text, value.start)
            {
                plates.add(range, 0.8);
            }
        }
        plates.next = 0;
        for topic in [Topic::Vehicle, Topic::LicencePlate] {
            for hint in hints.of_topic(topic) {
                plates.near(hint);
            }
            plates.next = 0;
        }
        Ok(())
    }
}

/// The plates of a text, as they are found.
struct Plates<'a, 't> {
    text: &'a Text<'t>,
    forms: &'static Forms,
    /// Where the last one ends.
    next: usize,
    found: &'a mut Vec<Candidate>,
    /// How groups of digits read, by their numbers.
    readings: HashMap<usize, Reading>,
}

impl Plates<'_, '_> {
    /// Adds the plate at `range`, and those that are joined to it.
    fn add(&mut self, mut range: Range<usize>, score: f32) {
        loop {
            let end = range.end;
            self.next = end;
            self.found
                .push(Candidate::pattern(range, Entity::LicencePlate, score));
            let rest = self.text.slice(end..self.text.str.len());
            let joined = JOINERS
                .iter()
                .filter(|joiner| rest.starts_with(**joiner))
                .find_map(|joiner| self.forms.strict(self.text, end + joiner.len()));
            match joined {
                Some(next) => range = next,
                None => return,
            }
        }
    }

    /// Adds the plates around a word for a vehicle or a plate.
    fn near(&mut self, hint: &Hint) {
        let text = self.text;
        let window = clause(text, hint);
        let first = text
            .groups
            .partition_point(|group| group.range.start < window.start);
        let groups = text.groups.get(first..).unwrap_or_default();
        for (number, group) in (first..).zip(groups) {
            let at = group.range.start;
            if at >= window.end {
                return;
            }
            if at < self.next {
                continue;
            }
            let least = window.start.max(self.next);
            let free = |plate: &Range<usize>| {
                let apart = plate.end <= hint.range.start || hint.range.end <= plate.start;
                plate.start >= least && apart && !is_other(text, plate.start)
            };
            let beside =
                |range: &Range<usize>| is_beside(text, hint, range) || is_apart(text, range);
            let Reading { sure, unsure } = self.reading(number, at);
            let mut unsure = unsure.into_iter();
            let plate = sure.into_iter().find(&free);
            let plate = plate.or_else(|| unsure.find(|plate| free(plate) && beside(plate)));
            if let Some(range) = plate {
                self.add(range, 0.7);
            }
        }
    }

    /// How the group of digits `number`, which starts at `at`, reads; read once, however many words are near it.
    fn reading(&mut self, number: usize, at: usize) -> Reading {
        let (text, forms) = (self.text, self.forms);
        let read = || {
            let capital = |c: &char| c.is_ascii_uppercase() || "ÄÖÜ".contains(*c);
            let small = |c: &char| c.is_ascii_lowercase() || "äöü".contains(*c);
            let (large, n) = starts(text.str, at, capital);
            let (little, m) = starts(text.str, at, small);
            let large = || large[..n].iter().rev().copied();
            let little = || little[..m].iter().rev().copied();
            let sure = large().filter_map(|start| forms.strict(text, start));
            let unsure = large().filter_map(|start| forms.weak(text, start));
            Reading {
                sure: sure
                    .chain(little().filter_map(|start| forms.small(text, start)))
                    .collect(),
                unsure: unsure
                    .chain(little().filter_map(|start| forms.small_weak(text, start)))
                    .collect(),
            }
        };
        self.readings.entry(number).or_insert_with(read).clone()
    }
}

/// What the digits at a place may be the plate of, whatever is said around them.
#[derive(Clone, Debug, Default)]
struct Reading {
    /// Plates that look like nothing else, the longest first.
    sure: Vec<Range<usize>>,
    /// Those that look like other things, too.
    unsure: Vec<Range<usize>>,
}

/// The stretch around `hint` in which a plate may start: of its line, and behind it of its sentence.
fn clause(text: &Text<'_>, hint: &Hint) -> Range<usize> {
    let (start, end) = (hint.range.start, hint.range.end);
    let from = floor(text.str, start.saturating_sub(BEFORE));
    let before = text.slice(from..start);
    let from = before.rfind('\n').map_or(from, |at| from + at + 1);
    let to = floor(text.str, (end + BEHIND).min(text.str.len()));
    let behind = text.slice(end..to);
    // A label may stand on a line above the value.
    let labels = |at: &usize| behind[..*at].trim_end().ends_with(':');
    let line = behind.find('\n').filter(|at| !labels(at));
    let line = &behind[..line.unwrap_or(behind.len())];
    let own = text.slice(hint.range.clone()).to_lowercase();
    let sentence = line.match_indices(". ").map(|(at, _)| at).find(|at| {
        let word = line[..*at].rsplit(|c: char| !is_word(c)).next();
        let cut = *at == 0 && CUT.contains(&own.as_str());
        !cut && (*at == 0 || word.is_some_and(|word| word.len() > 3))
    });
    from..end + sentence.unwrap_or(line.len())
}

/// Whether nothing but punctuation, or words such as "is", stands between `hint` and the plate.
fn is_beside(text: &Text<'_>, hint: &Hint, plate: &Range<usize>) -> bool {
    if plate.end <= hint.range.start {
        let between = text.slice(plate.end..hint.range.start);
        return between.len() <= 3 && !between.contains(is_word);
    }
    value_at(text.str, hint.range.end).is_some_and(|value| value.start == plate.start)
}

/// Whether punctuation sets the plate apart from its sentence: "weißer Sprinter, os mw 418, bitte".
fn is_apart(text: &Text<'_>, plate: &Range<usize>) -> bool {
    let before = text.slice(0..plate.start).trim_end_matches([' ', '\u{a0}']);
    let next = text.char_at(plate.end);
    before.ends_with([',', ':', '('])
        && next.is_none_or(|c| matches!(c, ',' | ')' | ';' | '\n' | '.'))
}

/// Whether the word before `start` says what else the code is.
fn is_other(text: &Text<'_>, start: usize) -> bool {
    let from = floor(text.str, start.saturating_sub(16));
    let before = text.slice(from..start).trim_end_matches(|c| !is_word(c));
    let word = before.rsplit(|c: char| !is_word(c)).next().unwrap_or("");
    NOT_PLATES.contains(&word.to_lowercase().as_str())
}

/// Where a plate that holds the digits at `group` may start, the last first: its own block, and up to two blocks of
/// letters or digits before it.
fn starts(text: &str, group: usize, letter: impl Fn(&char) -> bool) -> ([usize; 3], usize) {
    let belongs = |c: &char| letter(c) || c.is_ascii_digit();
    let block = |end: usize| {
        let head = text.get(..end).unwrap_or("");
        let own = head.chars().rev().take(8).take_while(belongs);
        end - own.map(char::len_utf8).sum::<usize>()
    };
    let mut starts = [block(group); 3];
    let mut n = 1;
    while let Some(at) = starts.get(n - 1).copied().filter(|_| n < starts.len()) {
        let head = text.get(..at).unwrap_or("");
        let Some(end) = head.strip_suffix([' ', '-', '·', '\u{a0}']).map(str::len) else {
            break;
        };
        let start = block(end);
        if !(1..=4).contains(&(end - start)) {
            break;
        }
        starts[n] = start;
        n += 1;
    }
    (starts, n)
}

#[cfg(test)]
mod tests;
