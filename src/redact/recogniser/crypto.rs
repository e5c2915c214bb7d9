//! Addresses of crypto-currencies, proven by their checksums: Base58Check (Bitcoin, Litecoin, Dogecoin,
//! Tron …), Bech32 and Bech32m (BIP 173, BIP 350), and Ethereum with EIP-55.

use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::Recogniser;

/// Longest address: Bech32 has at most 90 characters.
const MAX_LEN: usize = 90;

/// Looks at every block of letters and digits that is as long as an address.
#[derive(Debug)]
pub(super) struct Crypto;

impl Recogniser for Crypto {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        for range in text.blocks() {
            if !(26..=MAX_LEN).contains(&range.len()) || !text.stands_alone(&range) {
                continue;
            }
            let block = text.slice(range.clone());
            if is_base58_check(block) || is_bech32(block) {
                found.push(Candidate::checked(range, Entity::CryptoWallet, 0.97));
            } else if let Some(score) = ethereum(block) {
                found.push(Candidate::checked(range, Entity::CryptoWallet, score));
            }
        }
        Ok(())
    }
}

/// A version byte or two, 20 bytes, and the first four bytes of their double SHA-256.
fn is_base58_check(block: &str) -> bool {
    const ALPHABET: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    if !(26..=36).contains(&block.len()) {
        return false;
    }
    // Big-endian bytes of the number, and one zero byte for each leading 1.
    let mut bytes = [0_u8; 27];
    for c in block.chars() {
        let Some(mut carry) = ALPHABET.find(c) else {
            return false;
        };
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).unwrap_or(0);
            carry >>= 8;
        }
        if carry > 0 {
            return false;
        }
    }
    // Bitcoin's version is one byte, and of some others two.
    [25, 26].into_iter().any(|len| {
        let (padding, payload) = bytes.split_at(bytes.len() - len);
        let (body, sum) = payload.split_at(len - 4);
        padding.iter().all(|b| *b == 0) && Sha256::digest(Sha256::digest(body)).starts_with(sum)
    })
}

fn is_bech32(block: &str) -> bool {
    const ALPHABET: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let lower = block.to_ascii_lowercase();
    if block != lower && block.bytes().any(|b| b.is_ascii_lowercase()) {
        return false;
    }
    let Some((head, data)) = ["bc", "tb", "ltc", "bcrt"].into_iter().find_map(|head| {
        let data = lower.strip_prefix(head)?.strip_prefix('1')?;
        Some((head, data))
    }) else {
        return false;
    };
    let Some(values) = data
        .chars()
        .map(|c| ALPHABET.find(c).and_then(|v| u32::try_from(v).ok()))
        .collect::<Option<Vec<_>>>()
    else {
        return false;
    };
    let head = head.bytes().map(u32::from);
    let all = head
        .clone()
        .map(|b| b >> 5)
        .chain([0])
        .chain(head.map(|b| b & 31))
        .chain(values.iter().copied());
    // 1 is Bech32's constant, the other one Bech32m's.
    values.len() >= 14 && matches!(polymod(all), 1 | 0x2bc8_30a3)
}

/// The checksum of BIP 173.
fn polymod(values: impl Iterator<Item = u32>) -> u32 {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    values.fold(1, |sum, value| {
        let top = sum >> 25;
        let shifted = (sum & 0x01ff_ffff) << 5 ^ value;
        GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| top >> bit & 1 == 1)
            .fold(shifted, |sum, (_, g)| sum ^ g)
    })
}

/// `0x` and 40 hexadecimal digits: certain where the capitals are the checksum of EIP-55.
fn ethereum(block: &str) -> Option<f32> {
    let digits = block
        .strip_prefix("0x")
        .filter(|d| d.len() == 40 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let lower = digits.to_ascii_lowercase();
    let hash = Keccak256::digest(lower.as_bytes());
    let matches = digits.bytes().enumerate().all(|(at, b)| {
        let nibble = hash[at / 2] >> (4 * (1 - at % 2)) & 15;
        !b.is_ascii_alphabetic() || b.is_ascii_uppercase() == (nibble >= 8)
    });
    let one_case = digits == lower || digits == digits.to_ascii_uppercase();
    match (matches, one_case) {
        (true, _) => Some(0.97),
        (false, true) => Some(0.8),
        // A typing error in the capitals.
        (false, false) => Some(0.6),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    // Bitcoin's genesis address, and the examples of BIP 173, BIP 350 and EIP-55.
    #[test]
    fn table() {
        check(
            &Crypto,
            &[
                (
                    "pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa.",
                    &["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"],
                ),
                (
                    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
                    &["3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"],
                ),
                (
                    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
                    &["BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"],
                ),
                (
                    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                    &["bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"],
                ),
                (
                    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                    &["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"],
                ),
                (
                    "0xde709f2102306220921060314715629080e2fb77",
                    &["0xde709f2102306220921060314715629080e2fb77"],
                ),
                ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", &[]),
                ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T5", &[]),
                ("0xde709f2102306220921060314715629080e2fb7", &[]),
                ("de709f2102306220921060314715629080e2fb77", &[]),
                ("bc1short9", &[]),
                ("A1b2C3d4E5f6G7h8J9k1L2m3N4p5Q6r7S8", &[]),
            ],
        );
    }
}
