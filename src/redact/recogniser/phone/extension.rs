//! Extensions behind phone numbers: "ext. 9", "w. 14", "int. 12", "x45".

use super::super::super::context::floor;
use super::super::super::text::Text;
use super::words::EXTENSIONS;

/// An extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extension {
    /// Where it ends.
    pub(super) end: usize,
    /// Whether nothing but a phone number has such a thing behind it.
    pub(super) told: bool,
}

impl Extension {
    /// The extension behind the number that ends at `end`.
    pub(super) fn behind(text: &Text<'_>, end: usize) -> Option<Self> {
        let rest = text.slice(end..text.str.len());
        let inner = rest.trim_start_matches([' ', ',', '.']);
        let gap = rest.len() - inner.len();
        if gap > 2 || !inner.starts_with(|c: char| c.is_alphabetic() || c == '#') {
            return None;
        }
        let head = inner.get(..floor(inner, 24)).unwrap_or("");
        // No letter but ASCII ones is one of theirs in lower case.
        let first = head.bytes().next().map(|b| b.to_ascii_lowercase());
        let may_be = |word: &&&str| word.bytes().next() == first;
        EXTENSIONS.iter().filter(may_be).find_map(|word| {
            let own = head.get(..word.len())?;
            let equal =
                own.eq_ignore_ascii_case(word) || !own.is_ascii() && own.to_lowercase() == *word;
            let after = head.get(word.len()..).filter(|_| equal)?;
            let number = after.trim_start_matches(['.', ':', ' ']);
            let digits = number.bytes().take_while(u8::is_ascii_digit).count();
            let goes_on = number[digits..].starts_with(|c: char| c.is_alphanumeric());
            let spaced = after.len() - number.len() <= 2;
            let glued = gap == 0 && spaced && after.len() == number.len();
            (spaced && (1..=6).contains(&digits) && !goes_on).then(|| Self {
                end: end + gap + (head.len() - number.len()) + digits,
                told: glued || !matches!(*word, "x" | "#"),
            })
        })
    }
}
