//! Spain: DNI, NIE and NIF; and the check of companies' CIF, which is their VAT number.

use super::{Rule, digits};

const WORDS: &[&str] = &[
    "dni",
    "nie",
    "nif",
    "cif",
    "documento",
    "identidad",
    "pasaporte",
    "fiscal",
    "identificación",
];

pub(super) const RULES: &[Rule] = &[
    // DNI: eight digits and the letter by mod 23 (Real Decreto 1553/2005).
    Rule {
        len: 9,
        check: is_dni,
        block: 0.9,
        groupings: &[(&[8, 1], 0.9), (&[2, 3, 3, 1], 0.95), (&[2, 3, 4], 0.9)],
        words: WORDS,
        named: 0.98,
        checked: true,
    },
    // NIE: X, Y or Z for 0, 1 or 2; and NIF of minors and people abroad: K, L, M.
    Rule {
        len: 9,
        check: is_nie,
        block: 0.9,
        groupings: &[(&[1, 7, 1], 0.95), (&[1, 8], 0.9), (&[8, 1], 0.9)],
        words: WORDS,
        named: 0.98,
        checked: true,
    },
];

fn letter(number: u32) -> Option<char> {
    "TRWAGMYFPDXBNJZSQVHLCKE"
        .chars()
        .nth(usize::try_from(number % 23).ok()?)
}

fn is_dni(compact: &str) -> bool {
    let number = compact
        .get(..8)
        .filter(|n| n.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|n| n.parse().ok());
    number.is_some_and(|n| n > 0 && letter(n) == compact.chars().nth(8))
}

fn is_nie(compact: &str) -> bool {
    let head = match compact.chars().next() {
        Some('X' | 'K' | 'L' | 'M') => 0,
        Some('Y') => 1,
        Some('Z') => 2,
        _ => return false,
    };
    let number = compact
        .get(1..8)
        .filter(|n| n.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|n| n.parse::<u32>().ok());
    number.is_some_and(|n| letter(head * 10_000_000 + n) == compact.chars().nth(8))
}

/// CIF: a letter for the legal form, seven digits, a control digit or letter (Orden EHA/451/2008).
pub(super) fn is_cif(compact: &str) -> bool {
    let (Some(head), Some(digits), Some(control)) = (
        compact.chars().next(),
        compact.get(1..8).and_then(digits),
        compact.chars().nth(8),
    ) else {
        return false;
    };
    let sum: u32 = digits
        .iter()
        .enumerate()
        .map(|(at, d)| {
            if at % 2 == 0 {
                d * 2 / 10 + d * 2 % 10
            } else {
                *d
            }
        })
        .sum();
    let expected = (10 - sum % 10) % 10;
    let as_letter = "JABCDEFGHI"
        .chars()
        .nth(usize::try_from(expected).unwrap_or(0));
    let letter_fits = Some(control) == as_letter;
    let digit_fits = control.to_digit(10) == Some(expected);
    match head {
        'P' | 'Q' | 'R' | 'S' | 'N' | 'W' => letter_fits,
        'A' | 'B' | 'E' | 'H' => digit_fits,
        'C' | 'D' | 'F' | 'G' | 'J' | 'U' | 'V' => letter_fits || digit_fits,
        _ => false,
    }
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
                ("DNI 12345678Z.", &["12345678Z"]),
                ("12.345.678-Z", &["12.345.678-Z"]),
                ("dni: 12345678-z", &["12345678-z"]),
                ("NIE X1234567L", &["X1234567L"]),
                ("Y-0000000-Z", &["Y-0000000-Z"]),
                ("12345678A", &[]),
                ("X1234567A", &[]),
                ("123456789", &[]),
            ],
        );
    }
}
