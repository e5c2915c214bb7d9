//! Norway: fødselsnummer, D number, H number.

use super::Rule;
use super::check::{is_day, pair, sound_digits};
use super::weighted;

pub(super) const RULES: &[Rule] = &[Rule {
    len: 11,
    check: is_birth_number,
    block: 0.85,
    groupings: &[
        (&[6, 5], 0.95),
        (&[2, 2, 2, 5], 0.95),
        (&[2, 2, 2, 3, 2], 0.9),
    ],
    words: &[
        "fødselsnummer~",
        "fodselsnummer",
        "fnr",
        "personnummer~",
        "dnummer",
        "fødselsnr",
    ],
    named: 0.98,
    checked: true,
}];

/// Day of birth (40 added to the day in D numbers, to the month in H numbers; 80 to the month in test
/// data), three digits, two check digits modulo 11 (folkeregisterforskriften § 2-2-1).
fn is_birth_number(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11) else {
        return false;
    };
    let day = match pair(&d, 0) {
        day @ 41..=71 => day - 40,
        day => day,
    };
    let month = match pair(&d, 2) {
        month @ 41..=52 => month - 40,
        month @ 81..=92 => month - 80,
        month => month,
    };
    let first = (11 - weighted(&d[..9], &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11;
    let second = (11 - weighted(&d[..10], &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    is_day(month, day) && first == d[9] && second == d[10]
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
                ("fødselsnummer 151086 95088.", &["151086 95088"]),
                ("15108695088", &["15108695088"]),
                ("15108695077", &[]),
                ("15138695088", &[]),
                ("ordre 15108695087", &[]),
            ],
        );
    }
}
