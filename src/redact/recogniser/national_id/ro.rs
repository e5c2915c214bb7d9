//! Romania: cod numeric personal.

use super::Rule;
use super::check::{is_day, pair, remainder, sound_digits};

pub(super) const RULES: &[Rule] = &[Rule {
    len: 13,
    check: is_cnp,
    block: 0.85,
    groupings: &[(&[1, 6, 6], 0.9), (&[1, 2, 2, 2, 6], 0.9)],
    words: &["cnp", "numeric", "personal"],
    named: 0.98,
    checked: true,
}];

/// Sex and century, day of birth, county, serial number, and weights 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9 modulo 11
/// (Legea 105/1996); a remainder of 10 gives 1.
fn is_cnp(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 13) else {
        return false;
    };
    let county = matches!(pair(&d, 7), 1..=48 | 51 | 52 | 70 | 80..=83);
    let (rest, check) = remainder(&d, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9], 11);
    d[0] != 0
        && is_day(pair(&d, 3), pair(&d, 5))
        && county
        && check == if rest == 10 { 1 } else { rest }
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
                ("CNP 1630615123457.", &["1630615123457"]),
                ("1630615123457", &["1630615123457"]),
                ("0800101221142", &[]),
                ("1632215123457", &[]),
                ("1630615993454", &[]),
                ("1630615123458", &[]),
                ("EAN 5901234123457", &[]),
            ],
        );
    }
}
