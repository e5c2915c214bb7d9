//! Words near a find that speak for it or against it.
//!
//! The label in front decides: most false phone numbers are other numbers of a record, and their
//! label ("Order no.", "NHC:") says so. Labels are looked for on the same line, at most
//! [`REACH`] bytes before the find; a few bytes behind it count too ("12.03.1980 (born)").

use std::sync::OnceLock;

use super::text::is_word;

/// How many bytes before a find are read.
const REACH: usize = 56;
/// How many bytes behind a find are read.
const REACH_BEHIND: usize = 24;

/// What the words near a find say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They speak against it.
    Against,
    /// They speak for it.
    For,
    /// They say nothing.
    Silent,
}

/// Words that speak for something; an entry that ends in `~` is a stem, which counts anywhere in a word.
pub(super) trait List {
    /// Whether `word` is on the list, or ends or begins as a compound of a long entry
    /// ("Kundentelefonnummer", "Bestellnummer").
    fn holds(&self, word: &[u8]) -> bool;
}

/// A short list, or one that is hardly ever asked.
impl List for [&str] {
    fn holds(&self, word: &[u8]) -> bool {
        !word.is_empty()
            && self.iter().any(|entry| match entry.as_bytes() {
                [stem @ .., b'~'] => word.windows(stem.len().max(1)).any(|part| part == stem),
                entry => entry == word,
            })
    }
}

/// A long list that many words are looked up in: the first letter of a word dismisses most of it.
#[derive(Debug)]
pub(super) struct Words {
    list: &'static [&'static str],
    index: OnceLock<Index>,
}

/// The entries of a list, by their first bytes.
#[derive(Debug)]
struct Index {
    whole: ByFirst,
    stems: ByFirst,
}

/// Words sorted by their first bytes, and where those of each byte start.
#[derive(Debug)]
struct ByFirst {
    words: Vec<&'static [u8]>,
    starts: Vec<u16>,
}

impl Words {
    pub(super) const fn new(list: &'static [&'static str]) -> Self {
        Self {
            list,
            index: OnceLock::new(),
        }
    }
}

impl List for Words {
    fn holds(&self, word: &[u8]) -> bool {
        let Some(first) = word.first() else {
            return false;
        };
        let index = self.index.get_or_init(|| Index::of(self.list));
        index.whole.from(*first).contains(&word)
            || word.iter().enumerate().any(|(at, first)| {
                let stems = index.stems.from(*first);
                !stems.is_empty() && stems.iter().any(|stem| word[at..].starts_with(stem))
            })
    }
}

impl Index {
    fn of(list: &'static [&'static str]) -> Self {
        let stems = list.iter().filter_map(|entry| entry.strip_suffix('~'));
        let whole = list.iter().filter(|entry| !entry.ends_with('~')).copied();
        Self {
            whole: ByFirst::of(whole.collect()),
            stems: ByFirst::of(stems.collect()),
        }
    }
}

impl ByFirst {
    fn of(mut words: Vec<&'static str>) -> Self {
        words.sort_unstable();
        let words: Vec<&[u8]> = words.into_iter().map(str::as_bytes).collect();
        let start =
            |first: u16| words.partition_point(|w| w.first().map_or(0, |b| u16::from(*b)) < first);
        let starts = (0..=256)
            .map(|first| u16::try_from(start(first)).unwrap_or(u16::MAX))
            .collect();
        Self { words, starts }
    }

    /// The words that start with `first`.
    fn from(&self, first: u8) -> &[&'static [u8]] {
        let at = usize::from(first);
        match self.starts.get(at..at + 2) {
            Some([from, to]) => self.words.get(usize::from(*from)..usize::from(*to)),
            _ => None,
        }
        .unwrap_or_default()
    }
}

/// The lower-cased words in front of a find and behind it.
#[derive(Debug)]
pub(super) struct Nearby {
    before: Before,
    behind: Lowered,
}

/// The lower-cased words in front of a find; a number is an empty word.
#[derive(Debug)]
pub(super) struct Before {
    words: Lowered,
    /// The label directly in front ends in a colon, `#` or `=`.
    labelled: bool,
}

