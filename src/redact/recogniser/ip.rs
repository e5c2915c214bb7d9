//! IP addresses, version 4 and 6; not version numbers, dates or times.

use std::net::Ipv6Addr;

use crate::types::Entity;

use super::super::context::{Nearby, Words};
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::Recogniser;

/// Words in front of four numbers with dots that make them a version.
static VERSION: Words = Words::new(&[
    "version",
    "versión",
    "versione",
    "versie",
    "v",
    "ver",
    "firmware",
    "build",
    "release",
    "rev",
    "revision",
    "update",
    "section",
    "chapter",
    "kapitel",
    "abschnitt",
    "oid",
    "software",
    "driver",
    "treiber",
]);

/// Reads dotted quads from the runs, and version 6 from around colons.
#[derive(Debug)]
pub(super) struct Ip;

impl Recogniser for Ip {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        for run in text.runs() {
            for (at, four) in run.groups.windows(4).enumerate() {
                let Some(range) = run.span(at, at + 4) else {
                    continue;
                };
                let quad = text.slice(range.clone());
                let octets = four.iter().all(|g| {
                    let digits = text.slice(g.range.clone());
                    digits.len() <= 3
                        && digits.parse::<u8>().is_ok()
                        && (digits.len() == 1 || !digits.starts_with('0'))
                });
                let sound = octets && quad.bytes().all(|b| b.is_ascii_digit() || b == b'.');
                if !sound
                    || continues(text, &range)
                    || quad.bytes().filter(|b| *b == b'.').count() != 3
                {
                    continue;
                }
                if !Nearby::of(text.str, range.start, range.end).any(&VERSION) {
                    found.push(Candidate::checked(range, Entity::IpAddress, 0.85));
                }
            }
        }
        if text.has_colon {
            version_6(text, found);
        }
        Ok(())
    }
}

/// Whether the quad is a part of a longer dotted number.
fn continues(text: &Text<'_>, range: &std::ops::Range<usize>) -> bool {
    let digit_after = |at: usize| text.char_at(at).is_some_and(|c| c.is_ascii_digit());
    text.char_at(range.end) == Some('.') && digit_after(range.end + 1)
        || text.char_before(range.start) == Some('.')
}

fn version_6(text: &Text<'_>, found: &mut Vec<Candidate>) {
    let bytes = text.str.as_bytes();
    let belongs = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
    let mut at = 0;
    while let Some(colon) = text.str[at..].find(':').map(|p| p + at) {
        // At most four digits stand in front of the first colon, so this never walks far back.
        let back = bytes[at..colon]
            .iter()
            .rev()
            .take(5)
            .take_while(|b| b.is_ascii_hexdigit())
            .count();
        let start = colon - back;
        let end = colon + bytes[colon..].iter().take_while(|b| belongs(b)).count();
        at = end;
        let address = text.slice(start..end).trim_end_matches('.');
        let address = match address.strip_suffix(':') {
            Some(cut) if !cut.ends_with(':') => cut,
            _ => address,
        };
        let range = start..start + address.len();
        let long = address.bytes().filter(|b| *b == b':').count() >= 2 && address.len() > 3;
        let digits = address.bytes().any(|b| b.is_ascii_digit());
        let alone = !text.char_before(start).is_some_and(is_word)
            && !text.char_at(range.end).is_some_and(is_word);
        if long && digits && alone && address.parse::<Ipv6Addr>().is_ok() {
            found.push(Candidate::checked(range, Entity::IpAddress, 0.9));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Ip,
            &[
                ("from 192.168.1.10, then", &["192.168.1.10"]),
                ("203.0.113.7:8080", &["203.0.113.7"]),
                ("10.0.0.0/8", &["10.0.0.0"]),
                ("ends with 8.8.8.8.", &["8.8.8.8"]),
                (
                    "2001:db8::1 and 2001:0db8:85a3:0000:0000:8a2e:0370:7334",
                    &["2001:db8::1", "2001:0db8:85a3:0000:0000:8a2e:0370:7334"],
                ),
                (
                    "[fe80::1ff:fe23:4567:890a]:443",
                    &["fe80::1ff:fe23:4567:890a"],
                ),
                ("::ffff:192.0.2.128", &["::ffff:192.0.2.128"]),
                ("IP: 2001:db8::1.", &["2001:db8::1"]),
                ("version 1.2.3.4", &[]),
                ("Firmware v10.0.19.1", &[]),
                ("Windows 10.0.19041.1", &[]),
                ("256.1.1.1", &[]),
                ("1.2.3.4.5", &[]),
                ("01.02.03.04", &[]),
                ("at 12:30:45 today", &[]),
                ("a::b std::fmt", &[]),
                ("12:30", &[]),
                ("20.11.2026", &[]),
            ],
        );
    }
}
