//! Iceland: kennitala.

use super::Rule;
use super::check::{is_day, pair, sound_digits};
use super::weighted;

pub(super) const RULES: &[Rule] = &[Rule {
    len: 10,
    check: is_kennitala,
    block: 0.4,
    groupings: &[(&[6, 4], 0.8)],
    words: &["kennitala", "kennitölu", "kt"],
    named: 0.97,
    checked: true,
}];

/// Day of birth (40 added for organisations), two digits, a check digit modulo 11, the century (lög nr. 140/2019).
fn is_kennitala(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 10) else {
        return false;
    };
    let day = match pair(&d, 0) {
        day @ 41..=71 => day - 40,
        day => day,
    };
    is_day(pair(&d, 2), day)
        && matches!(d[9], 0 | 8 | 9)
        && weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
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
                ("kennitala 120174-3399.", &["120174-3399"]),
                ("120174-3399", &["120174-3399"]),
                ("kt. 1201743399", &["1201743399"]),
                ("530575-0299", &[]),
                ("320174-3399", &[]),
                ("1201743399", &[]),
            ],
        );
    }
}
