//! What was found in texts that came before: a conversation grows by a message, and its history comes again.
//!
//! Nothing of a text is kept: its keyed digest, and offsets, kinds and scores of what was found. The key is the
//! process's own, and whose text it is goes into the digest, so that nobody can find or time another's texts.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::Sha256;

use super::NamesError;
use super::spans::NameFind;

/// Bytes that an entry takes in the maps beside its finds, about.
const ENTRY_BYTES: usize = 192;

/// A text's keyed digest.
pub(super) type TextKey = [u8; 32];

/// Finds by text, the least recently used given up first.
pub(super) struct Cache {
    entries: HashMap<TextKey, Entry>,
    /// By the number of their last use.
    used: BTreeMap<u64, TextKey>,
    uses: u64,
    bytes: usize,
    limit: usize,
}

struct Entry {
    finds: Arc<[NameFind]>,
    used: u64,
}

/// Makes the digests.
pub(super) struct TextKeys(Hmac<Sha256>);

impl TextKeys {
    /// Under a key that nobody else has.
    pub(super) fn new() -> Result<Self, NamesError> {
        let mut key = [0_u8; 32];
        SysRng
            .try_fill_bytes(&mut key)
            .map_err(|_| NamesError::Random)?;
        let keyed = Hmac::new_from_slice(&key).map_err(|_| NamesError::Random)?;
        Ok(Self(keyed))
    }

    /// The digest of a text of the tenant `salt`.
    pub(super) fn of(&self, salt: u64, text: &str) -> TextKey {
        let mut keyed = self.0.clone();
        keyed.update(&salt.to_le_bytes());
        keyed.update(text.as_bytes());
        keyed.finalize().into_bytes().into()
    }
}

impl fmt::Debug for TextKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TextKeys")
    }
}

impl Cache {
    /// Of `limit` bytes at most; 0 keeps nothing.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            entries: HashMap::new(),
            used: BTreeMap::new(),
            uses: 0,
            bytes: 0,
            limit,
        }
    }

    pub(super) fn get(&mut self, key: &TextKey) -> Option<Arc<[NameFind]>> {
        self.uses += 1;
        let entry = self.entries.get_mut(key)?;
        self.used.remove(&entry.used);
        entry.used = self.uses;
        self.used.insert(self.uses, *key);
        Some(Arc::clone(&entry.finds))
    }

    pub(super) fn put(&mut self, key: TextKey, finds: &Arc<[NameFind]>) {
        let bytes = size_of_entry(finds);
        if bytes > self.limit || self.entries.contains_key(&key) {
            return;
        }
        while self.bytes + bytes > self.limit
            && let Some((_, oldest)) = self.used.pop_first()
        {
            let gone = self.entries.remove(&oldest);
            self.bytes -= gone.map_or(0, |entry| size_of_entry(&entry.finds));
        }
        self.uses += 1;
        self.bytes += bytes;
        self.used.insert(self.uses, key);
        let entry = Entry {
            finds: Arc::clone(finds),
            used: self.uses,
        };
        self.entries.insert(key, entry);
    }

    #[cfg(test)]
    fn check(&self) {
        let sizes = self
            .entries
            .values()
            .map(|entry| size_of_entry(&entry.finds));
        assert_eq!(self.bytes, sizes.sum::<usize>());
        assert!(self.bytes <= self.limit);
        assert_eq!(self.used.len(), self.entries.len());
        for (used, key) in &self.used {
            assert_eq!(self.entries[key].used, *used);
        }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("texts", &self.entries.len())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

fn size_of_entry(finds: &[NameFind]) -> usize {
    ENTRY_BYTES + size_of_val(finds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::Entity;

    fn finds(n: usize) -> Arc<[NameFind]> {
        let find = NameFind {
            start: 0,
            end: 4,
            entity: Entity::Person,
            score: 0.9,
        };
        vec![find; n].into()
    }

    #[test]
    fn a_text_is_known_to_its_tenant_only() {
        let (keys, others) = (TextKeys::new().unwrap(), TextKeys::new().unwrap());
        assert_eq!(keys.of(1, "Anna"), keys.of(1, "Anna"));
        for other in [keys.of(2, "Anna"), keys.of(1, "anna"), others.of(1, "Anna")] {
            assert_ne!(keys.of(1, "Anna"), other);
        }
        assert_eq!(format!("{keys:?}"), "TextKeys");
    }

    #[test]
    fn what_was_used_last_stays() {
        let mut cache = Cache::new(2 * size_of_entry(&finds(3)));
        for key in [1, 2] {
            cache.put([key; 32], &finds(3));
        }
        assert_eq!(cache.get(&[1; 32]).unwrap().len(), 3);
        cache.put([3; 32], &finds(3));
        assert!(cache.get(&[2; 32]).is_none());
        assert!(cache.get(&[1; 32]).is_some() && cache.get(&[3; 32]).is_some());
        cache.put([4; 32], &finds(1_000));
        assert!(cache.get(&[4; 32]).is_none());
        cache.check();
        let mut none = Cache::new(0);
        none.put([1; 32], &finds(0));
        assert!(none.get(&[1; 32]).is_none());
    }

    proptest! {
        #[test]
        fn bounded_whatever_comes(ops in prop::collection::vec((any::<bool>(), 0_u8..20, 0_usize..30), 0..200)) {
            let mut cache = Cache::new(3_000);
            for (put, key, n) in ops {
                if put {
                    cache.put([key; 32], &finds(n));
                } else {
                    cache.get(&[key; 32]);
                }
                cache.check();
            }
        }
    }
}
