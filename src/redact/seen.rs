//! Which words a request holds, as hashes: whether a text could stand in it.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use super::forms::words;

/// The words of texts, and pairs of neighbours. Shows nothing.
#[derive(Clone, Default)]
pub(super) struct Seen {
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl Seen {
    /// Adds a text.
    pub(super) fn note(&mut self, text: &str) {
        let lower = text.to_lowercase();
        let mut last = "";
        for word in words(&lower) {
            self.hashes.insert(self.hasher.hash_one(word));
            self.hashes.insert(self.hasher.hash_one((last, word)));
            last = word;
        }
    }

    /// Whether the word `lower`, in lower case, was there.
    pub(super) fn has_word(&self, lower: &str) -> bool {
        self.hashes.contains(&self.hasher.hash_one(lower))
    }

    /// Whether `text` may have been there: a text that holds it holds all its words, and all pairs of neighbours.
    pub(super) fn may_hold(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        let mut pairs = words(&lower).zip(words(&lower).skip(1));
        words(&lower).all(|word| self.has_word(word))
            && pairs.all(|pair| self.hashes.contains(&self.hasher.hash_one(pair)))
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seen({})", self.hashes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_another_order_are_another_text() {
        let mut seen = Seen::default();
        seen.note("The 28.03.1978 and Lena's 030 1234567");
        for (text, held) in [
            ("28.03.1978", true),
            ("28 03 1978", true),
            ("03.28.1978", false),
            ("LENA", true),
            ("Len", false),
            ("030 1234567", true),
            ("1234567 030", false),
        ] {
            assert_eq!(seen.may_hold(text), held, "{text}");
        }
    }
}
