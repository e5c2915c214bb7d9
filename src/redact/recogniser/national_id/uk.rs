//! United Kingdom: National Insurance number, NHS number, Unique Taxpayer Reference.

use super::{Rule, digits, is_uniform, weighted};

const NINO_WORDS: &[&str] = &["nino", "insurance", "ni", "national", "nin"];

pub(super) const RULES: &[Rule] = &[
    // National Insurance number with its suffix (HMRC NIM39110).
    Rule {
        len: 9,
        check: is_nino,
        block: 0.85,
        groupings: &[
            (&[2, 2, 2, 2, 1], 0.95),
            (&[2, 6, 1], 0.95),
            (&[2, 7], 0.8),
            (&[8, 1], 0.8),
        ],
        words: NINO_WORDS,
        named: 0.97,
        checked: false,
    },
    // The same without its suffix: only where words say so, or as it is grouped.
    Rule {
        len: 8,
        check: is_nino_head,
        block: 0.0,
        groupings: &[(&[2, 2, 2, 2], 0.6)],
        words: NINO_WORDS,
        named: 0.8,
        checked: false,
    },
    // NHS number: mod 11 (NHS Data Dictionary).
    Rule {
        len: 10,
        check: is_nhs,
        block: 0.3,
        groupings: &[(&[3, 3, 4], 0.55)],
        words: &["nhs", "health", "patient"],
        named: 0.95,
        checked: true,
    },
    // Unique Taxpayer Reference: the first digit checks the other nine.
    Rule {
        len: 10,
        check: is_utr,
        block: 0.0,
        groupings: &[],
        words: &["utr", "taxpayer", "tax", "hmrc"],
        named: 0.9,
        checked: true,
    },
];

fn is_nino_head(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    let (Some(prefix), Some(rest)) = (bytes.get(..2), bytes.get(2..8)) else {
        return false;
    };
    let first = prefix[0].is_ascii_uppercase() && !b"DFIQUV".contains(&prefix[0]);
    let second = prefix[1].is_ascii_uppercase() && !b"DFIOQUV".contains(&prefix[1]);
    let unused = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"]
        .iter()
        .any(|p| *p == prefix);
    first && second && !unused && rest.iter().all(u8::is_ascii_digit)
}

fn is_nino(compact: &str) -> bool {
    is_nino_head(compact) && matches!(compact.as_bytes().get(8), Some(b'A'..=b'D'))
}

fn is_nhs(compact: &str) -> bool {
    let Some(digits) = digits(compact).filter(|_| !is_uniform(compact)) else {
        return false;
    };
    let check = 11 - weighted(&digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    digits.last() == Some(&(check % 11)) && check != 10
}

fn is_utr(compact: &str) -> bool {
    let Some(digits) = digits(compact).filter(|_| !is_uniform(compact)) else {
        return false;
    };
    let Some((first, rest)) = digits.split_first() else {
        return false;
    };
    let remainder = weighted(rest, &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    // Remainders 0 and 1 give 2 and 1 (HMRC's table "21987654321").
    let check = match remainder {
        0 => 2,
        1 => 1,
        _ => 11 - remainder,
    };
    check == *first
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
                ("NI number AB 12 34 56 C.", &["AB 12 34 56 C"]),
                ("AB123456C", &["AB123456C"]),
                ("ab123456c", &["ab123456c"]),
                ("National Insurance: AB123456", &["AB123456"]),
                ("NHS 943 476 5919", &["943 476 5919"]),
                ("943 476 5919", &["943 476 5919"]),
                ("NHS number: 9434765919", &["9434765919"]),
                ("UTR 1123456789", &["1123456789"]),
                ("GB123456C", &[]),
                ("QQ123456C", &[]),
                ("AB123456E", &[]),
                ("943 476 5918", &[]),
                ("phone 943 476 5919", &[]),
                ("9434765919", &[]),
                ("AB123456", &[]),
            ],
        );
    }
}
