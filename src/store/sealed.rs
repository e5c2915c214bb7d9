//! Rows that only their owner's requests can read: AES-256-GCM under a key of their own.
//!
//! The key of a row is derived from the node's `sealed-root` secret, the table, the owner and the row's
//! identifier, so a row that is moved to another owner or identifier opens for nobody; the same three are
//! the associated data. Each sealing has a fresh random nonce of 96 bits, and a row is sealed a few times
//! in its life, far from where random nonces begin to collide (NIST SP 800-38D, section 8.3).

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use rand::TryRng as _;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use super::{SecretKey, StoreError};

/// The first byte of every sealed row; another layout gets another number.
const LAYOUT: u8 = 1;
/// Bytes of a nonce.
const NONCE: usize = 12;
/// What sealing adds to a text: the layout, the nonce, the tag.
pub const SEAL_OVERHEAD: usize = 1 + NONCE + 16;

/// Where a sealed row belongs.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// Whose it is.
    pub owner: &'a str,
    /// Its identifier.
    pub id: &'a str,
}

impl Place<'_> {
    fn parts(&self) -> [&[u8]; 4] {
        [
            b"bailiwick sealed row",
            self.table.as_bytes(),
            self.owner.as_bytes(),
            self.id.as_bytes(),
        ]
    }

    /// The parts, each behind its length, so that no two places read the same.
    fn associated_data(&self) -> Vec<u8> {
        let mut data = vec![LAYOUT];
        for part in self.parts() {
            data.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            data.extend(part);
        }
        data
    }

    fn cipher(&self, root: &SecretKey) -> Result<Aes256Gcm, StoreError> {
        let key = Zeroizing::new(root.mac(&self.parts()));
        Aes256Gcm::new_from_slice(&*key).map_err(|_| StoreError::Seal)
    }
}

/// Seals `plain` for its place.
///
/// # Errors
///
/// [`StoreError::Random`]; [`StoreError::Seal`] for texts that AES-GCM can't take (64 GiB).
pub fn seal(root: &SecretKey, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut nonce = [0; NONCE];
    SysRng
        .try_fill_bytes(&mut nonce)
        .map_err(|_| StoreError::Random)?;
    let payload = Payload {
        msg: plain,
        aad: &place.associated_data(),
    };
    let sealed = place
        .cipher(root)?
        .encrypt(&Nonce::from(nonce), payload)
        .map_err(|_| StoreError::Seal)?;
    let mut row = Vec::with_capacity(1 + NONCE + sealed.len());
    row.push(LAYOUT);
    row.extend(nonce);
    row.extend(sealed);
    Ok(row)
}

/// Opens what [`seal`] made for the same place.
///
/// # Errors
///
/// [`StoreError::Seal`]: another key, another place, or a changed byte; which, nobody can tell.
pub fn unseal(root: &SecretKey, place: Place<'_>, row: &[u8]) -> Result<Vec<u8>, StoreError> {
    let Some((&LAYOUT, rest)) = row.split_first() else {
        return Err(StoreError::Seal);
    };
    let Some((nonce, sealed)) = rest.split_first_chunk::<NONCE>() else {
        return Err(StoreError::Seal);
    };
    let payload = Payload {
        msg: sealed,
        aad: &place.associated_data(),
    };
    place
        .cipher(root)?
        .decrypt(&Nonce::from(*nonce), payload)
        .map_err(|_| StoreError::Seal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place {
        table: "jobs",
        owner: "crm",
        id: "resp_1",
    };

    fn root(byte: u8) -> SecretKey {
        SecretKey::from_bytes([byte; 32])
    }

    #[test]
    fn a_row_opens_in_its_place_alone() {
        let text = b"Erika Muster asks for a refund";
        let row = seal(&root(1), PLACE, text).unwrap();
        assert_eq!(row.len(), text.len() + SEAL_OVERHEAD);
        assert!(!row.windows(5).any(|window| window == b"Erika"));
        assert_eq!(unseal(&root(1), PLACE, &row).unwrap(), text);
        for (key, place) in [
            (2, PLACE),
            (
                1,
                Place {
                    table: "files",
                    ..PLACE
                },
            ),
            (
                1,
                Place {
                    owner: "other",
                    ..PLACE
                },
            ),
            (
                1,
                Place {
                    id: "resp_2",
                    ..PLACE
                },
            ),
            // The parts joined read the same; their lengths don't.
            (
                1,
                Place {
                    owner: "crmr",
                    id: "esp_1",
                    ..PLACE
                },
            ),
        ] {
            assert!(matches!(
                unseal(&root(key), place, &row),
                Err(StoreError::Seal)
            ));
        }
    }

    #[test]
    fn no_bit_of_a_row_can_be_changed_and_none_left_out() {
        let row = seal(&root(1), PLACE, b"text").unwrap();
        for at in 0..row.len() {
            let mut changed = row.clone();
            changed[at] ^= 1;
            assert!(unseal(&root(1), PLACE, &changed).is_err(), "byte {at}");
            assert!(unseal(&root(1), PLACE, &row[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time() {
        let sealed = || seal(&root(1), PLACE, b"text").unwrap();
        assert_ne!(sealed(), sealed());
    }
}
