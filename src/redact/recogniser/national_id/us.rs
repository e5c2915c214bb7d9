//! United States: SSN, ITIN, EIN. They carry no check digit, so shapes, area rules and words decide.

use super::{Rule, is_uniform};

const WORDS: &[&str] = &[
    "ssn",
    "social",
    "ss",
    "socialsecurity",
    "itin",
    "taxpayer",
    "tin",
    // Right in front, whatever else is said.
    "SSN",
    "ITIN",
];
/// Words that only a Social Security number has.
const OWN_WORDS: &[&str] = &["ssn", "socialsecurity", "SSN"];

pub(super) const RULES: &[Rule] = &[
    // Social Security number: area, group and serial rules of SSA (randomised since 2011).
    Rule {
        len: 9,
        check: is_ssn,
        block: 0.0,
        groupings: &[(&[3, 2, 4], 0.8)],
        words: WORDS,
        named: 0.9,
        checked: false,
    },
    // Whatever is called so and written so: mistyped ones and those of tests, too, are somebody's for all we know.
    Rule {
        len: 9,
        check: is_nine_digits,
        block: 0.0,
        groupings: &[],
        words: OWN_WORDS,
        named: 0.8,
        checked: false,
    },
    // Individual Taxpayer Identification Number (IRS: 9xx, fourth and fifth digit 50–65, 70–88, 90–92, 94–99).
    Rule {
        len: 9,
        check: is_itin,
        block: 0.0,
        groupings: &[(&[3, 2, 4], 0.8)],
        words: WORDS,
        named: 0.9,
        checked: false,
    },
    // Employer Identification Number: only where words say so.
    Rule {
        len: 9,
        check: is_ein,
        block: 0.0,
        groupings: &[],
        words: &["ein", "employer", "fein"],
        named: 0.85,
        checked: false,
    },
];

fn part(compact: &str, from: usize, to: usize) -> Option<u32> {
    compact
        .get(from..to)
        .filter(|p| p.bytes().all(|b| b.is_ascii_digit()))?
        .parse()
        .ok()
}

fn is_ssn(compact: &str) -> bool {
    let (Some(area), Some(group), Some(serial)) = (
        part(compact, 0, 3),
        part(compact, 3, 5),
        part(compact, 5, 9),
    ) else {
        return false;
    };
    area != 0 && area != 666 && area < 900 && group != 0 && serial != 0 && !is_uniform(compact)
}

fn is_nine_digits(compact: &str) -> bool {
    compact.bytes().all(|b| b.is_ascii_digit())
}

fn is_itin(compact: &str) -> bool {
    let (Some(area), Some(group), Some(_)) = (
        part(compact, 0, 3),
        part(compact, 3, 5),
        part(compact, 5, 9),
    ) else {
        return false;
    };
    area >= 900 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

fn is_ein(compact: &str) -> bool {
    let Some(prefix) = part(compact, 0, 2).filter(|_| part(compact, 2, 9).is_some()) else {
        return false;
    };
    !matches!(prefix, 0 | 7..=9 | 17..=19 | 28 | 29 | 49 | 69 | 70 | 78 | 79 | 89 | 96 | 97)
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
                ("SSN 536-90-4399.", &["536-90-4399"]),
                ("536-90-4399", &["536-90-4399"]),
                ("social security number: 536904399", &["536904399"]),
                ("ITIN 912-70-1234", &["912-70-1234"]),
                ("EIN 12-3456789", &["12-3456789"]),
                ("SSN on the invoice: 536904399", &["536904399"]),
                ("Customer's SSN is 666-12-3456", &["666-12-3456"]),
                ("SSN: 000 12 3456", &["000 12 3456"]),
                ("ssn 912134321", &["912134321"]),
                ("no ssn given, order 912134321", &[]),
                ("000-12-3456", &[]),
                ("666-12-3456", &[]),
                ("536-00-4399", &[]),
                ("536904399", &[]),
                ("12-3456789", &[]),
                ("912-13-1234", &[]),
            ],
        );
    }
}