/// Most words that fit into what is read.
const MAX_WORDS: usize = (REACH + 4) / 2;

/// Most bytes of those words in lower case: a letter may need three for two.
const MAX_LOWERED: usize = (REACH + 4) * 3 / 2;

/// Lower-cased words in a row.
#[derive(Debug)]
struct Lowered {
    text: [u8; MAX_LOWERED],
    /// Where each word ends in `text`.
    ends: [u8; MAX_WORDS],
    len: usize,
}

impl Lowered {
    /// The words of `line`, `most` at most.
    fn of(line: &str, most: usize) -> Self {
        let mut lowered = Self {
            text: [0; MAX_LOWERED],
            ends: [0; MAX_WORDS],
            len: 0,
        };
        let mut at = 0;
        for word in words(line).take(most) {
            // No list holds a number, so numbers are not kept.
            if !word.bytes().all(|b| b.is_ascii_digit()) {
                at = lowered.put(at, word);
            }
            let Some(end) = lowered.ends.get_mut(lowered.len) else {
                break;
            };
            *end = u8::try_from(at).unwrap_or(u8::MAX);
            lowered.len += 1;
        }
        lowered
    }

    /// Writes `word` in lower case to `at`; where it ends.
    fn put(&mut self, at: usize, word: &str) -> usize {
        let lower = (!word.is_ascii()).then(|| word.to_lowercase());
        let bytes = lower.as_deref().unwrap_or(word).as_bytes();
        let end = at + bytes.len();
        match self.text.get_mut(at..end) {
            Some(free) => {
                free.copy_from_slice(bytes);
                free.make_ascii_lowercase();
                end
            }
            None => at,
        }
    }

    /// The words, the last first.
    fn backwards(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = &self.text[..];
        (0..self.len).rev().map(move |at| {
            let end = |at: usize| self.ends.get(at).map_or(0, |end| usize::from(*end));
            let start = at.checked_sub(1).map_or(0, end);
            bytes.get(start..end(at)).unwrap_or_default()
        })
    }

    fn any(&self, list: &(impl List + ?Sized)) -> bool {
        self.backwards().any(|word| list.holds(word))
    }
}

impl Before {
    /// Reads the words before `start`.
    pub(super) fn of(text: &str, start: usize) -> Self {
        let from = floor(text, start.saturating_sub(REACH));
        let line = text.get(from..start).unwrap_or("");
        // A label may stand on its own line right above the value, but not further up.
        let line = match line.trim_end().rfind('\n') {
            Some(at) => &line[at + 1..],
            None => line,
        };
        let head = line.trim_end_matches([' ', '\u{a0}', '\t', '\n', '*', '(', '"', '+']);
        let labelled = head.ends_with([':', '#', '=', '：']);
        Self {
            words: Lowered::of(line, MAX_WORDS),
            labelled,
        }
    }

    /// The nearest listed word decides. A word that speaks against counts only right in front (within three
    /// words, and not where another number follows it, whose label it then is).
    pub(super) fn verdict(
        &self,
        good: &(impl List + ?Sized),
        bad: &(impl List + ?Sized),
    ) -> Verdict {
        let mut owned = false;
        for (distance, word) in self.words.backwards().enumerate() {
            owned |= word.is_empty();
            if good.holds(word) {
                return Verdict::For;
            }
            if distance < 3 && !owned && bad.holds(word) {
                return Verdict::Against;
            }
        }
        Verdict::Silent
    }

    /// Whether some label ("XY:") stands directly in front.
    pub(super) const fn is_labelled(&self) -> bool {
        self.labelled
    }
}

impl Nearby {
    /// Reads the words around `start..end`.
    pub(super) fn of(text: &str, start: usize, end: usize) -> Self {
        Self {
            before: Before::of(text, start),
            behind: Lowered::of(after(text, end), BEHIND),
        }
    }

    /// The nearest listed word in front decides ([`Before::verdict`]), then the words behind.
    pub(super) fn verdict(
        &self,
        good: &(impl List + ?Sized),
        bad: &(impl List + ?Sized),
    ) -> Verdict {
        match self.before.verdict(good, bad) {
            Verdict::Silent if self.behind.any(good) => Verdict::For,
            verdict => verdict,
        }
    }

