//! A copy of a text in which all ways of writing a name look the same, with the way back.
//!
//! Lower case, no diacritics, ligatures taken apart, white space and commas as one blank, one kind of
//! dash and apostrophe, nothing invisible. Every byte of the copy knows the character of the original that it came from.

use std::ops::Range;

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// The folded copy of a text.
#[derive(Debug)]
pub(super) struct Folded {
    /// The folded text.
    pub(super) text: String,
    /// For each byte of `text`: where its character starts in the original.
    starts: Vec<u32>,
    /// For each byte of `text`: where its character ends in the original.
    ends: Vec<u32>,
}

impl Folded {
    /// Folds `text`.
    pub(super) fn of(text: &str) -> Self {
        let mut folded = Self {
            text: String::with_capacity(text.len()),
            starts: Vec::with_capacity(text.len()),
            ends: Vec::with_capacity(text.len()),
        };
        for (at, c) in text.char_indices() {
            folded.push(c, at, at + c.len_utf8());
        }
        folded
    }

    /// The stretch of the original that `range` of the folded text came from.
    pub(super) fn original(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let start = *self.starts.get(range.start)?;
        let end = *self.ends.get(range.end.checked_sub(1)?)?;
        Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        let mut put = |c: char| self.put(c, start, end);
        match c {
            'A'..='Z' => put(c.to_ascii_lowercase()),
            ',' | ';' | ' ' | '\t' | '\n' | '\r' => self.blank(start, end),
            '\0'..='\x7f' => put(c),
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => self.stretch(end),
            '‘' | '’' | 'ʼ' | '´' | '`' => put('\''),
            '‐' | '‑' | '–' | '—' | '−' => put('-'),
            'ß' | 'ẞ' => "ss".chars().for_each(put),
            'æ' | 'Æ' => "ae".chars().for_each(put),
            'œ' | 'Œ' => "oe".chars().for_each(put),
            'þ' | 'Þ' => "th".chars().for_each(put),
            'ø' | 'Ø' => put('o'),
            'ł' | 'Ł' => put('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => put('d'),
            'ħ' | 'Ħ' => put('h'),
            'ı' | 'İ' => put('i'),
            c if c.is_whitespace() => self.blank(start, end),
            c if is_combining_mark(c) => self.stretch(end),
            c => {
                let mut marks = Vec::new();
                decompose_canonical(c, |part| marks.push(part));
                for part in marks.into_iter().filter(|p| !is_combining_mark(*p)) {
                    part.to_lowercase().for_each(|lower| {
                        if !is_combining_mark(lower) {
                            self.put(lower, start, end);
                        }
                    });
                }
            }
        }
    }

    fn put(&mut self, c: char, start: usize, end: usize) {
        self.text.push(c);
        for _ in 0..c.len_utf8() {
            self.starts.push(u32::try_from(start).unwrap_or(u32::MAX));
            self.ends.push(u32::try_from(end).unwrap_or(u32::MAX));
        }
    }

    /// White space in a row is one blank.
    fn blank(&mut self, start: usize, end: usize) {
        if self.text.ends_with(' ') {
            self.stretch(end);
        } else {
            self.put(' ', start, end);
        }
    }

    /// What shows nothing belongs to the character before it.
    fn stretch(&mut self, end: usize) {
        if let Some(last) = self.ends.last_mut() {
            *last = u32::try_from(end).unwrap_or(u32::MAX);
        }
    }
}

/// `text` folded, without the way back.
pub(super) fn fold(text: &str) -> String {
    Folded::of(text).text.trim().to_owned()
}

/// The folded forms of `text`, with umlauts as plain letters and written out (ü as `u` and `ue`, ø as `o`
/// and `oe`, å as `a` and `aa`), and with `ue` written back.
pub(super) fn fold_variants(text: &str) -> Vec<String> {
    let plain = fold(text);
    let mut variants = vec![plain.clone()];
    let mut add = |variant: String| {
        if !variants.contains(&variant) {
            variants.push(variant);
        }
    };
    let mut spelled = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        match c {
            'ä' | 'Ä' => spelled.push_str("ae"),
            'ö' | 'Ö' | 'ø' | 'Ø' => spelled.push_str("oe"),
            'ü' | 'Ü' => spelled.push_str("ue"),
            'å' | 'Å' => spelled.push_str("aa"),
            other => spelled.push(other),
        }
    }
    add(fold(&spelled));
    add(plain
        .replace("ae", "a")
        .replace("oe", "o")
        .replace("ue", "u"));
    variants
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ways_of_writing_fold_together() {
        for (text, folded) in [
            ("MÜLLER", "muller"),
            ("Mu\u{308}ller", "muller"),
            ("Weiß,\n Åse", "weiss ase"),
            ("Łukasz Øre", "lukasz ore"),
            ("O’Brien", "o'brien"),
            ("Jean–Luc", "jean-luc"),
            ("a\u{ad}b\u{200b}c", "abc"),
            ("Ελένη", "ελενη"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
        assert_eq!(fold_variants("Müller"), ["muller", "mueller"]);
        assert_eq!(fold_variants("Mueller"), ["mueller", "muller"]);
    }

    proptest! {
        #[test]
        fn the_way_back_is_on_character_borders(text in "\\PC{0,40}", a in 0_usize..60, b in 0_usize..60) {
            let folded = Folded::of(&text);
            let (from, to) = (a.min(b).min(folded.text.len()), a.max(b).min(folded.text.len()));
            if from < to && folded.text.is_char_boundary(from) && folded.text.is_char_boundary(to) {
                let range = folded.original(&(from..to)).unwrap();
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
