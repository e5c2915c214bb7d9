//! China: resident identity number.

use super::Rule;
use super::check::{is_day, pair, value};
use super::digits;

pub(super) const RULES: &[Rule] = &[Rule {
    len: 18,
    check: is_resident_id,
    block: 0.97,
    groupings: &[(&[6, 8, 4], 0.97)],
    words: &["身份证", "resident", "identity"],
    named: 0.99,
    checked: true,
}];

/// Place, day of birth, serial number, and ISO 7064 mod 11-2 (GB 11643-1999).
fn is_resident_id(compact: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let (Some(d), Some(check)) = (
        compact.get(..17).and_then(digits),
        compact.as_bytes().get(17).copied(),
    ) else {
        return false;
    };
    let sum = super::weighted(&d, &WEIGHTS);
    let expected = b"10X98765432".get(usize::try_from(sum % 11).unwrap_or(0));
    d[0] != 0
        && (1880..=2100).contains(&value(&d[6..10]))
        && is_day(pair(&d, 10), pair(&d, 12))
        && expected == Some(&check)
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
                ("身份证 360426199101010071", &["360426199101010071"]),
                ("360426199101010071.", &["360426199101010071"]),
                ("360426199101010072", &[]),
                ("360426199113010071", &[]),
                ("123456789012345678", &[]),
            ],
        );
    }
}
