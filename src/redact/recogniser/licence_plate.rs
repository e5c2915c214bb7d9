//! Licence plates, next to words only: their forms are those of half of all product codes.

use std::sync::LazyLock;

use regex::Regex;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::hints::{Hinted, Hints, Topic};
use super::labelled::value_at;

/// Words for a plate.
pub(super) const WORDS: &[&str] = &[
    "licence plate",
    "license plate",
    "number plate",
    "plate number",
    "plate",
    "registration",
    "registration plate",
    "reg",
    "kennzeichen",
    "kfz-kennzeichen",
    "autokennzeichen",
    "nummernschild",
    "kontrollschild",
    "immatriculation",
    "immatriculé",
    "immatriculée",
    "plaque",
    "matrícula",
    "matricula",
    "targa",
    "kenteken",
    "rejestracyjny",
    "rejestracyjne",
    "rejestracja",
    "rejestracji",
    "placa",
];

/// Forms of plates, by country.
const FORMS: &str = concat!(
    r"^(?:",
    r"[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[- ]?[1-9][0-9]{0,3}[EH]?", // Germany
    r"|[A-Z]{2}[- ]?[0-9]{3}[- ]?[A-Z]{2}",                  // France, Italy
    r"|[A-Z]{2}[0-9]{2} ?[A-Z]{3}|[A-Z][0-9]{1,3} ?[A-Z]{3}|[A-Z]{3} ?[0-9]{1,4}[A-Z]?", // United Kingdom
    r"|[0-9]{4}[- ]?[BCDFGHJKLMNPRSTVWXYZ]{3}",                                          // Spain
    r"|[A-Z0-9]{1,3}-[A-Z0-9]{2,3}-[A-Z0-9]{1,3}", // Netherlands, Portugal, Belgium, Sweden
    r"|[A-Z0-9]{2}[ ·][A-Z0-9]{2}[ ·][A-Z0-9]{2}", // Portugal
    r"|[A-Z]{2,3}[ -]?[A-Z0-9]{4,5}",              // Poland
    r"|[A-Z]{1,2}[- ]?[0-9]{1,6} ?[A-Z]{0,3}",     // Austria, Switzerland
    r"|[0-9]{2,3}-[A-Z]{1,2}-[0-9]{1,6}",          // Ireland
    r"|[0-9][A-Z]{3}[0-9]{3}|[A-Z]{3}-[0-9]{4}|[A-Z0-9]{3}[ -][A-Z0-9]{3,4}", // US, Canada, Australia, Brazil
    r")\b",
);

/// Looks behind its words.
#[derive(Debug)]
pub(super) struct LicencePlate;

impl Hinted for LicencePlate {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(FORMS).ok());
        let pattern = PATTERN.as_ref().ok_or(RedactError::Pattern {
            recogniser: "licence_plate",
        })?;
        for hint in hints.of_topic(Topic::LicencePlate) {
            let Some(value) = value_at(text.str, hint.range.end) else {
                continue;
            };
            let to = super::super::context::floor(text.str, (value.start + 16).min(text.str.len()));
            let Some(hit) = pattern.find(text.slice(value.start..to)) else {
                continue;
            };
            let plate = hit.as_str();
            let range = value.start..value.start + hit.end();
            let mixed =
                plate.bytes().any(|b| b.is_ascii_digit()) && plate.chars().any(char::is_alphabetic);
            // "HRB 1234" is a company's register number.
            let register = plate.starts_with("HRB") || plate.starts_with("HRA");
            if mixed && !register && !text.char_at(range.end).is_some_and(is_word) {
                found.push(Candidate::pattern(range, Entity::LicencePlate, 0.8));
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
            &LicencePlate,
            &[
                ("Kennzeichen: B-MW 1234.", &["B-MW 1234"]),
                ("Kfz-Kennzeichen M AB 123E", &["M AB 123E"]),
                ("registration AB12 CDE", &["AB12 CDE"]),
                ("plaque AA-123-BB", &["AA-123-BB"]),
                ("matrícula 1234 BCD", &["1234 BCD"]),
                ("targa AB 123 CD", &["AB 123 CD"]),
                ("kenteken 12-ABC-3", &["12-ABC-3"]),
                ("nr rejestracyjny WA 12345", &["WA 12345"]),
                ("matrícula AA-12-BB", &["AA-12-BB"]),
                ("Kennzeichen W 12345 A", &["W 12345 A"]),
                ("Kontrollschild ZH 123456", &["ZH 123456"]),
                ("license plate 7ABC123", &["7ABC123"]),
                ("reg: 161-D-12345", &["161-D-12345"]),
                ("registration for 2 people", &[]),
                ("registration number 08123456", &[]),
                ("Registration: HRB 12345", &[]),
                ("AB12 CDE", &[]),
                ("plate 24 cm", &[]),
                ("Kennzeichen fehlt", &[]),
            ],
        );
    }
}
