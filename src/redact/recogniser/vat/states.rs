//! The states' numbers: their codes, lengths and check digits.

use super::super::national_id::check::{luhn, mod_11_10, value};
use super::super::national_id::{digits, is_pps, is_spanish_company, is_spanish_person, weighted};
use super::State;

/// All of them.
pub(super) const STATES: &[State] = &[
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
pub(super) const BARE: &[State] = &[
    ("IT", &[11], italy),
    ("GB", &[9], britain),
    ("DE", &[9], germany),
    ("CZ", &[8, 9, 10], czechia),
    ("CHE", &[9], switzerland),
    ("NL", &[12], netherlands),
    ("ES", &[9], spanish_company),
];

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
    is_spanish_person(compact) || spanish_company(compact)
}

pub(super) fn spanish_company(compact: &str) -> bool {
    is_spanish_company(compact)
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
        return is_pps(&format!("0{middle}{first}{last}"));
    }
    is_pps(compact)
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
