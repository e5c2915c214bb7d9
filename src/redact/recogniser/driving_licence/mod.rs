//! Driving licence numbers next to words, and those whose form is their own.

mod forms;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::code::{self, Code, Shape};
use super::hints::{Hint, Hinted, Hints, Topic};
use super::national_id::is_spanish_person;

/// Words for a driving licence.
pub(super) const WORDS: &str = "driving licence|driving license|driver's licence|driver's license|driver’s license|\
    driver’s licence|drivers license|drivers licence|driver license|driver licence|dl no|dl number|dl#|dvla number|driver number|driver no|\
    ni licence|pink licence|\
    führerschein~|fuehrerschein~|führerausweis~|fahrerlaubnis~|fs-nr|fs-nummer|\
    permis de conduire|permis conduire|permis b|permis rose|papier rose|permis moto|\
    permiso de conducir|permiso de conducción|permiso de manejo|carnet de conducir|carné de conducir|licencia de conducir|\
    licencia de conducción|licencia de manejo|licencia de chofer|brevete|carnet b|carné b|permiso b|\
    registro de conducir|\
    patente di guida|patente guida|patente b|patente cartacea|pat. b|pat b|documento di guida|licenza di condurre|licenza di guida|\
    rijbewijs~|rijb|rbw|prawo jazdy|prawa jazdy|prawem jazdy|prawko|prawka|uprawnienia do kierowania|dok. uprawn|\
    carta de condução|carta de conducao|cartas de condução|carta b|título de condução|titulo de conducao|carteira de motorista|carta de motorista|carteira de habilitação|habilitação|cnh";

/// Words for one that are words for other things too.
pub(super) const WEAK_WORDS: &str = "fs|lappen|licence|license|permis|carné|carnet|patente";

/// What in front of them makes them another licence.
const NOT_DRIVING: &[&str] = &[
    "software",
    "product",
    "trade",
    "export",
    "import",
    "radio",
    "site",
    "volume",
    "windows",
    "office",
    "server",
    "fishing",
    "gun",
    "alcohol",
    "pet",
    "dog",
    "tv",
    "business",
    "seat",
    "exportación",
    "chasse",
    "pêche",
];

/// What is read behind them.
pub(super) const SHAPE: Shape = Shape {
    len: (7, 18),
    digits: 5,
    dotted: true,
};

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
            let code = code::behind(text.str, hint.range.end, SHAPE);
            let fits = |code: &Code| match is_weak(text, hint) {
                true => {
                    let listed = code.words == 0 && code.broken && code.mixed;
                    (code.direct || listed) && code.digits >= 6 && !is_other(text, hint)
                }
                false => code.is_owned(),
            };
            let near = || forms::near(text, hint).filter(|_| !is_weak(text, hint));
            match code.filter(fits) {
                Some(code) => found.push(licence(text, &code)),
                None => found.extend(near()),
            }
        }
        forms::find(text, found)
    }
}

fn is_weak(text: &Text<'_>, hint: &Hint) -> bool {
    let word = text.slice(hint.range.clone());
    WEAK_WORDS
        .split('|')
        .any(|weak| weak.eq_ignore_ascii_case(word))
}

/// "software licence"
fn is_other(text: &Text<'_>, hint: &Hint) -> bool {
    let before = text.slice(0..hint.range.start).trim_end();
    let len: usize = before
        .chars()
        .rev()
        .take(16)
        .take_while(|c| is_word(*c))
        .map(char::len_utf8)
        .sum();
    NOT_DRIVING.contains(&before[before.len() - len..].to_lowercase().as_str())
}

/// The number of a Spanish licence is that of its holder's identity document: there the label says what it is.
fn licence(text: &Text<'_>, code: &Code) -> Candidate {
    let range = code.range.clone();
    let own = text
        .slice(range.clone())
        .to_ascii_uppercase()
        .replace(['-', '.', ' '], "");
    match code.direct && is_spanish_person(&own) {
        true => Candidate::checked(range, Entity::DrivingLicence, 0.99),
        false => Candidate::pattern(range, Entity::DrivingLicence, code.score()),
    }
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
                ("Führerschein des Fahrers: B072RRE2I55.", &["B072RRE2I55"]),
                ("Führerausweis-Nr. 001234567891", &["001234567891"]),
                ("FS-Nr.: N0704J6LK31", &["N0704J6LK31"]),
                ("son permis (n° 150229301118)", &["150229301118"]),
                ("permis 21BX44180 –", &["21BX44180"]),
                ("Dutch licence: 5038821946", &["5038821946"]),
                ("SA licence 4024000281WQ", &["4024000281WQ"]),
                ("carné 284119906", &["284119906"]),
                ("permiso de conducir 37690958-F", &["37690958-F"]),
                ("patente n. MI5527194K", &["MI5527194K"]),
                ("prawo jazdy kat. B nr 00123/12/1234", &["00123/12/1234"]),
                ("carta de condução (SE-118204)", &["SE-118204"]),
                ("CNH 02650306461", &["02650306461"]),
                (
                    "my driver number is BRADS 904217 T99KV.",
                    &["BRADS 904217 T99KV"],
                ),
                ("morga657054sm9ij", &["morga657054sm9ij"]),
                ("ho letto u103f8852r sulla tessera", &["u103f8852r"]),
                ("patente U1 5B773Z0 H", &["U1 5B773Z0 H"]),
                ("- TO7302915K - FATT. 2291/A", &["TO7302915K"]),
                ("prawko to 00412/21/0261,", &["00412/21/0261"]),
                ("powinno być 20736/09/3064.", &["20736/09/3064"]),
                ("minha carta, P-904417 2, emitida", &["P-904417 2"]),
                ("no campo 5 diz br-418820 3 chega", &["br-418820 3"]),
                (
                    "Kopie meines Führerscheins liegt noch bei euch am Tresen, C2104H7P931 steht drauf",
                    &["C2104H7P931"],
                ),
                (
                    "kopietje van mijn rijbewijs onder jullie scanner blijven liggen, je herkent het aan 4917350286",
                    &["4917350286"],
                ),
                ("Bestellung 20736/09, Teil 3064", &[]),
                ("lot QX7302915K", &[]),
                ("faktura 00123/05/2024", &[]),
                ("C-10452 2 Stück", &[]),
                ("About PO4512345 I have a question", &[]),
                ("an der U1 1130 Wien, Filiale", &[]),
                ("Ersatzteil A2058200080", &[]),
                (
                    "fs n0704j6lk31 und B072RRE2I55",
                    &["n0704j6lk31", "B072RRE2I55"],
                ),
                ("Modell B072RRE2I45", &[]),
                ("okazano 00412/09/2061", &["00412/09/2061"]),
                ("U1234567890", &[]),
                ("Führerschein nötig; Bestellung 4917350286", &[]),
                ("software licence 12345678", &[]),
                ("the licence key ABCD1234567", &[]),
                ("permis de construire 0331234567", &[]),
                ("licence fee 1234567 EUR", &[]),
                ("Führerschein seit 2010", &[]),
                ("driving licence since 12/2010", &[]),
                ("MORGA697054SM9IJ", &[]),
                ("D1234567", &[]),
                ("she has a driving licence", &[]),
            ],
        );
    }
}
