//! Postcodes next to words; inside an address the address recogniser finds them.

use std::sync::LazyLock;

use regex::Regex;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::hints::{Hinted, Hints, Topic};
use super::labelled::value_at;

/// Words for a postcode.
pub(super) const WORDS: &[&str] = &[
    "postcode",
    "post code",
    "postal code",
    "zip",
    "zip code",
    "zipcode",
    "plz",
    "postleitzahl",
    "code postal",
    "código postal",
    "codigo postal",
    "cap",
    "c.a.p.",
    "kod pocztowy",
    "eircode",
    "pin code",
];

/// Forms of postcodes, the longer first.
const FORMS: &str = concat!(
    r"^(?:",
    r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}", // United Kingdom
    r"|[A-Z][0-9]{2} ?[A-Z0-9]{4}|D6W ?[A-Z0-9]{4}", // Ireland
    r"|[ABCEGHJ-NPRSTVXY][0-9][A-Z] ?[0-9][A-Z][0-9]", // Canada
    r"|[1-9][0-9]{3} ?[A-Z]{2}\b",              // Netherlands
    r"|[0-9]{5}-[0-9]{3,4}",                    // United States, Brazil
    r"|[0-9]{4}-[0-9]{3}",                      // Portugal
    r"|[0-9]{2}-[0-9]{3}",                      // Poland
    r"|[0-9]{3} [0-9]{2}",                      // Sweden, Czechia
    r"|(?:[A-Z]{1,2}-)?[0-9]{4,6}",             // most others
    r")\b",
);

/// Looks behind its words.
#[derive(Debug)]
pub(super) struct Postcode;

impl Hinted for Postcode {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(FORMS).ok());
        let pattern = PATTERN.as_ref().ok_or(RedactError::Pattern {
            recogniser: "postcode",
        })?;
        for hint in hints.of_topic(Topic::Postcode) {
            let Some(value) = value_at(text.str, hint.range.end) else {
                continue;
            };
            let to = super::super::context::floor(text.str, (value.start + 12).min(text.str.len()));
            let Some(hit) = pattern.find(text.slice(value.start..to)) else {
                continue;
            };
            let range = value.start..value.start + hit.end();
            // A number with decimals is an amount: "cap 5000,00".
            let goes_on = text.slice(range.end..text.str.len());
            let mut after = goes_on.chars();
            let amount = match after.next() {
                Some(',' | '.') => after.next().is_some_and(|c| c.is_ascii_digit()),
                Some('%' | '€' | '$') => true,
                _ => false,
            };
            if !amount && !text.char_at(range.end).is_some_and(is_word) {
                found.push(Candidate::pattern(range, Entity::Location, 0.8));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Postcode,
            &[
                ("postcode SW1A 1AA.", &["SW1A 1AA"]),
                ("PLZ: 10115 Berlin", &["10115"]),
                ("Postleitzahl D-10115", &["D-10115"]),
                ("code postal 75008", &["75008"]),
                ("postcode 1012 AB", &["1012 AB"]),
                ("ZIP 94103-1234", &["94103-1234"]),
                ("kod pocztowy 00-950", &["00-950"]),
                ("código postal 1000-205", &["1000-205"]),
                ("CAP 00184", &["00184"]),
                ("Eircode D02 AF30", &["D02 AF30"]),
                ("postal code K1A 0B1", &["K1A 0B1"]),
                ("zip file 10 MB", &[]),
                ("cap of 5000,00", &[]),
                ("unzip 12345", &[]),
                ("10115", &[]),
                ("zip 12", &[]),
                ("postcode 12345€", &[]),
            ],
        );
    }
}
