//! National, tax, social-security and health numbers, with their check digits.
//!
//! Each country's file holds its rules as data ([`Rule`]) and the checks that they name. A number is
//! read as a row of letters and digits with single separators between them, from every place near a
//! digit where such a number can start.

mod de;
mod es;
mod fr;
mod it;
mod nl;
mod uk;
mod us;

use std::ops::Range;

use crate::types::Entity;

use super::super::context::{Nearby, Verdict};
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::Recogniser;

/// Most characters of a number.
const MAX_LEN: usize = 16;

/// Words that make a number something else.
const BAD: &[&str] = &[
    "order",
    "invoice",
    "bestell~",
    "auftrag~",
    "rechnung~",
    "tracking",
    "sendung~",
    "ticket",
    "case",
    "article",
    "artikel~",
    "sku",
    "ean",
    "serial",
    "serien~",
    "factura",
    "facture",
    "commande",
    "pedido",
    "ordine",
    "fattura",
    "bestelling",
    "parcel",
    "phone",
    "tel",
    "telefon",
    "mobil",
    "mobile",
    "fax",
    "iban",
    "konto~",
    "batch",
    "model",
    "isbn",
    "vertrag~",
    "kunden~",
    "customer",
    "timestamp",
    "imei",
    "postcode",
    "plz",
];

/// How one kind of number is told.
#[derive(Debug)]
struct Rule {
    /// Letters and digits, separators not counted.
    len: usize,
    /// Whether the compact, upper-cased number can be one.
    check: fn(&str) -> bool,
    /// The score of one unbroken block without any word around it.
    block: f32,
    /// Other groupings in use, and their scores without any word around them.
    groupings: &'static [(&'static [usize], f32)],
    /// Words that say that it is one.
    words: &'static [&'static str],
    /// The score with such a word.
    named: f32,
    /// Whether check digits prove it.
    checked: bool,
}

/// Tries every country's rules.
#[derive(Debug)]
pub(super) struct NationalId;

impl Recogniser for NationalId {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        let mut done = None;
        for group in text.runs.iter().flat_map(|run| &run.groups) {
            for start in starts(text.str, group.range.start) {
                if done.is_none_or(|last| start > last) {
                    done = Some(start);
                    try_rules(text, &Compact::read(text.str, start), found);
                }
            }
        }
        Ok(())
    }
}

fn try_rules(text: &Text<'_>, number: &Compact, found: &mut Vec<Candidate>) {
    let mut near = None;
    for rule in [
        de::RULES,
        es::RULES,
        fr::RULES,
        it::RULES,
        nl::RULES,
        uk::RULES,
        us::RULES,
    ]
    .into_iter()
    .flatten()
    {
        let Some((compact, range)) = number.head(rule.len) else {
            continue;
        };
        if !text.stands_alone(&range) || !(rule.check)(compact) {
            continue;
        }
        let near = near.get_or_insert_with(|| Nearby::of(text.str, range.start, range.end));
        let shape = number.shape(rule.len);
        let plain = match shape.len() {
            1 => Some(rule.block),
            _ => rule
                .groupings
                .iter()
                .find(|(grouping, _)| *grouping == shape)
                .map(|(_, score)| *score),
        };
        let score = match near.verdict(rule.words, BAD) {
            Verdict::For => rule.named,
            Verdict::Silent => plain.unwrap_or(0.0),
            Verdict::Against => plain.unwrap_or(0.0) - 0.35,
        };
        found.push(if rule.checked {
            Candidate::checked(range, Entity::NationalId, score)
        } else {
            Candidate::pattern(range, Entity::NationalId, score)
        });
    }
}

/// Where a number that holds the digit group at `group` can start: its own block, and up to three
/// short blocks of letters before it ("RSS MRA 80A01", "QQ 12 34 56 C").
fn starts(text: &str, group: usize) -> Vec<usize> {
    let block = |end: usize| {
        end - text[..end]
            .bytes()
            .rev()
            .take(MAX_LEN)
            .take_while(u8::is_ascii_alphanumeric)
            .count()
    };
    let mut starts = vec![block(group)];
    for _ in 0..3 {
        let at = starts.last().copied().unwrap_or(0);
        let Some(end) = text[..at].strip_suffix([' ', '-', '\u{a0}']).map(str::len) else {
            break;
        };
        let start = block(end);
        let letters = text[start..end].bytes().all(|b| b.is_ascii_alphabetic());
        if !letters || !(1..=3).contains(&(end - start)) {
            break;
        }
        starts.push(start);
    }
    starts.reverse();
    starts
}

/// Letters and digits from one place on, upper case, single separators left out.
#[derive(Debug)]
struct Compact {
    start: usize,
    chars: String,
    /// Where each character ends in the text.
    ends: Vec<usize>,
}

impl Compact {
    fn read(text: &str, start: usize) -> Self {
        let mut compact = Self {
            start,
            chars: String::with_capacity(MAX_LEN),
            ends: Vec::with_capacity(MAX_LEN),
        };
        let mut separated = false;
        for (offset, c) in text[start..].char_indices() {
            if c.is_ascii_alphanumeric() {
                compact.chars.push(c.to_ascii_uppercase());
                compact.ends.push(start + offset + 1);
                separated = false;
                if compact.ends.len() == MAX_LEN {
                    break;
                }
            } else if separated || !matches!(c, ' ' | '-' | '.' | '/' | '\u{a0}' | '\u{202f}') {
                break;
            } else {
                separated = true;
            }
        }
        compact
    }

    /// The first `len` characters and where they are.
    fn head(&self, len: usize) -> Option<(&str, Range<usize>)> {
        let end = *self.ends.get(len.checked_sub(1)?)?;
        Some((self.chars.get(..len)?, self.start..end))
    }

    /// The lengths of the blocks that the first `len` characters are written in.
    fn shape(&self, len: usize) -> Vec<usize> {
        let mut shape = Vec::new();
        let mut last_end = None;
        for end in self.ends.iter().take(len) {
            match shape.last_mut() {
                Some(block) if last_end == Some(end - 1) => *block += 1,
                _ => shape.push(1),
            }
            last_end = Some(*end);
        }
        shape
    }
}

/// The digits of `compact`, if it holds nothing else.
fn digits(compact: &str) -> Option<Vec<u32>> {
    compact.chars().map(|c| c.to_digit(10)).collect()
}

/// The sum of digits times weights.
fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(d, w)| d * w).sum()
}

/// Whether all characters are the same: "000000000".
fn is_uniform(compact: &str) -> bool {
    let mut chars = compact.chars();
    let first = chars.next();
    chars.all(|c| Some(c) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_without_their_separators() {
        let text = "RSS MRA 80A01 H501U.";
        let number = Compact::read(text, 0);
        let (compact, range) = number.head(16).unwrap();
        assert_eq!((compact, range), ("RSSMRA80A01H501U", 0..19));
        assert_eq!(number.shape(16), [3, 3, 5, 5]);
        assert_eq!(starts(text, 8), [0, 4, 8]);
        assert_eq!(starts("x DE 12", 5), [0, 2, 5]);
    }
}
