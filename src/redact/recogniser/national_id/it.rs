//! Italy: codice fiscale (Decreto 23 dicembre 1976), also where digits became letters (omocodia).

use super::Rule;

pub(super) const RULES: &[Rule] = &[Rule {
    len: 16,
    check: is_codice_fiscale,
    block: 0.97,
    groupings: &[
        (&[3, 3, 5, 5], 0.97),
        (&[6, 5, 5], 0.97),
        (&[3, 3, 5, 4, 1], 0.97),
        (&[6, 2, 1, 2, 4, 1], 0.97),
    ],
    words: &["codice", "fiscale", "cf", "fiscal", "tax"],
    named: 0.99,
    checked: true,
}];

/// Positions that hold digits, or the letters that stand for them.
const NUMERIC: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];
/// The values of characters in odd places, for 0–9 (and A–J alike) and on to Z.
const ODD: [u32; 26] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

fn is_codice_fiscale(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    let shape = bytes.iter().enumerate().all(|(at, b)| {
        if NUMERIC.contains(&at) {
            b.is_ascii_digit() || b"LMNPQRSTUV".contains(b)
        } else if at == 8 {
            b"ABCDEHLMPRST".contains(b)
        } else {
            b.is_ascii_uppercase()
        }
    });
    let Some((check, fifteen)) = bytes.split_last() else {
        return false;
    };
    let sum: u32 = fifteen
        .iter()
        .enumerate()
        .map(|(at, b)| {
            let value = if b.is_ascii_digit() {
                u32::from(b - b'0')
            } else {
                u32::from(b.wrapping_sub(b'A'))
            };
            // The first place is odd.
            if at % 2 == 0 {
                usize::try_from(value)
                    .ok()
                    .and_then(|v| ODD.get(v))
                    .copied()
                    .unwrap_or(0)
            } else {
                value
            }
        })
        .sum();
    shape && u32::from(*check) == u32::from(b'A') + sum % 26
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
                ("CF: RSSMRA80A01H501U.", &["RSSMRA80A01H501U"]),
                ("rssmra80a01h501u", &["rssmra80a01h501u"]),
                ("RSS MRA 80A01 H501U", &["RSS MRA 80A01 H501U"]),
                ("RSSMRA80A01H501V", &[]),
                ("RSSMRA80F01H501U", &[]),
                ("RSSMRA80A01H501", &[]),
            ],
        );
    }
}
