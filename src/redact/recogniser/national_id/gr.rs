//! Greece: AMKA and AFM.

use super::Rule;
use super::check::{is_day, luhn, pair, remainder, sound_digits};

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 11,
        check: is_amka,
        block: 0.6,
        groupings: &[(&[6, 5], 0.7)],
        words: &["amka", "αμκα"],
        named: 0.98,
        checked: true,
    },
    Rule {
        len: 9,
        check: is_afm,
        block: 0.0,
        groupings: &[],
        words: &["afm", "αφμ", "vat"],
        named: 0.95,
        checked: true,
    },
];

/// Day of birth, four digits, Luhn (Law 3655/2008 art. 153).
fn is_amka(compact: &str) -> bool {
    sound_digits(compact, 11).is_some_and(|d| is_day(pair(&d, 2), pair(&d, 0)) && luhn(&d))
}

/// Powers of two as weights, modulo 11 and 10 (AADE).
fn is_afm(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 9) else {
        return false;
    };
    let (rest, check) = remainder(&d, &[256, 128, 64, 32, 16, 8, 4, 2], 11);
    rest % 10 == check
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
                ("AMKA 01013099997.", &["01013099997"]),
                ("ΑΜΚΑ: 01013099997", &["01013099997"]),
                ("ΑΦΜ 094259216", &["094259216"]),
                ("AMKA 01013099999", &[]),
                ("ΑΦΜ 094259217", &[]),
                ("094259216", &[]),
            ],
        );
    }
}
