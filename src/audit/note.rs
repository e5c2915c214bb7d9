//! Checkpoints: tree heads as signed notes (C2SP `tlog-checkpoint` and `signed-note`, Ed25519).
//!
//! ```text
//! bailiwick/de-1              ← origin
//! 42                          ← entries
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=   ← root, base64
//!                             ← empty line
//! — bailiwick/de-1 <base64 of 4 bytes of key hash and 64 of signature>
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::store::SecretKey;
use crate::types::{Digest, Name};

/// Ed25519 in the signed-note format.
const ED25519: u8 = 1;
/// How many lines a checkpoint has: three of text, an empty one, one signature.
pub(super) const LINES: usize = 5;

/// A tree head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TreeHead {
    /// Entries under the root.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
}

/// The key that signs checkpoints, with its name.
#[derive(Debug)]
pub(super) struct Signer {
    key: SigningKey,
    verifier: Verifier,
}

/// The public half: checks checkpoints of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    origin: String,
    key: VerifyingKey,
}

/// Why a note is not a checkpoint of this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not the form of a checkpoint.
    #[error("it does not have the form of a checkpoint")]
    Form,
    /// Another log's origin.
    #[error("it is of another log")]
    Origin,
    /// Not signed by the log's key.
    #[error("its signature is not by the log's key")]
    Signature,
    /// Not the form of a verifier key.
    #[error("it does not have the form of a verifier key")]
    VerifierKey,
}

impl Signer {
    /// The signer of the log of `node`.
    pub(super) fn new(node: &Name, seed: &SecretKey) -> Self {
        let key = SigningKey::from_bytes(seed.expose());
        let verifier = Verifier {
            origin: format!("bailiwick/{node}"),
            key: key.verifying_key(),
        };
        Self { key, verifier }
    }

    pub(super) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Signs `head`.
    pub(super) fn sign(&self, head: &TreeHead) -> String {
        let text = self.verifier.text(head);
        let signature = self.key.sign(text.as_bytes());
        let mut signed = self.verifier.key_hash().to_vec();
        signed.extend(signature.to_bytes());
        format!(
            "{text}\n\u{2014} {} {}\n",
            self.verifier.origin,
            STANDARD.encode(signed)
        )
    }
}

impl Verifier {
    /// Reads a verifier key: `<name>+<key hash>+<key>`, as [`std::fmt::Display`] writes it.
    ///
    /// # Errors
    ///
    /// [`NoteError::VerifierKey`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let sound = || {
            let (origin, rest) = text.split_once('+')?;
            let (hash, key) = rest.split_once('+')?;
            let key = STANDARD.decode(key).ok()?;
            let (algorithm, key) = key.split_first()?;
            if *algorithm != ED25519 {
                return None;
            }
            let verifier = Self {
                origin: origin.to_owned(),
                key: VerifyingKey::from_bytes(key.try_into().ok()?).ok()?,
            };
            (verifier.hash_text() == hash).then_some(verifier)
        };
        sound().ok_or(NoteError::VerifierKey)
    }

    /// The log's origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Checks a signed note and gives the tree head in it.
    ///
    /// # Errors
    ///
    /// [`NoteError`] says what is wrong.
    pub fn check(&self, note: &str) -> Result<TreeHead, NoteError> {
        let lines: Vec<&str> = note.split('\n').collect();
        let &[origin, size, root, "", signature, ""] = lines.as_slice() else {
            return Err(NoteError::Form);
        };
        if origin != self.origin {
            return Err(NoteError::Origin);
        }
        let root: [u8; 32] = STANDARD
            .decode(root)
            .ok()
            .and_then(|root| root.try_into().ok())
            .ok_or(NoteError::Form)?;
        let head = TreeHead {
            size: size.parse().map_err(|_| NoteError::Form)?,
            root: Digest::from_bytes(root),
        };
        let text = self.text(&head);
        // One way to write a number and a root, so no two notes say the same.
        if !note.starts_with(&text) {
            return Err(NoteError::Form);
        }
        let signed = signature
            .strip_prefix("\u{2014} ")
            .and_then(|rest| rest.strip_prefix(self.origin.as_str()))
            .and_then(|rest| rest.strip_prefix(' '))
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .ok_or(NoteError::Form)?;
        let (hash, signature) = signed.split_at_checked(4).ok_or(NoteError::Form)?;
        let signature = Signature::from_slice(signature).map_err(|_| NoteError::Form)?;
        if hash != self.key_hash() {
            return Err(NoteError::Signature);
        }
        self.key
            .verify_strict(text.as_bytes(), &signature)
            .map_err(|_| NoteError::Signature)?;
        Ok(head)
    }

    fn text(&self, head: &TreeHead) -> String {
        let root = STANDARD.encode(head.root.as_bytes());
        format!("{}\n{}\n{root}\n", self.origin, head.size)
    }

    fn key_hash(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.origin.as_bytes());
        hash.update([b'\n', ED25519]);
        hash.update(self.key.as_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn hash_text(&self) -> String {
        let [a, b, c, d] = self.key_hash();
        format!("{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}

/// The verifier key in the signed-note format.
impl std::fmt::Display for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut key = vec![ED25519];
        key.extend(self.key.as_bytes());
        let key = STANDARD.encode(key);
        write!(f, "{}+{}+{key}", self.origin, self.hash_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_notes_read_back_and_every_flipped_bit_is_found() {
        let signer = Signer::new(&"de-1".parse().unwrap(), &SecretKey::from_bytes([3; 32]));
        let head = TreeHead {
            size: 42,
            root: Digest::of(b"root"),
        };
        let note = signer.sign(&head);
        let verifier = Verifier::parse(&signer.verifier().to_string()).unwrap();
        assert_eq!(verifier.check(&note), Ok(head));
        let flipped = |text: &str, check: &dyn Fn(&str) -> bool| {
            for bit in 0..text.len() * 8 {
                let mut bytes = text.as_bytes().to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                // What is not UTF-8 is refused where files are read.
                if let Ok(text) = String::from_utf8(bytes) {
                    assert!(!check(&text), "bit {bit}: {text}");
                }
            }
        };
        flipped(&note, &|text| verifier.check(text).is_ok());
        flipped(&verifier.to_string(), &|text| Verifier::parse(text).is_ok());
    }

    /// The example of golang.org/x/mod/sumdb/note: the key of "PeterNeumann" and its hash.
    #[test]
    fn key_hashes_agree_with_the_reference() {
        let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let verifier = Verifier::parse(key).unwrap();
        assert_eq!(verifier.origin(), "PeterNeumann");
        assert_eq!(verifier.to_string(), key);
    }
}
