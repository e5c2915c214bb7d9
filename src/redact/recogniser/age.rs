//! Ages of people: the number alone, where the words around it say that somebody is that old.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::types::Entity;

use super::super::context::{Nearby, Words, floor};
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::hints::{Hinted, Hints, Topic};

/// Words around an age.
pub(super) const WORDS: &[&str] = &[
    "years old",
    "year old",
    "year-old",
    "years of age",
    "yrs old",
    "y/o",
    "aged",
    "age",
    "jahre alt",
    "jahre",
    "jahren",
    "jährig~",
    "alter",
    "ans",
    "âge",
    "años",
    "edad",
    "anni",
    "età",
    "jaar",
    "jarige~",
    "leeftijd",
    "lat",
    "wiek",
    "anos",
    "idade",
];

/// Each holds one number in its first group.
const FORMS: &[&str] = &[
    r"(?i)\b([0-9]{1,3})[ -](?:years?|yrs?)[ -](?:old|of age)\b",
    r"(?i)\b([0-9]{1,3}) ?y/o\b",
    r"(?i)\b(?:aged|age|age:|age is|age of) ?([0-9]{1,3})\b",
    r"(?i)\b([0-9]{1,3}) ?jahre alt\b",
    r"(?i)\b([0-9]{1,3})[ -]?jährige?[rnsm]?\b",
    r"(?i)\b(?:bin|ist|wurde|werde) ([0-9]{2}) jahre\b",
    r"(?i)\balter(?: von|:| ist)? ?([0-9]{1,3})\b",
    r"(?i)\b(?:âgée?s? de|j['’]ai|âge ?:|à l['’]âge de|elle a|il a) ?([0-9]{1,3})\b(?: ans|$|[,.;)\n])",
    r"(?i)\b(?:tengo|tiene|cumple|edad(?: de|:)?|mujer de|hombre de|hij[oa] de|señora? de) ?([0-9]{1,3})(?: años|\b(?:$|[,.;)\n]))",
    r"(?i)\b(?:età(?: di|:)?|ho|donna di|uomo di|figli[oa] di|signora? di) ?([0-9]{1,3})(?: anni|\b(?:$|[,.;)\n]))",
    r"(?i)\b([0-9]{1,3}) jaar oud\b",
    r"(?i)\b([0-9]{1,3})-?jarige\b",
    r"(?i)\b(?:ben|is|wordt) ([0-9]{2}) jaar\b",
    r"(?i)\bleeftijd(?: van| is|:)? ?([0-9]{1,3})\b",
    r"(?i)\b(?:mam|ma|skończył|skończyła|wieku|wiek:?) ?([0-9]{1,3}) ?lat\b",
    r"(?i)\bwiek: ?([0-9]{1,3})\b",
    r"(?i)\b(?:tenho|tem|idade(?: de|:)?|mulher de|homem de|filh[oa] de) ?([0-9]{1,3})(?: anos|\b(?:$|[,.;)\n]))",
];

/// Things that are old, too.
static THINGS: Words = Words::new(&[
    "company",
    "firm",
    "business",
    "brand",
    "building",
    "house",
    "car",
    "machine",
    "device",
    "product",
    "sofa",
    "warranty",
    "guarantee",
    "contract",
    "account",
    "boiler",
    "laptop",
    "phone",
    "model",
    "shop",
    "store",
    "appliance",
    "fridge",
    "washer",
    "firma",
    "haus",
    "gerät~",
    "auto",
    "maschine",
    "garantie",
    "vertrag",
    "unternehmen",
    "produkt",
    "marke",
    "entreprise",
    "maison",
    "machine",
    "voiture",
    "appareil",
    "contrat",
    "empresa",
    "casa",
    "coche",
    "máquina",
    "garantía",
    "contrato",
    "azienda",
    "garanzia",
    "macchina",
    "prodotto",
    "bedrijf",
    "huis",
    "contract",
    "firmy",
    "gwarancja",
    "gwarancji",
    "umowa",
    "garantia",
    "produto",
    "whisky",
    "wine",
    "wein",
    "it",
    "they",
    "kunde",
    "kundin",
    "stone",
    "matratze",
    "waschmaschine",
    "kühlschrank",
]);

/// Reads what stands around its words.
#[derive(Debug)]
pub(super) struct Age;

impl Hinted for Age {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        static PATTERNS: LazyLock<Option<Vec<Regex>>> =
            LazyLock::new(|| FORMS.iter().map(|form| Regex::new(form).ok()).collect());
        let patterns = PATTERNS
            .as_ref()
            .ok_or(RedactError::Pattern { recogniser: "age" })?;
        let mut last: Option<Range<usize>> = None;
        for hint in hints.of_topic(Topic::Age) {
            let from = floor(text.str, hint.range.start.saturating_sub(24));
            let to = floor(text.str, hint.range.end + 16);
            let window = text.slice(from..to);
            if !window.bytes().any(|b| b.is_ascii_digit()) {
                continue;
            }
            for range in patterns
                .iter()
                .filter_map(|p| Some(p.captures(window)?.get(1)?.range()))
            {
                let range = from + range.start..from + range.end;
                if last.as_ref() != Some(&range) && is_age(text, &range) {
                    found.push(Candidate::pattern(range.clone(), Entity::Age, 0.7));
                    last = Some(range);
                }
            }
        }
        Ok(())
    }
}

fn is_age(text: &Text<'_>, range: &Range<usize>) -> bool {
    let years = text.slice(range.clone()).parse::<u32>().unwrap_or(u32::MAX);
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | '-' | '/' | '$' | '€');
    let thing = Nearby::of(text.str, range.start, range.end).any(&THINGS);
    (1..=120).contains(&years) && !text.char_before(range.start).is_some_and(part) && !thing
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Age,
            &[
                ("she is 45 years old.", &["45"]),
                ("a 45-year-old man", &["45"]),
                ("Age: 45", &["45"]),
                ("aged 7", &["7"]),
                ("ich bin 45 Jahre alt", &["45"]),
                ("eine 70-jährige Frau", &["70"]),
                ("im Alter von 45 Jahren", &["45"]),
                ("âgée de 45 ans", &["45"]),
                ("j'ai 45 ans", &["45"]),
                ("tengo 45 años", &["45"]),
                ("Edad: 45", &["45"]),
                ("ho 45 anni", &["45"]),
                ("ze is 45 jaar oud", &["45"]),
                ("mam 45 lat", &["45"]),
                ("tenho 45 anos", &["45"]),
                ("the company is 45 years old", &[]),
                ("garantie 2 ans", &[]),
                ("client depuis 10 ans", &[]),
                ("garantía de 2 años", &[]),
                ("2 Jahre Garantie", &[]),
                ("page 45", &[]),
                ("Alter Preis 45", &[]),
                ("age 450", &[]),
                ("3.45 years old", &[]),
                ("your machine is 5 years old", &[]),
            ],
        );
    }
}
