//! VAT numbers of the EU's states, the United Kingdom, Switzerland and Norway, with their country codes.
//!
//! Sources: the European Commission's VIES list of formats, and each state's check digits as its tax
//! authority describes them. Without a country code a number is one only next to words such as "P. IVA".

mod states;

use std::ops::Range;
use std::sync::LazyLock;

use crate::types::Entity;

use self::states::{BARE, STATES, spanish_company};
use super::super::context::{Nearby, Verdict, Words};
use super::super::lookup::{Pairs, pair_at_start};
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::compact::{Compact, is_fragment};
use super::hints::{Hints, Topic};

/// Words for a VAT number.
pub(super) const WORDS: &[&str] = &[
    "vat",
    "ust",
    "ustid",
    "uid",
    "mwst",
    "tva",
    "iva",
    "piva",
    "btw",
    "moms",
    "mva",
    "dph",
    "dič",
    "dic",
    "nip",
    "nif",
    "cif",
    "ide",
    "umsatzsteuer~",
    "mehrwertsteuer~",
    "intracommunautaire",
    "intracomunitario",
    "partita",
    "omzetbelasting",
    "btwnr",
    "btwnummer",
    "alv",
    "pvn",
    "pvm",
    "kmkr",
    "áfa",
    "adószám",
    "αφμ",
    "ддс",
    "пдв",
    "pdv",
    "ddv",
];

static LISTED: Words = Words::new(WORDS);

/// Whether a number passes.
pub(in crate::redact) type Check = fn(&str) -> bool;

/// A country's numbers: its code, their lengths without it, and their check.
type State = (&'static str, &'static [usize], Check);

/// The first two letters of the codes.
static CODES: LazyLock<Pairs> = LazyLock::new(|| {
    let mut codes = Pairs::default();
    for (code, ..) in STATES {
        codes.add(pair_at_start(code.as_bytes()));
    }
    codes
});

/// How a Swiss number ends, after its digits.
const SWISS_ENDS: &[&str] = &[" MWST", " TVA", " IVA", " TPV"];

/// How many letters of country `compact` begins with, and the check that its rest passes.
pub(in crate::redact) fn check_of(compact: &str) -> Option<(usize, Check)> {
    let with_code = STATES.iter().find_map(|(code, lengths, check)| {
        let rest = compact.strip_prefix(code)?;
        let fits = lengths.contains(&rest.len()) && check(rest);
        fits.then_some((code.len(), *check))
    });
    with_code.or_else(|| {
        let bare = BARE
            .iter()
            .find(|(_, lengths, check)| lengths.contains(&compact.len()) && check(compact));
        bare.map(|(_, _, check)| (0, *check))
    })
}

/// Adds the VAT numbers that `number` begins with.
pub(super) fn judge(text: &Text<'_>, hints: &Hints, number: &Compact, found: &mut Vec<Candidate>) {
    let whole = number.range();
    // Without its country's letters a number needs a word for it; where none is near the longest reading, none is
    // near a shorter one.
    let head = number.first_two();
    // Most numbers begin with a digit, which neither is.
    let coded = head[0].is_ascii_alphabetic()
        && (CODES.has(u16::from_be_bytes(head)) || is_company_head(head));
    if !coded && !hints.near(Topic::Vat, &whole) {
        return;
    }
    for (len, _) in number.lengths() {
        let Some((compact, range)) = number.head(len) else {
            continue;
        };
        if let Some(score) = score(text, hints, compact, &range) {
            let range = range.start..end_of(text, compact, range.end);
            // Short numbers pass by chance, so a weak reading proves nothing.
            found.push(if score >= 0.7 {
                Candidate::checked(range, Entity::VatNumber, score)
            } else {
                Candidate::pattern(range, Entity::VatNumber, score)
            });
        }
    }
}

fn score(text: &Text<'_>, hints: &Hints, compact: &str, range: &Range<usize>) -> Option<f32> {
    let first = compact.as_bytes().first();
    let states = STATES.iter();
    let mut states = states.filter(|(code, ..)| code.as_bytes().first() == first);
    let with_code = states.find_map(|(code, lengths, check)| {
        let rest = compact.strip_prefix(code)?;
        (lengths.contains(&rest.len()) && check(rest)).then_some(rest.len())
    });
    let near = hints.near(Topic::Vat, range);
    let told = || {
        near && Nearby::of(text.str, range.start, range.end).verdict(&LISTED, &[][..])
            == Verdict::For
    };
    if !text.stands_alone(range) {
        return None;
    }
    if let Some(len) = with_code {
        // Short numbers pass by chance, and a country code is two letters that a product code has too.
        return match (told(), len) {
            (true, _) => Some(0.98),
            (false, 9..) if !is_fragment(text, range) => Some(0.85),
            (false, 8) if !is_fragment(text, range) => Some(0.6),
            _ => None,
        };
    }
    let bare = near
        && BARE
            .iter()
            .any(|(_, lengths, check)| lengths.contains(&compact.len()) && check(compact));
    if bare && told() {
        return Some(0.9);
    }
    // A mistyped number is somebody's for all we know, where the label and the country's letters say what it is.
    if near && has_form(compact) && told() {
        return Some(0.65);
    }
    let company = spanish_company(compact) && !is_fragment(text, range);
    company.then(|| match range.len() {
        9 => 0.65,
        _ => 0.75,
    })
}

