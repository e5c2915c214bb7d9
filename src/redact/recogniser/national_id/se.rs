//! Sweden: personnummer and samordningsnummer.

use super::Rule;
use super::check::{is_day, luhn, pair, sound_digits};

const WORDS: &[&str] = &[
    "personnummer~",
    "personnr",
    "pnr",
    "samordningsnummer",
    "personal",
    "identity",
];

pub(super) const RULES: &[Rule] = &[
    // Ten digits are also how many order numbers look that begin with a date, so the hyphen counts.
    Rule {
        len: 10,
        check: is_short,
        block: 0.3,
        groupings: &[(&[6, 4], 0.7)],
        words: WORDS,
        named: 0.97,
        checked: true,
    },
    Rule {
        len: 12,
        check: is_long,
        block: 0.65,
        groupings: &[(&[8, 4], 0.85)],
        words: WORDS,
        named: 0.97,
        checked: true,
    },
];

/// Day of birth, three digits and the Luhn check digit (folkbokföringslagen § 18); samordningsnummer
/// have 60 added to the day.
fn is_short(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 10) else {
        return false;
    };
    let day = match pair(&d, 4) {
        day @ 61..=91 => day - 60,
        day => day,
    };
    is_day(pair(&d, 2), day) && luhn(&d)
}

fn is_long(compact: &str) -> bool {
    let century = compact.starts_with("19") || compact.starts_with("20");
    century && compact.get(2..).is_some_and(is_short)
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
                ("personnummer 880320-0016.", &["880320-0016"]),
                ("880320-0016", &["880320-0016"]),
                ("19880320-0016", &["19880320-0016"]),
                ("pnr: 8803200016", &["8803200016"]),
                ("880320-0018", &[]),
                ("881320-0016", &[]),
                ("8803200016", &[]),
                ("order 880320-0016", &[]),
                ("ORD-880320-0016", &[]),
            ],
        );
    }
}
