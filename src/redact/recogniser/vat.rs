//! VAT numbers of the EU's states, the United Kingdom, Switzerland and Norway, with their country codes.
//!
//! Sources: the European Commission's VIES list of formats, and each state's check digits as its tax
//! authority describes them. Without a country code a number is one only next to words such as "P. IVA".

use std::ops::Range;

use crate::types::Entity;

use super::super::context::{Nearby, Verdict, Words};
use super::super::span::Candidate;
use super::super::text::Text;
use super::compact::{Compact, is_fragment};
use super::hints::{Hints, Topic};
use super::national_id::check::{luhn, mod_11_10, value};
use super::national_id::{digits, weighted};

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

/// A country's numbers: its code, their lengths without it, and their check.
/// Whether a number passes.
pub(in crate::redact) type Check = fn(&str) -> bool;

type State = (&'static str, &'static [usize], Check);

const STATES: &[State] = &[
    ("ATU", &[8], austria),
    ("BE", &[10], belgium),
    ("BG", &[9, 10], bulgaria),
    ("CHE", &[9], switzerland),
    ("CY", &[9], cyprus),
    ("CZ", &[8, 9, 10], czechia),
    ("DE", &[9], germany),
    ("DK", &[8], denmark),
    ("EE", &[9], estonia),
    ("EL", &[9], greece),
    ("ES", &[9], spain),
    ("FI", &[8], finland),
    ("FR", &[11], france),
    ("GB", &[9, 12], britain),
    ("GR", &[9], greece),
    ("HR", &[11], croatia),
    ("HU", &[8], hungary),
    ("IE", &[8, 9], ireland),
    ("IT", &[11], italy),
    ("LT", &[9, 12], lithuania),
    ("LU", &[8], luxembourg),
    ("LV", &[11], latvia),
    ("MT", &[8], malta),
    ("NL", &[12], netherlands),
    ("NO", &[9], norway),
    ("PL", &[10], poland),
    ("PT", &[9], portugal),
    ("RO", &[6, 7, 8, 9, 10], romania),
    ("SE", &[12], sweden),
    ("SI", &[8], slovenia),
    ("SK", &[10], slovakia),
    ("XI", &[9, 12], britain),
];

