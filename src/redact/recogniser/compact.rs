//! Rows of letters and digits as identity numbers are written: read without their separators, from
//! every place near a digit where such a number can start.
//!
//! This is the one pass that all recognisers of identity and VAT numbers share. Everything lives on the
//! stack, and lengths at which no block ends are never offered, so most digits of a text are
//! dismissed with a few comparisons.

use std::ops::Range;

use super::super::text::{Text, is_word};

/// Most characters of a number.
pub(super) const MAX_LEN: usize = 18;

/// Letters and digits from one place on, upper case, single separators left out.
#[derive(Debug)]
pub(super) struct Compact {
    start: usize,
    len: usize,
    chars: [u8; MAX_LEN],
    /// Where each character ends, from the start.
    ends: [u8; MAX_LEN],
    /// How long the blocks are that it is written in.
    blocks: [u8; MAX_LEN],
    /// How many blocks end where no word goes on: all, or all but the last.
    closed: usize,
}

/// Calls `each` with every number that may start near a digit of `text`, in order.
pub(super) fn scan(text: &Text<'_>, mut each: impl FnMut(&Compact)) {
    let mut next = 0;
    for group in &text.groups {
        let (starts, n) = starts(text.str, group.range.start);
        for start in starts[..n].iter().rev().copied() {
            if start >= next {
                next = start + 1;
                each(&Compact::read(text.str, start));
            }
        }
    }
}

/// Where a number that holds the digit group at `group` can start, the last first: its own block, and up
/// to three short blocks of letters before it ("RSS MRA 80A01", "QQ 12 34 56 C").
fn starts(text: &str, group: usize) -> ([usize; 4], usize) {
    let bytes = text.as_bytes();
    let block = |end: usize| {
        let letters = bytes[..end]
            .iter()
            .rev()
            .take(MAX_LEN)
            .take_while(|b| b.is_ascii_alphanumeric());
        end - letters.count()
    };
    let mut starts = [0; 4];
    starts[0] = block(group);
    let mut n = 1;
    while n < starts.len() {
        let at = starts[n - 1];
        let Some(end) = text[..at].strip_suffix([' ', '-', '\u{a0}']).map(str::len) else {
            break;
        };
        let start = block(end);
        let letters = bytes[start..end].iter().all(u8::is_ascii_alphabetic);
        if !letters || !(1..=4).contains(&(end - start)) {
            break;
        }
        starts[n] = start;
        n += 1;
    }
    (starts, n)
}

impl Compact {
    fn read(text: &str, start: usize) -> Self {
        let mut compact = Self {
            start,
            len: 0,
            chars: [0; MAX_LEN],
            ends: [0; MAX_LEN],
            blocks: [0; MAX_LEN],
            closed: 0,
        };
        let bytes = text.as_bytes();
        let mut at = start;
        loop {
            let from = compact.len;
            at = compact.block(bytes, at);
            if compact.len == from {
                return compact;
            }
            let c = match bytes.get(at) {
                None => ' ',
                Some(byte @ 0..=0x7f) => char::from(*byte),
                Some(_) => text[at..].chars().next().unwrap_or('x'),
            };
            // A word that goes on is no end of a block.
            if let Some(block) = compact.blocks.get_mut(compact.closed) {
                *block = u8::try_from(compact.len - from).unwrap_or(0);
            }
            if is_word(c) {
                return compact;
            }
            compact.closed += 1;
            if !is_separator(c) {
                return compact;
            }
            at += c.len_utf8();
        }
    }

    /// Reads letters and digits from `at` on, as many as there is room for; where they end.
    fn block(&mut self, bytes: &[u8], mut at: usize) -> usize {
        while let Some(byte) = bytes.get(at).filter(|b| b.is_ascii_alphanumeric()) {
            let (Some(char), Some(end)) =
                (self.chars.get_mut(self.len), self.ends.get_mut(self.len))
            else {
                break;
            };
            at += 1;
            *char = byte.to_ascii_uppercase();
            // At most one separator, of three bytes at most, stands before each.
            *end = u8::try_from(at - self.start).unwrap_or(u8::MAX);
            self.len += 1;
        }
        at
    }

