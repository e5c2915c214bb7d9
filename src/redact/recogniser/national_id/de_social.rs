//! Germany: pension insurance number, health insurance number, tax number of the states.

use super::Rule;
use super::check::{is_day, pair, sound_digits};
use super::digits;

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 12,
        check: is_pension_number,
        block: 0.9,
        groupings: &[
            (&[2, 6, 1, 2, 1], 0.97),
            (&[2, 6, 1, 3], 0.97),
            (&[8, 1, 3], 0.95),
            (&[2, 6, 4], 0.95),
            (&[2, 2, 2, 2, 1, 3], 0.95),
        ],
        words: &[
            "rentenversicherung~",
            "sozialversicherung~",
            "rvnr",
            "svnr",
            "versicherungsnummer",
            "vsnr",
            "sv",
        ],
        named: 0.98,
        checked: true,
    },
    // The lifelong part of the health insurance number.
    Rule {
        len: 10,
        check: is_health_number,
        block: 0.5,
        groupings: &[(&[1, 9], 0.5)],
        words: &[
            "krankenversicherten~",
            "krankenversicherung~",
            "versichertennummer",
            "versicherte",
            "versicherter",
            "kvnr",
            "kv",
            "krankenkasse~",
            "gesundheitskarte",
            "egk",
        ],
        named: 0.98,
        checked: true,
    },
    // Steuernummer as the states write it: office, district, number; no rule that all share.
    Rule {
        len: 11,
        check: is_state_tax_number,
        block: 0.0,
        groupings: &[(&[3, 3, 5], 0.6)],
        words: &["steuernummer", "steuernr", "stnr", "finanzamt"],
        named: 0.85,
        checked: false,
    },
    Rule {
        len: 10,
        check: is_state_tax_number,
        block: 0.0,
        groupings: &[(&[2, 3, 5], 0.55)],
        words: &["steuernummer", "steuernr", "stnr", "finanzamt"],
        named: 0.85,
        checked: false,
    },
    Rule {
        len: 13,
        check: is_state_tax_number,
        block: 0.0,
        groupings: &[],
        words: &["steuernummer", "steuernr", "stnr", "finanzamt"],
        named: 0.85,
        checked: false,
    },
];

/// Area, day of birth, initial, serial number, and a check digit: the letter as two digits, weights 2, 1, 2, 5, 7,
/// 1, 2, 1, 2, 1, 2, 1, sum of the cross sums modulo 10 (VKVV § 2, Anlage).
fn is_pension_number(compact: &str) -> bool {
    let (Some(head), Some(letter), Some(tail)) = (
        compact.get(..8).and_then(digits),
        compact
            .as_bytes()
            .get(8)
            .copied()
            .filter(u8::is_ascii_uppercase),
        compact.get(9..).and_then(digits),
    ) else {
        return false;
    };
    let initial = u32::from(letter - b'A') + 1;
    let mut all = head.to_vec();
    all.extend([initial / 10, initial % 10]);
    all.extend(&tail[..2]);
    let sum: u32 = all
        .iter()
        .zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
        .map(|(digit, weight)| digit * weight / 10 + digit * weight % 10)
        .sum();
    is_day(pair(&head, 4), pair(&head, 2)) && sum % 10 == tail[2]
}

/// A letter as two digits, eight digits, weights 1 and 2 by turns, and the sum of the cross sums modulo 10 (§ 290 SGB V,
/// Richtlinie zum Aufbau der Krankenversichertennummer).
fn is_health_number(compact: &str) -> bool {
    let (Some(letter), Some(rest)) = (
        compact.bytes().next().filter(u8::is_ascii_uppercase),
        compact.get(1..).and_then(digits),
    ) else {
        return false;
    };
    let Some((check, eight)) = rest.split_last() else {
        return false;
    };
    let initial = u32::from(letter - b'A') + 1;
    let all = [initial / 10, initial % 10];
    let weighted = all.iter().chain(eight).zip([1, 2].into_iter().cycle());
    let sum: u32 = weighted
        .map(|(d, weight)| d * weight / 10 + d * weight % 10)
        .sum();
    sum % 10 == *check
}

fn is_state_tax_number(compact: &str) -> bool {
    sound_digits(compact, compact.len()).is_some()
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
                (
                    "Rentenversicherungsnummer 15 070649 C 10 3.",
                    &["15 070649 C 10 3"],
                ),
                ("15070649C103", &["15070649C103"]),
                ("15 070649 C 103", &["15 070649 C 103"]),
                ("KVNR: A123456780", &["A123456780"]),
                ("KV-Nr. X110411319", &["X110411319"]),
                ("Versicherte X110411319", &["X110411319"]),
                ("Steuernummer 181/815/08155", &["181/815/08155"]),
                ("StNr. 21/815/08150", &["21/815/08150"]),
                ("15070649C104", &[]),
                ("15071349C103", &[]),
                ("KVNR: A123456781", &[]),
                ("Rechnung 181/815/08155", &[]),
                ("18181508155", &[]),
            ],
        );
    }
}
