//! India: Aadhaar, PAN, GSTIN.

use super::Rule;
use super::check::{sound_digits, verhoeff};

pub(super) const RULES: &[Rule] = &[
    // Twelve digits, the first from 2 on, the last by Verhoeff (UIDAI).
    Rule {
        len: 12,
        check: is_aadhaar,
        block: 0.3,
        groupings: &[(&[4, 4, 4], 0.7)],
        words: &["aadhaar", "aadhar", "uidai", "uid", "adhaar", "आधार"],
        named: 0.97,
        checked: true,
    },
    // Five letters, the fourth the kind of holder, four digits, a letter (Income Tax Rules, r. 114).
    Rule {
        len: 10,
        check: is_pan,
        block: 0.7,
        groupings: &[],
        words: &["pan", "permanent", "income"],
        named: 0.95,
        checked: false,
    },
    // State, PAN, a character, Z, and a check character modulo 36 (GSTN).
    Rule {
        len: 15,
        check: is_gstin,
        block: 0.95,
        groupings: &[],
        words: &["gstin", "gst"],
        named: 0.98,
        checked: true,
    },
];

fn is_aadhaar(compact: &str) -> bool {
    sound_digits(compact, 12).is_some_and(|d| {
        let palindrome = d.iter().eq(d.iter().rev());
        d[0] >= 2 && !palindrome && verhoeff(&d)
    })
}

fn is_pan(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    let (Some(head), Some(number), Some(last)) = (bytes.get(..5), bytes.get(5..9), bytes.get(9))
    else {
        return false;
    };
    head.iter().all(u8::is_ascii_uppercase)
        && b"ABCFGHJLPT".contains(&head[3])
        && number.iter().all(u8::is_ascii_digit)
        && number != b"0000"
        && last.is_ascii_uppercase()
}

fn is_gstin(compact: &str) -> bool {
    let (Some(state), Some(pan)) = (compact.get(..2), compact.get(2..12)) else {
        return false;
    };
    let values: Option<Vec<u32>> = compact.chars().map(|c| c.to_digit(36)).collect();
    let Some((check, rest)) = values.as_deref().and_then(|v| v.split_last()) else {
        return false;
    };
    let sum: u32 = rest
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let product = value * if at % 2 == 0 { 1 } else { 2 };
            product / 36 + product % 36
        })
        .sum();
    state.bytes().all(|b| b.is_ascii_digit())
        && is_pan(pan)
        && compact.as_bytes().get(13) == Some(&b'Z')
        && (36 - sum % 36) % 36 == *check
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
                ("Aadhaar 2341 2341 2346.", &["2341 2341 2346"]),
                ("aadhaar: 234123412346", &["234123412346"]),
                ("2341 2341 2346", &["2341 2341 2346"]),
                ("PAN ACUPA7085R", &["ACUPA7085R"]),
                ("GSTIN 27AAPFU0939F1ZV", &["27AAPFU0939F1ZV"]),
                ("2341 2341 2347", &[]),
                ("1234 1234 1234", &[]),
                ("234123412346", &[]),
                ("PAN ABMXA3211G", &[]),
                ("27AAPFU0939F1ZW", &[]),
                ("order 2341 2341 2346", &[]),
            ],
        );
    }
}
