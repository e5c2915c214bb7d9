//! The words beside a place in a text.

use std::ops::Range;

use super::super::super::context::{List, floor};
use super::scan::Plain;

/// How many bytes beside the place are read.
const REACH: usize = 40;

/// A word beside a place.
#[derive(Clone, Debug)]
pub(in super::super) struct Beside<'t> {
    /// What stands between the place and the word.
    pub(in super::super) gap: &'t str,
    /// The word's bytes.
    pub(in super::super) range: Range<usize>,
    /// As it is written.
    pub(in super::super) written: &'t str,
    plain: Option<Plain>,
}

impl<'t> Beside<'t> {
    /// The word that ends before `at`, with few other characters between; a word that is not whole is none.
    pub(in super::super) fn before(text: &'t str, at: usize) -> Option<Self> {
        let from = floor(text, at.saturating_sub(REACH));
        let head = text.get(from..at)?;
        let end = from + head.trim_end_matches(|c: char| !c.is_alphabetic()).len();
        let word = text.get(from..end)?;
        let start = word
            .char_indices()
            .rev()
            .take_while(|(_, c)| is_letter(*c))
            .last()
            .map(|(own, _)| from + own)?;
        (start > from || from == 0).then(|| Self::new(text, start..end, end..at))
    }

    /// The word that begins behind `at`.
    pub(in super::super) fn behind(text: &'t str, at: usize) -> Option<Self> {
        let to = floor(text, at + REACH);
        let tail = text.get(at..to)?;
        let skip = tail.find(is_letter)?;
        let len = tail.get(skip..)?;
        let len = len.find(|c: char| !is_letter(c)).unwrap_or(len.len());
        let start = at + skip;
        Some(Self::new(text, start..start + len, at..start))
    }

    fn new(text: &'t str, range: Range<usize>, gap: Range<usize>) -> Self {
        let written = text.get(range.clone()).unwrap_or("");
        Self {
            gap: text.get(gap).unwrap_or(""),
            plain: Plain::of(written),
            written,
            range,
        }
    }

    /// Whether `list`, whose words are folded, holds it.
    pub(in super::super) fn is_on(&self, list: &(impl List + ?Sized)) -> bool {
        self.plain.is_some_and(|plain| list.holds(plain.as_bytes()))
    }

    /// Whether it is one of `words`, which are folded.
    pub(in super::super) fn is_any(&self, words: &[&str]) -> bool {
        let own = self.plain.as_ref().map(Plain::as_bytes);
        own.is_some_and(|own| words.iter().any(|word| word.as_bytes() == own))
    }

    /// Whether nothing but one blank is between.
    pub(in super::super) fn is_next(&self) -> bool {
        matches!(self.gap, " " | "\u{a0}" | "\u{202f}")
    }

    /// Whether it begins with a capital letter.
    pub(in super::super) fn is_capital(&self) -> bool {
        self.written.starts_with(char::is_uppercase)
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '\u{300}'..='\u{36f}')
}
