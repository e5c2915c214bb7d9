//! Luxembourg: matricule (numéro d'identification nationale).

use super::Rule;
use super::check::{is_day, luhn, pair, sound_digits, value, verhoeff};

pub(super) const RULES: &[Rule] = &[Rule {
    len: 13,
    check: is_matricule,
    block: 0.95,
    groupings: &[
        (&[8, 5], 0.97),
        (&[4, 2, 2, 5], 0.97),
        (&[8, 3, 2], 0.97),
        (&[4, 2, 2, 3, 2], 0.97),
    ],
    words: &["matricule", "nin", "cns"],
    named: 0.99,
    checked: true,
}];

/// Day of birth, three digits, a digit by Luhn over the first eleven, a digit by Verhoeff over the same (loi
/// du 19 juin 2013, and CTIE).
fn is_matricule(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 13) else {
        return false;
    };
    let mut by_verhoeff = d[..11].to_vec();
    by_verhoeff.push(d[12]);
    (1880..=2100).contains(&value(&d[..4]))
        && is_day(pair(&d, 4), pair(&d, 6))
        && luhn(&d[..12])
        && verhoeff(&by_verhoeff)
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
                ("matricule 1893120105732.", &["1893120105732"]),
                ("1893120105732", &["1893120105732"]),
                ("18931201 057 32", &["18931201 057 32"]),
                ("1893120105733", &[]),
                ("1893130105732", &[]),
            ],
        );
    }
}
