//! A copy of a text in which all ways of writing a name look the same, with the way back.
//!
//! Lower case, no diacritics, ligatures taken apart, white space and commas as one blank, one kind of
//! dash and apostrophe, nothing invisible. Every byte of the copy knows the character of the original that it came from.

use std::cell::Cell;
use std::ops::Range;

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use super::sorted::partition_near;

/// The folded copy of a text.
#[derive(Debug)]
pub(super) struct Folded {
    /// The folded text.
    pub(super) text: String,
    /// The way back, sorted by place in `text`: each piece ends where the next one starts.
    pieces: Vec<Piece>,
    /// Behind which piece it was that was asked for last: the next one is near.
    last: Cell<usize>,
}

/// A stretch of the folded text and where it came from.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it starts in the folded text.
    folded: usize,
    /// Where it starts in the original.
    start: usize,
    /// Where it ends in the original, if it came from one character there and the marks on it; otherwise
    /// byte stands for byte.
    end: Option<usize>,
}

impl Folded {
    /// Folds `text`.
    pub(super) fn of(text: &str) -> Self {
        let folding = Folding::of(text, true);
        Self {
            text: String::from_utf8(folding.text).unwrap_or_default(),
            pieces: folding.pieces,
            last: Cell::new(0),
        }
    }

    /// The same as [`Self::of`], character by character: slower, and simple enough to compare with.
    #[cfg(test)]
    pub(super) fn of_chars(text: &str) -> Self {
        let mut folding = Folding {
            text: Vec::new(),
            pieces: Vec::new(),
            way_back: true,
        };
        for (at, c) in text.char_indices() {
            folding.push(c, at, at + c.len_utf8());
        }
        Self {
            text: String::from_utf8(folding.text).unwrap(),
            pieces: folding.pieces,
            last: Cell::new(0),
        }
    }

    /// The stretch of the original that `range` of the folded text came from.
    pub(super) fn original(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let (first, last) = (range.start, range.end.checked_sub(1)?);
        if last < first || range.end > self.text.len() {
            return None;
        }
        let (from, to) = (self.piece(first)?, self.piece(last)?);
        let start = match from.end {
            Some(_) => from.start,
            None => from.start + (first - from.folded),
        };
        Some(start..to.end.unwrap_or(to.start + (last - to.folded) + 1))
    }

    /// The piece that holds the byte at `at` of the folded text.
    fn piece(&self, at: usize) -> Option<Piece> {
        let behind = partition_near(&self.pieces, self.last.get(), |piece| piece.folded <= at);
        self.last.set(behind);
        self.pieces.get(behind.checked_sub(1)?).copied()
    }
}

/// A text on its way to be folded: characters are only ever added whole.
#[derive(Debug)]
struct Folding {
    text: Vec<u8>,
    pieces: Vec<Piece>,
    /// Whether anybody will ask for the way back.
    way_back: bool,
}

impl Folding {
    fn of(text: &str, way_back: bool) -> Self {
        let mut folding = Self {
            text: Vec::with_capacity(text.len() + text.len() / 16),
            pieces: Vec::new(),
            way_back,
        };
        let mut at = 0;
        while at < text.len() {
            at = folding.plain(text, at);
            if let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
                folding.push(c, at, at + c.len_utf8());
                at += c.len_utf8();
            }
        }
        folding
    }

    /// Characters from `at` on that fold to one byte each; where they end.
    fn plain(&mut self, text: &str, at: usize) -> usize {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let mut last = self.text.last().copied();
        let end = rest.iter().position(|byte| {
            let folded = PLAIN[usize::from(*byte)];
            // White space in a row is one blank.
            let stops = folded == 0 || folded == b' ' && last == Some(b' ');
            last = Some(folded);
            stops
        });
        let plain = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if !plain.is_empty() {
            self.piece(self.text.len(), at);
            let folded = plain.iter().map(|byte| PLAIN[usize::from(*byte)]);
            self.text.extend(folded);
        }
        at + plain.len()
    }

    /// Notes that from `folded` on byte stands for byte, from `start` of the original on.
    fn piece(&mut self, folded: usize, start: usize) {
        let goes_on = self
            .pieces
            .last()
            .is_some_and(|last| last.end.is_none() && start - last.start == folded - last.folded);
        if !goes_on && self.way_back {
            self.pieces.push(Piece {
                folded,
                start,
                end: None,
            });
        }
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        let mut put = |c: char| self.put(c, start, end);
        match c {
            ',' | ';' | ' ' | '\t' | '\n' | '\r' => self.blank(start, end),
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            '‘' | '’' | 'ʼ' | '´' | '`' => put('\''),
            '\0'..='\x7f' => put(c.to_ascii_lowercase()),
            '‐' | '‑' | '–' | '—' | '−' => put('-'),
            'ä' | 'Ä' | 'à' | 'á' | 'â' | 'ã' | 'å' => put('a'),
            'ö' | 'Ö' | 'ò' | 'ó' | 'ô' | 'õ' => put('o'),
            'ü' | 'Ü' | 'ù' | 'ú' | 'û' => put('u'),
            'è' | 'é' | 'ê' | 'ë' => put('e'),
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
            c => decompose_canonical(c, |part| {
                for lower in part.to_lowercase().filter(|p| !is_combining_mark(*p)) {
                    self.put(lower, start, end);
                }
            }),
        }
    }

    fn put(&mut self, c: char, start: usize, end: usize) {
        let folded = self.text.len();
        let goes_on = |last: &Piece| last.end == Some(end) && last.start == start;
        if self.way_back && !self.pieces.last().is_some_and(goes_on) {
            self.pieces.push(Piece {
                folded,
                start,
                end: Some(end),
            });
        }
        let mut utf8 = [0; 4];
        self.text.extend(c.encode_utf8(&mut utf8).bytes());
    }

    /// White space in a row is one blank.
    fn blank(&mut self, start: usize, end: usize) {
        if self.text.ends_with(b" ") {
            return;
        }
        if end == start + 1 {
            self.piece(self.text.len(), start);
            self.text.push(b' ');
        } else {
            self.put(' ', start, end);
        }
    }

    /// A mark belongs to the character before it.
    fn stretch(&mut self, end: usize) {
        let Some(last) = self.pieces.last_mut() else {
            return;
        };
        match last.end {
            Some(_) => last.end = Some(end),
            None => {
                let folded = self.text.len() - 1;
                let start = last.start + (folded - last.folded);
                if folded == last.folded {
                    last.end = Some(end);
                } else {
                    self.pieces.push(Piece {
                        folded,
                        start,
                        end: Some(end),
                    });
                }
            }
        }
    }
}

