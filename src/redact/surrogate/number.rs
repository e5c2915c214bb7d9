//! Numbers of the same form with sound check digits: cards, accounts, identifiers.
//!
//! Every letter and digit is drawn anew within its class, separators stay, and check digits are computed or, where only a
//! check is known, hit upon: an identifier's own check decides, a bounded number of times.

use crate::redact::recogniser::{
    iban_checks, luhn, national_checks, salesforce_checksum, vat_check,
};

use super::Choices;

/// Draws for one value; most checks let one number in ten to one in a hundred pass, dates inside numbers fewer.
const TRIES: u32 = 20_000;

/// The letters and digits of `value`, upper case.
pub(super) fn compact(value: &str) -> String {
    let plain = value.chars().filter(char::is_ascii_alphanumeric);
    plain.map(|c| c.to_ascii_uppercase()).collect()
}

/// A card number of the same length whose first four digits, which say what kind of card it is, stay.
pub(super) fn card(value: &str, choices: &mut Choices) -> Option<String> {
    let digits = compact(value);
    let own: Vec<char> = digits.chars().collect();
    if own.len() < 12 || !own.iter().all(char::is_ascii_digit) {
        return None;
    }
    let mut drawn: String = own.iter().take(4).collect();
    drawn.extend((4..own.len() - 1).map(|_| choices.digit()));
    with_check_digit(&drawn, luhn).map(|made| laid_over(value, &made))
}

/// A device's number: the first two digits, which say who registers it, stay.
pub(super) fn imei(value: &str, choices: &mut Choices) -> Option<String> {
    let digits = compact(value);
    if !digits.bytes().all(|b| b.is_ascii_digit()) || digits.len() < 14 {
        return None;
    }
    let mut drawn: String = digits.chars().take(2).collect();
    drawn.extend((2..digits.len() - 1).map(|_| choices.digit()));
    let made = match digits.len() {
        15 => with_check_digit(&drawn, luhn)?,
        _ => {
            drawn.push(choices.digit());
            drawn
        }
    };
    Some(laid_over(value, &made))
}

/// An account of the same country.
pub(super) fn iban(value: &str, choices: &mut Choices) -> Option<String> {
    let own = compact(value);
    let (country, rest) = own.split_at_checked(4)?;
    let account: String = rest.chars().map(|c| choices.like(c)).collect();
    let country = country.get(..2)?;
    let made = (2..=98).map(|check| format!("{country}{check:02}{account}"));
    let made = made.into_iter().find(|made| iban_checks(made))?;
    Some(laid_over(value, &made))
}

/// An identifier that passes what `value` passes.
pub(super) fn national(value: &str, choices: &mut Choices, tries: &mut u32) -> Option<String> {
    let own = compact(value);
    let checks = national_checks(&own);
    let first = *checks.first()?;
    // All of them, or at least the first: a short number may pass other countries' checks by chance.
    let all = |made: &str| checks.iter().all(|check| check(made));
    drawn(&own, choices, tries, 0, all)
        .or_else(|| drawn(&own, choices, tries, 0, first))
        .map(|made| laid_over(value, &made))
}

/// A VAT number of the same country.
pub(super) fn vat(value: &str, choices: &mut Choices, tries: &mut u32) -> Option<String> {
    let mut own = compact(value);
    if own.starts_with("CHE") {
        // What follows the digits is the tax: "CHE-123.456.789 MWST".
        own.truncate(12);
    }
    let (prefix, check) = vat_check(&own)?;
    let passes = |made: &str| made.get(prefix..).is_some_and(check);
    drawn(&own, choices, tries, prefix, passes).map(|made| laid_over(value, &made))
}

/// A record's identifier of the same kind of record.
pub(super) fn salesforce(value: &str, choices: &mut Choices) -> Option<String> {
    let kind = value.get(..3)?;
    let rest = value.get(3..15)?;
    let head: String = kind
        .chars()
        .chain(rest.chars().map(|c| choices.like(c)))
        .collect();
    Some(match value.len() {
        18 => {
            let check = salesforce_checksum(&head);
            head + &check
        }
        15 => head,
        _ => return None,
    })
}

/// What has no check: the same classes of characters in the same places; too few of them name nothing.
pub(super) fn alike(value: &str, choices: &mut Choices) -> Option<String> {
    let n = value.chars().filter(char::is_ascii_alphanumeric).count();
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let plain = value.is_ascii();
    (plain && n >= 6 && digits >= 3).then(|| value.chars().map(|c| choices.like(c)).collect())
}

