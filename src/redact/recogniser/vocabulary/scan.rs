//! The words of a text that stand on a list.
//!
//! Of most words the first three letters, or the length and the last one, say that no list holds them; only the others
//! are folded and looked up.

use std::ops::Range;

use super::super::super::text::stretches;
use super::table::{Language, TABLE, Topic};

/// Longest word of a list, in folded bytes.
pub(super) const LONGEST: usize = 28;

/// A word of the text that a list holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Word {
    /// Its bytes.
    pub(in super::super) range: Range<usize>,
    topics: u32,
    languages: u8,
}

impl Word {
    /// Whether it is on the list of `topic`, maybe among others.
    pub(in super::super) const fn is(&self, topic: Topic) -> bool {
        self.topics & topic.bit() != 0
    }

    /// Whether a list in one of `languages` has it.
    pub(in super::super) fn is_in(&self, languages: &[Language]) -> bool {
        languages.iter().any(|own| self.languages & own.bit() != 0)
    }

    /// Whether only lists in `languages` have it.
    pub(in super::super) fn is_only_in(&self, languages: &[Language]) -> bool {
        let all = languages.iter().fold(0, |all, own| all | own.bit());
        self.languages & !all == 0
    }
}

/// A word in lower case, without diacritics.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Plain {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Plain {
    /// `word`, folded; `None`: it is too long, or has letters that no word of the lists has.
    pub(in super::super) fn of(word: &str) -> Option<Self> {
        let mut plain = Self {
            bytes: [0; LONGEST],
            len: 0,
        };
        for c in word.chars() {
            if c.is_ascii() {
                plain.push(c.to_ascii_lowercase())?;
            } else {
                folded(c)?.chars().try_for_each(|c| plain.push(c))?;
            }
        }
        Some(plain)
    }

    fn push(&mut self, c: char) -> Option<()> {
        *self.bytes.get_mut(self.len)? = u8::try_from(c).ok()?;
        self.len += 1;
        Some(())
    }

    /// Its letters.
    pub(in super::super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// What stands for a letter outside of ASCII.
fn folded(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'À'..='Å' | 'ą' | 'Ą' => "a",
        'æ' | 'Æ' => "ae",
        'ç' | 'Ç' | 'ć' | 'Ć' => "c",
        'è'..='ë' | 'È'..='Ë' | 'ę' | 'Ę' => "e",
        'ì'..='ï' | 'Ì'..='Ï' => "i",
        'ñ' | 'Ñ' | 'ń' | 'Ń' => "n",
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' => "o",
        'ù'..='ü' | 'Ù'..='Ü' => "u",
        'ý' | 'ÿ' | 'Ý' => "y",
        'ß' | 'ẞ' => "ss",
        'œ' | 'Œ' => "oe",
        'ł' | 'Ł' => "l",
        'ś' | 'Ś' => "s",
        'ź' | 'ż' | 'Ź' | 'Ż' => "z",
        '\u{300}'..='\u{36f}' => "",
        _ => return None,
    })
}

/// What a byte is to a word: nothing, something that goes on in it, or something that may begin one.
const LETTERS: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte {
            0x41..=0x5a | 0x61..=0x7a => BEGINS,
            0x80..=0xbf => GOES_ON,
            0xc3..=0xe1 | 0xe3..=0xee => BEGINS,
            // The others are punctuation, blanks, signs of currencies and pictures.
            _ => NONE,
        };
        byte += 1;
    }
    table
};
const NONE: u8 = 0;
const GOES_ON: u8 = 1;
const BEGINS: u8 = 2;

/// The words of `text` that a list holds, in order.
pub(in super::super) fn scan(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let letter = |byte: u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    for range in stretches(text.as_bytes(), letter) {
        read(text, range, &mut found);
    }
    found
}

/// Adds the words of `range`, which is letters of ASCII and whatever is outside of it.
fn read(text: &str, range: Range<usize>, found: &mut Vec<Word>) {
    let bytes = text.as_bytes().get(range.clone()).unwrap_or_default();
    if bytes.iter().fold(0, |all, byte| all | byte) < 0x80 {
        if TABLE.may_hold(bytes, true) {
            found.extend(listed(text, range));
        }
        return;
    }
    let mut start = None;
    for (at, byte) in bytes.iter().chain(&[0]).enumerate() {
        let letter = LETTERS[usize::from(*byte)];
        match start {
            None if letter == BEGINS => start = Some(at),
            Some(from) if letter == NONE => {
                start = None;
                let word = bytes.get(from..at).unwrap_or_default();
                if TABLE.may_hold(word, word.is_ascii()) {
                    found.extend(listed(text, range.start + from..range.start + at));
                }
            }
            _ => {}
        }
    }
}

/// The word at `range`, if a list holds it and no digit touches it.
fn listed(text: &str, range: Range<usize>) -> Option<Word> {
    let plain = Plain::of(text.get(range.clone())?)?;
    let entry = TABLE.get(plain.as_bytes())?;
    let glued = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_digit() || *b == b'_');
    let bytes = text.as_bytes();
    let before = range.start.checked_sub(1).and_then(|at| bytes.get(at));
    (!glued(before) && !glued(bytes.get(range.end))).then_some(Word {
        range,
        topics: entry.topics,
        languages: entry.languages,
    })
}

/// The word of a list that starts at `at`.
pub(in super::super) fn tagged_at(words: &[Word], at: usize) -> Option<&Word> {
    let next = words.partition_point(|word| word.range.start < at);
    words.get(next).filter(|word| word.range.start == at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_without_marks() {
        for (text, words) in [
            ("Freitag", &["Freitag"][..]),
            ("„FREITAG“–sábado, Sabado", &["FREITAG", "sábado", "Sabado"]),
            (
                "środę srode s\u{301}rode\u{328}",
                &["środę", "srode", "s\u{301}rode\u{328}"],
            ),
            ("xFreitag Freitagx Freitag_ 1Freitag", &[]),
            ("金曜日 пятница é ´ \u{300}", &[]),
            ("", &[]),
        ] {
            let found: Vec<_> = scan(text).into_iter().map(|w| &text[w.range]).collect();
            assert_eq!(found, words, "{text}");
        }
    }
}