/// What a byte folds to, whatever stands around it, but that blanks in a row are one; 0: that depends.
const PLAIN: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 0x80 {
        table[byte as usize] = match byte {
            b',' | b';' | b' ' | b'\t' | b'\n' | b'\r' => b' ',
            b'`' | 0x0b | 0x0c => 0,
            _ => byte.to_ascii_lowercase(),
        };
        byte += 1;
    }
    table
};

/// `text` folded, without the way back.
pub(super) fn fold(text: &str) -> String {
    let mut folded = match text.bytes().all(|byte| PLAIN[usize::from(byte)] != 0) {
        true => fold_plain(text),
        false => String::from_utf8(Folding::of(text, false).text).unwrap_or_default(),
    };
    folded.truncate(folded.trim_end().len());
    let blank = folded.len() - folded.trim_start().len();
    if blank > 0 {
        folded.drain(..blank);
    }
    folded
}

/// The same for a text of which every byte folds to one.
fn fold_plain(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let byte = PLAIN[usize::from(byte)];
        // White space in a row is one blank.
        if byte != b' ' || !folded.ends_with(' ') {
            folded.push(char::from(byte));
        }
    }
    folded
}

/// The folded forms of `text`, with umlauts as plain letters and written out (ü as `u` and `ue`, ø as `o`
/// and `oe`, å as `a` and `aa`), and with `ue` written back.
pub(super) fn fold_variants(text: &str) -> Vec<String> {
    fn add(variants: &mut Vec<String>, variant: String) {
        if !variants.contains(&variant) {
            variants.push(variant);
        }
    }
    let mut variants = vec![fold(text)];
    if !text.is_ascii() {
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
        add(&mut variants, fold(&spelled));
    }
    let written_out = |pair: &[u8]| matches!(pair, b"ae" | b"oe" | b"ue");
    let plain = variants.first().map_or("", String::as_str);
    if plain.as_bytes().windows(2).any(written_out) {
        let plain = plain.replace("ae", "a").replace("oe", "o");
        add(&mut variants, plain.replace("ue", "u"));
    }
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
        fn the_way_back_leads_to_where_it_came_from(
            text in "[a-cA-C ,;\n\u{300}\u{ad}\u{a0}äÄßéŁœΣ’–`.-]{0,40}|\\PC{0,40}",
            a in 0_usize..60,
            b in 0_usize..60,
        ) {
            let folded = Folded::of(&text);
            prop_assert_eq!(fold(&text), folded.text.trim());
            let (from, to) = (a.min(b).min(folded.text.len()), a.max(b).min(folded.text.len()));
            if from < to && folded.text.is_char_boundary(from) && folded.text.is_char_boundary(to) {
                let range = folded.original(&(from..to)).unwrap();
                prop_assert!(text.get(range).is_some());
            }
            let mut before = 0;
            for (at, c) in folded.text.char_indices() {
                let range = folded.original(&(at..at + c.len_utf8())).unwrap();
                prop_assert!(range.start >= before || folded.text[..at].ends_with(|c: char| c != ' '));
                before = range.start;
                let again = Folded::of(&text[range.clone()]).text;
                prop_assert!(again.contains(c), "{c:?} from {:?}", &text[range]);
            }
        }
    }
}
