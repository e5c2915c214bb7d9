//! IBAN (ISO 13616): the registry's lengths, and the check digits by mod 97-10 (ISO 7064).

use std::ops::Range;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::Recogniser;

/// Country and length of every IBAN in SWIFT's registry, and of the partial list that banks use.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AO", 25),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BF", 28),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BJ", 28),
    ("BR", 29),
    ("BY", 28),
    ("CF", 27),
    ("CG", 27),
    ("CH", 21),
    ("CI", 28),
    ("CM", 27),
    ("CR", 22),
    ("CV", 25),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("DZ", 26),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GA", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GQ", 27),
    ("GR", 27),
    ("GT", 28),
    ("GW", 25),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IR", 26),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KM", 27),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MA", 28),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MG", 27),
    ("MK", 19),
    ("ML", 28),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("MZ", 25),
    ("NE", 28),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SN", 28),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TD", 27),
    ("TG", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Starts at every group of two digits or more that two letters precede.
#[derive(Debug)]
pub(super) struct Iban;

impl Recogniser for Iban {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        for group in &text.groups {
            if let Some(range) = at(text.str, group.range.start) {
                found.push(Candidate::checked(range, Entity::Iban, 0.97));
            }
        }
        Ok(())
    }
}

/// The IBAN whose check digits start at `digits`.
fn at(text: &str, digits: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut start = digits;
    if start >= 3 && bytes[start - 1] == b' ' && bytes[start - 2].is_ascii_alphabetic() {
        start -= 1; // "DE 89 3704 …"
    }
    let start = start.checked_sub(2)?;
    let country = match bytes.get(start..start + 2)? {
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            [a.to_ascii_uppercase(), b.to_ascii_uppercase()]
        }
        _ => return None,
    };
    let listed = LENGTHS.binary_search_by(|(code, _)| code.as_bytes().cmp(&country));
    let length = LENGTHS.get(listed.ok()?)?.1;
    if text[..start].chars().next_back().is_some_and(is_word) {
        return None;
    }
    let mut compact = String::with_capacity(length);
    let mut separators = 0;
    for (offset, c) in text[start..].char_indices() {
        if c.is_ascii_alphanumeric() {
            compact.push(c.to_ascii_uppercase());
            separators = 0;
            if compact.len() == length {
                let end = start + offset + 1;
                let alone = !text[end..].chars().next().is_some_and(is_word);
                return (alone && checks(&compact)).then_some(start..end);
            }
        } else {
            separators += 1;
            if separators > 1 || !matches!(c, ' ' | '-' | '\u{a0}' | '.' | '\u{202f}') {
                return None;
            }
        }
    }
    None
}

/// Whether the number, its first four characters moved to the end and letters as 10–35, is 1 modulo 97.
pub(in super::super) fn checks(compact: &str) -> bool {
    let Some((head, tail)) = compact.split_at_checked(4) else {
        return false;
    };
    let rest = tail.chars().chain(head.chars()).try_fold(0_u32, |rest, c| {
        let digit = c.to_digit(36)?;
        Some(
            if digit < 10 {
                rest * 10 + digit
            } else {
                rest * 100 + digit
            } % 97,
        )
    });
    rest == Some(1)
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    // Examples of SWIFT's IBAN registry.
    #[test]
    fn table() {
        check(
            &Iban,
            &[
                (
                    "IBAN: DE89 3704 0044 0532 0130 00.",
                    &["DE89 3704 0044 0532 0130 00"],
                ),
                ("DE89370400440532013000", &["DE89370400440532013000"]),
                (
                    "de89 3704 0044 0532 0130 00",
                    &["de89 3704 0044 0532 0130 00"],
                ),
                (
                    "FR14-2004-1010-0505-0001-3M02-606,",
                    &["FR14-2004-1010-0505-0001-3M02-606"],
                ),
                ("GB29NWBK60161331926819 ok", &["GB29NWBK60161331926819"]),
                ("NO9386011117947", &["NO9386011117947"]),
                (
                    "MT84MALT011000012345MTLCAST001S",
                    &["MT84MALT011000012345MTLCAST001S"],
                ),
                (
                    "ES91 2100 0418 4502 0005 1332",
                    &["ES91 2100 0418 4502 0005 1332"],
                ),
                (
                    "IT60X0542811101000000123456",
                    &["IT60X0542811101000000123456"],
                ),
                (
                    "NL91ABNA0417164300 NL91 ABNA 0417 1643 00",
                    &["NL91ABNA0417164300", "NL91 ABNA 0417 1643 00"],
                ),
                (
                    "BR1800360305000010009795493C1",
                    &["BR1800360305000010009795493C1"],
                ),
                (
                    "DE 89 3704 0044 0532 0130 00",
                    &["DE 89 3704 0044 0532 0130 00"],
                ),
                ("DE88 3704 0044 0532 0130 00", &[]),
                ("DE89 3704 0044 0532 0130", &[]),
                ("XX89370400440532013000", &[]),
                ("ADE89370400440532013000", &[]),
                ("DE89370400440532013000X", &[]),
                ("AB12", &[]),
            ],
        );
    }

    #[test]
    fn countries_are_sorted() {
        assert!(LENGTHS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
