//! A folded text and its words, made once for all who look for something in it.
//!
//! A text says most of its words many times: each way of spelling one has a number, so that what is asked about a word
//! is asked once, wherever it stands and however often.

use std::collections::HashMap;
use std::ops::Range;

use super::fold::Folded;
use super::text::{ByteClass, is_word};

/// A folded text and its words.
#[derive(Debug)]
pub(super) struct Readable {
    pub(super) folded: Folded,
    words: Vec<Word>,
    /// Where a word of each spelling stands first.
    first: Vec<Word>,
}

/// A word of a folded text. Texts are far below 4 GiB.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    start: u32,
    end: u32,
    spelling: u32,
}

impl Word {
    /// Its bytes.
    pub(super) const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The number of its spelling.
    pub(super) const fn spelling(self) -> usize {
        self.spelling as usize
    }
}

impl Readable {
    /// Folds `text` and reads its words.
    pub(super) fn of(text: &str) -> Self {
        let folded = Folded::of(text);
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let mut all = Vec::with_capacity(text.len() / 5);
        let mut first: Vec<Word> = Vec::new();
        // What callers write is kept under hashes that have a key.
        let mut numbers: HashMap<u128, u32, foldhash::fast::RandomState> = HashMap::default();
        let mut of_long: HashMap<&str, u32, foldhash::fast::RandomState> = HashMap::default();
        for range in words(&folded.text) {
            let mut word = Word {
                start: number(range.start),
                end: number(range.end),
                spelling: number(first.len()),
            };
            let known = match short(folded.text.as_bytes(), &range) {
                Some(letters) => numbers.entry(letters).or_insert(word.spelling),
                None => {
                    let spelling = folded.text.get(range).unwrap_or_default();
                    of_long.entry(spelling).or_insert(word.spelling)
                }
            };
            word.spelling = *known;
            if word.spelling() == first.len() {
                first.push(word);
            }
            all.push(word);
        }
        Self {
            words: all,
            first,
            folded,
        }
    }

    /// Its words, in order.
    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    /// How the word at `at` among them is spelled.
    pub(super) fn word(&self, at: usize) -> Option<&str> {
        let word = self.words.get(at)?;
        self.folded.text.get(word.range())
    }

    /// Every way in which words of it are spelled, by number.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &str> {
        let words = self.first.iter();
        words.map(|word| self.folded.text.get(word.range()).unwrap_or_default())
    }
}

/// The bytes of the word at `range` as one number; `None` of a long one. No word has a byte of zero, so that no other
/// has the same.
fn short(text: &[u8], range: &Range<usize>) -> Option<u128> {
    const LONGEST: usize = size_of::<u128>();
    let unused = LONGEST.checked_sub(range.len())?;
    let rest = text.get(range.start..)?;
    if let Some(from) = rest.first_chunk::<LONGEST>() {
        return Some(u128::from_le_bytes(*from) << (8 * unused) >> (8 * unused));
    }
    let letters = rest.get(..range.len())?.iter().rev();
    Some(letters.fold(0, |number, byte| number << 8 | u128::from(*byte)))
}

/// The words of a folded text: letters, digits and `_` in a row.
pub(super) fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = skip(text, at, false);
        at = skip(text, start, true);
        (start < at).then_some(start..at)
    })
}

/// Where the characters from `at` on end that belong to words, or to none.
fn skip(text: &str, mut at: usize, in_word: bool) -> usize {
    let class = match in_word {
        true => ByteClass::Word,
        false => ByteClass::Gap,
    };
    loop {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let same = rest.iter().position(|byte| ByteClass::of(*byte) != class);
        at += same.unwrap_or(rest.len());
        let c = text.get(at..).and_then(|rest| rest.chars().next());
        match c.filter(|c| !c.is_ascii() && joins(*c) == in_word) {
            Some(c) => at += c.len_utf8(),
            None => return at,
        }
    }
}

/// The same as [`words`], character by character: slower, and simple enough to compare with.
#[cfg(test)]
pub(super) fn words_of_chars(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut chars = text.char_indices();
    std::iter::from_fn(move || {
        let (start, _) = chars.find(|(_, c)| joins(*c))?;
        let end = chars
            .find(|(_, c)| !joins(*c))
            .map_or(text.len(), |(at, _)| at);
        Some(start..end)
    })
}

/// Whether `c` belongs to a word that blanks separate from others.
pub(super) fn joins(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        // Scripts without blanks between words have no borders to go by.
        c < '\u{2e80}' && is_word(c)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_spelling_has_one_number() {
        let readable = Readable::of("Anna, ANNA und Änna: una");
        let numbers: Vec<_> = readable
            .words()
            .iter()
            .map(|word| word.spelling())
            .collect();
        assert_eq!(numbers, [0, 0, 1, 0, 2]);
        assert_eq!(
            readable.spellings().collect::<Vec<_>>(),
            ["anna", "und", "una"]
        );
        assert_eq!(readable.word(2), Some("und"));
        assert_eq!(readable.word(5), None);
    }

    proptest! {
        #[test]
        fn the_number_of_a_word_is_that_of_its_spelling(text in "[abÄ王 .@']{0,60}") {
            let readable = Readable::of(&text);
            let spellings: Vec<_> = readable.spellings().collect();
            let expected: Vec<_> = words_of_chars(&readable.folded.text).collect();
            let got: Vec<_> = readable.words().iter().map(|word| word.range()).collect();
            prop_assert_eq!(got, expected);
            for (at, word) in readable.words().iter().enumerate() {
                prop_assert_eq!(readable.word(at), Some(spellings[word.spelling()]));
            }
            let different: std::collections::HashSet<_> = spellings.iter().collect();
            prop_assert_eq!(different.len(), spellings.len());
        }
    }
}
