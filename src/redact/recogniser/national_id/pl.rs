//! Poland: PESEL, NIP, REGON, identity card.

use super::Rule;
use super::check::{is_day, pair, remainder, sound_digits};

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 11,
        check: is_pesel,
        block: 0.65,
        groupings: &[(&[6, 5], 0.75)],
        words: &["pesel", "ewidencyjny"],
        named: 0.98,
        checked: true,
    },
    Rule {
        len: 10,
        check: is_nip,
        block: 0.0,
        groupings: &[
            (&[3, 3, 2, 2], 0.8),
            (&[3, 2, 2, 3], 0.8),
            (&[3, 3, 4], 0.3),
        ],
        words: &[
            "nip",
            "podatnika",
            "podatkowy",
            "podatkowej",
            "podatkowego",
            "vat",
        ],
        named: 0.97,
        checked: true,
    },
    Rule {
        len: 9,
        check: is_regon,
        block: 0.0,
        groupings: &[],
        words: &["regon"],
        named: 0.95,
        checked: true,
    },
    // Dowód osobisty: three letters, a check digit, five digits.
    Rule {
        len: 9,
        check: is_identity_card,
        block: 0.3,
        groupings: &[(&[3, 6], 0.4)],
        words: &["dowód", "dowodu", "dowod", "osobisty", "osobistego"],
        named: 0.95,
        checked: true,
    },
];

/// Day of birth with the century in the month, a serial number, and weights 1, 3, 7, 9 modulo 10 (ustawa o
/// ewidencji ludności, art. 15–16). People born from 1900 to 2099.
fn is_pesel(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11) else {
        return false;
    };
    let month = match pair(&d, 2) {
        month @ 21..=32 => month - 20,
        month => month,
    };
    let (rest, check) = remainder(&d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3], 10);
    is_day(month, pair(&d, 4)) && check == (10 - rest) % 10
}

/// Weights 6, 5, 7, 2, 3, 4, 5, 6, 7 modulo 11 (ustawa o NIP, 1995).
fn is_nip(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 10) else {
        return false;
    };
    let (rest, check) = remainder(&d, &[6, 5, 7, 2, 3, 4, 5, 6, 7], 11);
    d[0] != 0 && rest == check
}

/// Weights 8, 9, 2, 3, 4, 5, 6, 7 modulo 11, 10 as 0 (GUS).
fn is_regon(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 9) else {
        return false;
    };
    let (rest, check) = remainder(&d, &[8, 9, 2, 3, 4, 5, 6, 7], 11);
    rest % 10 == check
}

/// Weights 7, 3, 1 over letters (A is 10) and digits; the fourth character is the check digit
/// (ICAO 9303 as the Polish card uses it).
fn is_identity_card(compact: &str) -> bool {
    let letters = compact
        .get(..3)
        .is_some_and(|l| l.bytes().all(|b| b.is_ascii_uppercase()));
    let digits = compact
        .get(3..)
        .is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()));
    let value = |at: usize| {
        compact
            .chars()
            .nth(at)
            .and_then(|c| c.to_digit(36))
            .unwrap_or(0)
    };
    let sum: u32 = [0, 1, 2, 4, 5, 6, 7, 8]
        .into_iter()
        .zip([7, 3, 1, 7, 3, 1, 7, 3])
        .map(|(at, weight)| value(at) * weight)
        .sum();
    letters && digits && sum % 10 == value(3)
}

#[cfg(test)]
mod tests {
    use super::super::NationalId;
    use crate::redact::recogniser::testing::check;

    #[test]
    fn table() {
        check(
            &NationalId,
            &[
                ("PESEL 44051401359.", &["44051401359"]),
                ("44051401359 alone", &["44051401359"]),
                ("NIP: 856-734-62-15", &["856-734-62-15"]),
                ("NIP 8567346215", &["8567346215"]),
                ("856-734-62-15", &["856-734-62-15"]),
                ("REGON 192598184", &["192598184"]),
                ("dowód osobisty ABA300000", &["ABA300000"]),
                ("PESEL 44051401358", &[]),
                ("02381307589", &[]),
                ("NIP 8567346216", &[]),
                ("8567346215", &[]),
                ("zamówienie 8567346215", &[]),
                ("ABA300000", &[]),
                ("dowód osobisty ABA400000", &[]),
            ],
        );
    }
}
