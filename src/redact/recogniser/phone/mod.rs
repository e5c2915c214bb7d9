//! Phone numbers of every region, by the numbering plans of the `phonenumber` crate.
//!
//! An international number (`+`, `00`) needs no more than a valid plan. A local one is taken when it is
//! valid in a country that the request or the node makes likely *and* is written like a phone number,
//! or when a word in front says that it is one. A label that says something else ("Order no.", "NHC:")
//! rules a local number out: most false alarms are other numbers of the record.

mod extension;
mod numerals;
mod plan;
mod spoken;
mod words;

use std::ops::Range;
use std::sync::Arc;

use crate::types::Entity;

use super::super::context::{Before, List as _, Verdict, floor, is_behind, lowered};
use super::super::error::RedactError;
use super::super::lowercase::lowercase;
use super::super::resolve::best_readings;
use super::super::span::Candidate;
use super::super::text::{Group, Run, Text, is_word};
use super::Recogniser;

pub(super) use self::numerals::DIGIT_WORDS;
pub(in super::super) use self::plan::{Regions, canonical, is_number_alone};
pub(super) use self::spoken::Spoken;

use self::extension::Extension;
use self::words::{BAD, GOOD, KINDS, LABELS, NUMBERS, OWNERS, SAYS};

/// Most digits of a number, country code included (E.164), and two for `00`.
const MAX_DIGITS: usize = 17;
/// Most groups that they are written in.
const MAX_GROUPS: usize = 8;

/// Looks at windows of digit groups.
#[derive(Debug)]
pub(super) struct Phone {
    regions: Arc<Regions>,
}

impl Phone {
    pub(super) const fn new(regions: Arc<Regions>) -> Self {
        Self { regions }
    }
}

impl Recogniser for Phone {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        let first = found.len();
        for run in text.runs() {
            let mut front = None;
            // Up to where a number with its `+` goes: nothing inside it is another one.
            let mut international = 0;
            for (from, to, range) in run.windows(5..MAX_DIGITS + 1) {
                let few = to - from <= MAX_GROUPS;
                let plus = has_plus(text, &range);
                let spelled = is_spelled(&run, from, to);
                let dialled = few && (plus || is_dialable(&run, from, to)) || spelled;
                let inside = !plus && range.start < international;
                if !dialled || inside || is_odd(text, &run, from, to, &range) {
                    continue;
                }
                let window = (from, to, range);
                if let Some((range, score)) = self.judge(text, &run, window, &mut front) {
                    // What follows a bracket is the rest of the number that the bracket begins.
                    let score = if is_rest(text, &run, from) {
                        score - 0.3
                    } else {
                        score
                    };
                    if plus {
                        international = international.max(range.end);
                    }
                    let extension = Extension::behind(text, range.end);
                    let end = extension.map_or(range.end, |extension| extension.end);
                    found.push(Candidate::pattern(range.start..end, Entity::Phone, score));
                }
            }
        }
        best_readings(found, first);
        Ok(())
    }
}

impl Phone {
    fn judge(
        &self,
        text: &Text<'_>,
        run: &Run<'_>,
        (from, to, range): (usize, usize, Range<usize>),
        front: &mut Option<Front>,
    ) -> Option<(Range<usize>, f32)> {
        let digits = run.digits(text.str, from, to);
        let plus = has_plus(text, &range);
        let start = opening(text, &range, plus);
        let range = start..range.end;
        let abroad = if plus {
            Some(&*digits)
        } else {
            digits
                .strip_prefix("00")
                .or_else(|| digits.strip_prefix("011"))
        };
        if let Some(abroad) = abroad.filter(|d| d.len() >= 7)
            && (plus || from == 0 || to - from > 1)
        {
            if self.regions.international(abroad).is_some() {
                return Some((range, if plus { 0.95 } else { 0.92 }));
            }
            // A plan may be younger than its metadata, and people mistype: `+` is reason enough.
            if plus && (8..=15).contains(&abroad.len()) && self.regions.has_code(abroad) {
                return Some((range, 0.8));
            }
        }
        if plus {
            return None;
        }
        let home = || {
            let mut countries = text.countries.iter();
            countries.position(|c| self.regions.national(*c, &digits).is_some())
        };
        let front = Front::kept(front, text, range.start);
        let extended = || {
            let extension = Extension::behind(text, range.end);
            to - from > 1 && digits.len() >= 7 && extension.is_some_and(|own| own.told)
        };
        let behind = || is_behind(text.str, range.end, &GOOD) || extended();
        let (verdict, sure) = match front.verdict {
            Verdict::Silent if behind() => (Verdict::For, false),
            verdict => (verdict, !front.owned),
        };
        match verdict {
            Verdict::For if home().is_some() => Some((range, 0.9)),
            Verdict::For if restarts(text, run, from, to) || is_amount(text, run, from, to) => None,
            // The longer of two guesses is the better one.
            Verdict::For if digits.len() >= 6 && digits.len() <= 15 => {
                let long = digits.starts_with('0') || digits.len() >= 9;
                (long || sure).then_some((range, if long { 0.75 } else { 0.65 }))
            }
            Verdict::For | Verdict::Against => None,
            Verdict::Silent if front.labelled || is_inner(text, run, from) => None,
            Verdict::Silent if restarts(text, run, from, to) || to - from > MAX_GROUPS => None,
            Verdict::Silent => {
                let shape = run.shape(from, to);
                let written = is_written_as_phone(text, &shape, &digits, &range);
                let plain = digits.starts_with('0') && digits.len() >= 10 && shape.len() == 1;
                let raw = text.slice(range.clone());
                // The plans of all countries are asked last: they cost most.
                match (written || plain).then(home).flatten() {
                    Some(0) if written => Some((range, 0.75)),
                    Some(_) if written => Some((range, 0.65)),
                    Some(0) if plain => Some((range, 0.55)),
                    _ if is_of_one_country(&shape, &digits, raw) => Some((range, 0.6)),
                    _ => None,
                }
            }
        }
    }
}

