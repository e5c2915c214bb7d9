//! Mexico (CURP, RFC), Argentina (CUIT) and Chile (RUT).

use super::Rule;
use super::check::{is_day, pair, sound_digits};
use super::digits;
use super::weighted;

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 18,
        check: is_curp,
        block: 0.98,
        groupings: &[],
        words: &["curp"],
        named: 0.99,
        checked: true,
    },
    Rule {
        len: 13,
        check: is_rfc,
        block: 0.75,
        groupings: &[(&[4, 6, 3], 0.9)],
        words: &["rfc", "contribuyentes"],
        named: 0.97,
        checked: false,
    },
    Rule {
        len: 11,
        check: is_cuit,
        block: 0.3,
        groupings: &[(&[2, 8, 1], 0.85)],
        words: &["cuit", "cuil"],
        named: 0.97,
        checked: true,
    },
    Rule {
        len: 9,
        check: is_rut,
        block: 0.0,
        groupings: &[(&[8, 1], 0.6), (&[2, 3, 3, 1], 0.9)],
        words: &["rut", "RUN"],
        named: 0.97,
        checked: true,
    },
    Rule {
        len: 8,
        check: is_rut,
        block: 0.0,
        groupings: &[(&[1, 3, 3, 1], 0.85)],
        words: &["rut", "RUN"],
        named: 0.95,
        checked: true,
    },
];

/// Letters of the name, day of birth, sex, state, consonants, and a check digit modulo 10 with weights 18 down to 2
/// (SEGOB, Instructivo normativo para la asignación de la CURP).
fn is_curp(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    let letters = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .is_some_and(|b| b.iter().all(u8::is_ascii_uppercase))
    };
    let Some(birth) = compact.get(4..10).and_then(digits) else {
        return false;
    };
    // Ñ stands between N and O, so that the letters from O on count one more.
    let value = |b: &u8| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'N' => u32::from(b - b'A') + 10,
        _ => u32::from(b.saturating_sub(b'A')) + 11,
    };
    let sum: u32 = bytes
        .iter()
        .take(17)
        .zip((2..=18).rev())
        .map(|(b, weight)| value(b) * weight)
        .sum();
    letters(0, 4)
        && letters(10, 16)
        && matches!(bytes.get(10), Some(b'H' | b'M' | b'X'))
        && is_day(pair(&birth, 2), pair(&birth, 4))
        && bytes.get(17).copied().map(u32::from) == Some(u32::from(b'0') + (10 - sum % 10) % 10)
}

/// Letters of the name, day of birth, three characters (SAT).
fn is_rfc(compact: &str) -> bool {
    let letters = compact
        .get(..4)
        .is_some_and(|l| l.bytes().all(|b| b.is_ascii_uppercase()));
    let birth = compact.get(4..10).and_then(digits);
    let check = matches!(compact.as_bytes().get(12), Some(b'0'..=b'9' | b'A'));
    letters && check && birth.is_some_and(|d| is_day(pair(&d, 2), pair(&d, 4)))
}

/// Kind, number, and a check digit with weights 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 modulo 11 (AFIP).
fn is_cuit(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11) else {
        return false;
    };
    let rest = weighted(&d[..10], &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let kind = matches!(pair(&d, 0), 20 | 23 | 24 | 27 | 30 | 33 | 34);
    kind && rest != 1 && (11 - rest) % 11 == d[10]
}

/// Weights 2 to 7 from the right modulo 11; 10 is K (Servicio de Impuestos Internos).
fn is_rut(compact: &str) -> bool {
    let Some((number, check)) = compact
        .len()
        .checked_sub(1)
        .and_then(|at| compact.split_at_checked(at))
    else {
        return false;
    };
    let Some(d) = digits(number).filter(|d| d[0] != 0) else {
        return false;
    };
    let sum: u32 = d
        .iter()
        .rev()
        .zip([2, 3, 4, 5, 6, 7].into_iter().cycle())
        .map(|(d, weight)| d * weight)
        .sum();
    let expected = match 11 - sum % 11 {
        11 => '0',
        10 => 'K',
        digit => char::from_digit(digit, 10).unwrap_or('?'),
    };
    check.starts_with(expected) && !super::is_uniform(number)
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
                ("CURP BOXW310820HNERXN09.", &["BOXW310820HNERXN09"]),
                ("RFC GODE 561231 GR8", &["GODE 561231 GR8"]),
                ("GODE561231GR8", &["GODE561231GR8"]),
                ("CUIT 20-05536168-2", &["20-05536168-2"]),
                ("20-05536168-2", &["20-05536168-2"]),
                ("RUT 12.531.909-2", &["12.531.909-2"]),
                ("RUT: 12531909-2", &["12531909-2"]),
                ("BOXW310820HNERXN08", &[]),
                ("20-26756539-2", &[]),
                ("12.531.909-3", &[]),
                ("ABCD991399XX1", &[]),
            ],
        );
    }
}
