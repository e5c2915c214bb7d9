//! A text, prepared once for all recognisers: where its numbers are, and which bytes it holds.
//!
//! One pass over the bytes finds the *runs*: groups of digits with separators between them, as phone,
//! card and identity numbers are written. Recognisers of numbers look only at those, so a text
//! without digits costs them nothing.

use std::cell::OnceCell;
use std::ops::Range;

use memchr::memchr;

use crate::types::Jurisdiction;

use super::recogniser::Date;

/// A prepared text.
#[derive(Debug)]
pub(in crate::redact) struct Text<'t> {
    /// The text itself.
    pub str: &'t str,
    /// All digit groups, in order.
    pub groups: Vec<Group>,
    /// Where each run ends among them.
    run_ends: Vec<usize>,
    /// Whether there is an `@`.
    pub has_at: bool,
    /// Whether there is a digit.
    pub has_digit: bool,
    /// Whether there is a `:`.
    pub has_colon: bool,
    /// The countries whose local formats are likely, the likeliest first.
    pub countries: &'t [Jurisdiction],
    /// The dates in it, once they were read.
    pub dates: OnceCell<Vec<Date>>,
}

/// Digit groups with nothing but separators between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::redact) struct Run<'g> {
    /// The groups, in order; never empty.
    pub groups: &'g [Group],
}

/// The digits of a few groups.
#[derive(Clone, Copy, Debug)]
pub(in crate::redact) struct Digits {
    bytes: [u8; MAX_DIGITS],
    len: usize,
}

/// Most digits that are read together; longer than any number that a recogniser knows.
const MAX_DIGITS: usize = 24;

impl std::ops::Deref for Digits {
    type Target = str;

    fn deref(&self) -> &str {
        let digits = self.bytes.get(..self.len).unwrap_or_default();
        std::str::from_utf8(digits).unwrap_or_default()
    }
}

/// Digits with no break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::redact) struct Group {
    /// Byte offsets.
    pub range: Range<usize>,
    /// Whether a letter, a digit after a decimal comma, or an underscore touches it on the left.
    pub glued_left: bool,
    /// The same on the right.
    pub glued_right: bool,
}

impl<'t> Text<'t> {
    /// Prepares `text`.
    pub(in crate::redact) fn new(text: &'t str, countries: &'t [Jurisdiction]) -> Self {
        let (groups, run_ends) = groups(text);
        Self {
            str: text,
            has_at: memchr(b'@', text.as_bytes()).is_some(),
            has_digit: !groups.is_empty(),
            has_colon: memchr(b':', text.as_bytes()).is_some(),
            groups,
            run_ends,
            countries,
            dates: OnceCell::new(),
        }
    }

    /// The runs of digit groups, in order.
    pub(in crate::redact) fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let mut from = 0;
        self.run_ends.iter().map(move |end| {
            let groups = self.groups.get(from..*end).unwrap_or_default();
            from = *end;
            Run { groups }
        })
    }

    /// The blocks of ASCII letters and digits that hold a digit, each as long as it goes on, in order.
    pub(in crate::redact) fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        let bytes = self.str.as_bytes();
        let mut next = 0;
        self.groups.iter().filter_map(move |group| {
            if group.range.start < next {
                return None;
            }
            let belongs = |b: &&u8| b.is_ascii_alphanumeric();
            let before = bytes.get(next..group.range.start)?.iter().rev();
            let after = bytes.get(group.range.end..)?.iter();
            let start = group.range.start - before.take_while(belongs).count();
            next = group.range.end + after.take_while(belongs).count();
            Some(start..next)
        })
    }

    /// The bytes at `range`; empty where it is out of bounds.
    pub(in crate::redact) fn slice(&self, range: Range<usize>) -> &'t str {
        self.str.get(range).unwrap_or("")
    }

    /// The character before `at`.
    pub(in crate::redact) fn char_before(&self, at: usize) -> Option<char> {
        self.str.get(..at)?.chars().next_back()
    }

    /// The character at `at`.
    pub(in crate::redact) fn char_at(&self, at: usize) -> Option<char> {
        self.str.get(at..)?.chars().next()
    }

    /// Whether `range` stands alone: no letter, digit or underscore touches it.
    pub(in crate::redact) fn stands_alone(&self, range: &Range<usize>) -> bool {
        !self.char_before(range.start).is_some_and(is_word)
            && !self.char_at(range.end).is_some_and(is_word)
    }
}

impl<'g> Run<'g> {
    /// The digits of the groups `from..to`; none where they are more than any number has.
    pub(in crate::redact) fn digits(&self, text: &str, from: usize, to: usize) -> Digits {
        let mut digits = Digits {
            bytes: [0; MAX_DIGITS],
            len: 0,
        };
        for group in self.groups.get(from..to).unwrap_or_default() {
            let own = text.as_bytes().get(group.range.clone()).unwrap_or_default();
            let end = digits.len + own.len();
            let Some(free) = digits.bytes.get_mut(digits.len..end) else {
                digits.len = 0;
                break;
            };
            free.copy_from_slice(own);
            digits.len = end;
        }
        digits
    }

