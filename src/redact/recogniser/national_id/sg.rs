//! Singapore: NRIC and FIN.

use super::Rule;
use super::digits;
use super::weighted;

pub(super) const RULES: &[Rule] = &[Rule {
    len: 9,
    check: is_nric,
    block: 0.85,
    groupings: &[],
    words: &["nric", "FIN", "IC", "singpass"],
    named: 0.98,
    checked: true,
}];

/// Weights 2, 7, 6, 5, 4, 3, 2 modulo 11, with a table of letters per series (Immigration & Checkpoints
/// Authority; the tables were never printed, but are in every public validator; M since 2022).
fn is_nric(compact: &str) -> bool {
    let Some(seven) = compact.get(1..8).and_then(digits) else {
        return false;
    };
    let (offset, letters) = match compact.bytes().next() {
        Some(b'S') => (0, b"JZIHGFEDCBA"),
        Some(b'T') => (4, b"JZIHGFEDCBA"),
        Some(b'F') => (0, b"XWUTRQPNMLK"),
        Some(b'G') => (4, b"XWUTRQPNMLK"),
        Some(b'M') => (3, b"XWUTRQPNJLK"),
        _ => return false,
    };
    let sum = offset + weighted(&seven, &[2, 7, 6, 5, 4, 3, 2]);
    let expected = letters.get(usize::try_from(sum % 11).unwrap_or(0));
    compact.as_bytes().get(8) == expected
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
                ("NRIC S1234567D.", &["S1234567D"]),
                ("s1234567d", &["s1234567d"]),
                ("FIN: G1234567X", &["G1234567X"]),
                ("F1234567N", &["F1234567N"]),
                ("T1234567J", &["T1234567J"]),
                ("S1234567E", &[]),
                ("A1234567D", &[]),
                ("part S1234567E", &[]),
            ],
        );
    }
}
