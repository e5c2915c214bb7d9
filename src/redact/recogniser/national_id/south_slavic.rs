//! Bulgaria (EGN), Croatia (OIB), and the number that the states of former Yugoslavia share (JMBG, EMŠO).

use super::Rule;
use super::check::{is_day, mod_11_10, pair, remainder, sound_digits};

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 10,
        check: is_egn,
        block: 0.4,
        groupings: &[(&[6, 4], 0.5)],
        words: &["egn", "егн", "лнч"],
        named: 0.98,
        checked: true,
    },
    Rule {
        len: 11,
        check: is_oib,
        block: 0.3,
        groupings: &[],
        words: &["oib"],
        named: 0.97,
        checked: true,
    },
    Rule {
        len: 13,
        check: is_jmbg,
        block: 0.85,
        groupings: &[(&[7, 6], 0.9), (&[7, 3, 3], 0.9)],
        words: &["jmbg", "emšo", "emso", "matični", "embg", "матични"],
        named: 0.98,
        checked: true,
    },
];

/// Day of birth with the century in the month, four digits, weights 2, 4, 8, 5, 10, 9, 7, 3, 6 modulo 11 and 10
/// (ГРАО).
fn is_egn(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 10) else {
        return false;
    };
    let month = match pair(&d, 2) {
        month @ 21..=32 => month - 20,
        month @ 41..=52 => month - 40,
        month => month,
    };
    let (rest, check) = remainder(&d, &[2, 4, 8, 5, 10, 9, 7, 3, 6], 11);
    is_day(month, pair(&d, 4)) && rest % 10 == check
}

/// Eleven digits by ISO 7064 mod 11,10 (Zakon o osobnom identifikacijskom broju).
fn is_oib(compact: &str) -> bool {
    sound_digits(compact, 11).is_some_and(|d| mod_11_10(&d))
}

/// Day of birth with three digits of the year, region, serial number, weights 7 to 2 twice modulo 11.
fn is_jmbg(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 13) else {
        return false;
    };
    let (rest, check) = remainder(&d, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2], 11);
    let century = matches!(d[4], 0 | 9);
    century
        && is_day(pair(&d, 2), pair(&d, 0))
        && rest != 1
        && check == if rest == 0 { 0 } else { 11 - rest }
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
                ("ЕГН 8032056031.", &["8032056031"]),
                ("EGN: 8032056031", &["8032056031"]),
                ("OIB 33392005961", &["33392005961"]),
                ("EMŠO 0101006500006", &["0101006500006"]),
                ("0101006500006", &["0101006500006"]),
                ("EGN 8019010008", &[]),
                ("33392005961", &[]),
                ("OIB 33392005962", &[]),
                ("0101006500007", &[]),
            ],
        );
    }
}