    /// The lengths of the groups `from..to`.
    pub(in crate::redact) fn shape(&self, from: usize, to: usize) -> Vec<usize> {
        self.groups
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .map(|g| g.range.len())
            .collect()
    }

    /// The bytes that the groups `from..to` span, if nothing is glued to their ends.
    pub(in crate::redact) fn span(&self, from: usize, to: usize) -> Option<Range<usize>> {
        let (first, last) = (self.groups.get(from)?, self.groups.get(to.checked_sub(1)?)?);
        (!first.glued_left && !last.glued_right).then_some(first.range.start..last.range.end)
    }

    /// Every window of groups with `digits` digits in all: `(from, to, range)`; as many per group as
    /// digits at most, however long the run is.
    pub(in crate::redact) fn windows(
        self,
        digits: Range<usize>,
    ) -> impl Iterator<Item = (usize, usize, Range<usize>)> + 'g {
        (0..self.groups.len()).flat_map(move |from| {
            let digits = digits.clone();
            let rest = self.groups.get(from..).unwrap_or_default();
            let counts = rest.iter().scan(0, |count, group| {
                *count += group.range.len();
                Some(*count)
            });
            counts
                .take_while(move |count| *count < digits.end)
                .enumerate()
                .filter(move |(_, count)| *count >= digits.start)
                .filter_map(move |(more, _)| {
                    let to = from + more + 1;
                    self.span(from, to).map(|range| (from, to, range))
                })
        })
    }
}

/// Whether `c` belongs to a word.
pub(super) fn is_word(c: char) -> bool {
    match c {
        // Nearly all that is not ASCII, and told without the standard library's tables.
        'À'..='ɏ' => !matches!(c, '×' | '÷'),
        _ => c.is_alphanumeric() || c == '_',
    }
}

/// Whether `c` is a letter.
pub(super) fn is_letter(c: char) -> bool {
    match c {
        'À'..='ɏ' => !matches!(c, '×' | '÷'),
        _ => c.is_alphabetic(),
    }
}

/// What a byte says of the word that it may stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteClass {
    /// ASCII, and in a word.
    Word,
    /// ASCII, and in none.
    Gap,
    /// A part of another character, which has to be asked.
    Other,
}

impl ByteClass {
    pub(super) fn of(byte: u8) -> Self {
        BYTE_CLASSES[usize::from(byte)]
    }
}

static BYTE_CLASSES: [ByteClass; 256] = {
    let mut classes = [ByteClass::Other; 256];
    let mut byte = 0_u8;
    while byte.is_ascii() {
        classes[byte as usize] = if byte.is_ascii_alphanumeric() || byte == b'_' {
            ByteClass::Word
        } else {
            ByteClass::Gap
        };
        byte += 1;
    }
    classes
};

/// Where bytes that belong together lie in a row, in order.
pub(super) fn stretches(
    bytes: &[u8],
    belongs: impl Fn(u8) -> bool,
) -> impl Iterator<Item = Range<usize>> {
    let mut chunks = bytes.chunks(64).enumerate();
    // The borders of stretches in one chunk that were not seen yet, a bit for each, and where that chunk starts.
    let (mut borders, mut base) = (0_u64, 0);
    let mut inside = 0;
    let mut open = None;
    std::iter::from_fn(move || {
        loop {
            while borders == 0 {
                let Some((number, chunk)) = chunks.next() else {
                    return open.take().map(|start| start..bytes.len());
                };
                base = number * 64;
                let own = mask(chunk, &belongs);
                borders = own ^ (own << 1 | inside);
                inside = own >> 63;
            }
            let border = base + borders.trailing_zeros() as usize;
            borders &= borders - 1;
            match open.take() {
                Some(start) => return Some(start..border),
                None => open = Some(border),
            }
        }
    })
}

/// A bit for each of up to 64 bytes, the first one the lowest: whether it belongs. In a form of which compilers make few
/// instructions for many bytes.
fn mask(chunk: &[u8], belongs: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0; 64];
    for (flag, byte) in flags.iter_mut().zip(chunk) {
        *flag = u8::from(belongs(*byte));
    }
    let (eights, _) = flags.as_chunks::<8>();
    eights.iter().rev().fold(0, |mask, eight| {
        // Gathers the lowest bits of eight bytes in the highest of them.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask << 8 | gathered
    })
}

