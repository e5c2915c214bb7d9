//! South Africa: identity number.

use super::Rule;
use super::check::{is_day, luhn, pair, sound_digits};

pub(super) const RULES: &[Rule] = &[Rule {
    len: 13,
    check: is_identity_number,
    block: 0.7,
    groupings: &[
        (&[6, 4, 3], 0.9),
        (&[6, 4, 2, 1], 0.9),
        (&[6, 4, 1, 1, 1], 0.9),
    ],
    words: &["identity", "rsa", "id", "idno"],
    named: 0.95,
    checked: true,
}];

/// Day of birth, four digits, citizenship 0 to 2, a digit, and Luhn (Identification Act 68 of 1997).
fn is_identity_number(compact: &str) -> bool {
    sound_digits(compact, 13)
        .is_some_and(|d| is_day(pair(&d, 2), pair(&d, 4)) && d[10] <= 2 && luhn(&d))
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
                ("ID number 7503305044089.", &["7503305044089"]),
                ("750330 5044 08 9", &["750330 5044 08 9"]),
                ("7503305044089", &["7503305044089"]),
                ("8503305044089", &[]),
                ("7513305044089", &[]),
                ("EAN 7503305044089", &[]),
            ],
        );
    }
}