    /// Whether one of the words in front or behind is in the list.
    pub(super) fn any(&self, list: &(impl List + ?Sized)) -> bool {
        self.before.words.any(list) || self.behind.any(list)
    }

    /// Whether some label ("XY:") stands directly in front.
    #[cfg(test)]
    pub(super) const fn is_labelled(&self) -> bool {
        self.before.is_labelled()
    }
}

/// Whether one of the words right behind `end` is in the list.
pub(super) fn is_behind(text: &str, end: usize, list: &(impl List + ?Sized)) -> bool {
    let after_end = text.as_bytes().get(end..).unwrap_or_default();
    let letter = |b: &u8| b.is_ascii_alphabetic() || !b.is_ascii();
    // Among numbers there are no words.
    after_end.iter().take(REACH_BEHIND).any(letter)
        && Lowered::of(after(text, end), BEHIND).any(list)
}

/// How many words behind a find are read.
const BEHIND: usize = 3;

/// What is read behind `end`: to the end of the clause at most.
fn after(text: &str, end: usize) -> &str {
    let to = floor(text, (end + REACH_BEHIND).min(text.len()));
    let after = text.get(end..to).unwrap_or("");
    after.split(['\n', '.', ';', ',']).next().unwrap_or("")
}

/// Letters, digits and `_` in a row.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = skip(text, at, false);
        at = skip(text, start, true);
        text.get(start..at).filter(|word| !word.is_empty())
    })
}

/// Where the characters from `at` on end that belong to words, or to none.
fn skip(text: &str, mut at: usize, in_word: bool) -> usize {
    while let Some(byte) = text.as_bytes().get(at) {
        let (word, len) = if byte.is_ascii() {
            (byte.is_ascii_alphanumeric() || *byte == b'_', 1)
        } else {
            let c = text.get(at..).and_then(|t| t.chars().next()).unwrap_or(' ');
            (is_word(c), c.len_utf8())
        };
        if word != in_word {
            break;
        }
        at += len;
    }
    at
}

/// The nearest character border at or below `at`.
pub(super) fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_decides() {
        let (good, bad) = (Words::new(&["tel", "telefon~"]), ["order", "bestell~"]);
        for (text, verdict) in [
            ("order 5, tel: ", Verdict::For),
            ("tel 5, order no. ", Verdict::Against),
            ("Bestellnummer ", Verdict::Against),
            ("Kundentelefon: ", Verdict::For),
            ("tel: 12\nfoo bar ", Verdict::Silent),
            ("Tel:\n", Verdict::For),
            ("hotel ", Verdict::Silent),
            ("order 4711, or ", Verdict::Silent),
            ("the order came late and ", Verdict::Silent),
        ] {
            let near = Nearby::of(&format!("{text}123"), text.len(), text.len() + 3);
            assert_eq!(near.verdict(&good, &bad[..]), verdict, "{text}");
        }
    }

    #[test]
    fn a_long_list_holds_what_a_short_one_holds() {
        let list: &[&str] = &["né", "née", "tel", "telefon~", "ö~", "a", "geburts~", "zz~"];
        let long = Words::new(list);
        for word in [
            "",
            "né",
            "nee",
            "née",
            "tel",
            "tels",
            "kundentelefonnummer",
            "köln",
            "a",
            "ab",
            "geburtstag",
            "geburt",
            "z",
            "pizza",
            "telefo",
            "ﬀ",
        ] {
            assert_eq!(
                long.holds(word.as_bytes()),
                list.holds(word.as_bytes()),
                "{word}"
            );
        }
    }

    #[test]
    fn labels_are_seen() {
        for (text, labelled) in [
            ("NHC: ", true),
            ("NHC ", false),
            ("a = ", true),
            ("**X:** ", true),
        ] {
            let near = Nearby::of(&format!("{text}1"), text.len(), text.len() + 1);
            assert_eq!(near.is_labelled(), labelled, "{text}");
        }
    }
}
