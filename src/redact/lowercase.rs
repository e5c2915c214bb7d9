//! Words in lower case, without asking for memory: a text has many words, and nearly all are short.

use std::ops::Deref;

/// How many bytes are kept in place.
const ROOM: usize = 40;

/// A word in lower case.
#[derive(Debug)]
pub(super) enum Lowercase {
    /// A short one, and how many bytes it has.
    Short([u8; ROOM], usize),
    /// Any other.
    Long(String),
}

/// `word` in lower case, as [`str::to_lowercase`] writes it.
pub(super) fn lowercase(word: &str) -> Lowercase {
    short(word).unwrap_or_else(|| Lowercase::Long(word.to_lowercase()))
}

fn short(word: &str) -> Option<Lowercase> {
    let mut room = [0; ROOM];
    if word.is_ascii() {
        let own = room.get_mut(..word.len())?;
        own.copy_from_slice(word.as_bytes());
        own.make_ascii_lowercase();
        return Some(Lowercase::Short(room, word.len()));
    }
    let mut len = 0;
    for c in word.chars() {
        // At the end of a word the lower case of this one is another than inside.
        if c == 'Σ' {
            return None;
        }
        for c in c.to_lowercase() {
            let end = len + c.len_utf8();
            c.encode_utf8(room.get_mut(len..end)?);
            len = end;
        }
    }
    Some(Lowercase::Short(room, len))
}

impl Deref for Lowercase {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Short(room, len) => {
                let own = room.get(..*len).unwrap_or_default();
                std::str::from_utf8(own).unwrap_or_default()
            }
            Self::Long(word) => word,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_the_standard_library_says(word in "[A-Za-zÄÖÜäöüßŁİΣσẞ]{0,50}|\\PC{0,60}") {
            prop_assert_eq!(&*lowercase(&word), word.to_lowercase());
        }
    }
}
