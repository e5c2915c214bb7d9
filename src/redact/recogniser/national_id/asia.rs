//! Israel, Japan, Korea, Thailand and Turkey.

use super::Rule;
use super::check::{is_day, luhn, pair, sound_digits};
use super::weighted;

pub(super) const RULES: &[Rule] = &[
    // Teudat zehut (Luhn).
    Rule {
        len: 9,
        check: is_teudat_zehut,
        block: 0.0,
        groupings: &[],
        words: &["teudat", "zehut", "זהות"],
        named: 0.95,
        checked: true,
    },
    Rule {
        len: 12,
        check: is_my_number,
        block: 0.0,
        groupings: &[(&[4, 4, 4], 0.45)],
        words: &["mynumber", "マイナンバー", "個人番号"],
        named: 0.95,
        checked: true,
    },
    Rule {
        len: 13,
        check: is_rrn,
        block: 0.5,
        groupings: &[(&[6, 7], 0.9)],
        words: &["rrn", "resident", "주민등록번호"],
        named: 0.97,
        checked: true,
    },
    Rule {
        len: 13,
        check: is_thai,
        block: 0.4,
        groupings: &[(&[1, 4, 5, 2, 1], 0.95)],
        words: &["thai", "บัตรประชาชน"],
        named: 0.95,
        checked: true,
    },
    Rule {
        len: 11,
        check: is_turkish,
        block: 0.65,
        groupings: &[],
        words: &["tc", "tckn", "kimlik"],
        named: 0.98,
        checked: true,
    },
];

fn is_teudat_zehut(compact: &str) -> bool {
    sound_digits(compact, 9).is_some_and(|d| luhn(&d))
}

/// Weights 6 to 2 and 7 to 2 modulo 11; remainders 0 and 1 give 0 (Ministerial Order 85 of 2014).
fn is_my_number(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 12) else {
        return false;
    };
    let rest = weighted(&d[..11], &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    d[11] == if rest < 2 { 0 } else { 11 - rest }
}

/// Day of birth, sex and century, and weights 2 to 9 and 2 to 5 modulo 11 (until 2020; later ones have
/// no check digit).
fn is_rrn(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 13) else {
        return false;
    };
    let rest = weighted(&d[..12], &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11;
    is_day(pair(&d, 2), pair(&d, 4)) && (11 - rest) % 10 == d[12]
}

/// Weights 13 down to 2 modulo 11 (Department of Provincial Administration).
fn is_thai(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 13) else {
        return false;
    };
    let rest = weighted(&d[..12], &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    (1..=8).contains(&d[0]) && (11 - rest) % 10 == d[12]
}

/// Two check digits over odd and even places (Nüfus ve Vatandaşlık İşleri).
fn is_turkish(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11) else {
        return false;
    };
    let odd: u32 = [0, 2, 4, 6, 8].into_iter().map(|at| d[at]).sum();
    let even: u32 = [1, 3, 5, 7].into_iter().map(|at| d[at]).sum();
    let ten: u32 = d[..10].iter().sum();
    d[0] != 0 && (odd * 7 + 90 - even) % 10 == d[9] && ten % 10 == d[10]
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
                ("teudat zehut 039337423.", &["039337423"]),
                ("マイナンバー 6214 9832 0257", &["6214 9832 0257"]),
                ("971013-9019902", &["971013-9019902"]),
                ("1-2345-45678-78-1", &["1-2345-45678-78-1"]),
                ("TC kimlik no: 17291716060", &["17291716060"]),
                ("17291716060", &["17291716060"]),
                ("039337423", &[]),
                ("971013-9019903", &[]),
                ("1-2345-45678-78-9", &[]),
                ("17291716050", &[]),
                ("6214 9832 0257", &[]),
            ],
        );
    }
}