/// Draws what `passes`, keeping the first `kept` characters.
fn drawn(
    own: &str,
    choices: &mut Choices,
    tries: &mut u32,
    kept: usize,
    passes: impl Fn(&str) -> bool,
) -> Option<String> {
    for _ in 0..TRIES.min(*tries) {
        *tries -= 1;
        let chars = own.chars().enumerate();
        let made: String = chars
            .map(|(at, c)| if at < kept { c } else { choices.like(c) })
            .collect();
        if passes(&made) {
            return Some(made);
        }
    }
    None
}

fn with_check_digit(drawn: &str, passes: impl Fn(&str) -> bool) -> Option<String> {
    let mut all = ('0'..='9').map(|digit| format!("{drawn}{digit}"));
    all.find(|made| passes(made))
}

/// `made` in the groups and the case of `value`, which has as many letters and digits.
pub(super) fn laid_over(value: &str, made: &str) -> String {
    let mut drawn = made.chars();
    let chars = value.chars().map(|c| {
        if !c.is_ascii_alphanumeric() {
            return c;
        }
        let own = drawn.next().unwrap_or(c);
        if c.is_ascii_lowercase() {
            own.to_ascii_lowercase()
        } else {
            own
        }
    });
    chars.collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::pseudonym::PseudonymKey;
    use super::*;
    use crate::types::{Entity, TenantSalt};

    fn choices(value: &str) -> Choices {
        PseudonymKey::new([3; 32]).choices(TenantSalt(1), Entity::Card, value)
    }

    /// Whether two texts have the same classes of characters in the same places.
    fn is_alike(a: &str, b: &str) -> bool {
        let class = |c: char| match c {
            '0'..='9' => '0',
            'A'..='Z' => 'A',
            'a'..='z' => 'a',
            c => c,
        };
        a.chars().map(class).eq(b.chars().map(class))
    }

    #[test]
    fn cards_accounts_and_devices_pass_their_checks() {
        for value in [
            "4111 1111 1111 1111",
            "378282246310005",
            "5555-5555-5555-4444",
        ] {
            let made = card(value, &mut choices(value)).unwrap();
            assert!(luhn(&compact(&made)) && is_alike(value, &made), "{made}");
            assert_ne!(made, value);
        }
        for value in [
            "DE89 3704 0044 0532 0130 00",
            "gb29nwbk60161331926819",
            "NL91ABNA0417164300",
        ] {
            let made = iban(value, &mut choices(value)).unwrap();
            assert!(
                iban_checks(&compact(&made)) && is_alike(value, &made),
                "{made}"
            );
        }
        let made = imei("490154203237518", &mut choices("490154203237518")).unwrap();
        assert!(luhn(&made) && made.starts_with("49"));
    }

    #[test]
    fn identifiers_pass_what_their_values_pass() {
        let mut tries = 1_000_000;
        for value in [
            "536-90-4399",
            "12345678Z",
            "86095742719",
            "44051401359",
            "2 75 08 75 116 001 62",
            "111222333",
            "AB 12 34 56 C",
        ] {
            let Some(made) = national(value, &mut choices(value), &mut tries) else {
                panic!("nothing for {value}");
            };
            let checks = national_checks(&compact(value));
            assert!(checks.iter().any(|check| check(&compact(&made))), "{made}");
            assert!(is_alike(value, &made), "{made} for {value}");
            assert_ne!(made, value);
        }
        let made = vat("DE136695976", &mut choices("v"), &mut tries).unwrap();
        assert!(
            made.starts_with("DE") && vat_check(&made).is_some(),
            "{made}"
        );
        let made = salesforce("001A0000006Vm9rIAC", &mut choices("s")).unwrap();
        assert_eq!(salesforce_checksum(&made[..15]), made[15..]);
        assert!(is_alike(
            "KD-2024-00817",
            &alike("KD-2024-00817", &mut choices("k")).unwrap()
        ));
        assert_eq!(alike("KD-7", &mut choices("k")), None);
    }

    #[test]
    fn draws_are_bounded() {
        let mut tries = 5;
        assert_eq!(
            drawn("123456", &mut choices("x"), &mut tries, 0, |_| false),
            None
        );
        assert_eq!(tries, 0);
    }
}
