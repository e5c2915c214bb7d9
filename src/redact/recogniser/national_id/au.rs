//! Australia: tax file number, business number, Medicare number.

use super::Rule;
use super::check::{remainder, sound_digits, value};
use super::weighted;

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 9,
        check: is_tfn,
        block: 0.0,
        groupings: &[(&[3, 3, 3], 0.4)],
        words: &["tfn", "tax"],
        named: 0.95,
        checked: true,
    },
    Rule {
        len: 11,
        check: is_abn,
        block: 0.4,
        groupings: &[(&[2, 3, 3, 3], 0.8)],
        words: &["abn", "business"],
        named: 0.97,
        checked: true,
    },
    Rule {
        len: 9,
        check: is_acn,
        block: 0.0,
        groupings: &[],
        words: &["acn"],
        named: 0.9,
        checked: true,
    },
    Rule {
        len: 10,
        check: is_medicare,
        block: 0.0,
        groupings: &[(&[4, 5, 1], 0.8)],
        words: &["medicare"],
        named: 0.95,
        checked: true,
    },
    // With the line of the person on the card.
    Rule {
        len: 11,
        check: is_medicare,
        block: 0.0,
        groupings: &[(&[4, 5, 1, 1], 0.8), (&[4, 5, 2], 0.7)],
        words: &["medicare"],
        named: 0.95,
        checked: true,
    },
];

/// Weights 1, 4, 3, 7, 5, 8, 6, 9, 10 modulo 11 (Australian Taxation Office).
fn is_tfn(compact: &str) -> bool {
    sound_digits(compact, 9)
        .is_some_and(|d| weighted(&d, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11))
}

/// The first digit less one; weights 10, 1, 3, 5 … 19 modulo 89 (Australian Business Register).
fn is_abn(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11).filter(|d| d[0] > 0) else {
        return false;
    };
    let sum = weighted(&d, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    (sum - 10).is_multiple_of(89)
}

/// Weights 8 to 1, modulo 10 (ASIC).
fn is_acn(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 9) else {
        return false;
    };
    let (rest, check) = remainder(&d, &[8, 7, 6, 5, 4, 3, 2, 1], 10);
    check == (10 - rest) % 10
}

/// Eight digits from 2 to 6 on, weights 1, 3, 7, 9 modulo 10, then the issue number, which is never 0
/// (Services Australia).
fn is_medicare(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, compact.len()) else {
        return false;
    };
    let eight = d.get(..8).unwrap_or_default();
    let rest = weighted(eight, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10;
    matches!(d.first(), Some(2..=6))
        && d.get(8) == Some(&rest)
        && value(d.get(9..10).unwrap_or_default()) > 0
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
                ("TFN 123 456 782.", &["123 456 782"]),
                ("tax file number: 123456782", &["123456782"]),
                ("ABN 83 914 571 673", &["83 914 571 673"]),
                ("83 914 571 673", &["83 914 571 673"]),
                ("ACN 004 085 616", &["004 085 616"]),
                ("Medicare 2123 45670 1", &["2123 45670 1"]),
                ("Medicare no. 2123456701", &["2123456701"]),
                ("123 456 782", &[]),
                ("TFN 123 456 783", &[]),
                ("ABN 83 914 571 674", &[]),
                ("Medicare 2123 45671 1", &[]),
                ("order 83 914 571 673", &[]),
            ],
        );
    }
}
