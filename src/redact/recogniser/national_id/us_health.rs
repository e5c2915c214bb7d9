//! United States: Medicare Beneficiary Identifier, National Provider Identifier.

use super::Rule;
use super::check::{luhn, sound_digits};

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 11,
        check: is_mbi,
        block: 0.8,
        groupings: &[(&[4, 3, 4], 0.95)],
        words: &["medicare", "mbi", "beneficiary"],
        named: 0.97,
        checked: false,
    },
    Rule {
        len: 10,
        check: is_npi,
        block: 0.0,
        groupings: &[],
        words: &["npi", "provider"],
        named: 0.95,
        checked: true,
    },
];

/// Eleven characters, each place a digit, a letter without S, L, O, I, B, Z, or either (CMS, "Understanding the
/// MBI format").
fn is_mbi(compact: &str) -> bool {
    let letter = |b: u8| b.is_ascii_uppercase() && !b"SLOIBZ".contains(&b);
    compact.len() == 11
        && compact
            .bytes()
            .zip("1AX9AX9AA99".bytes())
            .all(|(b, class)| match class {
                b'1' => (b'1'..=b'9').contains(&b),
                b'9' => b.is_ascii_digit(),
                b'A' => letter(b),
                _ => letter(b) || b.is_ascii_digit(),
            })
}

/// Luhn with 80840 in front, which adds 24 (45 CFR 162.406).
fn is_npi(compact: &str) -> bool {
    sound_digits(compact, 10).is_some_and(|d| {
        let mut whole = vec![8, 0, 8, 4, 0];
        whole.extend(d.iter());
        matches!(d[0], 1 | 2) && luhn(&whole)
    })
}

#[cfg(test)]
mod tests {
    use super::super::NationalId;
    use crate::redact::recogniser::testing::check;

    // CMS's specimens.
    #[test]
    fn table() {
        check(
            &NationalId,
            &[
                ("MBI 1EG4-TE5-MK73.", &["1EG4-TE5-MK73"]),
                ("1EG4TE5MK73", &["1EG4TE5MK73"]),
                ("NPI 1234567893", &["1234567893"]),
                ("1SG4-TE5-MK73", &[]),
                ("NPI 1234567894", &[]),
                ("1234567893", &[]),
            ],
        );
    }
}