/// The letter of a Spanish company's legal form, and a digit.
fn is_company_head([letter, digit]: [u8; 2]) -> bool {
    b"ABCDEFGHJNPQRSUVW".contains(&letter) && digit.is_ascii_digit()
}

/// A country's letters and as many characters as its numbers have, most of them digits.
fn has_form(compact: &str) -> bool {
    STATES.iter().any(|(code, lengths, _)| {
        compact.strip_prefix(code).is_some_and(|rest| {
            let letters = rest.bytes().filter(u8::is_ascii_alphabetic).count();
            lengths.contains(&rest.len()) && rest.len() > 7 && letters <= 2
        })
    })
}

/// Where the number ends: a Swiss one with the abbreviation for the tax.
fn end_of(text: &Text<'_>, compact: &str, end: usize) -> usize {
    let rest = text.slice(end..text.str.len());
    let suffix = SWISS_ENDS.iter().find(|suffix| rest.starts_with(**suffix));
    match suffix.filter(|_| compact.starts_with("CHE")) {
        Some(suffix) if !rest[suffix.len()..].starts_with(is_word) => end + suffix.len(),
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Numbers, check};
    use super::*;

    // Numbers from the examples of python-stdnum's test suite, an independent implementation.
    #[test]
    fn every_state() {
        for number in [
            "ATU13585627",
            "BE0428759497",
            "BG175074752",
            "CHE107787577",
            "CY10259033P",
            "CZ25123891",
            "DE136695976",
            "DK13585628",
            "EE100594102",
            "EL094259216",
            "ESJ99216582",
            "FI20774740",
            "FR23334175221",
            "FRK7399859412",
            "FR4Z123456782",
            "GB980780684",
            "HR33392005961",
            "HU12892312",
            "IE6433435F",
            "IE6433435OA",
            "IE8D79739I",
            "IT00743110157",
            "LT119511515",
            "LT100001919017",
            "LT100004801610",
            "LU15027442",
            "LV40003521600",
            "MT11679112",
            "NL004495445B01",
            "NL002455799B11",
            "NO995525828",
            "PL8567346215",
            "PT501964843",
            "RO18547290",
            "SE123456789701",
            "SI50223054",
            "SK2022749619",
        ] {
            check(
                &Numbers(judge),
                &[(&format!("VAT no. {number}."), &[number])],
            );
        }
    }

    #[test]
    fn table() {
        check(
            &Numbers(judge),
            &[
                ("USt-IdNr.: DE 136 695 976", &["DE 136 695 976"]),
                ("DE136695976", &["DE136695976"]),
                ("ATU 13585627 oder", &["ATU 13585627"]),
                ("CHE-107.787.577 MWST", &["CHE-107.787.577 MWST"]),
                ("IDE CHE-107.787.577 TVA.", &["CHE-107.787.577 TVA"]),
                ("CHE-107.787.577 x", &["CHE-107.787.577"]),
                ("CIF A58818501", &["A58818501"]),
                // The control digit is over the seven digits only, whatever the letter.
                ("CIF B-58818501", &["B-58818501"]),
                ("; B58818501;", &["B58818501"]),
                ("USt-IdNr. DE123456789", &["DE123456789"]),
                ("FR 23 334 175 221", &["FR 23 334 175 221"]),
                ("GB 980 7806 84", &["GB 980 7806 84"]),
                ("P. IVA 00743110157", &["00743110157"]),
                ("VAT 980 7806 84", &["980 7806 84"]),
                ("DE136695978", &[]),
                ("GB802311781", &[]),
                ("NL123456789B90", &[]),
                ("CIF A58818502", &[]),
                ("CIF B-58818500", &[]),
                ("RO 185472", &[]),
                ("00743110157", &[]),
                ("order DE-136695976-X", &[]),
                ("XDE136695976", &[]),
                ("in DE 12345", &[]),
            ],
        );
    }
}
