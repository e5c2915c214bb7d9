//! Spain: social security number (NUSS, NAF).

use super::Rule;
use super::check::{sound_digits, value};

pub(super) const RULES: &[Rule] = &[Rule {
    len: 12,
    check: is_nuss,
    block: 0.3,
    groupings: &[(&[2, 8, 2], 0.85), (&[2, 10], 0.5)],
    words: &["nuss", "naf", "nass", "seguridad", "social", "afiliación"],
    named: 0.97,
    checked: true,
}];

/// Province, number, and both modulo 97; numbers under ten millions are joined without their leading zero
/// (Tesorería General de la Seguridad Social).
fn is_nuss(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 12) else {
        return false;
    };
    let (province, number, key) = (value(&d[..2]), value(&d[2..10]), value(&d[10..]));
    let joined = if number < 10_000_000 {
        province * 10_000_000 + number
    } else {
        province * 100_000_000 + number
    };
    (1..=66).contains(&province) && joined % 97 == key
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
                ("NASS: 281234567840.", &["281234567840"]),
                ("28/12345678/40", &["28/12345678/40"]),
                ("seguridad social 28 1234567840", &["28 1234567840"]),
                ("28/12345678/41", &[]),
                ("281234567840", &[]),
                ("pedido 281234567840", &[]),
            ],
        );
    }
}