    /// All that was read of it.
    pub(super) fn range(&self) -> Range<usize> {
        let end = self.len.checked_sub(1).and_then(|last| self.ends.get(last));
        self.start..self.start + end.map_or(0, |end| usize::from(*end))
    }

    /// The first two characters; zeros where there are none.
    pub(super) fn first_two(&self) -> [u8; 2] {
        [self.chars[0], self.chars[1]]
    }

    /// The lengths at which a block ends, shortest first, and the lengths of the blocks up to there.
    pub(super) fn lengths(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut len = 0;
        let closed = self.blocks.get(..self.closed).unwrap_or_default();
        closed.iter().enumerate().map(move |(at, block)| {
            len += usize::from(*block);
            (len, closed.get(..=at).unwrap_or_default())
        })
    }

    /// The first `len` characters and where they are.
    pub(super) fn head(&self, len: usize) -> Option<(&str, Range<usize>)> {
        let chars = self.chars[..self.len].get(..len)?;
        let end = self.start + usize::from(*self.ends.get(len.checked_sub(1)?)?);
        Some((std::str::from_utf8(chars).ok()?, self.start..end))
    }
}

/// Whether `range` is a piece of a longer code: "ORD-240315-0012", "A/4711/22".
pub(super) fn is_fragment(text: &Text<'_>, range: &Range<usize>) -> bool {
    let joint = |c: char| matches!(c, '-' | '/' | '.' | '_' | '#' | '\u{2011}');
    let mut before = text.slice(0..range.start).chars().rev();
    let mut after = text.slice(range.end..text.str.len()).chars();
    before.next().is_some_and(joint) && before.next().is_some_and(char::is_alphanumeric)
        || after.next().is_some_and(joint) && after.next().is_some_and(char::is_alphanumeric)
}

fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '.' | '/' | '+' | '\u{a0}' | '\u{202f}' | '\u{2011}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_without_their_separators() {
        let text = "RSS MRA 80A01 H501U.";
        let number = Compact::read(text, 0);
        assert_eq!(number.head(16), Some(("RSSMRA80A01H501U", 0..19)));
        let blocks: &[u8] = &[3, 3, 5, 5];
        let expected = [
            (3, &blocks[..1]),
            (6, &blocks[..2]),
            (11, &blocks[..3]),
            (16, blocks),
        ];
        assert_eq!(number.lengths().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn numbers_start_at_their_letters() {
        for (text, group, expected) in [
            ("RSS MRA 80A01 H501U.", 8, &[8, 4, 0][..]),
            ("x DE 12", 5, &[5, 2, 0]),
            ("number 12", 7, &[7]),
            ("é12", 2, &[2]),
        ] {
            let (starts, n) = starts(text, group);
            assert_eq!(&starts[..n], expected, "{text}");
        }
    }

    #[test]
    fn a_number_ends_where_no_word_goes_on() {
        for (text, lengths) in [
            ("12 34x", &[2, 5][..]),
            ("12_3", &[]),
            ("12é", &[]),
            ("1234567890123456789012", &[]),
            ("123456789012345678", &[18]),
            ("1234567890 12345678 9", &[10, 18]),
            ("1234567890 123456789", &[10]),
            ("12..34", &[2]),
            ("12é34", &[]),
            (" 12", &[]),
            ("", &[]),
        ] {
            let number = Compact::read(text, 0);
            let got: Vec<_> = number.lengths().map(|(len, _)| len).collect();
            assert_eq!(got, lengths, "{text}");
        }
    }

    #[test]
    fn pieces_of_codes_are_told() {
        for (text, range, fragment) in [
            ("ORD-240315-0012", 4..15, true),
            ("240315-0012/B", 0..11, true),
            ("id: 240315-0012.", 4..15, false),
            ("- 240315-0012 -", 2..13, false),
        ] {
            assert_eq!(
                is_fragment(&Text::new(text, &[]), &range),
                fragment,
                "{text}"
            );
        }
    }
}
