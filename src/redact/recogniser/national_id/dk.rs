//! Denmark: CPR number.

use super::check::{is_day, pair, sound_digits};
use super::{Rule, weighted};

const WORDS: &[&str] = &[
    "cpr",
    "cprnummer",
    "personnummer~",
    "cprnr",
    "personnr",
    "sundhedskort",
];

pub(super) const RULES: &[Rule] = &[
    // Day of birth and four digits, weights 4, 3, 2, 7, 6, 5, 4, 3, 2, 1 modulo 11 (CPR-kontoret).
    Rule {
        len: 10,
        check: is_cpr,
        block: 0.3,
        groupings: &[(&[6, 4], 0.75)],
        words: WORDS,
        named: 0.97,
        checked: true,
    },
    // Since 2007 numbers are given out that don't pass; only where words say so.
    Rule {
        len: 10,
        check: has_day,
        block: 0.0,
        groupings: &[],
        words: WORDS,
        named: 0.85,
        checked: false,
    },
];

fn has_day(compact: &str) -> bool {
    sound_digits(compact, 10).is_some_and(|d| is_day(pair(&d, 2), pair(&d, 0)))
}

fn is_cpr(compact: &str) -> bool {
    has_day(compact)
        && sound_digits(compact, 10)
            .is_some_and(|d| weighted(&d, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
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
                ("CPR 211062-5629.", &["211062-5629"]),
                ("211062-5629", &["211062-5629"]),
                ("CPR-nummer: 2110625629", &["2110625629"]),
                ("cpr 211062-5628", &["211062-5628"]),
                ("211062-5628", &[]),
                ("CPR 511062-5629", &[]),
                ("2110625629", &[]),
                ("ordre nr 211062-5628", &[]),
            ],
        );
    }
}
