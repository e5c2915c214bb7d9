//! France: NIR, the social-security number.

use super::Rule;

const WORDS: &[&str] = &[
    "nir",
    "sécu",
    "secu",
    "sécurité",
    "securite",
    "sociale",
    "insee",
    "vitale",
    "assuré",
    "immatriculation",
    "social",
];

pub(super) const RULES: &[Rule] = &[
    // 13 characters and the key: 97 − (number mod 97); 2A counts as 19 and 2B as 18 (Corsica).
    Rule {
        len: 15,
        check: is_nir,
        block: 0.85,
        groupings: &[
            (&[1, 2, 2, 2, 3, 3, 2], 0.95),
            (&[13, 2], 0.95),
            (&[1, 2, 2, 5, 3, 2], 0.9),
            (&[1, 4, 2, 3, 3, 2], 0.9),
        ],
        words: WORDS,
        named: 0.98,
        checked: true,
    },
    // Without the key: only where words say so, or as it is grouped.
    Rule {
        len: 13,
        check: is_nir_without_key,
        block: 0.0,
        groupings: &[(&[1, 2, 2, 2, 3, 3], 0.65)],
        words: WORDS,
        named: 0.8,
        checked: false,
    },
];

fn is_nir_without_key(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    let month = compact.get(3..5).and_then(|m| m.parse::<u32>().ok());
    let month_sound = month.is_some_and(|m| matches!(m, 1..=12 | 20..=42 | 50..=99));
    let digits = compact
        .bytes()
        .enumerate()
        .all(|(at, b)| b.is_ascii_digit() || at == 6 && matches!(b, b'A' | b'B'));
    let corsica = bytes.get(6).is_some_and(u8::is_ascii_digit) || bytes.get(5) == Some(&b'2');
    matches!(bytes.first(), Some(b'1' | b'2' | b'3' | b'4' | b'7' | b'8'))
        && month_sound
        && digits
        && corsica
}

fn is_nir(compact: &str) -> bool {
    let Some((number, key)) = compact.split_at_checked(13) else {
        return false;
    };
    let plain = number.replacen("2A", "19", 1).replacen("2B", "18", 1);
    let number_value = if number.get(6..7).is_some_and(|c| c == "A" || c == "B") {
        plain.as_str()
    } else {
        number
    };
    let (Ok(value), Ok(key)) = (number_value.parse::<u64>(), key.parse::<u64>()) else {
        return false;
    };
    is_nir_without_key(number) && 97 - value % 97 == key
}

#[cfg(test)]
mod tests {
    use super::super::NationalId;
    use crate::redact::recogniser::testing::check;

    // The first is INSEE's example.
    #[test]
    fn table() {
        check(
            &NationalId,
            &[
                ("NIR 2 55 08 14 168 025 38.", &["2 55 08 14 168 025 38"]),
                ("255081416802538", &["255081416802538"]),
                (
                    "numéro de sécurité sociale : 2550814168025",
                    &["2550814168025"],
                ),
                ("1 80 01 2A 004 012 57", &["1 80 01 2A 004 012 57"]),
                ("255081416802539", &[]),
                ("955081416802538", &[]),
                ("2550814168025", &[]),
            ],
        );
    }
}
