//! Postal addresses in free text: street and number, with postcode and city where they follow.
//!
//! Four conventions cover the countries: the number behind the street, whose kind ends its name (DE, AT, CH,
//! NL: "Hauptstraße 5") or begins it (ES, IT, PL, PT, BE: "Calle Mayor 12"), and the number in front of it, with
//! the kind first (FR: "12 rue de la Paix") or last (UK, IE, US, CA, AU: "12 High Street"). Words for kinds of
//! streets are found by the shared search; a street counts alone where its kind is hardly anything
//! else, and needs a postcode or a word such as "lives at" where it is ("way", "place", "via").

mod city;
mod cursor;
mod military;
mod street;
mod tail;

use std::ops::Range;

use crate::types::Entity;

use super::super::context::floor;
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::hints::{Hint, Hinted, Hints, Topic};

/// Words that say that an address follows.
const ADDRESS: &[&str] = &[
    "address",
    "addresses",
    "live at",
    "lives at",
    "living at",
    "moved to",
    "ship to",
    "deliver to",
    "delivered to",
    "delivery to",
    "located at",
    "adresse",
    "anschrift",
    "lieferadresse~",
    "rechnungsadresse~",
    "wohne",
    "wohnt",
    "wohnhaft",
    "umgezogen",
    "liefern",
    "habite",
    "domicile",
    "livrer",
    "livraison",
    "dirección",
    "direccion",
    "domicilio",
    "vivo",
    "vive",
    "enviar",
    "indirizzo",
    "abito",
    "abita",
    "residente",
    "spedire",
    "adres",
    "woon",
    "woont",
    "bezorgen",
    "afleveradres",
    "mieszkam",
    "zamieszkały",
    "zamieszkała",
    "dostawy",
    "endereço",
    "morada",
    "moro",
    "mora",
];

/// Every word that announces an address, with its topic.
pub(super) fn hint_words() -> impl Iterator<Item = (Topic, &'static str)> {
    let listed = [
        (Topic::Address, ADDRESS),
        (Topic::StreetBehind, street::BEHIND),
        (Topic::StreetBefore, street::BEFORE),
        (Topic::StreetFrench, street::FRENCH),
        (Topic::StreetEnglish, street::ENGLISH),
        (Topic::PostBox, street::POST_BOX),
        (Topic::Military, military::OFFICES),
    ];
    listed
        .into_iter()
        .flat_map(|(topic, words)| words.iter().map(move |word| (topic, *word)))
}

/// A street with its number, before what follows it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Street {
    range: Range<usize>,
    /// Whether its kind is hardly anything else.
    strong: bool,
}

type Reader = fn(&str, &Range<usize>) -> Option<Street>;

/// Reads around words for kinds of streets.
#[derive(Debug)]
pub(super) struct Address;

impl Hinted for Address {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        if !text.has_digit {
            return Ok(());
        }
        let readers: [(Topic, Reader); 7] = [
            (Topic::StreetBehind, street::behind),
            (Topic::StreetBefore, street::before),
            (Topic::StreetFrench, street::french),
            (Topic::StreetFrench, street::before),
            (Topic::StreetEnglish, street::english),
            (Topic::PostBox, street::post_box),
            (Topic::Military, military::post),
        ];
        for (topic, read) in readers {
            for hint in hints.of_topic(topic) {
                if !digit_near(text.str, hint) {
                    continue;
                }
                if let Some(street) = read(text.str, &hint.range) {
                    found.extend(judge(text, hints, street));
                }
            }
        }
        Ok(())
    }
}

/// Whether a digit stands where a house number could.
fn digit_near(text: &str, hint: &Hint) -> bool {
    let from = floor(text, hint.range.start.saturating_sub(64));
    let to = floor(text, hint.range.end + 64);
    text[from..to].bytes().any(|b| b.is_ascii_digit())
}

fn judge(text: &Text<'_>, hints: &Hints, street: Street) -> Option<Candidate> {
    let Street { range, strong } = street;
    let tail = tail::end(text.str, range.end);
    let told = hints.near(Topic::Address, &range);
    let score = match (tail, strong, told) {
        (Some(_), true, _) => 0.95,
        (Some(_), false, _) => 0.85,
        (None, true, true) => 0.85,
        (None, true, false) => 0.7,
        (None, false, true) => 0.65,
        (None, false, false) => return None,
    };
    let end = tail
        .or_else(|| city::behind(text.str, range.end))
        .unwrap_or(range.end);
    let start = city::before(text.str, range.start).unwrap_or(range.start);
    Some(Candidate::pattern(start..end, Entity::Address, score))
}

#[cfg(test)]
mod tests;
