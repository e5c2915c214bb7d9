//! Driving licence numbers next to words, and the British ones, whose form is their own.

use std::sync::LazyLock;

use regex::Regex;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::hints::{Hinted, Hints, Topic};
use super::labelled::{identifier, value_at};

/// Words for a driving licence.
pub(super) const WORDS: &[&str] = &[
    "driving licence",
    "driving license",
    "driver's licence",
    "driver's license",
    "driver’s license",
    "driver’s licence",
    "drivers license",
    "drivers licence",
    "driver license",
    "driver licence",
    "führerschein~",
    "fuehrerschein~",
    "permis de conduire",
    "permiso de conducir",
    "carnet de conducir",
    "licencia de conducir",
    "patente di guida",
    "rijbewijs~",
    "prawo jazdy",
    "prawa jazdy",
    "carta de condução",
    "carteira de motorista",
    "cnh",
];

/// Looks behind its words, and at blocks of sixteen characters.
#[derive(Debug)]
pub(super) struct DrivingLicence;

impl Hinted for DrivingLicence {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        for hint in hints.of_topic(Topic::DrivingLicence) {
            let number = value_at(text.str, hint.range.end)
                .and_then(|value| identifier(text.str, value.start, (7, 18), 5));
            found.extend(number.map(|n| Candidate::pattern(n, Entity::DrivingLicence, 0.8)));
        }
        british(text, found)
    }
}

/// Surname, decade, month (50 added for women), day, year, initials, and check characters (DVLA).
fn british(text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^[A-Z]{1,5}9{0,4}[0-9](?:0[1-9]|1[0-2]|5[1-9]|6[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9][A-Z9]{2}[A-Z0-9][A-Z]{2}$").ok()
    });
    let pattern = PATTERN.as_ref().ok_or(RedactError::Pattern {
        recogniser: "driving_licence",
    })?;
    // The six digits in the middle are a group, with five letters or nines before them.
    for group in &text.groups {
        if !(6..=12).contains(&group.range.len()) || !group.glued_right {
            continue;
        }
        let before = text.str.as_bytes()[..group.range.start]
            .iter()
            .rev()
            .take(6)
            .take_while(|b| b.is_ascii_uppercase())
            .count();
        let start = group.range.start - before;
        let range = start..start + 16;
        if pattern.is_match(text.slice(range.clone())) && text.stands_alone(&range) {
            found.push(Candidate::pattern(range, Entity::DrivingLicence, 0.9));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    // The British number is DVLA's specimen.
    #[test]
    fn table() {
        check(
            &DrivingLicence,
            &[
                ("MORGA657054SM9IJ", &["MORGA657054SM9IJ"]),
                ("FOX99701254A99BC ok", &["FOX99701254A99BC"]),
                ("Driver's license: D1234567", &["D1234567"]),
                (
                    "driving licence number F255-921-50-094-0.",
                    &["F255-921-50-094-0"],
                ),
                ("Führerscheinnummer B072RRE2I55", &["B072RRE2I55"]),
                ("permis de conduire n° 890175100123", &["890175100123"]),
                ("patente di guida U1234567X", &["U1234567X"]),
                ("rijbewijsnummer: 5123456789", &["5123456789"]),
                ("prawo jazdy 12345/12/1234", &["12345/12/1234"]),
                ("Führerschein seit 2010", &[]),
                ("driving licence since 12/2010", &[]),
                ("MORGA697054SM9IJ", &[]),
                ("D1234567", &[]),
                ("she has a driving licence", &[]),
            ],
        );
    }
}