/// What stands in front of a number: the same for all windows that start at one place.
struct Front {
    start: usize,
    verdict: Verdict,
    labelled: bool,
    /// Whether all that speaks for it is that it is somebody's number.
    owned: bool,
}

impl Front {
    /// What stands before `start`, which `kept` may know.
    fn kept<'k>(kept: &'k mut Option<Self>, text: &Text<'_>, start: usize) -> &'k Self {
        if kept.as_ref().is_some_and(|front| front.start != start) {
            *kept = None;
        }
        kept.get_or_insert_with(|| {
            let before = Before::of(text.str, start);
            let verdict = match is_lettered(text, start) {
                true => Verdict::For,
                false => before.verdict(&GOOD, &BAD),
            };
            let owned = verdict == Verdict::Against && is_somebodys(text, start);
            Self {
                start,
                verdict: if owned { Verdict::For } else { verdict },
                labelled: before.is_labelled(),
                owned,
            }
        })
    }
}

/// Whether "my number is" and the like stands right in front of `at`.
fn is_somebodys(text: &Text<'_>, at: usize) -> bool {
    let from = floor(text.str, at.saturating_sub(40));
    let mut words = text
        .slice(from..at)
        .rsplit(|c: char| !is_word(c))
        .filter(|word| !word.is_empty())
        .skip_while(|word| lowered(word, |word| SAYS.holds(word)));
    let numbered = words
        .next()
        .is_some_and(|word| lowered(word, |word| NUMBERS.holds(word)));
    let mut words = words.skip_while(|word| lowered(word, |word| KINDS.holds(word)));
    numbered
        && words
            .next()
            .is_some_and(|word| lowered(word, |word| OWNERS.holds(word)))
}

/// Where the number whose digits are at `range` starts.
pub(in super::super) fn start_of(text: &Text<'_>, range: &Range<usize>) -> usize {
    opening(text, range, has_plus(text, range))
}

fn has_plus(text: &Text<'_>, range: &Range<usize>) -> bool {
    let before = text.slice(0..range.start);
    before.ends_with('+') || before.ends_with("+ ") || before.ends_with("+(")
}

/// Where the number starts, with its `+` and an opening bracket.
fn opening(text: &Text<'_>, range: &Range<usize>, plus: bool) -> usize {
    let mut start = range.start;
    let mut opened = false;
    let unclosed = text.slice(range.clone()).matches(')').count()
        > text.slice(range.clone()).matches('(').count();
    for expected in ['(', ' ', '+', '('] {
        let wanted = match expected {
            '+' => plus,
            ' ' => plus && text.slice(0..start).ends_with("+ "),
            _ => unclosed && !opened,
        };
        if wanted && text.char_before(start) == Some(expected) {
            start -= 1;
            opened |= expected == '(';
        }
    }
    start
}

/// Whether a short label stands right in front: "T: 030 1234567", "M. 0151 23456789", "Cel. 33 5550 0187".
fn is_lettered(text: &Text<'_>, at: usize) -> bool {
    let before = text.slice(0..at).trim_end_matches([' ', '\u{a0}']);
    let Some(label) = before.strip_suffix([':', '.']) else {
        return false;
    };
    let letters = label.chars().rev().take(12);
    let len = letters
        .take_while(|c| is_word(*c) || *c == '☎')
        .map(char::len_utf8)
        .sum::<usize>();
    LABELS.contains(&&*lowercase(label.get(label.len() - len..).unwrap_or("")))
}