/// Numbers in use without their country code, next to words.
const BARE: &[State] = &[
    ("IT", &[11], italy),
    ("GB", &[9], britain),
    ("DE", &[9], germany),
    ("CZ", &[8, 9, 10], czechia),
    ("CHE", &[9], switzerland),
    ("NL", &[12], netherlands),
];

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
    let mut codes = STATES.iter().map(|(code, ..)| code.as_bytes());
    if !codes.any(|code| code.starts_with(&head)) && !hints.near(Topic::Vat, &whole) {
        return;
    }
    for (len, _) in number.lengths() {
        let Some((compact, range)) = number.head(len) else {
            continue;
        };
        if let Some(score) = score(text, hints, compact, &range) {
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
    let with_code = STATES.iter().find_map(|(code, lengths, check)| {
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
    (bare && told()).then_some(0.9)
}

/// The remainder of all digits but the last, with weights, and the last digit.
fn split(compact: &str, weights: &[u32], modulus: u32) -> Option<(u32, u32)> {
    let digits = digits(compact)?;
    let (check, rest) = digits.split_last()?;
    (rest.len() == weights.len() && value(rest) > 0)
        .then(|| (weighted(rest, weights) % modulus, *check))
}

/// Digits and the letters that stand for them, weighted 1 and 2 by turns with cross sums (BMF).
fn austria(compact: &str) -> bool {
    digits(compact).is_some_and(|d| {
        let sum: u32 = d[..7]
            .iter()
            .enumerate()
            .map(|(at, d)| {
                if at % 2 == 1 {
                    d * 2 / 10 + d * 2 % 10
                } else {
                    *d
                }
            })
            .sum();
        value(&d) > 0 && (10 - (sum + 4) % 10) % 10 == d[7]
    })
}

fn belgium(compact: &str) -> bool {
    digits(compact).is_some_and(|d| {
        d[0] <= 1 && value(&d[..8]) > 0 && 97 - value(&d[..8]) % 97 == value(&d[8..])
    })
}

fn bulgaria(compact: &str) -> bool {
    if compact.len() == 10 {
        return digits(compact).is_some();
    }
    let first = split(compact, &[1, 2, 3, 4, 5, 6, 7, 8], 11);
    let second = split(compact, &[3, 4, 5, 6, 7, 8, 9, 10], 11);
    match (first, second) {
        (Some((10, check)), Some((rest, _))) => rest % 10 == check,
        (Some((rest, check)), _) => rest == check,
        _ => false,
    }
}

fn switzerland(compact: &str) -> bool {
    split(compact, &[5, 4, 3, 2, 7, 6, 5, 4], 11)
        .is_some_and(|(rest, check)| (11 - rest) % 11 == check)
}

fn cyprus(compact: &str) -> bool {
    let (Some(d), Some(check)) = (
        compact.get(..8).and_then(digits),
        compact.as_bytes().get(8).copied(),
    ) else {
        return false;
    };
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let sum: u32 = d
        .iter()
        .enumerate()
        .map(|(at, d)| match usize::try_from(*d) {
            Ok(digit) if at % 2 == 0 => ODD.get(digit).copied().unwrap_or(0),
            _ => *d,
        })
        .sum();
    u32::from(check) == u32::from(b'A') + sum % 26 && !compact.starts_with("12")
}

/// Legal entities by weights; persons have their birth number.
fn czechia(compact: &str) -> bool {
    match compact.len() {
        8 => split(compact, &[8, 7, 6, 5, 4, 3, 2], 11)
            .is_some_and(|(rest, check)| (11 - rest) % 10 == check && !compact.starts_with('9')),
        10 => digits(compact).is_some_and(|d| value(&d).is_multiple_of(11)),
        _ => digits(compact).is_some(),
    }
}

fn germany(compact: &str) -> bool {
    digits(compact).is_some_and(|d| d[0] != 0 && mod_11_10(&d))
}

fn denmark(compact: &str) -> bool {
    digits(compact)
        .is_some_and(|d| d[0] != 0 && weighted(&d, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
}

fn estonia(compact: &str) -> bool {
    digits(compact).is_some_and(|d| {
        value(&d) > 0 && weighted(&d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
    })
}

fn greece(compact: &str) -> bool {
    split(compact, &[256, 128, 64, 32, 16, 8, 4, 2], 11)
        .is_some_and(|(rest, check)| rest % 10 == check)
}

/// NIF of persons and companies.
fn spain(compact: &str) -> bool {
    super::national_id::is_spanish(compact)
}

fn finland(compact: &str) -> bool {
    split(compact, &[7, 9, 10, 5, 8, 4, 2], 11)
        .is_some_and(|(rest, check)| rest != 1 && (11 - rest) % 11 == check)
}

/// The SIREN (Luhn; Monaco's don't pass) with a key: 12 + 3 × (SIREN mod 97), modulo 97, or one with letters.
fn france(compact: &str) -> bool {
    let (Some(key), Some(siren)) = (compact.get(..2), compact.get(2..).and_then(digits)) else {
        return false;
    };
    let number = value(&siren);
    let key_sound = match key.parse::<u64>() {
        Ok(key) => (12 + 3 * (number % 97)) % 97 == key,
        Err(_) => key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() && !matches!(b, b'I' | b'O')),
    };
    number > 0
        && key_sound
        && (luhn(&siren) || key.parse::<u64>().is_ok() && compact[2..].starts_with("000"))
}

/// Weights 8 to 2 and the two last digits, modulo 97, or 55 less (HMRC, "9755").
fn britain(compact: &str) -> bool {
    digits(compact).is_some_and(|d| {
        let sum = weighted(&d[..7], &[8, 7, 6, 5, 4, 3, 2]) + d[7] * 10 + d[8];
        value(&d[..7]) > 0 && (sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97))
    })
}

fn croatia(compact: &str) -> bool {
    digits(compact).is_some_and(|d| value(&d) > 0 && mod_11_10(&d))
}

fn hungary(compact: &str) -> bool {
    split(compact, &[9, 7, 3, 1, 9, 7, 3], 10)
        .is_some_and(|(rest, check)| (10 - rest) % 10 == check)
}

/// Seven digits and one or two letters, or the old form with a letter in second place.
fn ireland(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    if bytes.len() == 8 && !bytes[1].is_ascii_digit() {
        // "8D79739I" is 0797398 with the letter I.
        let (Some(middle), Some(first), Some(last)) =
            (compact.get(2..7), compact.get(..1), compact.get(7..))
        else {
            return false;
        };
        return super::national_id::is_pps(&format!("0{middle}{first}{last}"));
    }
    super::national_id::is_pps(compact)
}

fn italy(compact: &str) -> bool {
    digits(compact).is_some_and(|d| {
        let office = value(&d[7..10]);
        value(&d[..7]) > 0 && matches!(office, 1..=121 | 888 | 999) && luhn(&d)
    })
}

fn lithuania(compact: &str) -> bool {
    let Some(d) = digits(compact) else {
        return false;
    };
    let n = d.len();
    let sum = |start: u32| -> u32 {
        d[..n - 1]
            .iter()
            .zip(0..)
            .map(|(d, at)| d * ((start - 1 + at) % 9 + 1))
            .sum()
    };
    let check = match sum(1) % 11 {
        10 => sum(3) % 11 % 10,
        rest => rest,
    };
    d[n - 2] == 1 && check == d[n - 1]
}

fn luxembourg(compact: &str) -> bool {
    digits(compact).is_some_and(|d| value(&d[..6]) > 0 && value(&d[..6]) % 89 == value(&d[6..]))
}

/// Legal persons; natural persons have their personal code.
fn latvia(compact: &str) -> bool {
    digits(compact).is_some_and(|d| {
        let rest = weighted(&d, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11;
        d[0] > 3 && rest == 3
    })
}

fn malta(compact: &str) -> bool {
    digits(compact).is_some_and(|d| {
        let sum = weighted(&d[..6], &[3, 4, 6, 7, 8, 9]);
        value(&d[..6]) >= 100_000 && 37 - sum % 37 == d[6] * 10 + d[7]
    })
}

/// Nine digits, B, two digits: by the 11-proef, or since 2020 by ISO 7064 mod 97-10 over all characters.
fn netherlands(compact: &str) -> bool {
    let (Some(nine), Some(b), Some(two)) = (
        compact.get(..9).and_then(digits),
        compact.get(9..10),
        compact.get(10..).and_then(digits),
    ) else {
        return false;
    };
    let old = weighted(&nine[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == nine[8];
    let new = rotated_97(compact);
    b == "B" && value(&two) > 0 && value(&nine) > 0 && (old || new)
}

/// NL and the number, letters as two digits from A = 10, is 1 modulo 97.
fn rotated_97(compact: &str) -> bool {
    let rest = "NL"
        .chars()
        .chain(compact.chars())
        .try_fold(0_u32, |rest, c| {
            let value = c.to_digit(36)?;
            Some(
                if value < 10 {
                    rest * 10 + value
                } else {
                    rest * 100 + value
                } % 97,
            )
        });
    rest == Some(1)
}

fn norway(compact: &str) -> bool {
    split(compact, &[3, 2, 7, 6, 5, 4, 3, 2], 11)
        .is_some_and(|(rest, check)| rest != 1 && (11 - rest) % 11 == check)
}

fn poland(compact: &str) -> bool {
    split(compact, &[6, 5, 7, 2, 3, 4, 5, 6, 7], 11).is_some_and(|(rest, check)| rest == check)
}

fn portugal(compact: &str) -> bool {
    split(compact, &[9, 8, 7, 6, 5, 4, 3, 2], 11).is_some_and(|(rest, check)| {
        !compact.starts_with('0') && check == if rest < 2 { 0 } else { 11 - rest }
    })
}

fn romania(compact: &str) -> bool {
    let Some(d) = digits(compact) else {
        return false;
    };
    let sum: u32 = d[..d.len() - 1]
        .iter()
        .rev()
        .zip([2, 3, 5, 7, 1, 2, 3, 5, 7])
        .map(|(d, weight)| d * weight)
        .sum();
    d[0] != 0 && sum * 10 % 11 % 10 == d[d.len() - 1]
}

fn sweden(compact: &str) -> bool {
    compact.ends_with("01") && digits(compact).is_some_and(|d| value(&d) > 1 && luhn(&d[..10]))
}

fn slovenia(compact: &str) -> bool {
    split(compact, &[8, 7, 6, 5, 4, 3, 2], 11).is_some_and(|(rest, check)| {
        !compact.starts_with('0') && rest != 0 && (11 - rest) % 10 == check
    })
}

fn slovakia(compact: &str) -> bool {
    digits(compact)
        .is_some_and(|d| d[0] != 0 && matches!(d[2], 2..=4 | 7..=9) && value(&d).is_multiple_of(11))
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
                ("CHE-107.787.577 MWST", &["CHE-107.787.577"]),
                ("FR 23 334 175 221", &["FR 23 334 175 221"]),
                ("GB 980 7806 84", &["GB 980 7806 84"]),
                ("P. IVA 00743110157", &["00743110157"]),
                ("VAT 980 7806 84", &["980 7806 84"]),
                ("DE136695978", &[]),
                ("GB802311781", &[]),
                ("NL123456789B90", &[]),
                ("RO 185472", &[]),
                ("00743110157", &[]),
                ("order DE-136695976-X", &[]),
                ("XDE136695976", &[]),
                ("in DE 12345", &[]),
            ],
        );
    }
}
