//! Hungary: tax identification number, social security number (TAJ), personal number.

use super::Rule;
use super::check::{is_day, pair, remainder, sound_digits};

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 10,
        check: is_tax_number,
        block: 0.3,
        groupings: &[],
        words: &[
            "adóazonosító",
            "adóazonosító~",
            "adóazonosito",
            "adó",
            "adószám",
            "tax",
        ],
        named: 0.95,
        checked: true,
    },
    Rule {
        len: 9,
        check: is_taj,
        block: 0.0,
        groupings: &[(&[3, 3, 3], 0.35)],
        words: &["taj", "tajszám", "társadalombiztosítási"],
        named: 0.95,
        checked: true,
    },
    Rule {
        len: 11,
        check: is_personal_number,
        block: 0.5,
        groupings: &[(&[1, 6, 4], 0.9)],
        words: &["személyi", "személyazonosító", "személyi~"],
        named: 0.95,
        checked: true,
    },
];

/// 8, days since 1867 and a serial number, weights 1 to 9 modulo 11 (1996. évi XX. törvény, 1. melléklet).
fn is_tax_number(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 10) else {
        return false;
    };
    let (rest, check) = remainder(&d, &[1, 2, 3, 4, 5, 6, 7, 8, 9], 11);
    d[0] == 8 && rest == check
}

/// Weights 3 and 7 by turns modulo 10 (the same law).
fn is_taj(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 9) else {
        return false;
    };
    let (rest, check) = remainder(&d, &[3, 7, 3, 7, 3, 7, 3, 7], 10);
    rest == check
}

/// Sex and century, day of birth, three digits; weights 1 to 10 modulo 11 for those born until 1996, 10 to 1 after
/// (the same law).
fn is_personal_number(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11) else {
        return false;
    };
    let old = remainder(&d, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 11);
    let new = remainder(&d, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], 11);
    let young = pair(&d, 1) >= 97 && matches!(d[0], 1 | 2) || matches!(d[0], 3 | 4);
    let (rest, check) = if young { new } else { old };
    matches!(d[0], 1..=4) && is_day(pair(&d, 3), pair(&d, 5)) && rest == check
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
                ("TAJ 123 456 788.", &["123 456 788"]),
                ("adóazonosító jel: 8071592153", &["8071592153"]),
                ("1 800101 1004", &["1 800101 1004"]),
                ("1 800101 1005", &[]),
                ("TAJ 123 456 789", &[]),
                ("8071592153", &[]),
                ("adóazonosító jel: 8071592154", &[]),
            ],
        );
    }
}
