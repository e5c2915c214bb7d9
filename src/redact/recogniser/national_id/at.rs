//! Austria: social insurance number (Sozialversicherungsnummer).

use super::check::{is_day, pair, remainder, sound_digits};
use super::{Rule, weighted};

pub(super) const RULES: &[Rule] = &[
    // Three digits, a check digit and the day of birth, § 31 Abs. 4 Z 1 ASVG: weights 3, 7, 9 and
    // 5, 8, 4, 2, 1, 6 modulo 11. Months 13 to 15 are given out where a day's numbers ran out.
    Rule {
        len: 10,
        check: is_svnr,
        block: 0.5,
        groupings: &[(&[4, 6], 0.85), (&[4, 2, 2, 2], 0.9), (&[3, 1, 6], 0.85)],
        words: &[
            "svnr",
            "sozialversicherung~",
            "sv",
            "versicherungsnummer",
            "svn",
            "ecard",
            "vsnr",
        ],
        named: 0.97,
        checked: true,
    },
    // Steuernummer (Abgabenkontonummer): office, number and check digit.
    Rule {
        len: 9,
        check: is_tax_number,
        block: 0.0,
        groupings: &[(&[2, 3, 4], 0.4)],
        words: &["steuernummer", "stnr", "abgabenkonto~", "finanzamt"],
        named: 0.85,
        checked: true,
    },
];

fn is_svnr(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 10) else {
        return false;
    };
    let month = match pair(&d, 6) {
        month @ 13..=15 => month - 12,
        month => month,
    };
    d[0] != 0
        && is_day(month, pair(&d, 4))
        && weighted(&d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == d[3]
}

/// Weights 1 and 2 by turns with cross sums (BMF, "Steuernummer, Prüfziffer").
fn is_tax_number(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 9) else {
        return false;
    };
    let doubled: Vec<u32> = d
        .iter()
        .enumerate()
        .map(|(at, d)| {
            if at % 2 == 1 {
                d * 2 / 10 + d * 2 % 10
            } else {
                *d
            }
        })
        .collect();
    let (sum, check) = remainder(&doubled, &[1; 8], 10);
    (10 - sum) % 10 == check
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
                ("SVNR: 1237 010180.", &["1237 010180"]),
                ("Sozialversicherungsnummer 1237010180", &["1237010180"]),
                ("sie hat 1237 010180", &["1237 010180"]),
                ("1237 01 01 80", &["1237 01 01 80"]),
                ("Steuernummer 59-119/9013", &["59-119/9013"]),
                ("2237 010180", &[]),
                ("1237 320180", &[]),
                ("Bestellung 1237010180", &[]),
                ("Rechnung 59-119/9013", &[]),
                ("59-119/9014 beim Finanzamt", &[]),
            ],
        );
    }
}
