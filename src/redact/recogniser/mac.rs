//! MAC addresses (IEEE 802, EUI-48): six pairs of hexadecimal digits, or Cisco's three blocks of four.

use memchr::memchr3_iter;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::Recogniser;
use super::hints::{Hinted, Hints, Topic};
use super::labelled::value_at;

/// Looks around every separator that a hexadecimal digit precedes.
#[derive(Debug)]
pub(super) struct Mac;

impl Recogniser for Mac {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        let bytes = text.str.as_bytes();
        let mut next = 0;
        for at in memchr3_iter(b':', b'-', b'.', bytes) {
            if at < next {
                continue;
            }
            let separator = bytes[at];
            let (block, len) = if separator == b'.' { (4, 14) } else { (2, 17) };
            let Some(start) = at.checked_sub(block) else {
                continue;
            };
            let Some(window) = bytes.get(start..start + len) else {
                continue;
            };
            let sound = window.iter().enumerate().all(|(at, b)| {
                if at % (block + 1) == block {
                    *b == separator
                } else {
                    b.is_ascii_hexdigit()
                }
            });
            // Digits alone are as likely a time, a date or an order number.
            let letters = window.iter().any(u8::is_ascii_alphabetic);
            let range = start..start + len;
            let goes_on = |c: char| is_word(c) || c == char::from(separator) && separator != b'.';
            if sound
                && letters
                && !text.char_before(start).is_some_and(goes_on)
                && !text.char_at(range.end).is_some_and(goes_on)
            {
                next = range.end;
                found.push(Candidate::checked(range, Entity::MacAddress, 0.95));
            }
        }
        Ok(())
    }
}

/// Words for a MAC address.
pub(super) const WORDS: &[&str] = &[
    "mac",
    "macs",
    "mac address",
    "mac-adresse",
    "macaddress",
    "mac_address",
    "macaddr",
    "bssid",
    "hwaddr",
    "ether",
    "wlan0",
    "eth0",
    "physical address",
    "physische adresse",
    "adresse physique",
    "indirizzo mac",
    "adres mac",
];

/// Looks behind its words: there the twelve digits may stand in any blocks, or in one, without a letter among them.
#[derive(Debug)]
pub(super) struct Labelled;

impl Hinted for Labelled {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        for hint in hints.of_topic(Topic::Mac) {
            let value = value_at(text.str, hint.range.end);
            let range = value.and_then(|value| twelve_digits(text, value.start));
            found.extend(range.map(|range| Candidate::pattern(range, Entity::MacAddress, 0.85)));
        }
        Ok(())
    }
}

/// The twelve hexadecimal digits at `start`, with single separators between blocks of two, four or six.
fn twelve_digits(text: &Text<'_>, start: usize) -> Option<std::ops::Range<usize>> {
    let (mut digits, mut block, mut end) = (0, 0, start);
    for b in text.str.get(start..)?.bytes() {
        match b {
            b if b.is_ascii_hexdigit() && digits < 12 => (digits, block) = (digits + 1, block + 1),
            b':' | b'-' | b'.' | b' ' if digits < 12 && matches!(block, 2 | 4 | 6) => block = 0,
            _ => break,
        }
        end += 1;
    }
    let range = start..end;
    let numeric = text
        .slice(range.clone())
        .bytes()
        .any(|b| b.is_ascii_digit());
    (digits == 12 && matches!(block, 2 | 4 | 6 | 12) && numeric && text.stands_alone(&range))
        .then_some(range)
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Mac,
            &[
                ("MAC 00:1B:44:11:3A:B7.", &["00:1B:44:11:3A:B7"]),
                ("00-1b-44-11-3a-b7", &["00-1b-44-11-3a-b7"]),
                ("001b.4411.3ab7", &["001b.4411.3ab7"]),
                ("(3c:22:fb:aa:bb:cc), ok", &["3c:22:fb:aa:bb:cc"]),
                ("12:30:45", &[]),
                ("12:30:45:10:20:30", &[]),
                ("00:1B:44:11:3A", &[]),
                ("00:1B:44:11:3A:B7:C8", &[]),
                ("00:1B-44:11:3A:B7", &[]),
                ("part ab-cd-ef-gh-ij-kl", &[]),
                ("24-11-20-10-30-45", &[]),
            ],
        );
    }
    #[test]
    fn behind_words() {
        check(
            &Labelled,
            &[
                ("device mac f5974e5566c8 host", &["f5974e5566c8"]),
                ("Central con MAC 5BBD1EDB4FE2, IP", &["5BBD1EDB4FE2"]),
                ("MAC-Adresse: 00 1B 44 11 3A B7", &["00 1B 44 11 3A B7"]),
                ("BSSID=001b44-113ab7", &["001b44-113ab7"]),
                ("MAC 24-11-20-10-30-45.", &["24-11-20-10-30-45"]),
                ("mac 0A10-B3F1-CB97", &["0A10-B3F1-CB97"]),
                ("Mac mini 2024", &[]),
                ("Mac 5BBD1EDB4FE", &[]),
                ("mac 5BBD1EDB4FE21", &[]),
                ("mac deadbeefcafe", &[]),
                ("Mac, 12 Stück", &[]),
            ],
        );
    }
}
