//! Czechia and Slovakia: rodné číslo.

use super::Rule;
use super::check::{is_day, pair, sound_digits, value};

const WORDS: &[&str] = &["rodné", "rodne", "rodného", "rč", "rc", "birth"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        len: 10,
        check: is_birth_number,
        block: 0.4,
        groupings: &[(&[6, 4], 0.8)],
        words: WORDS,
        named: 0.97,
        checked: true,
    },
    // Until 1953, without a check digit; only where words say so.
    Rule {
        len: 9,
        check: has_old_day,
        block: 0.0,
        groupings: &[],
        words: WORDS,
        named: 0.8,
        checked: false,
    },
];

/// Women have 50 added to the month; 20 more where a day's numbers ran out (since 2004).
fn has_day(digits: &[u32]) -> bool {
    let month = match pair(digits, 2) {
        month @ (71..=82) => month - 70,
        month @ (51..=62) => month - 50,
        month @ (21..=32) => month - 20,
        month => month,
    };
    is_day(month, pair(digits, 4))
}

/// Divisible by 11, or the first nine digits modulo 11 are 10 and the last digit is 0 (zákon č. 133/2000 Sb.,
/// § 13).
fn is_birth_number(compact: &str) -> bool {
    sound_digits(compact, 10).is_some_and(|d| {
        let sound = value(&d).is_multiple_of(11) || value(&d[..9]) % 11 == 10 && d[9] == 0;
        has_day(&d) && sound
    })
}

fn has_old_day(compact: &str) -> bool {
    sound_digits(compact, 9).is_some_and(|d| has_day(&d) && pair(&d, 0) <= 53)
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
                ("rodné číslo 710319/2745.", &["710319/2745"]),
                ("710319/2745", &["710319/2745"]),
                ("r.č. / RČ: 7103192745", &["7103192745"]),
                ("rodné číslo 531231/123", &["531231/123"]),
                ("710319/2746", &[]),
                ("1103492745", &[]),
                ("7103192745", &[]),
                ("991231123", &[]),
            ],
        );
    }
}
