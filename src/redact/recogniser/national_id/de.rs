//! Germany: tax identification number and identity card.

use super::{Rule, digits};

pub(super) const RULES: &[Rule] = &[
    // Steueridentifikationsnummer, § 139b AO: 10 digits and one by ISO 7064 mod 11,10.
    Rule {
        len: 11,
        check: is_tax_id,
        block: 0.55,
        groupings: &[(&[2, 3, 3, 3], 0.8)],
        words: &[
            "steuer~",
            "idnr",
            "tin",
            "tax",
            "identifikationsnummer",
            "steuerid",
            "idno",
            "tid",
            "stid",
            "fiscal",
        ],
        named: 0.95,
        checked: true,
    },
    // Personalausweis since 2010: 9 characters without vowels, and one by weights 7, 3, 1.
    Rule {
        len: 10,
        check: is_identity_card,
        block: 0.4,
        groupings: &[(&[9, 1], 0.5)],
        words: CARD_WORDS,
        named: 0.9,
        checked: true,
    },
    // The same without its check digit: only where words say so.
    Rule {
        len: 9,
        check: is_card_serial,
        block: 0.0,
        groupings: &[],
        words: CARD_WORDS,
        named: 0.75,
        checked: false,
    },
];

const CARD_WORDS: &[&str] = &[
    "ausweis~",
    "personalausweis~",
    "perso",
    "identity",
    "identitätskarte",
    "ausweisnummer",
    "reisepass~",
    "passport",
];

/// One digit occurs twice or three times among the first ten, the others at most once; the last is
/// the check digit.
fn is_tax_id(compact: &str) -> bool {
    let Some(digits) = digits(compact) else {
        return false;
    };
    let Some((check, ten)) = digits.split_last() else {
        return false;
    };
    let count = |digit: u32| ten.iter().filter(|d| **d == digit).count();
    let counts: Vec<_> = (0..10).map(count).filter(|n| *n > 1).collect();
    let run_of_three = ten.windows(3).any(|w| w[0] == w[1] && w[1] == w[2]);
    let repeats = matches!(counts[..], [2 | 3]) && !run_of_three;
    let product = ten.iter().fold(10, |product, digit| {
        let sum = match (digit + product) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    ten[0] != 0 && repeats && (11 - product) % 10 == *check
}

fn is_card_serial(compact: &str) -> bool {
    let letters = compact.bytes().filter(u8::is_ascii_alphabetic).count();
    let allowed = compact
        .bytes()
        .all(|b| b.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(&b));
    let head = compact
        .bytes()
        .next()
        .is_some_and(|b| b"CFGHJKLMNPRTVWXYZ".contains(&b));
    allowed && head && letters < 9
}

pub(super) fn is_identity_card(compact: &str) -> bool {
    let Some((serial, check)) = compact.split_at_checked(9) else {
        return false;
    };
    let sum: u32 = serial
        .chars()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight)
        .sum();
    is_card_serial(serial) && check.parse() == Ok(sum % 10)
}

#[cfg(test)]
mod tests {
    use super::super::NationalId;
    use crate::redact::recogniser::testing::check;

    // The tax numbers are the federal tax office's test numbers; the card is the specimen's.
    #[test]
    fn table() {
        check(
            &NationalId,
            &[
                ("Steuer-ID: 86095742719.", &["86095742719"]),
                ("Steuer-ID 86 095 742 719", &["86 095 742 719"]),
                ("IdNr 47036892816", &["47036892816"]),
                ("65929970489 alone", &["65929970489"]),
                ("Personalausweis T220001293", &["T220001293"]),
                ("Ausweisnr. T22000129", &["T22000129"]),
                ("86095742718", &[]),
                ("Bestellung 86095742719", &[]),
                ("12345678901", &[]),
                ("code T220001293", &[]),
            ],
        );
    }
}