/// Whether the number is the end of a longer one with dots, hyphens or slashes ("10.0.19045.3803").
fn is_inner(text: &Text<'_>, run: &Run<'_>, from: usize) -> bool {
    let pair = from
        .checked_sub(1)
        .and_then(|at| run.groups.get(at))
        .zip(run.groups.get(from));
    pair.is_some_and(|(a, b)| matches!(text.slice(a.range.end..b.range.start), "." | "-" | "/"))
}

/// Dates, amounts, quads and rows of small numbers are no phone numbers.
fn is_odd(text: &Text<'_>, run: &Run<'_>, from: usize, to: usize, range: &Range<usize>) -> bool {
    let around = from.saturating_sub(2)..(to + 2).min(run.groups.len());
    if has_date(text, run, around, from..to) || is_version(text, run, from, to) {
        return true;
    }
    let after = text.slice(range.end..text.str.len());
    let currency = |s: &str| {
        if !s.starts_with(['€', '$', '£', '%', 'E', 'U', 'G', 'C', 'e']) {
            return false;
        }
        [
            "€", "$", "£", "%", "EUR", "USD", "GBP", "CHF", "Euro", "euro",
        ]
        .iter()
        .any(|c| s.starts_with(c))
    };
    let before = text.slice(0..range.start).trim_end();
    currency(after.trim_start_matches([' ', '\u{a0}']))
        || before.ends_with(['€', '$', '£', '#'])
        || before.ends_with("EUR")
}

/// Whether a group inside begins with a zero, as another number does.
fn restarts(text: &Text<'_>, run: &Run<'_>, from: usize, to: usize) -> bool {
    let inner = run.groups.get(from + 1..to.saturating_sub(1));
    inner
        .unwrap_or_default()
        .iter()
        .any(|group| group.range.len() >= 3 && text.slice(group.range.clone()).starts_with('0'))
}

/// Whether it is a round number in groups of three, or one with full stops between them: "1 200 000", "120.345".
fn is_amount(text: &Text<'_>, run: &Run<'_>, from: usize, to: usize) -> bool {
    let groups = run.groups.get(from..to).unwrap_or_default();
    let (Some((first, rest)), Some(last)) = (groups.split_first(), groups.last()) else {
        return false;
    };
    let own = |group: &Group| text.slice(group.range.clone());
    let dotted = groups
        .windows(2)
        .all(|pair| text.slice(pair[0].range.end..pair[1].range.start) == ".");
    let round = own(last) == "000" && first.range.len() <= 3 && !own(first).starts_with('0');
    !rest.is_empty() && rest.iter().all(|group| group.range.len() == 3) && (dotted || round)
}

/// Whether the groups are part of "10.0.19041.1": four and more with full stops between them, one of them a lone zero,
/// which nobody dials.
fn is_version(text: &Text<'_>, run: &Run<'_>, from: usize, to: usize) -> bool {
    let dotted = |at: usize| {
        let pair = run.groups.get(at).zip(run.groups.get(at + 1));
        pair.is_some_and(|(a, b)| text.slice(a.range.end..b.range.start) == ".")
    };
    let (mut first, mut last) = (from, to.saturating_sub(1));
    if !(first..last).all(dotted) {
        return false;
    }
    // Longer ones are no versions either.
    while first > 0 && from - first < MAX_GROUPS && dotted(first - 1) {
        first -= 1;
    }
    while last - from < 2 * MAX_GROUPS && dotted(last) {
        last += 1;
    }
    let groups = run.groups.get(first..=last).unwrap_or_default();
    groups.len() >= 4
        && groups
            .iter()
            .any(|own| text.slice(own.range.clone()) == "0")
}

/// Whether three of the groups `around` read as a date that shares some with `own`.
fn has_date(text: &Text<'_>, run: &Run<'_>, around: Range<usize>, own: Range<usize>) -> bool {
    let first = around.start;
    let groups = run.groups.get(around).unwrap_or_default();
    let mut dates = groups.windows(3).enumerate().filter(|(at, three)| {
        let at = first + at;
        at < own.end && own.start < at + 3 && is_date(text, three)
    });
    dates.next().is_some()
}

