//! Phone numbers of every region, by the numbering plans of the `phonenumber` crate.
//!
//! An international number (`+`, `00`) needs no more than a valid plan. A local one is taken when it is
//! valid in a country that the request or the node makes likely *and* is written like a phone number,
//! or when a word in front says that it is one. A label that says something else ("Order no.", "NHC:")
//! rules a local number out: most false alarms are other numbers of the record.

mod plan;
mod words;

use std::ops::Range;
use std::sync::Arc;

use crate::types::Entity;

use super::super::context::{Before, Verdict, is_behind};
use super::super::error::RedactError;
use super::super::resolve::best_readings;
use super::super::span::Candidate;
use super::super::text::{Run, Text, is_word};
use super::Recogniser;

pub(in super::super) use self::plan::{Regions, canonical};

use self::words::{BAD, EXTENSIONS, GOOD};

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
            for (from, to, range) in run.windows(5..MAX_DIGITS + 1) {
                let few = to - from <= MAX_GROUPS;
                let dialled = few && (is_dialable(&run, from, to) || has_plus(text, &range));
                if !dialled || is_odd(text, &run, from, to, &range) {
                    continue;
                }
                let window = (from, to, range);
                if let Some((range, score)) = self.judge(text, &run, window, &mut front) {
                    found.push(Candidate::pattern(
                        with_extension(text, range),
                        Entity::Phone,
                        score,
                    ));
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
                return Some((range, 0.7));
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
        let verdict = match front.verdict {
            Verdict::Silent if is_behind(text.str, range.end, &GOOD) => Verdict::For,
            verdict => verdict,
        };
        match verdict {
            Verdict::For if home().is_some() => Some((range, 0.9)),
            // The longer of two guesses is the better one.
            Verdict::For if digits.len() >= 6 && digits.len() <= 15 => {
                let long = digits.starts_with('0') || digits.len() >= 9;
                Some((range, if long { 0.75 } else { 0.65 }))
            }
            Verdict::For | Verdict::Against => None,
            Verdict::Silent if front.labelled || is_inner(text, run, from) => None,
            Verdict::Silent => {
                let shape = run.shape(from, to);
                let written = is_written_as_phone(text, &shape, &digits, &range);
                let plain = digits.starts_with('0') && digits.len() >= 10 && shape.len() == 1;
                // The plans of all countries are asked last: they cost most.
                match (written || plain).then(home).flatten() {
                    Some(0) if written => Some((range, 0.75)),
                    Some(_) if written => Some((range, 0.65)),
                    Some(0) if plain => Some((range, 0.55)),
                    _ if north_american(&shape, &digits, text.slice(range.clone())) => {
                        Some((range, 0.6))
                    }
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
}

impl Front {
    /// What stands before `start`, which `kept` may know.
    fn kept<'k>(kept: &'k mut Option<Self>, text: &Text<'_>, start: usize) -> &'k Self {
        if kept.as_ref().is_some_and(|front| front.start != start) {
            *kept = None;
        }
        kept.get_or_insert_with(|| {
            let before = Before::of(text.str, start);
            let lettered = is_lettered(text, start);
            Self {
                start,
                verdict: if lettered {
                    Verdict::For
                } else {
                    before.verdict(&GOOD, &BAD)
                },
                labelled: before.is_labelled(),
            }
        })
    }
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
    let unclosed = text.slice(range.clone()).matches(')').count()
        > text.slice(range.clone()).matches('(').count();
    for expected in ['(', ' ', '+', '('] {
        let wanted = match expected {
            '+' => plus,
            ' ' => plus && text.slice(0..start).ends_with("+ "),
            _ => unclosed,
        };
        if wanted && text.char_before(start) == Some(expected) {
            start -= 1;
        }
    }
    start
}

/// Whether a letter labels the number: "T: 030 1234567", "M. 0151 23456789".
fn is_lettered(text: &Text<'_>, at: usize) -> bool {
    let before = text.slice(0..at).trim_end_matches([' ', '\u{a0}']);
    let Some(label) = before.strip_suffix([':', '.']) else {
        return false;
    };
    let mut letters = label.chars().rev();
    letters.next().is_some_and(|c| "TMFPtmfp☎".contains(c)) && !letters.next().is_some_and(is_word)
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
    let inner = run
        .groups
        .get(from + 1..to.saturating_sub(1))
        .unwrap_or_default();
    let restarts = inner
        .iter()
        .any(|g| g.range.len() >= 3 && text.slice(g.range.clone()).starts_with('0'));
    if restarts || has_date(text, run, from, to) || is_version(text, run, from, to) {
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

/// Whether three of the groups read as a date.
fn has_date(text: &Text<'_>, run: &Run<'_>, from: usize, to: usize) -> bool {
    let groups = run.groups.get(from..to).unwrap_or_default();
    groups.windows(3).any(|three| {
        let [a, b, c] = three else { return false };
        let lens = [a.range.len(), b.range.len(), c.range.len()];
        if !matches!(lens, [4, 1..=2, 1..=2] | [1..=2, 1..=2, 4]) {
            return false;
        }
        let value =
            |g: &super::super::text::Group| text.slice(g.range.clone()).parse::<u32>().unwrap_or(0);
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
    })
}

/// A shape that people dial: few groups, not a row of single digits.
fn is_dialable(run: &Run<'_>, from: usize, to: usize) -> bool {
    let groups = run.groups.get(from..to).unwrap_or_default();
    groups.len() <= 7 && groups.iter().filter(|g| g.range.len() == 1).count() <= 2
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
    shape.len() >= 2 && (trunk && digits.len() >= 8 || pairs)
        || digits.len() == 8 && matches!(shape, [2, 2, 2, 2])
}

/// `(212) 555-0123`, `212-555-0123`, `212.555.0123`, `1-212-555-0123` (North American plan).
fn north_american(shape: &[usize], digits: &str, raw: &str) -> bool {
    let shape_fits = matches!(shape, [3, 3, 4] | [1, 3, 3, 4]);
    let digits = if shape.len() == 4 {
        digits.strip_prefix('1').unwrap_or("")
    } else {
        digits
    };
    let area = digits
        .as_bytes()
        .first()
        .is_some_and(|b| (b'2'..=b'9').contains(b));
    let exchange = digits
        .as_bytes()
        .get(3)
        .is_some_and(|b| (b'2'..=b'9').contains(b));
    shape_fits && area && exchange && raw.contains(['-', '.', ')'])
}

fn with_extension(text: &Text<'_>, range: Range<usize>) -> Range<usize> {
    let rest = text.slice(range.end..text.str.len());
    let inner = rest.trim_start_matches([' ', ',', '.']);
    if rest.len() - inner.len() > 2 {
        return range;
    }
    let head = inner
        .get(..super::super::context::floor(inner, 24))
        .unwrap_or("")
        .to_lowercase();
    for word in EXTENSIONS {
        let Some(after) = head.strip_prefix(word) else {
            continue;
        };
        let number = after.trim_start_matches(['.', ':', ' ']);
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let spaced = after.len() - number.len() <= 2;
        if spaced
            && (1..=6).contains(&digits)
            && !number[digits..].starts_with(|c: char| c.is_alphanumeric())
        {
            let end = range.end + (rest.len() - inner.len()) + (head.len() - number.len()) + digits;
            return range.start..end;
        }
    }
    range
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Phone::new(Arc::new(Regions::load())),
            &[
                ("call +49 30 1234567 today", &["+49 30 1234567"]),
                ("+49 (0)30 1234567.", &["+49 (0)30 1234567"]),
                ("+4915123456789", &["+4915123456789"]),
                ("(+49) 151 23456789", &["(+49) 151 23456789"]),
                ("0049 30 1234567", &["0049 30 1234567"]),
                ("Order 7, +1 212-555-0123", &["+1 212-555-0123"]),
                (
                    "+44 20 7946 0958, +33 1 42 68 53 00",
                    &["+44 20 7946 0958", "+33 1 42 68 53 00"],
                ),
                (
                    "+34 612 345 678; +39 06 6982; +31 6 12345678",
                    &["+34 612 345 678", "+39 06 6982", "+31 6 12345678"],
                ),
                (
                    "+48 601 234 567 +353 1 234 5678",
                    &["+48 601 234 567", "+353 1 234 5678"],
                ),
                ("Tel.: 030/1234567", &["030/1234567"]),
                ("030 1234567", &["030 1234567"]),
                ("0151 23456789", &["0151 23456789"]),
                ("mobil 015123456789", &["015123456789"]),
                ("(212) 555-0123", &["(212) 555-0123"]),
                ("212-555-0123 x45", &["212-555-0123 x45"]),
                ("phone 212.555.0123 ext. 9", &["212.555.0123 ext. 9"]),
                ("call 001-212-555-0123x0456", &["001-212-555-0123x0456"]),
                ("phone: 555-0123", &["555-0123"]),
                ("Tel: 4567890", &["4567890"]),
                ("020 7946 0958", &["020 7946 0958"]),
                ("07700 900123", &["07700 900123"]),
                ("Teléfono: 612 345 678", &["612 345 678"]),
                ("téléphone 01 42 68 53 00", &["01 42 68 53 00"]),
                ("NHC: 2569870", &[]),
                ("NASS: 26 37482910 04", &[]),
                ("order 0301234567", &[]),
                ("Bestellnummer 030 1234567", &[]),
                ("on 12.03.2024 at 10:30", &[]),
                ("2024-03-12", &[]),
                ("1.234.567,89 EUR", &[]),
                ("costs 1 234 567 €", &[]),
                ("case 00012345", &[]),
                ("ID: 0049301234567", &["0049301234567"]),
                ("12345678", &[]),
                ("version 10.0.19.1", &[]),
                ("A0301234567", &[]),
                (
                    "T: 030 1234567 | F: 030 1234568",
                    &["030 1234567", "030 1234568"],
                ),
                ("factura F-2024/0001234", &[]),
                ("build 10.0.19045.3803", &[]),
                ("my phone shows 10.0.19041.1", &[]),
                ("Windows 10.0.19041.1, Tel. 030 1234567", &["030 1234567"]),
                ("call 212.555.0123", &["212.555.0123"]),
                ("0 1 2 3 4 5 6 7 8 9", &[]),
            ],
        );
    }

    #[test]
    fn one_number_has_one_canonical_form() {
        let regions = Regions::load();
        let countries = ["DE".parse().unwrap(), "US".parse().unwrap()];
        for (surface, expected) in [
            ("+49 30 1234567", "+49301234567"),
            ("0049 (0)30 1234567", "+49301234567"),
            ("030/1234567", "+49301234567"),
            ("(212) 555-0123", "+12125550123"),
            ("+1 212 555 0123 ext. 5", "+12125550123"),
            ("555-0123", "5550123"),
        ] {
            assert_eq!(
                canonical(&regions, &countries, surface),
                expected,
                "{surface}"
            );
        }
    }
}