/// The groups of digits, and where each run of them ends.
fn groups(text: &str) -> (Vec<Group>, Vec<usize>) {
    let bytes = text.as_bytes();
    let mut groups: Vec<Group> = Vec::new();
    let mut run_ends: Vec<usize> = Vec::new();
    for Range { start, end } in stretches(bytes, |byte| byte.is_ascii_digit()) {
        let last_end = groups.last().map(|last| last.range.end);
        let joins = last_end.is_some_and(|end| is_separator(text.get(end..start).unwrap_or("x")));
        if !joins && !groups.is_empty() {
            run_ends.push(groups.len());
        }
        groups.push(Group {
            range: start..end,
            glued_left: glued_left(text, start),
            glued_right: glued_right(text, end),
        });
    }
    if !groups.is_empty() {
        run_ends.push(groups.len());
    }
    (groups, run_ends)
}

fn glued_left(text: &str, at: usize) -> bool {
    let mut before = text[..at].chars().rev();
    match before.next() {
        Some(',') => before.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => is_word(c),
        None => false,
    }
}

fn glued_right(text: &str, at: usize) -> bool {
    let mut after = text[at..].chars();
    match after.next() {
        Some(',') => after.next().is_some_and(|c| c.is_ascii_digit()),
        // An extension: "555-0123x45".
        Some('x' | 'X') => !after.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => is_word(c),
        None => false,
    }
}

/// Whether `between` may stand between two groups of one number.
fn is_separator(between: &str) -> bool {
    let mut chars = 0;
    for c in between.chars() {
        chars += 1;
        let fits = matches!(
            c,
            ' ' | '\u{a0}'
                | '\u{202f}'
                | '\u{2009}'
                | '.'
                | '-'
                | '\u{2010}'
                | '\u{2011}'
                | '–'
                | '/'
                | '('
                | ')'
        );
        if !fits || chars > 3 {
            return false;
        }
    }
    chars > 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn runs_are_groups_with_separators() {
        for (text, shapes) in [
            ("call 030 1234567 or x", vec![vec![3, 7]]),
            ("+49 (0)30 / 12 34", vec![vec![2, 1, 2, 2, 2]]),
            ("1, 2", vec![vec![1], vec![1]]),
            ("a1b", vec![vec![1]]),
            ("", vec![]),
            ("4111-1111-1111-1111", vec![vec![4, 4, 4, 4]]),
        ] {
            let got: Vec<_> = Text::new(text, &[])
                .runs()
                .map(|run| run.groups.iter().map(|g| g.range.len()).collect::<Vec<_>>())
                .collect();
            assert_eq!(got, shapes, "{text}");
        }
    }

    #[test]
    fn windows_hold_as_many_digits_as_asked_for() {
        let text = Text::new("12 345 6 78901", &[]);
        let run = text.runs().next().unwrap();
        let windows: Vec<_> = run
            .windows(4..7)
            .map(|(from, to, range)| (from, to, text.slice(range)))
            .collect();
        assert_eq!(
            windows,
            [
                (0, 2, "12 345"),
                (0, 3, "12 345 6"),
                (1, 3, "345 6"),
                (2, 4, "6 78901"),
                (3, 4, "78901"),
            ]
        );
    }

    #[test]
    fn blocks_are_letters_and_digits_around_a_digit() {
        let text = Text::new("ab12cd34 x_5y, 007 é9 none", &[]);
        let blocks: Vec<_> = text.blocks().map(|range| text.slice(range)).collect();
        assert_eq!(blocks, ["ab12cd34", "5y", "007", "9"]);
    }

    #[test]
    fn digits_of_more_groups_than_a_number_has_are_none() {
        let text = Text::new("123456789012 345678901234 5", &[]);
        let run = text.runs().next().unwrap();
        assert_eq!(&*run.digits(text.str, 0, 2), "123456789012345678901234");
        assert_eq!(&*run.digits(text.str, 0, 3), "");
    }

    proptest! {
        #[test]
        fn stretches_are_bytes_in_a_row(text in "([0-9]{1,90}|[a-c]{1,90}){0,6}") {
            let bytes = text.as_bytes();
            let mut expected: Vec<Range<usize>> = Vec::new();
            for at in (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()) {
                match expected.last_mut().filter(|last| last.end == at) {
                    Some(last) => last.end = at + 1,
                    None => expected.push(at..at + 1),
                }
            }
            let got: Vec<_> = stretches(bytes, |byte| byte.is_ascii_digit()).collect();
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn letters_and_words_are_what_unicode_says() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_letter(c), c.is_alphabetic(), "{c:?}");
            assert_eq!(is_word(c), c.is_alphanumeric() || c == '_', "{c:?}");
        }
    }

    #[test]
    fn what_touches_a_number_is_seen() {
        let text = Text::new("A12 3,45 67", &[]);
        assert!(text.groups[0].glued_left);
        assert!(text.groups[1].glued_right);
    }
}
