//! Belgium: national register number (rijksregisternummer, numéro de registre national).

use super::Rule;
use super::check::{is_day, pair, sound_digits, value};

pub(super) const RULES: &[Rule] = &[Rule {
    len: 11,
    check: is_register_number,
    block: 0.8,
    groupings: &[
        (&[2, 2, 2, 3, 2], 0.95),
        (&[6, 3, 2], 0.9),
        (&[6, 5], 0.85),
        (&[9, 2], 0.85),
    ],
    words: &[
        "rijksregister~",
        "registre",
        "insz",
        "niss",
        "nationaal",
        "nationalregisternummer",
        "rrn",
        "inss",
        "ssin",
    ],
    named: 0.98,
    checked: true,
}];

/// Day of birth, a serial number, and 97 minus the first nine digits modulo 97; from 2000 on with a 2 in
/// front (royal decree of 3 April 1984). Bis numbers have 20 or 40 added to the month.
fn is_register_number(compact: &str) -> bool {
    let Some(d) = sound_digits(compact, 11) else {
        return false;
    };
    let month = match pair(&d, 2) {
        month @ 21..=32 => month - 20,
        month @ 41..=52 => month - 40,
        month => month,
    };
    let nine = value(&d[..9]);
    let key = u64::from(pair(&d, 9));
    let checks = |number: u64| 97 - number % 97 == key;
    is_day(month, pair(&d, 4)) && (checks(nine) || checks(2_000_000_000 + nine))
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
                ("rijksregisternummer 85.07.30-033.28.", &["85.07.30-033.28"]),
                ("85 07 30 033 28", &["85 07 30 033 28"]),
                ("85073003328", &["85073003328"]),
                ("registre national : 17073003384", &["17073003384"]),
                ("85.07.30-033.29", &[]),
                ("85.13.30-033.28", &[]),
                ("commande 85073003329", &[]),
            ],
        );
    }
}
