//! Asterisks in place of a value, and what is left of it.
//!
//! Left are only the few characters by which people tell their cards, accounts and numbers apart; everything else
//! becomes asterisks, in the value's own groups where their lengths are the same for everybody and otherwise in one of
//! three lengths (4, 8, 12), so that a mask says little of how long the value was.

use crate::types::Entity;

/// Longest mask of one group.
const LONG: usize = 12;

/// The mask of `value`.
pub(super) fn mask(entity: Entity, value: &str) -> String {
    match entity {
        // The last four, as receipts show them.
        Entity::Card => keep(value, 0, 4),
        // Country and the last four.
        Entity::Iban => keep(value, 2, 4),
        // The last two, as banks show a phone that a code was sent to.
        Entity::Phone => keep(value, 0, 2),
        Entity::Email => email(value),
        // Initials.
        Entity::Person => initials(value),
        // The year.
        Entity::DateOfBirth => year(value),
        Entity::Bic
        | Entity::DrivingLicence
        | Entity::Identifier
        | Entity::Imei
        | Entity::LicencePlate
        | Entity::NationalId
        | Entity::Passport
        | Entity::SalesforceId
        | Entity::VatNumber => keep(value, 0, 2),
        Entity::Address
        | Entity::Age
        | Entity::Coordinates
        | Entity::CryptoWallet
        | Entity::DateTime
        | Entity::IpAddress
        | Entity::Location
        | Entity::MacAddress
        | Entity::Nationality
        | Entity::Organisation
        | Entity::Secret
        | Entity::Title
        | Entity::Url => stars(value.chars().count()),
    }
}

/// Asterisks in one of three lengths.
fn stars(chars: usize) -> String {
    "*".repeat(match chars {
        0..=4 => 4,
        5..=8 => 8,
        _ => LONG,
    })
}

/// The first `head` and the last `tail` letters and digits, of values that have at least twice as many and two more.
fn keep(value: &str, head: usize, tail: usize) -> String {
    let n = value.chars().filter(|c| c.is_alphanumeric()).count();
    if n < 2 * (head + tail) + 2 {
        return stars(n);
    }
    let mut at = 0;
    let hidden = value.chars().map(|c| {
        if !c.is_alphanumeric() {
            return c;
        }
        at += 1;
        match at <= head || at > n - tail {
            true => c,
            false => '*',
        }
    });
    hidden.collect()
}

/// "a****@****.com"
fn email(value: &str) -> String {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return stars(value.chars().count());
    };
    let first: String = local.chars().take(1).collect();
    let ending = domain.rsplit('.').next().unwrap_or("");
    format!("{first}****@****.{ending}")
}

/// "A**** B****"
fn initials(value: &str) -> String {
    let words: Vec<String> = value
        .split_whitespace()
        .map(|word| {
            let first: String = word.chars().take(1).collect();
            first + "****"
        })
        .collect();
    words.join(" ")
}

/// "**.**.1980"; all of it where the year has two digits.
fn year(value: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    let group = value
        .split(|c: char| !is_digit(c))
        .find(|group| group.len() == 4);
    let Some(at) = group.and_then(|group| value.find(group)) else {
        return stars(value.chars().count());
    };
    let hidden = value.char_indices().map(|(place, c)| {
        let kept = (at..at + 4).contains(&place) || !c.is_alphanumeric();
        if kept { c } else { '*' }
    });
    hidden.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (entity, value, masked) in [
            (Entity::Card, "4111 1111 1111 1111", "**** **** **** 1111"),
            (Entity::Card, "4111", "****"),
            (
                Entity::Iban,
                "DE89 3704 0044 0532 0130 00",
                "DE** **** **** **** **30 00",
            ),
            (Entity::Phone, "+49 30 1234567", "+** ** *****67"),
            (Entity::Phone, "4567", "****"),
            (Entity::Email, "ada.byron@example.com", "a****@****.com"),
            (Entity::Person, "Ada King Byron", "A**** K**** B****"),
            (Entity::DateOfBirth, "12.03.1980", "**.**.1980"),
            (Entity::DateOfBirth, "12 March 1980", "** ***** 1980"),
            (Entity::DateOfBirth, "12.03.80", "********"),
            (Entity::NationalId, "536-90-4399", "***-**-**99"),
            (Entity::Identifier, "KD-7", "****"),
            (Entity::Secret, "x", "****"),
            (Entity::Secret, "a long passphrase", "************"),
            (Entity::Age, "42", "****"),
            (Entity::Address, "Main St 5", "************"),
        ] {
            assert_eq!(mask(entity, value), masked, "{value}");
        }
    }
}
