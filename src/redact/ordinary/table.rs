//! Where each word lies in the lists, which are searched in their place: nothing of them is copied.

use std::hash::Hasher as _;
use std::sync::LazyLock;

use super::super::listed::Fnv;
use super::{NAMES, WORDS};

/// The lists by their numbers: names first.
fn list(number: usize) -> &'static str {
    let mut all = NAMES.iter().chain(WORDS);
    all.nth(number).copied().unwrap_or("")
}

/// The number of the list that `word` is a line of; those of [`NAMES`] come first.
pub(super) fn list_of(word: &str) -> Option<usize> {
    static TABLE: LazyLock<Table> = LazyLock::new(Table::new);
    TABLE.list_of(word)
}

/// Where each word of the lists is: a table with open addressing, which takes a fifth of what a map of the words would.
struct Table {
    /// Free where 0; else a list's number, and one more than where in it the word starts. Never full.
    slots: Vec<u32>,
    /// Some bits of the hashes of the slots' words, which tell most others apart without a look into the lists.
    tags: Vec<u8>,
}

/// Slots of the table: nearly twice as many as there are words.
const SLOTS: usize = 1 << 18;
/// Bits of a slot that say where in a list a word is.
const PLACE: u32 = 24;

impl Table {
    fn new() -> Self {
        let mut table = Self {
            slots: vec![0; SLOTS],
            tags: vec![0; SLOTS],
        };
        for number in 0..NAMES.len() + WORDS.len() {
            let list = list(number);
            let mut start = 0;
            for line in list.split_inclusive('\n') {
                table.add(number, start, line.trim_end());
                start += line.len();
            }
        }
        table
    }

    fn add(&mut self, number: usize, start: usize, word: &str) {
        let slot = u32::try_from((number << PLACE) | (start + 1)).unwrap_or(0);
        let (mut at, tag) = slot_of(word.as_bytes());
        while let (Some(taken), Some(own)) = (self.slots.get_mut(at), self.tags.get_mut(at)) {
            if *taken == 0 {
                (*taken, *own) = (slot, tag);
                return;
            }
            at = (at + 1) % SLOTS;
        }
    }

    fn list_of(&self, word: &str) -> Option<usize> {
        let word = word.as_bytes();
        if word.is_empty() || word.contains(&b'\n') {
            return None;
        }
        let (mut at, tag) = slot_of(word);
        while let Some(slot) = self.slots.get(at).filter(|slot| **slot != 0) {
            if self.tags.get(at) != Some(&tag) {
                at = (at + 1) % SLOTS;
                continue;
            }
            let number = usize::try_from(slot >> PLACE).ok()?;
            let start = usize::try_from(slot & ((1 << PLACE) - 1)).ok()?;
            let rest = list(number).as_bytes().get(start - 1..)?;
            let behind = rest.strip_prefix(word).map(<[u8]>::first);
            if matches!(behind, Some(None | Some(b'\n'))) {
                return Some(number);
            }
            at = (at + 1) % SLOTS;
        }
        None
    }
}

/// Where the search for a word starts, and its tag.
fn slot_of(word: &[u8]) -> (usize, u8) {
    let mut hash = Fnv::default();
    hash.write(word);
    // The high bits of this hash are mixed best.
    let slot = usize::try_from(hash.finish() >> 46).unwrap_or(0) % SLOTS;
    let [.., tag, _, _, _, _] = hash.finish().to_le_bytes();
    (slot, tag)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn lines() -> [HashSet<&'static str>; 2] {
        [NAMES, WORDS].map(|lists| lists.iter().flat_map(|list| list.lines()).collect())
    }

    /// Whether it is a name; `None` where it is in no list.
    fn found(word: &str) -> Option<bool> {
        list_of(word).map(|list| list < NAMES.len())
    }

    fn expected([names, words]: &[HashSet<&str>; 2], word: &str) -> Option<bool> {
        match (names.contains(word), words.contains(word)) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }

    #[test]
    fn every_word_is_found() {
        let lists = lines();
        for word in lists.iter().flatten() {
            let (longer, shorter) = (format!("{word}e"), word.get(1..).unwrap_or(""));
            for word in [word, shorter, &longer] {
                assert_eq!(found(word), expected(&lists, word), "{word}");
            }
        }
        assert_eq!(found(""), None);
        assert_eq!(found("braun\nbrauner"), None);
    }

    proptest! {
        #[test]
        fn and_nothing_else(words in prop::collection::vec("[a-z\n' -]{0,5}", 500)) {
            let lists = lines();
            for word in words {
                prop_assert_eq!(found(&word), expected(&lists, &word), "{:?}", word);
            }
        }
    }
}
