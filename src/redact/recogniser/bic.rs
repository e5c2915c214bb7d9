//! BIC (ISO 9362): bank, country, place and branch; only next to "BIC", "SWIFT" or an IBAN of the same country.

use std::ops::Range;

use crate::types::Entity;

use super::super::context::floor;
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Run, Text, is_word};
use super::hints::{Hinted, Hints, Topic};

/// Words for a BIC; behind "IBAN" one stands after the number.
pub(super) const WORDS: &[&str] = &["bic", "swift", "iban", "bic/swift", "bics"];

/// How far behind the word a BIC is looked for.
const REACH: usize = 96;
/// How far before the end of a number the IBAN that it belongs to may start.
const MAX_IBAN: usize = 44;

/// Longer words that may stand between "BIC" and the code.
const FILLERS: &[&str] = &[
    "number", "nummer", "numéro", "numero", "número", "numer", "banque", "banca", "banco",
    "codice", "código", "swift", "banku",
];

/// Country codes of ISO 3166-1 with banks in SWIFT's directory, and Kosovo.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AR AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY \
    BZ CA CD CF CG CH CI CK CL CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FK FM FO FR GA GB \
    GD GE GG GH GI GL GM GN GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM MN MO MR MS MT MU MV MW MX MY MZ NA NC NE \
    NG NI NL NO NP NR NZ OM PA PE PF PG PH PK PL PR PS PT PW PY QA RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR \
    SS ST SV SY SZ TC TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VN VU WS XK YE ZA ZM ZW";

/// Looks behind its words.
#[derive(Debug)]
pub(super) struct Bic;

impl Hinted for Bic {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        for hint in hints.of_topic(Topic::Bic) {
            let word = text.slice(hint.range.clone());
            let after_number = word.eq_ignore_ascii_case("iban");
            if let Some(range) = behind(text, hint.range.end, after_number) {
                found.push(Candidate::pattern(range, Entity::Bic, 0.95));
            }
        }
        for run in text.runs() {
            let range = beside_iban(text, &run);
            found.extend(range.map(|range| Candidate::pattern(range, Entity::Bic, 0.9)));
        }
        Ok(())
    }
}

/// The BIC right behind an IBAN that ends with `run`, or right in front of one that starts with it, of its country.
fn beside_iban(text: &Text<'_>, run: &Run<'_>) -> Option<Range<usize>> {
    let (first, last) = (run.groups.first()?, run.groups.last()?);
    let gap = |c: char| {
        matches!(
            c,
            ' ' | '\u{a0}' | ',' | ';' | '/' | '|' | '(' | '–' | '-' | '\n'
        )
    };
    let behind = text.slice(last.range.end..text.str.len());
    let word = behind.trim_start_matches(gap);
    if (1..=4).contains(&(behind.len() - word.len())) {
        let len = word.bytes().take(12).take_while(u8::is_ascii_alphanumeric);
        let start = text.str.len() - word.len();
        let range = start..start + len.count();
        if let Some(country) = country_of(text, &range)
            && iban_before(text, last.range.end, country)
        {
            return Some(range);
        }
    }
    let head = first.range.start.checked_sub(2)?;
    let country = text.str.get(head..first.range.start)?;
    let front = text.slice(0..head);
    let word = front.trim_end_matches(gap);
    let long = first.range.len() >= 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    if !long || !(1..=4).contains(&(front.len() - word.len())) {
        return None;
    }
    let len = word.bytes().rev().take(12);
    let len = len.take_while(u8::is_ascii_alphanumeric).count();
    let range = word.len() - len..word.len();
    (country_of(text, &range)? == country).then_some(range)
}

/// The country of the BIC at `range`, if it is one.
fn country_of<'t>(text: &Text<'t>, range: &Range<usize>) -> Option<&'t str> {
    let word = text.slice(range.clone());
    (is_bic(word) && text.stands_alone(range)).then(|| word.get(4..6))?
}

/// Whether an IBAN of `country` may stand right before `end`.
fn iban_before(text: &Text<'_>, end: usize, country: &str) -> bool {
    let from = floor(text.str, end.saturating_sub(MAX_IBAN));
    let window = text.slice(from..end);
    let digit = |at: usize| window.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    window.match_indices(country).any(|(at, _)| {
        let head = window[..at].chars().next_back();
        digit(at + 2) && digit(at + 3) && !head.is_some_and(is_word)
    })
}

/// The first BIC behind `from`, with nothing but short words before it; after an IBAN directly behind its last block.
fn behind(text: &Text<'_>, from: usize, after_number: bool) -> Option<Range<usize>> {
    let to = floor(text.str, (from + REACH).min(text.str.len()));
    let window = text.slice(from..to);
    let mut number_before = false;
    for word in window
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
    {
        let start = from + (word.as_ptr().addr() - window.as_ptr().addr());
        let range = start..start + word.len();
        if is_bic(word) && text.stands_alone(&range) && (!after_number || number_before) {
            return Some(range);
        }
        number_before = word.bytes().any(|b| b.is_ascii_digit());
        // "SWIFT code: …" goes on, "SWIFT accounts …" speaks of something else.
        let filler = FILLERS.contains(&word.to_lowercase().as_str());
        if !number_before && word.chars().count() > 4 && !filler {
            return None;
        }
    }
    None
}

fn is_bic(word: &str) -> bool {
    if !matches!(word.len(), 8 | 11) {
        return false;
    }
    let letters = word
        .get(..6)
        .is_some_and(|w| w.bytes().all(|b| b.is_ascii_uppercase()));
    let rest = word.get(6..).is_some_and(|w| {
        w.bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    });
    let country = || {
        word.get(4..6)
            .is_some_and(|c| COUNTRIES.split(' ').any(|known| known == c))
    };
    letters && rest && country()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Bic,
            &[
                ("BIC: COBADEFFXXX.", &["COBADEFFXXX"]),
                ("SWIFT code DEUTDEFF", &["DEUTDEFF"]),
                ("BIC/SWIFT BNPAFRPP", &["BNPAFRPP"]),
                (
                    "IBAN DE89 3704 0044 0532 0130 00, COBADEFFXXX",
                    &["COBADEFFXXX"],
                ),
                (
                    "Bankverbindung DE12200411334180786247, COBADEHD044",
                    &["COBADEHD044"],
                ),
                (
                    "de CH19 0023 0081 2708 5302 3 (UBSWCHZH80A). Sign",
                    &["UBSWCHZH80A"],
                ),
                ("NL91 ABNA 0417 1643 00 / ABNANL2A", &["ABNANL2A"]),
                ("COBADEFF DE89370400440532013000", &["COBADEFF"]),
                ("BIC de la banque : BNPAFRPP", &["BNPAFRPP"]),
                ("DE89370400440532013000, BNPAFRPP", &[]),
                ("order 4500123456, COBADEFF", &[]),
                ("COBADEFFXXX", &[]),
                ("BIC folgt", &[]),
                ("SWIFT ACCOUNTS DATABASE", &[]),
                ("IBAN WHATSAPP", &[]),
                ("the bic pens are nice", &[]),
            ],
        );
    }
}
