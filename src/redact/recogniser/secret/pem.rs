//! Private keys in PEM (RFC 7468), from their first line to their last.

use crate::types::Entity;

use super::super::super::span::Candidate;
use super::super::super::text::Text;
use super::super::hints::{Hints, Topic};

/// What such a block begins with.
pub(super) const WORDS: &[&str] = &["-----BEGIN ~", "---- BEGIN SSH2 ~", "PuTTY-User-Key-File-~"];

/// Longest block: an RSA key of 16,384 bits has 12 KiB.
const MAX_LEN: usize = 16 * 1024;

/// Adds the private keys of `text`. A block that does not end takes all that could belong to it.
pub(super) fn find(text: &Text<'_>, hints: &Hints, found: &mut Vec<Candidate>) {
    let mut next = 0;
    for hint in hints.of_topic(Topic::Pem) {
        let start = hint.range.start;
        let to =
            super::super::super::context::floor(text.str, (start + MAX_LEN).min(text.str.len()));
        let block = text.slice(start..to);
        let head = block.get(..64.min(block.len())).unwrap_or(block);
        let private = head.contains("PRIVATE KEY")
            || head.starts_with("PuTTY")
            || head.contains("ENCRYPTED PRIVATE");
        if start < next || !private {
            continue;
        }
        let end = block
            .find("-----END ")
            .or_else(|| block.find("---- END "))
            .and_then(|at| {
                let rest = &block[at + 9..];
                let close = rest.find("----")?;
                let dashes = rest[close..].bytes().take_while(|b| *b == b'-').count();
                Some(at + 9 + close + dashes)
            })
            .unwrap_or_else(|| unfinished(block));
        next = start + end;
        found.push(Candidate::checked(start..next, Entity::Secret, 0.99));
    }
}

/// Where a block without its last line ends: at the first line that is no Base64 and no header of it.
fn unfinished(block: &str) -> usize {
    let mut end = 0;
    for (number, line) in block.split_inclusive('\n').enumerate() {
        let text = line.trim_end();
        let belongs = number == 0
            || text.contains(": ")
            || text.is_empty()
            || text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
        if !belongs {
            break;
        }
        end += line.len();
    }
    block[..end].trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;
    use super::super::Secret;

    #[test]
    fn table() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234\nabcd+/==\n-----END RSA PRIVATE KEY-----";
        let cut = "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234";
        check(
            &Secret,
            &[
                (&format!("here:\n{key}\nthanks"), &[key]),
                (&format!("{cut}\n\nThank you for it."), &[cut]),
                (&key.replace('\n', "\\n"), &[&key.replace('\n', "\\n")]),
                (
                    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
                    &[],
                ),
                ("-----BEGIN of the message", &[]),
            ],
        );
    }
}
