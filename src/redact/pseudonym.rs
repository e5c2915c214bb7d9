//! Numbers under a key of the node: what hashes and surrogates are chosen by.
//!
//! The key is the node's, and the caller's salt goes in with each value: the same value has the same pseudonym in all
//! requests of one caller, and those of two callers or two nodes can't be compared. Who has no key can neither find the
//! value of a pseudonym by trying values nor tell whether two nodes mean the same person.

use std::fmt;
use std::ops::Range;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::types::{Entity, TenantSalt};

/// Letters of a pseudonym: no vowels, so they make no words, and no digits, so nothing takes them for a number.
const LETTERS: &[u8; 20] = b"bcdfghjklmnpqrstvwxz";
/// How many: 20^10 is over 10^13, so that among the 10^5 values that a request may hold two alike are one in 2,000 such
/// requests.
const LENGTH: usize = 10;

/// Letters of the check: one text in 8,000 that looks like a pseudonym passes it.
const CHECK: usize = 3;

/// The first letters that `digest` makes.
fn letters(digest: &[u8], n: usize) -> String {
    let bytes = digest.iter().take(n);
    let letters = bytes.filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
    letters.copied().map(char::from).collect()
}

/// The key of pseudonyms. Shows nothing.
#[derive(Clone, Default)]
pub struct PseudonymKey(Zeroizing<[u8; 32]>);

impl PseudonymKey {
    /// From 32 secret bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// 32 bytes that only this key makes of this value of this caller.
    fn digest(&self, salt: TenantSalt, purpose: &str, entity: Entity, value: &str) -> [u8; 32] {
        // HMAC takes keys of every length; the default can't be reached.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.0) else {
            return [0; 32];
        };
        for part in [
            &salt.0.to_be_bytes()[..],
            purpose.as_bytes(),
            entity.label().as_bytes(),
            value.as_bytes(),
        ] {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The pseudonym of a value: `PERSON-kdwrtmbqxhzf`. Its last letters are a check of the others under the key, so
    /// that one that comes back in a later text is told from what only looks like one.
    pub(super) fn pseudonym(&self, salt: TenantSalt, entity: Entity, value: &str) -> String {
        let head = letters(&self.digest(salt, "hash", entity, value), LENGTH);
        let check = self.check(salt, entity, &head);
        format!("{}-{head}{check}", entity.label())
    }

    fn check(&self, salt: TenantSalt, entity: Entity, head: &str) -> String {
        letters(&self.digest(salt, "check", entity, head), CHECK)
    }

    /// Where in `text` pseudonyms of this caller stand, in order.
    pub(super) fn find(&self, salt: TenantSalt, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for (at, _) in text.match_indices('-') {
            let end = at + 1 + LENGTH + CHECK;
            let own = text.get(at + 1..end);
            let head = text.get(..at).unwrap_or("");
            let label = head.rfind(|c: char| !(c.is_ascii_uppercase() || c == '_'));
            let start = label.map_or(0, |last| {
                last + head[last..].chars().next().map_or(0, char::len_utf8)
            });
            let entity = head.get(start..).and_then(|label| label.parse().ok());
            if let (Some(own), Some(entity)) = (own, entity)
                && own.bytes().all(|b| LETTERS.contains(&b))
                && own.get(LENGTH..) == Some(&self.check(salt, entity, &own[..LENGTH]))
            {
                found.push(start..end);
            }
        }
        found
    }

    /// A row of numbers of a value's own.
    pub(super) fn choices(&self, salt: TenantSalt, entity: Entity, value: &str) -> Choices {
        let digest = self.digest(salt, "surrogate", entity, value);
        let seed = digest
            .first_chunk()
            .map_or(0, |own| u64::from_be_bytes(*own));
        Choices(seed)
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Numbers in a fixed order (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Choices(u64);

impl Choices {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where `n` is 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % n).unwrap_or(0)
    }

    /// One of `list`.
    pub(super) fn of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        list.get(self.below(list.len())).copied()
    }

    /// A digit.
    pub(super) fn digit(&mut self) -> char {
        self.of(b"0123456789").map_or('0', char::from)
    }

    /// A character of the same class as `c`.
    pub(super) fn like(&mut self, c: char) -> char {
        let list: &[u8] = match c {
            '0'..='9' => b"0123456789",
            'A'..='Z' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            'a'..='z' => b"abcdefghijklmnopqrstuvwxyz",
            c => return c,
        };
        self.of(list).map_or(c, char::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_the_callers_and_the_nodes_own() {
        let (own, other) = (PseudonymKey::new([1; 32]), PseudonymKey::new([2; 32]));
        let of = |key: &PseudonymKey, salt, value: &str| {
            key.pseudonym(TenantSalt(salt), Entity::Person, value)
        };
        let first = of(&own, 1, "ada byron");
        assert_eq!(first, of(&own, 1, "ada byron"));
        for changed in [
            of(&own, 1, "ada lovelace"),
            of(&own, 2, "ada byron"),
            of(&other, 1, "ada byron"),
        ] {
            assert_ne!(first, changed);
        }
        let letters = first.strip_prefix("PERSON-").unwrap();
        assert_eq!(letters.len(), LENGTH + CHECK);
        assert!(letters.bytes().all(|b| LETTERS.contains(&b)), "{letters}");
        let text = format!("Dear {first}, [{first}] and PERSON-bcdfghjklmnpq");
        let again = own.find(TenantSalt(1), &text);
        assert_eq!(again.len(), 2, "{text}");
        assert!(again.iter().all(|range| text[range.clone()] == first));
        assert!(own.find(TenantSalt(2), &text).is_empty());
    }

    #[test]
    fn choices_keep_classes_and_repeat() {
        let key = PseudonymKey::new([1; 32]);
        let choices = || key.choices(TenantSalt(0), Entity::Card, "4111");
        let (mut a, mut b) = (choices(), choices());
        for c in "aZ9-".chars() {
            let own = a.like(c);
            assert_eq!(own, b.like(c));
            assert_eq!(own.is_ascii_digit(), c.is_ascii_digit());
            assert_eq!(own.is_ascii_uppercase(), c.is_ascii_uppercase());
        }
        assert_eq!(a.below(0), 0);
    }
}
