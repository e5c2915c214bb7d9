//! Grammars that were compiled before.

use crate::types::Digest;

/// Most grammars that are kept.
const MOST: usize = 64;
/// Most bytes of schemas behind the grammars that are kept: what a grammar weighs grows with them.
const MOST_BYTES: usize = 4 << 20;

/// The latest grammars, the one used last at the end.
pub(super) struct Cache<T> {
    kept: Vec<Kept<T>>,
}

struct Kept<T> {
    key: Digest,
    bytes: usize,
    value: T,
}

impl<T: Clone> Cache<T> {
    pub(super) const fn new() -> Self {
        Self { kept: Vec::new() }
    }

    /// What is kept under `key`.
    pub(super) fn get(&mut self, key: &Digest) -> Option<T> {
        let at = self.kept.iter().position(|kept| kept.key == *key)?;
        let kept = self.kept.remove(at);
        let value = kept.value.clone();
        self.kept.push(kept);
        Some(value)
    }

    /// Keeps `value`, made from a schema of so many `bytes`, in place of those not used for longest.
    pub(super) fn put(&mut self, key: Digest, bytes: usize, value: T) {
        self.kept.retain(|kept| kept.key != key);
        self.kept.push(Kept { key, bytes, value });
        while self.kept.len() > MOST || self.kept.len() > 1 && self.bytes() > MOST_BYTES {
            self.kept.remove(0);
        }
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|kept| kept.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_goes_first() {
        let key = |n: usize| Digest::of(&n.to_le_bytes());
        let mut cache = Cache::new();
        for n in 0..MOST {
            cache.put(key(n), 1, n);
        }
        assert_eq!(cache.get(&key(0)), Some(0));
        cache.put(key(MOST), 1, MOST);
        assert_eq!(cache.get(&key(1)), None);
        assert_eq!(cache.get(&key(0)), Some(0));
        cache.put(key(999), MOST_BYTES, 999);
        assert_eq!(cache.get(&key(0)), None);
        assert_eq!(cache.get(&key(999)), Some(999));
    }
}
