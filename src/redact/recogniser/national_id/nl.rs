//! Netherlands: BSN, with the "11-proef".

use super::{Rule, digits, is_uniform, weighted};

pub(super) const RULES: &[Rule] = &[Rule {
    len: 9,
    check: is_bsn,
    block: 0.3,
    groupings: &[(&[4, 2, 3], 0.6), (&[3, 3, 3], 0.3)],
    words: &[
        "bsn",
        "burgerservicenummer",
        "sofinummer",
        "sofi",
        "burgerservice~",
        "servicenummer",
        "persoonsnummer",
    ],
    named: 0.95,
    checked: true,
}];

fn is_bsn(compact: &str) -> bool {
    let Some(digits) = digits(compact).filter(|_| !is_uniform(compact)) else {
        return false;
    };
    let last = digits.last().copied().unwrap_or(0);
    let sum = weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum >= last && (sum - last).is_multiple_of(11)
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
                ("BSN 111222333.", &["111222333"]),
                ("burgerservicenummer: 1112.22.333", &["1112.22.333"]),
                ("1112.22.333", &["1112.22.333"]),
                ("BSN 111222334", &[]),
                ("111222333", &[]),
                ("order 111222333", &[]),
            ],
        );
    }
}
