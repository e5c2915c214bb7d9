//! A vault that its caller keeps: sealed, so that nobody else can read it, and the node keeps nothing.
//!
//! The token is `bwv1.` and, in base64 (RFC 4648, URL-safe, unpadded), 32 random bytes and a ciphertext of
//! AES-256-GCM. The first 20 random bytes and the node's key make the key of this one token (HMAC-SHA-256), the
//! other 12 are the nonce, so no two tokens share a key and nonce however many are made. Inside are the time
//! until which it is good, the principal that it belongs to, and the values.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::redact::{MAX_RESTORED, Restorer, Vault};
use crate::store::{SecretKey, StoreError, random_bytes};
use crate::types::{Name, Timestamp};

/// What a token starts with; also authenticated.
const PREFIX: &str = "bwv1.";
/// Random bytes that go into the token's key.
const SALT: usize = 20;
/// Longest token that is read, in bytes.
const MAX_TOKEN: usize = 32 << 20;

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was altered, or another node made it.
    #[error("the vault can't be opened: it was altered, or another node made it")]
    Broken,
    /// Its time is over.
    #[error("the vault has expired; mask the text again")]
    Expired,
    /// Another principal's.
    #[error("the vault belongs to another key")]
    NotYours,
    /// What it would put back is more than is put back at a time.
    #[error(
        "the values behind the placeholders have over {} MiB together; restore the texts in several requests",
        MAX_RESTORED >> 20
    )]
    TooMuch,
    /// The system has no randomness to give, or the cipher failed.
    #[error("the vault can't be sealed")]
    Unsealable,
}

/// Seals and opens vaults with a key of the node.
#[derive(Clone, Debug)]
pub struct VaultSeal(SecretKey);

impl VaultSeal {
    /// A seal whose key is derived from the node's.
    pub fn new(node: &SecretKey) -> Self {
        Self(node.derive("vault tokens"))
    }

    /// Seals `vault` for `owner`, good until `until`.
    ///
    /// # Errors
    ///
    /// [`SealError::Unsealable`].
    pub fn seal(&self, vault: &Vault, owner: &Name, until: Timestamp) -> Result<String, SealError> {
        let random = random_bytes().map_err(|_: StoreError| SealError::Unsealable)?;
        let values = vault.carry();
        let name = owner.as_str().as_bytes();
        let mut plain = Zeroizing::new(Vec::with_capacity(values.len() + name.len() + 9));
        plain.extend_from_slice(&until.as_millis().to_be_bytes());
        plain.push(u8::try_from(name.len()).map_err(|_| SealError::Unsealable)?);
        plain.extend_from_slice(name);
        plain.extend_from_slice(&values);
        let (cipher, nonce) = self.cipher(&random).ok_or(SealError::Unsealable)?;
        let payload = Payload {
            msg: &plain,
            aad: PREFIX.as_bytes(),
        };
        let sealed = cipher
            .encrypt(&nonce, payload)
            .map_err(|_| SealError::Unsealable)?;
        let mut bytes = random.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Opens `token` for `caller` at `now`.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn open(&self, token: &str, caller: &Name, now: Timestamp) -> Result<Restorer, SealError> {
        let coded = token.strip_prefix(PREFIX).ok_or(SealError::Broken)?;
        if token.len() > MAX_TOKEN {
            return Err(SealError::Broken);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(coded)
            .map_err(|_| SealError::Broken)?;
        let (random, sealed) = bytes.split_first_chunk::<32>().ok_or(SealError::Broken)?;
        let (cipher, nonce) = self.cipher(random).ok_or(SealError::Broken)?;
        let payload = Payload {
            msg: sealed,
            aad: PREFIX.as_bytes(),
        };
        let plain = cipher.decrypt(&nonce, payload);
        let plain = Zeroizing::new(plain.map_err(|_| SealError::Broken)?);
        let (until, rest) = plain.split_first_chunk::<8>().ok_or(SealError::Broken)?;
        let (len, rest) = rest.split_first().ok_or(SealError::Broken)?;
        let named = rest.split_at_checked(usize::from(*len));
        let (owner, values) = named.ok_or(SealError::Broken)?;
        // Whose it is comes first: a stranger does not learn how old it is.
        if owner != caller.as_str().as_bytes() {
            return Err(SealError::NotYours);
        }
        if i64::from_be_bytes(*until) <= now.as_millis() {
            return Err(SealError::Expired);
        }
        Restorer::carried(values).map_err(|_| SealError::Broken)
    }

    fn cipher(&self, random: &[u8; 32]) -> Option<(Aes256Gcm, Nonce<aes_gcm::aead::consts::U12>)> {
        let (salt, nonce) = random.split_at_checked(SALT)?;
        let key = Zeroizing::new(self.0.mac(&[b"vault", salt]));
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
        let nonce: [u8; 12] = nonce.try_into().ok()?;
        Some((cipher, Nonce::from(nonce)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{Redactor, RedactorOptions};

    const TEXT: &str = "Dear Ms Ada Byron, write to ada@example.com.";

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    /// A token of `TEXT` for `crm`, good until 1000, and the masked text.
    fn sealed(seal: &VaultSeal) -> (String, String) {
        let redactor = Redactor::new(RedactorOptions::default()).unwrap();
        let mut conversation = redactor.conversation();
        let (masked, _) = conversation.mask(TEXT).unwrap();
        let vault = conversation.into_vault();
        (seal.seal(&vault, &name("crm"), at(1_000)).unwrap(), masked)
    }

    fn seal(byte: u8) -> VaultSeal {
        VaultSeal::new(&SecretKey::from_bytes([byte; 32]))
    }

    #[test]
    fn a_token_opens_for_its_owner_within_its_time() {
        let seal = seal(1);
        let (token, masked) = sealed(&seal);
        assert!(!masked.contains("Ada"), "{masked}");
        let mut restorer = seal.open(&token, &name("crm"), at(999)).unwrap();
        assert_eq!(restorer.push(&masked) + &restorer.finish(), TEXT);
        let refused =
            |token: &str, caller: &str, now| seal.open(token, &name(caller), at(now)).unwrap_err();
        assert_eq!(refused(&token, "crm", 1_000), SealError::Expired);
        assert_eq!(refused(&token, "other", 0), SealError::NotYours);
        assert_eq!(refused(&token, "other", 2_000), SealError::NotYours);
        assert_ne!(token, sealed(&seal).0, "two tokens of one vault differ");
    }

    #[test]
    fn a_token_that_was_altered_anywhere_opens_nothing() {
        let own = seal(1);
        let (token, _) = sealed(&own);
        let open = |seal: &VaultSeal, token: &str| seal.open(token, &name("crm"), at(0));
        assert_eq!(open(&seal(2), &token).unwrap_err(), SealError::Broken);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).unwrap();
            assert_eq!(open(&own, &altered).unwrap_err(), SealError::Broken, "{at}");
        }
        for cut in 0..token.len() {
            assert_eq!(open(&own, &token[..cut]).unwrap_err(), SealError::Broken);
        }
    }

    #[test]
    fn a_token_shows_nothing_of_the_values() {
        let (token, _) = sealed(&seal(1));
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(&token[PREFIX.len()..])
            .unwrap();
        for part in ["Ada", "Byron", "example", "PERSON", "crm"] {
            let found = bytes.windows(part.len()).any(|at| at == part.as_bytes());
            assert!(!found, "{part}");
        }
    }
}
