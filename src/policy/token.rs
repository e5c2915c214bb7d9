//! The text of an API key: `bwk_<id>_<secret><checksum>`.
//!
//! 12 letters and digits that name the key, 43 that are its secret (62⁴³ > 2²⁵⁶), 6 that check the rest,
//! so that a key cut short or mistyped is told apart from a wrong one, and scanners for leaked secrets
//! find it with certainty.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use crate::store::{StoreError, random_bytes};
use crate::types::{KeyId, Sensitive};

const PREFIX: &str = "bwk_";
const ID: usize = 12;
const SECRET: usize = 43;
const CHECKSUM: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key as it is presented, taken apart.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) id: KeyId,
    pub(super) secret: Sensitive<String>,
}

impl Token {
    /// A fresh random key.
    pub(super) fn random() -> Result<Self, StoreError> {
        let text = random_text(ID + SECRET)?;
        let (id, secret) = text.split_at(ID);
        Ok(Self {
            id: KeyId::parse(id).ok_or(StoreError::Random)?,
            secret: Sensitive::from(secret),
        })
    }

    /// Reads a key; `None` when it doesn't have the form of one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (id, rest) = text.strip_prefix(PREFIX)?.split_at_checked(ID)?;
        let (secret, check) = rest.strip_prefix('_')?.split_at_checked(SECRET)?;
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plain(id) || !plain(secret) || check != checksum(id, secret) {
            return None;
        }
        Some(Self {
            id: KeyId::parse(id)?,
            secret: Sensitive::from(secret),
        })
    }

    /// The key as its holder gets it, once.
    pub(super) fn text(&self) -> Sensitive<String> {
        let (id, secret) = (self.id.as_str(), self.secret.expose());
        Sensitive::new(format!("{PREFIX}{id}_{secret}{}", checksum(id, secret)))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// `len` characters, each drawn evenly from the alphabet.
fn random_text(len: usize) -> Result<String, StoreError> {
    let mut text = String::with_capacity(len);
    while text.len() < len {
        let mut bytes = random_bytes()?;
        // 248 is the largest multiple of 62 that a byte reaches; what is above would favour some.
        let even = bytes.iter().filter(|byte| **byte < 248);
        let drawn = even.filter_map(|byte| ALPHABET.get(usize::from(byte % 62)));
        text.extend(drawn.take(len - text.len()).map(|byte| char::from(*byte)));
        bytes.zeroize();
    }
    Ok(text)
}

fn checksum(id: &str, secret: &str) -> String {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(b"bailiwick key checksum ")
        .chain_update(id)
        .chain_update(secret)
        .finalize()
        .into();
    let mut rest = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    let mut text = String::with_capacity(CHECKSUM);
    for _ in 0..CHECKSUM {
        let digit = usize::try_from(rest % 62).unwrap_or(0);
        text.extend(ALPHABET.get(digit).map(|byte| char::from(*byte)));
        rest /= 62;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_mistyped_ones_do_not() {
        let token = Token::random().unwrap();
        let text = token.text().into_exposed();
        assert_eq!(text.len(), 4 + ID + 1 + SECRET + CHECKSUM);
        let read = Token::parse(&text).unwrap();
        assert_eq!((&read.id, &read.secret), (&token.id, &token.secret));
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            assert!(Token::parse(&String::from_utf8(other).unwrap()).is_none());
            assert!(Token::parse(&text[..at]).is_none());
        }
        assert!(Token::parse(&format!("{text}0")).is_none());
        assert!(Token::parse("bwk_é").is_none());
        assert!(!format!("{token:?}").contains(token.secret.expose().as_str()));
    }

    #[test]
    fn every_character_is_drawn() {
        let text = random_text(20_000).unwrap();
        assert!(ALPHABET.iter().all(|byte| text.contains(char::from(*byte))));
    }
}
