//! Addresses, places, firms, mailboxes and machines that there are none of.

use crate::redact::fold::fold;
use crate::redact::words::is_legal_form;

use super::Choices;
use super::names::{Culture, FIRMS, Names, list};

fn one_of(names: &'static str, choices: &mut Choices) -> Option<&'static str> {
    let at = choices.below(list(names).count());
    list(names).nth(at)
}

/// A street of the culture with a number, and postcode and city where the value has them.
pub(super) fn address(value: &str, culture: Culture, choices: &mut Choices) -> Option<String> {
    let Names {
        streets, cities, ..
    } = culture.names();
    let street = one_of(streets, choices)?;
    let number = 11 + choices.below(180);
    let first = matches!(culture, Culture::English | Culture::French);
    let line = if first {
        format!("{number} {street}")
    } else {
        format!("{street} {number}")
    };
    let (at, joint) = match value.find(['\n', ',']) {
        Some(at) if value[at..].starts_with('\n') => (at, "\n"),
        Some(at) => (at, ", "),
        None => return Some(line),
    };
    let city = one_of(cities, choices)?;
    let rest = value.get(at..)?;
    // The postcode: the last run of four or more digits, or none.
    let code = rest
        .split(|c: char| !c.is_ascii_digit())
        .rfind(|digits| digits.len() >= 4)
        .map(|digits| digits.chars().map(|c| choices.like(c)).collect::<String>());
    Some(match code {
        Some(code) if culture == Culture::English => format!("{line}{joint}{city} {code}"),
        Some(code) => format!("{line}{joint}{code} {city}"),
        None => format!("{line}{joint}{city}"),
    })
}

/// A city of the culture; a postcode of the same form.
pub(super) fn location(value: &str, culture: Culture, choices: &mut Choices) -> Option<String> {
    if value.chars().any(|c| c.is_ascii_digit()) {
        let long = value.chars().filter(char::is_ascii_alphanumeric).count() >= 5;
        return long.then(|| value.chars().map(|c| choices.like(c)).collect());
    }
    one_of(culture.names().cities, choices).map(str::to_owned)
}

/// A firm with the value's legal form.
pub(super) fn firm(value: &str, choices: &mut Choices) -> Option<String> {
    let is_form = |word: &&str| is_legal_form(&fold(word).replace('.', ""));
    let words: Vec<&str> = value.split_whitespace().collect();
    let forms: Vec<&str> = words
        .iter()
        .rev()
        .copied()
        .take_while(|word| is_form(word))
        .collect();
    let mut made = one_of(FIRMS, choices)?.to_owned();
    for form in forms.into_iter().rev() {
        made.push(' ');
        made.push_str(form);
    }
    Some(made)
}

/// A mailbox under a domain that is kept for examples (RFC 2606).
pub(super) fn email(choices: &mut Choices) -> Option<String> {
    const BOXES: &[&str] = &[
        "kontakt", "mailbox", "inbox", "correo", "courrier", "postbus", "privat", "casella",
        "skrzynka", "correio",
    ];
    let domain = choices.of(&["example.com", "example.net", "example.org"])?;
    let own = choices.of(BOXES)?;
    Some(format!("{own}.{}@{domain}", 1_000 + choices.below(99_000)))
}

/// A page under a domain that is kept for examples.
pub(super) fn url(value: &str, choices: &mut Choices) -> Option<String> {
    let scheme = value.split_once("://").map_or("", |(scheme, _)| scheme);
    let path = 100_000 + choices.below(900_000);
    Some(match scheme {
        "" => format!("www.example.com/{path}"),
        scheme => format!("{scheme}://www.example.com/{path}"),
    })
}

/// An address of the networks that are kept for documentation (RFC 5737, RFC 3849).
pub(super) fn ip(value: &str, choices: &mut Choices) -> Option<String> {
    if value.contains(':') {
        let mut block = || choices.below(0x1_0000);
        return Some(format!(
            "2001:db8:{:x}:{:x}::{:x}",
            block(),
            block(),
            block()
        ));
    }
    let net = choices.of(&["192.0.2", "198.51.100", "203.0.113"])?;
    Some(format!("{net}.{}", 1 + choices.below(254)))
}

/// A locally administered address in the written form.
pub(super) fn mac(value: &str, choices: &mut Choices) -> Option<String> {
    let mut at = 0;
    let drawn = value.chars().map(|c| {
        if !c.is_ascii_hexdigit() {
            return c;
        }
        at += 1;
        let hex: &[u8] = match (at, c.is_ascii_uppercase()) {
            (1, _) => b"0",
            (2, _) => b"2",
            (_, true) => b"0123456789ABCDEF",
            (_, false) => b"0123456789abcdef",
        };
        choices.of(hex).map_or(c, char::from)
    });
    Some(drawn.collect())
}

#[cfg(test)]
mod tests {
    use super::super::super::pseudonym::PseudonymKey;
    use super::*;
    use crate::types::{Entity, TenantSalt};

    #[test]
    fn what_is_made_has_the_form_of_its_value() {
        let key = PseudonymKey::new([3; 32]);
        let mut choices = key.choices(TenantSalt(1), Entity::Address, "x");
        let own = &mut choices;
        let made = address("Friedrichstraße 12a\n10117 Berlin", Culture::German, own).unwrap();
        let (street, city) = made.split_once('\n').unwrap();
        assert!(street.ends_with(|c: char| c.is_ascii_digit()), "{street}");
        assert!(city[..5].bytes().all(|b| b.is_ascii_digit()), "{city}");
        let made = address("12 High Street, Leeds LS1 4AP", Culture::English, own).unwrap();
        assert!(
            made.starts_with(|c: char| c.is_ascii_digit()) && made.contains(", "),
            "{made}"
        );
        assert!(
            !address("Lindenweg 4", Culture::German, own)
                .unwrap()
                .contains(',')
        );
        assert!(firm("Acme Widgets GmbH", own).unwrap().ends_with(" GmbH"));
        assert!(email(own).unwrap().contains("@example."));
        assert!(
            url("https://x.de/a?b", own)
                .unwrap()
                .starts_with("https://www.example.com/")
        );
        assert!(
            ip("10.0.0.1", own)
                .unwrap()
                .parse::<std::net::Ipv4Addr>()
                .is_ok()
        );
        assert!(
            ip("fe80::1", own)
                .unwrap()
                .parse::<std::net::Ipv6Addr>()
                .is_ok()
        );
        assert!(mac("00-1A-2B-3C-4D-5E", own).unwrap().starts_with("02-"));
        assert!(location("Essen", Culture::German, own).is_some());
        assert_eq!(location("1012", Culture::Dutch, own), None);
    }
}
