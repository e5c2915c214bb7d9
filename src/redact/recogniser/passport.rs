//! Passport numbers next to words, and the machine-readable lines of travel documents (ICAO 9303).

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::code::{self, Code, Shape};
use super::hints::{Hinted, Hints, Topic};
use super::national_id::is_german_card;

/// Words for a passport.
pub(super) const WORDS: &[&str] = &[
    "passport~",
    "reisepass~",
    "passnummer",
    "passnr",
    "pass-nr",
    "passeport~",
    "pasaporte~",
    "passaporto~",
    "paspoort~",
    "paszport~",
    "passaporte~",
    "travel document",
    "reisedokument~",
    "pass",
    "pasport~",
    "reiseausweis~",
    "titre de voyage",
    "documento de viaje",
    "documento di viaggio",
];

/// What is read behind them. No country has more than ten characters, nor more than two letters before the digits
/// without a digit among them.
pub(super) const SHAPE: Shape = Shape {
    len: (6, 10),
    digits: 4,
    dotted: false,
};

/// Looks behind its words, and at `<<`.
#[derive(Debug)]
pub(super) struct Passport;

impl Hinted for Passport {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        for hint in hints.of_topic(Topic::Passport) {
            let code = code::behind(text.str, hint.range.end, SHAPE).filter(Code::is_owned);
            // "Pass" is a bus pass and a password too.
            let weak = text.slice(hint.range.clone()).len() == 4;
            let code = code.filter(|code| !weak || code.mixed && code.range.len() >= 9);
            // German passports have the check digit of identity cards: the label says which it is.
            found.extend(code.map(|code| {
                let own = text.slice(code.range.clone());
                let checked = code.direct && !weak && is_german_card(own);
                let made = if checked {
                    Candidate::checked
                } else {
                    Candidate::pattern
                };
                let score = if checked { 0.97 } else { code.score() };
                made(code.range, Entity::Passport, score)
            }));
        }
        machine_readable(text, found);
        Ok(())
    }
}

/// Lines of 30, 36 or 44 capitals, digits and `<`.
fn machine_readable(text: &Text<'_>, found: &mut Vec<Candidate>) {
    let bytes = text.str.as_bytes();
    let belongs = |b: &&u8| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'<';
    let (mut next, mut from) = (0, 0);
    while let Some(skip) = text.str.get(from..).and_then(|rest| rest.find('<')) {
        let at = from + skip;
        from = at + 1;
        if bytes.get(from) != Some(&b'<') {
            continue;
        }
        let start = at - bytes[next..at].iter().rev().take_while(belongs).count();
        let end = at + bytes[at..].iter().take_while(belongs).count();
        (next, from) = (end, end);
        let content = bytes[start..end].iter().filter(|b| **b != b'<').count();
        if matches!(end - start, 30 | 36 | 44) && content >= 5 {
            found.push(Candidate::pattern(start..end, Entity::Passport, 0.95));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    // The specimens of ICAO 9303 and of the German passport.
    #[test]
    fn table() {
        check(
            &Passport,
            &[
                ("passport C01X00T47, valid", &["C01X00T47"]),
                ("Reisepass-Nr.: C01X00T47", &["C01X00T47"]),
                ("Passport number is 123456789.", &["123456789"]),
                ("numéro de passeport : 09AE44556", &["09AE44556"]),
                ("pasaporte AAA123456", &["AAA123456"]),
                ("passaporto n. YA1234567", &["YA1234567"]),
                ("paspoortnummer NP1234567", &["NP1234567"]),
                ("paszport nr ZS0000177", &["ZS0000177"]),
                ("passaporte CA123456", &["CA123456"]),
                (
                    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
                    &[
                        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
                        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
                    ],
                ),
                ("my passport (EK7214093)", &["EK7214093"]),
                ("Pass CRJRJ9GGK9, gültig", &["CRJRJ9GGK9"]),
                ("Paszport mój MP3382914", &["MP3382914"]),
                ("Passaporte precisa? EG0418827.", &["EG0418827"]),
                ("Pass NX2K41HR7", &["NX2K41HR7"]),
                ("passport, and order 4500123456", &[]),
                ("bus pass 123456", &[]),
                ("pass: 12345678", &[]),
                ("passport valid until 12/2030", &[]),
                ("passport expired in 2024", &[]),
                ("passport renewal", &[]),
                ("new passport photo 35x45", &[]),
                ("C01X00T47", &[]),
                ("a <<< b", &[]),
                ("<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<", &[]),
            ],
        );
    }
}
