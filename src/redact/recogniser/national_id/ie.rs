//! Ireland: Personal Public Service number.

use super::Rule;
use super::digits;
use super::weighted;

const WORDS: &[&str] = &["pps", "ppsn", "ppsno", "rsi"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 8,
        check: is_pps,
        block: 0.4,
        groupings: &[(&[7, 1], 0.4)],
        words: WORDS,
        named: 0.97,
        checked: true,
    },
    Rule {
        len: 9,
        check: is_pps,
        block: 0.6,
        groupings: &[(&[7, 2], 0.6)],
        words: WORDS,
        named: 0.97,
        checked: true,
    },
];

/// Seven digits with weights 8 to 2, the second letter with weight 9, modulo 23; W is 0 (Social Welfare
/// Consolidation Act 2005, and Revenue's note of 2013 on the second letter).
pub(in super::super) fn is_pps(compact: &str) -> bool {
    let (Some(seven), Some(letters)) = (compact.get(..7).and_then(digits), compact.get(7..)) else {
        return false;
    };
    let mut letters = letters.bytes();
    let check = letters.next().filter(u8::is_ascii_uppercase);
    let second = match letters.next() {
        None | Some(b'W' | b'T') => 0,
        Some(letter @ b'A'..=b'I') => u32::from(letter - b'A') + 1,
        Some(_) => return false,
    };
    let sum = weighted(&seven, &[8, 7, 6, 5, 4, 3, 2]) + second * 9;
    let expected = b"WABCDEFGHIJKLMNOPQRSTUV"
        .get(usize::try_from(sum % 23).unwrap_or(0))
        .copied();
    check.is_some() && check == expected
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
                ("PPS number 6433435F.", &["6433435F"]),
                ("PPSN: 6433435OA", &["6433435OA"]),
                ("6433435FW", &["6433435FW"]),
                ("6433435F", &[]),
                ("PPS 6433435E", &[]),
                ("6433435FZ", &[]),
                ("part no 6433435F", &[]),
            ],
        );
    }
}
