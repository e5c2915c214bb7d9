//! Canada: social insurance number.

use super::Rule;
use super::check::{luhn, sound_digits};

pub(super) const RULES: &[Rule] = &[Rule {
    len: 9,
    check: is_sin,
    block: 0.0,
    // Phone numbers and company numbers are grouped by threes too.
    groupings: &[(&[3, 3, 3], 0.45)],
    words: &["SIN", "NAS", "insurance", "assurance"],
    named: 0.95,
    checked: true,
}];

/// Luhn; the first digit tells the province, and 0 and 8 are not given out (Service Canada).
fn is_sin(compact: &str) -> bool {
    sound_digits(compact, 9).is_some_and(|d| !matches!(d[0], 0 | 8) && luhn(&d))
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
                ("SIN 123-456-782.", &["123-456-782"]),
                ("social insurance number: 123456782", &["123456782"]),
                ("NAS : 123 456 782", &["123 456 782"]),
                ("SIN 999-999-999", &[]),
                ("SIN 123-456-783", &[]),
                ("SIN 823456785", &[]),
                ("123-456-782", &[]),
                ("sin factura 123456782", &[]),
                ("SIREN 123 456 782", &[]),
            ],
        );
    }
}