/// Whether `three` groups are a day, a month and a year with the same sign between them.
fn is_date(text: &Text<'_>, three: &[Group]) -> bool {
    let [a, b, c] = three else { return false };
    let lens = [a.range.len(), b.range.len(), c.range.len()];
    if !matches!(lens, [4, 1..=2, 1..=2] | [1..=2, 1..=2, 4]) {
        return false;
    }
    let value = |g: &Group| text.slice(g.range.clone()).parse::<u32>().unwrap_or(0);
    let same = text.slice(a.range.end..b.range.start) == text.slice(b.range.end..c.range.start);
    let punctuated = !text.slice(a.range.end..b.range.start).trim().is_empty();
    let year = |y: u32| (1900..2100).contains(&y);
    same && punctuated
        && match lens {
            [4, 1..=2, 1..=2] => {
                year(value(a)) && (1..=12).contains(&value(b)) && (1..=31).contains(&value(c))
            }
            [1..=2, 1..=2, 4] => {
                year(value(c)) && (1..=31).contains(&value(a)) && (1..=31).contains(&value(b))
            }
            _ => false,
        }
}

/// A shape that people dial: few groups, not a row of single digits.
fn is_dialable(run: &Run<'_>, from: usize, to: usize) -> bool {
    let groups = run.groups.get(from..to).unwrap_or_default();
    groups.len() <= 7 && groups.iter().filter(|g| g.range.len() == 1).count() <= 2
}

/// Whether a group in brackets stands right before: "(11) 98114-2073".
fn is_rest(text: &Text<'_>, run: &Run<'_>, from: usize) -> bool {
    let pair = from
        .checked_sub(1)
        .and_then(|at| run.groups.get(at))
        .zip(run.groups.get(from));
    pair.is_some_and(|(area, rest)| {
        text.char_before(area.range.start) == Some('(')
            && text
                .slice(area.range.end..rest.range.start)
                .starts_with(')')
    })
}

/// Digit for digit, as people dictate: only where a word says what it is.
fn is_spelled(run: &Run<'_>, from: usize, to: usize) -> bool {
    (9..=13).contains(&(to - from))
        && run
            .groups
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .all(|group| group.range.len() == 1)
}

/// Separators, brackets, a trunk zero: written for people to dial.
fn is_written_as_phone(
    text: &Text<'_>,
    shape: &[usize],
    digits: &str,
    range: &Range<usize>,
) -> bool {
    let raw = text.slice(range.clone());
    let trunk = digits.starts_with('0') || raw.contains(')');
    let pairs =
        digits.len() == 9 && matches!(shape, [3, 3, 3] | [3, 2, 2, 2] | [2, 3, 2, 2] | [3, 6]);
    // Postcodes of Brazil: "01506-000".
    if matches!(shape, [5, 3]) && raw.contains('-') {
        return false;
    }
    shape.len() >= 2 && (trunk && digits.len() >= 8 || pairs)
        || digits.len() == 8 && matches!(shape, [2, 2, 2, 2])
}

/// Whether it is written as in one country only, wherever it is met.
fn is_of_one_country(shape: &[usize], digits: &str, raw: &str) -> bool {
    north_american(shape, digits, raw) || french(shape, digits, raw) || brazilian(shape, raw)
}

/// `(212) 555-0123`, `212-555-0123`, `212.555.0123`, `1-212-555-0123`, `001-212-555-0123` (North American plan).
fn north_american(shape: &[usize], digits: &str, raw: &str) -> bool {
    let (digits, fits) = match shape {
        [3, 3, 4] => (Some(digits), true),
        [1, 3, 3, 4] => (digits.strip_prefix('1'), true),
        [3, 3, 3, 4] => (digits.strip_prefix("001"), true),
        _ => (None, false),
    };
    let digits = digits.unwrap_or("").as_bytes();
    let from_two = |at: usize| digits.get(at).is_some_and(|b| (b'2'..=b'9').contains(b));
    fits && from_two(0) && from_two(3) && raw.contains(['-', '.', ')'])
}

/// `01 99 00 12 34`, `06.39.98.12.34`.
fn french(shape: &[usize], digits: &str, raw: &str) -> bool {
    let mut signs = raw.chars().filter(|c| !c.is_ascii_digit());
    let sign = signs.next();
    matches!(shape, [2, 2, 2, 2, 2])
        && digits.starts_with('0')
        && !digits.starts_with("00")
        && sign.is_some_and(|c| matches!(c, ' ' | '.' | '\u{a0}' | '\u{202f}'))
        && signs.all(|c| Some(c) == sign)
}

/// `(11) 98114-2073`.
fn brazilian(shape: &[usize], raw: &str) -> bool {
    matches!(shape, [2, 5, 4] | [2, 4, 4]) && raw.starts_with('(') && raw.contains('-')
}

#[cfg(test)]
mod tests;
