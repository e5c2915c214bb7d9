//! Brazil: CPF and CNPJ.

use super::Rule;
use super::check::sound_digits;
use super::is_uniform;

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 11,
        check: is_cpf,
        block: 0.5,
        groupings: &[(&[3, 3, 3, 2], 0.95), (&[9, 2], 0.8)],
        words: &["cpf", "contribuinte"],
        named: 0.98,
        checked: true,
    },
    Rule {
        len: 14,
        check: is_cnpj,
        block: 0.6,
        groupings: &[(&[2, 3, 3, 4, 2], 0.97), (&[8, 4, 2], 0.9)],
        words: &["cnpj"],
        named: 0.98,
        checked: true,
    },
];

/// Two check digits modulo 11 with weights from 10 and from 11 down to 2 (Receita Federal, IN 1548/2015).
fn is_cpf(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11) else {
        return false;
    };
    let check = |n: usize| {
        let sum: u32 = d[..n].iter().rev().zip(2..).map(|(d, w)| d * w).sum();
        sum * 10 % 11 % 10
    };
    check(9) == d[9] && check(10) == d[10]
}

/// Two check digits modulo 11 over characters whose values are their codes less 48, so that the letters
/// of numbers from July 2026 on count too (IN RFB 2229/2024); weights 2 to 9 from the right.
fn is_cnpj(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    let sound = bytes.len() == 14
        && bytes[12..].iter().all(u8::is_ascii_digit)
        && bytes.iter().filter(|b| b.is_ascii_digit()).count() >= 6
        && !is_uniform(compact);
    let check = |n: usize| {
        let sum: u32 = bytes[..n]
            .iter()
            .rev()
            .zip([2, 3, 4, 5, 6, 7, 8, 9].into_iter().cycle())
            .map(|(b, weight)| u32::from(b.saturating_sub(b'0')) * weight)
            .sum();
        match sum % 11 {
            0 | 1 => 0,
            rest => 11 - rest,
        }
    };
    let is = |at: usize| u32::from(bytes[at].saturating_sub(b'0'));
    sound && check(12) == is(12) && check(13) == is(13)
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
                ("CPF 390.533.447-05.", &["390.533.447-05"]),
                ("cpf: 39053344705", &["39053344705"]),
                ("390.533.447-05", &["390.533.447-05"]),
                ("CNPJ 16.727.230/0001-97", &["16.727.230/0001-97"]),
                ("12.ABC.345/01DE-35", &["12.ABC.345/01DE-35"]),
                ("231.002.999-00", &[]),
                ("111.111.111-11", &[]),
                ("16.727.230/0001-98", &[]),
                ("pedido 39053344705", &[]),
            ],
        );
    }
}
