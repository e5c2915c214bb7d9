//! Portugal: tax number (NIF), social security number (NISS), citizen card.

use super::check::{remainder, sound_digits};
use super::{Rule, is_uniform};

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 9,
        check: is_nif,
        block: 0.0,
        groupings: &[(&[3, 3, 3], 0.3)],
        words: &[
            "nif",
            "nipc",
            "contribuinte",
            "fiscal",
            "contribuintes",
            "vat",
        ],
        named: 0.95,
        checked: true,
    },
    Rule {
        len: 11,
        check: is_niss,
        block: 0.3,
        groupings: &[(&[3, 3, 3, 2], 0.4)],
        words: &["niss", "segurança", "seguranca", "social"],
        named: 0.95,
        checked: true,
    },
    // Cartão de Cidadão: eight digits, a check digit, two characters of the version, a check digit.
    Rule {
        len: 12,
        check: is_citizen_card,
        block: 0.85,
        groupings: &[(&[8, 1, 3], 0.95), (&[9, 3], 0.9)],
        words: &["cartão", "cidadão", "cartao", "cidadao", "CC", "BI"],
        named: 0.98,
        checked: true,
    },
];

/// Weights 9 to 2 modulo 11; remainders 0 and 1 give 0 (Decreto-Lei 14/2013).
fn is_nif(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 9) else {
        return false;
    };
    let kind = matches!(d[0], 1 | 2 | 3 | 5 | 6 | 8 | 9) || compact.starts_with("45") || d[0] == 7;
    let (rest, check) = remainder(&d, &[9, 8, 7, 6, 5, 4, 3, 2], 11);
    kind && check == if rest < 2 { 0 } else { 11 - rest }
}

/// The primes from 29 down to 2 as weights, modulo 10 (Instituto da Segurança Social).
fn is_niss(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11) else {
        return false;
    };
    let (rest, check) = remainder(&d, &[29, 23, 19, 17, 13, 11, 7, 5, 3, 2], 10);
    matches!(d[0], 1 | 2) && check == 9 - rest
}

/// The Luhn formula over digits and letters (A is 10), counted from the right (AMA, "Validação de Número
/// de Documento do Cartão de Cidadão").
fn is_citizen_card(compact: &str) -> bool {
    let head = compact
        .get(..9)
        .filter(|h| h.bytes().all(|b| b.is_ascii_digit()));
    let version = compact
        .get(9..11)
        .filter(|v| v.bytes().all(|b| b.is_ascii_alphanumeric()));
    let sum: u32 = compact
        .chars()
        .rev()
        .enumerate()
        .map(|(at, c)| {
            let value = c.to_digit(36).unwrap_or(0);
            match at % 2 {
                1 if value * 2 > 9 => value * 2 - 9,
                1 => value * 2,
                _ => value,
            }
        })
        .sum();
    let letters = version.is_some_and(|v| v.bytes().any(|b| b.is_ascii_alphabetic()));
    head.is_some() && letters && sum.is_multiple_of(10) && !is_uniform(&compact[..9])
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
                ("NIF: 501 964 843.", &["501 964 843"]),
                ("contribuinte 501964843", &["501964843"]),
                ("NISS 12345678903", &[]),
                ("Segurança Social: 11234567892", &["11234567892"]),
                ("CC 12345678 9 ZZ1", &["12345678 9 ZZ1"]),
                ("142034567ZX6", &["142034567ZX6"]),
                ("142034567ZX7", &[]),
                ("NIF 501964842", &[]),
                ("501964843", &[]),
                ("encomenda 501964843", &[]),
            ],
        );
    }
}
