//! Estonia (isikukood), Lithuania (asmens kodas) and Latvia (personas kods).

use super::check::{is_day, pair, sound_digits};
use super::{Rule, weighted};

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 11,
        check: is_isikukood,
        block: 0.75,
        groupings: &[(&[1, 6, 4], 0.9)],
        words: &[
            "isikukood",
            "isikukoodi",
            "asmens",
            "kodas",
            "kodą",
            "identity",
        ],
        named: 0.98,
        checked: true,
    },
    Rule {
        len: 11,
        check: is_personas_kods,
        block: 0.4,
        groupings: &[(&[6, 5], 0.75)],
        words: &["personas", "kods", "kodu", "kodā"],
        named: 0.97,
        checked: true,
    },
    // Numbers since 2017 tell no birthday: they begin with 32.
    Rule {
        len: 11,
        check: is_new_personas_kods,
        block: 0.0,
        groupings: &[],
        words: &["personas", "kods", "kodu", "kodā"],
        named: 0.85,
        checked: false,
    },
];

/// Sex and century, day of birth, three digits, a check digit in two rounds modulo 11 (EVS 585:2007; the
/// Lithuanian law of 2007 on the population register takes the same).
fn is_isikukood(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11) else {
        return false;
    };
    let check = match weighted(&d[..10], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11 {
        10 => weighted(&d[..10], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
        rest => rest,
    };
    matches!(d[0], 1..=8) && is_day(pair(&d, 3), pair(&d, 5)) && check == d[10]
}

/// Day of birth, century, three digits; 1101 less the sum with weights 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, modulo 11
/// (MK noteikumi on personal codes).
fn is_personas_kods(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11) else {
        return false;
    };
    let sum = weighted(&d[..10], &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let check = (1101 - sum) % 11 % 10;
    is_day(pair(&d, 2), pair(&d, 0)) && d[6] <= 2 && check == d[10]
}

fn is_new_personas_kods(compact: &str) -> bool {
    compact.starts_with("32") && sound_digits(compact, 11).is_some()
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
                ("isikukood 36805280109.", &["36805280109"]),
                ("36805280109", &["36805280109"]),
                ("asmens kodas: 33309240064", &["33309240064"]),
                ("personas kods 161175-19997", &["161175-19997"]),
                ("161175-19997", &["161175-19997"]),
                ("personas kods 328673-00679", &["328673-00679"]),
                ("36805280108", &[]),
                ("33309240065", &[]),
                ("161375-19997", &[]),
                ("328673-00679", &[]),
            ],
        );
    }
}
