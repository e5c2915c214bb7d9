//! The words of a text as names are made of them.

use std::ops::Range;

use super::super::super::text::{is_letter, stretches};

/// A word and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The words of a text: letters, with hyphens and apostrophes inside ("O'Brien", "Anna-Lena"; not "Smith's").
pub(super) fn words(text: &str) -> Vec<Word> {
    let bytes = text.as_bytes();
    let mut words: Vec<Word> = Vec::with_capacity(text.len() / 6);
    let letter = |byte: u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    for Range { start, end } in stretches(bytes, letter) {
        let own = bytes.get(start..end).unwrap_or_default();
        match own.is_ascii() {
            true => add(text, &mut words, Word { start, end }),
            false => add_all(text, &mut words, start..end),
        }
    }
    words
}

/// Adds a word, or lets the last one go on with it.
fn add(text: &str, words: &mut Vec<Word>, word: Word) {
    if let Some(last) = words.last_mut()
        && last.end + 1 == word.start
        && let Some(between) = text.as_bytes().get(last.end)
        && joins(text, Some(last.start), last.end, char::from(*between))
    {
        last.end = word.end;
    } else {
        words.push(word);
    }
}

/// Adds the words of `range`, which is letters of ASCII and whatever is outside of it.
fn add_all(text: &str, words: &mut Vec<Word>, range: Range<usize>) {
    let mut start = None;
    for (at, c) in text.get(range.clone()).unwrap_or("").char_indices() {
        let at = range.start + at;
        if is_letter(c) || c == '\u{301}' || c == '\u{308}' || joins(text, start, at, c) {
            start = start.or(Some(at));
        } else if let Some(start) = start.take() {
            add(text, words, Word { start, end: at });
        }
    }
    if let Some(start) = start {
        let end = range.end;
        add(text, words, Word { start, end });
    }
}

/// Whether `c` at `at` stands inside a word that began at `start`.
fn joins(text: &str, start: Option<usize>, at: usize, c: char) -> bool {
    let Some(start) = start else { return false };
    let goes_on = || {
        let rest = text.get(at + c.len_utf8()..).unwrap_or("");
        rest.starts_with(is_letter)
    };
    match c {
        '-' | '\'' | '’' => goes_on() && !is_genitive(text, at, c),
        '.' => is_abbreviation(text, start, at),
        _ => false,
    }
}

/// The same as [`words`], character by character: slower, and simple enough to compare with.
#[cfg(test)]
pub(in crate::redact) fn words_of_chars(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start: Option<usize> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let joint = start.is_some()
            && matches!(c, '-' | '\'' | '’')
            && next.is_some_and(char::is_alphabetic)
            && !is_genitive(text, at, c)
            || start.is_some_and(|s| c == '.' && is_abbreviation(text, s, at));
        if c.is_alphabetic() || c == '\u{301}' || c == '\u{308}' || joint {
            start = start.or(Some(at));
        } else if let Some(from) = start.take() {
            words.push((from, at));
        }
    }
    words.extend(start.map(|from| (from, text.len())));
    words
}

/// Whether `'s` at `at` ends a word.
fn is_genitive(text: &str, at: usize, c: char) -> bool {
    let mut rest = text.get(at + c.len_utf8()..).unwrap_or("").chars();
    c != '-' && rest.next() == Some('s') && !rest.next().is_some_and(is_letter)
}

/// "sig.ra" and "dott.ssa" are one word.
fn is_abbreviation(text: &str, start: usize, at: usize) -> bool {
    let head = text.get(start..at).unwrap_or("");
    let rest = text.get(at..).unwrap_or("");
    head.eq_ignore_ascii_case("sig") && rest.starts_with(".ra")
        || head.eq_ignore_ascii_case("dott") && rest.starts_with(".ssa")
}

/// Longest word that a phrase may begin with.
pub(super) const MAX_FIRST: usize = 24;

/// Writes a word in lower case to `out`; nothing for a long one.
pub(super) fn lower_into(word: &str, out: &mut String) {
    out.clear();
    if word.is_ascii() && word.len() <= MAX_FIRST {
        out.push_str(word);
        out.make_ascii_lowercase();
    } else if word.len() <= MAX_FIRST {
        word.chars()
            .flat_map(char::to_lowercase)
            .for_each(|c| out.push(if c == '’' { '\'' } else { c }));
    }
}
