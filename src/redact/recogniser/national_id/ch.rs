//! Switzerland: AHV number (NAVS, AVS).

use super::Rule;
use super::check::{remainder, sound_digits};

pub(super) const RULES: &[Rule] = &[Rule {
    len: 13,
    check: is_ahv,
    block: 0.9,
    groupings: &[(&[3, 4, 4, 2], 0.99)],
    words: &[
        "ahv~",
        "avs",
        "navs",
        "sozialversicherung~",
        "versichertennummer",
    ],
    named: 0.99,
    checked: true,
}];

/// 756, nine digits, and the check digit of an EAN-13 (AHVV Art. 133bis).
fn is_ahv(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 13) else {
        return false;
    };
    let (rest, check) = remainder(&d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3], 10);
    compact.starts_with("756") && check == (10 - rest) % 10
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
                ("AHV 756.9217.0769.85.", &["756.9217.0769.85"]),
                ("7569217076985", &["7569217076985"]),
                ("AVS : 756 9217 0769 85", &["756 9217 0769 85"]),
                ("756.9217.0769.84", &[]),
                ("123.4567.8910.19", &[]),
                ("EAN 7612345678900", &[]),
            ],
        );
    }
}
