//! MAC addresses (IEEE 802, EUI-48): six pairs of hexadecimal digits, or Cisco's three blocks of four.

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::Recogniser;

/// Looks around every separator that a hexadecimal digit precedes.
#[derive(Debug)]
pub(super) struct Mac;

impl Recogniser for Mac {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        let bytes = text.str.as_bytes();
        let mut at = 2;
        while at + 2 < bytes.len() {
            let (block, len) = match bytes[at] {
                b':' | b'-' => (2, 17),
                b'.' => (4, 14),
                _ => {
                    at += 1;
                    continue;
                }
            };
            let separator = bytes[at];
            let Some(start) = at.checked_sub(block) else {
                at += 1;
                continue;
            };
            at += 1;
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
                at = range.end;
                found.push(Candidate::checked(range, Entity::MacAddress, 0.95));
            }
        }
        Ok(())
    }
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
}
