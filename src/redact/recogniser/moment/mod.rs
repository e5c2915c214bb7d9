//! Points in time: dates with and without a year, hours, weekdays, and words such as "yesterday", in eight languages.
//!
//! A pass over the numbers and the words of the lists gives the smallest parts ([`atom::Atom`]); a second one joins
//! those that stand side by side ("Freitag, 4. Dezember, 12 Uhr") and asks how sure the whole is. Lengths of time,
//! habits and the hours of shops are none.

mod atom;
mod clock;
mod day;
mod named;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;
use std::ops::Range;

use crate::types::Entity;

use super::super::span::{Candidate, THRESHOLD};
use super::super::text::Text;
use super::vocabulary::{Topic, Word, worded};

use self::atom::{Atom, Kind, atoms, is_until};
pub(super) use self::words::each_word;

/// Most bytes between two parts.
const MAX_GAP: usize = 20;
/// Longest expression of time, in bytes.
const MAX_CHAIN: usize = 120;

/// Adds the points in time of `text`, whose words of the lists are `words`.
pub(super) fn find(text: &Text<'_>, words: &[Word], found: &mut Vec<Candidate>) {
    if !text.has_digit && words.is_empty() {
        return;
    }
    let atoms = atoms(text, words);
    let mut rest = &atoms[..];
    while let Some((first, _)) = rest.split_first() {
        let mut chain = Chain::of(first);
        let mut members = 1;
        for pair in rest.windows(2) {
            let [last, next] = pair else {
                break;
            };
            if !chain.take(text, last, next) {
                break;
            }
            members += 1;
        }
        rest = rest.get(members..).unwrap_or_default();
        let told = chain.score >= THRESHOLD && !chain.is_habit;
        if told && (chain.is_single || !is_habit(text.str, words, &chain.range)) {
            found.push(worded(chain.range, Entity::DateTime, chain.score));
        }
    }
}

/// Parts that stand side by side.
#[derive(Debug)]
struct Chain {
    range: Range<usize>,
    score: f32,
    /// Whether it comes once: no weekday or hour alone.
    is_single: bool,
    is_habit: bool,
    /// Whether a part is in a language that writes days and hours apart.
    apart: bool,
}

impl Chain {
    fn of(first: &Atom) -> Self {
        Self {
            range: first.range.clone(),
            // What a dash joins to something that is no part of a time is nothing.
            score: if first.dashed { 0.0 } else { first.score },
            is_single: is_single(first.kind),
            is_habit: false,
            apart: first.apart,
        }
    }

    /// Takes `next` in, which follows `last`, if both are one expression.
    fn take(&mut self, text: &Text<'_>, last: &Atom, next: &Atom) -> bool {
        let gap = last.range.end..next.range.start;
        if gap.len() > MAX_GAP || next.range.end - self.range.start > MAX_CHAIN {
            return false;
        }
        let mut between = Cow::Borrowed(text.slice(gap));
        if !between.is_ascii() {
            between = between.replace(['\u{a0}', '\u{202f}'], " ").into();
        }
        let apart = self.apart || next.apart;
        // A number is a day only behind a weekday.
        if last.kind == Kind::Number && last.range.start == self.range.start {
            return false;
        }
        let Some(least) = joined(last, next, &between, apart) else {
            return false;
        };
        // "Mo–Fr" is said of every week.
        let days = |kind| matches!(kind, Kind::Weekday | Kind::Short);
        self.is_habit |= days(last.kind) && days(next.kind);
        self.apart = apart;
        self.range.end = next.range.end;
        self.score = self.score.max(next.score).max(least);
        self.is_single |= is_single(next.kind);
        true
    }
}

const fn is_single(kind: Kind) -> bool {
    matches!(kind, Kind::Date | Kind::Relative)
}

/// The least score of two parts with `between` between them; `None`: they are no one expression.
fn joined(last: &Atom, next: &Atom, between: &str, apart: bool) -> Option<f32> {
    use Kind::{Clock, Date, Number, Part, Relative, Short, Weekday};
    let dash = matches!(between.trim(), "-" | "–" | "—");
    let until = is_until(between);
    let plain = matches!(between, " " | ", " | "," | ". " | "., " | "");
    let linked = |links: &[&str]| {
        let own = between.strip_prefix(',').unwrap_or(between).trim();
        links.contains(&own)
    };
    if next.dashed && !dash && between != "T" {
        return None;
    }
    match (last.kind, next.kind) {
        (Weekday | Short, Weekday | Short) => (until
            || matches!(between, " t/m " | " à " | " au " | " a " | " al " | " do "))
        .then_some(0.0),
        (Weekday | Short, Date) => (plain
            || linked(&["den", "dem", "el", "le", "the", "il", "dia", "dnia", "de"]))
        .then_some(0.8),
        (Weekday, Number) => matches!(between, " " | ", " | " den " | " the ").then_some(0.7),
        (Short, Number) => (last.score > 0.3 && between == " ").then_some(0.55),
        // The number is a day behind a weekday.
        (Number, Clock) => {
            let at = linked(&["um", "at", "à", "a las", "a la"]);
            ((at || plain) && !apart).then_some(next.score)
        }
        (Date | Weekday | Short | Relative, Clock) => {
            let links = linked(&[
                "um", "ab", "gegen", "bis", "at", "from", "by", "before", "a las", "a la", "à",
                "vers", "dès", "T", "von",
            ]);
            let clear = last.kind != Date || last.score >= THRESHOLD || next.score >= THRESHOLD;
            ((plain || links) && !apart && clear).then_some(0.75)
        }
        (Clock, Clock) => until.then(|| {
            let short = last.range.len().min(next.range.len()) < 4;
            if short { 0.0 } else { 0.55 }
        }),
        (Clock, Date) => {
            let links = linked(&["am", "on"]);
            ((between == " " || links) && !apart).then_some(0.7)
        }
        (Clock, Part) => {
            linked(&["", "du", "de la", "in the", "in der", "della", "da", "am"]).then_some(0.6)
        }
        (Part, Date) => linked(&["zum", "auf den", "del", "du"]).then_some(0.6),
        (Clock | Relative, Relative) => (between == " ").then_some(0.6),
        (Weekday | Relative, Part) => {
            linked(&["", "por la", "por", "à la", "de", "a la"]).then_some(0.65)
        }
        (Date, Part) => (between == " ").then_some(last.score),
        (Date, Date) => until.then_some(0.6),
        _ => None,
    }
}

/// Whether the sentence around `range` says that it is so every week, or when a shop is open.
fn is_habit(text: &str, words: &[Word], range: &Range<usize>) -> bool {
    const REACH: usize = 64;
    let from = range.start.saturating_sub(REACH);
    let near = words.partition_point(|word| word.range.start < from);
    let near = words.get(near..).unwrap_or_default().iter();
    near.take_while(|word| word.range.start < range.end + REACH)
        .filter(|word| word.is(Topic::Habit))
        .any(|word| {
            let between = if word.range.end <= range.start {
                word.range.end..range.start
            } else {
                range.end..word.range.start
            };
            let between = text.get(between).unwrap_or("");
            !between.contains('\n') && !between.contains(". ") && !between.contains("? ")
        })
}
