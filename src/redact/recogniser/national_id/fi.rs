//! Finland: henkilötunnus.

use super::Rule;
use super::check::{is_day, pair};
use super::digits;

const WORDS: &[&str] = &[
    "henkilötunnus~",
    "hetu",
    "henkilotunnus",
    "sotu",
    "personbeteckning",
    "identity",
];

pub(super) const RULES: &[Rule] = &[
    // With the hyphen or plus sign as the sign of the century.
    Rule {
        len: 10,
        check: is_signed,
        block: 0.0,
        groupings: &[(&[6, 4], 0.95)],
        words: WORDS,
        named: 0.98,
        checked: true,
    },
    // With a letter.
    Rule {
        len: 11,
        check: is_lettered,
        block: 0.95,
        groupings: &[],
        words: WORDS,
        named: 0.98,
        checked: true,
    },
];

/// Day of birth, three digits of at least 002, and a check character modulo 31 (valtioneuvoston asetus
/// väestötietojärjestelmästä, 128/2010 § 2–3).
fn checks(birth: &str, rest: &str) -> bool {
    const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (Some(day), Some((serial, check))) = (digits(birth), rest.split_at_checked(3)) else {
        return false;
    };
    let (Ok(number), Ok(serial_value)) = (
        format!("{birth}{serial}").parse::<usize>(),
        serial.parse::<u32>(),
    ) else {
        return false;
    };
    let expected = CHARACTERS.get(number % 31).copied();
    serial_value >= 2 && is_day(pair(&day, 2), pair(&day, 0)) && check.bytes().next() == expected
}

fn is_signed(compact: &str) -> bool {
    compact
        .split_at_checked(6)
        .is_some_and(|(birth, rest)| checks(birth, rest))
}

/// The letters since 2023 (valtioneuvoston asetus 690/2022): A to F for 2000 on, U to Y for 1900 on.
fn is_lettered(compact: &str) -> bool {
    let Some((birth, rest)) = compact.split_at_checked(6) else {
        return false;
    };
    rest.strip_prefix(['A', 'B', 'C', 'D', 'E', 'F', 'U', 'V', 'W', 'X', 'Y'])
        .is_some_and(|rest| checks(birth, rest))
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
                ("henkilötunnus 131052-308T.", &["131052-308T"]),
                ("131052-308T", &["131052-308T"]),
                ("131052+308T", &["131052+308T"]),
                ("131052A308T", &["131052A308T"]),
                ("hetu: 131052Y308T", &["131052Y308T"]),
                ("131052-308U", &[]),
                ("310252-308Y", &[]),
                ("131052308T", &[]),
                ("131052G308T", &[]),
            ],
        );
    }
}
