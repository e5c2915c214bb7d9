//! Words near a find that speak for it or against it.
//!
//! The label in front decides: most false phone numbers are other numbers of a record, and their
//! label ("Order no.", "NHC:") says so. Labels are looked for on the same line, at most
//! [`REACH`] bytes before the find; a few bytes behind it count too ("12.03.1980 (born)").

use std::sync::OnceLock;

use super::lowercase::lowercase;
use super::text::{ByteClass, is_word};

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
    line: &'static str,
    index: OnceLock<Index>,
}

/// The entries of a list, by their first bytes.
#[derive(Debug)]
struct Index {
    whole: ByFirst,
    /// How the whole words start.
    starts: Starts,
    stems: ByFirst,
    /// How the stems start: no word holds one where no such pair of bytes stands. A stem has two bytes at least.
    stem_starts: Starts,
}

/// How words start: five bits of each of the first two bytes, which tell all letters apart. There are many lists, and
/// all of these stay in a processor's nearest cache.
#[derive(Debug, Default)]
struct Starts {
    bits: [u64; 16],
}

impl Starts {
    fn add(&mut self, word: &[u8]) {
        let (at, bit) = Self::place(word);
        if let Some(bits) = self.bits.get_mut(at) {
            *bits |= bit;
        }
    }

    /// Whether a word may be there that starts as `word` does.
    fn has(&self, word: &[u8]) -> bool {
        let (at, bit) = Self::place(word);
        self.bits.get(at).is_some_and(|bits| bits & bit != 0)
    }

    fn place(word: &[u8]) -> (usize, u64) {
        let five = |at: usize| word.get(at).map_or(0, |byte| byte & 31);
        (
            usize::from(five(0) >> 1),
            1 << ((five(0) & 1) << 5 | five(1)),
        )
    }
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
            line: "",
            index: OnceLock::new(),
        }
    }

    /// The words of a line, with blanks between them.
    pub(super) const fn of_line(line: &'static str) -> Self {
        Self {
            list: &[],
            line,
            index: OnceLock::new(),
        }
    }

    fn entries(&self) -> impl Iterator<Item = &'static str> {
        self.list
            .iter()
            .copied()
            .chain(self.line.split_whitespace())
    }
}

impl List for Words {
    fn holds(&self, word: &[u8]) -> bool {
        let Some(first) = word.first() else {
            return false;
        };
        let index = self.index.get_or_init(|| Index::of(self.entries()));
        index.starts.has(word) && index.whole.starting_with(*first).contains(&word)
            || index.has_stem_in(word)
    }
}

impl Index {
    fn of(entries: impl Iterator<Item = &'static str>) -> Self {
        let (stems, whole): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.ends_with('~'));
        let stems = stems.iter().filter_map(|entry| entry.strip_suffix('~'));
        let stems: Vec<_> = stems.collect();
        debug_assert!(stems.iter().all(|stem| stem.len() >= 2));
        let starts_of = |words: &[&str]| {
            let mut starts = Starts::default();
            words.iter().for_each(|word| starts.add(word.as_bytes()));
            starts
        };
        Self {
            starts: starts_of(&whole),
            stem_starts: starts_of(&stems),
            stems: ByFirst::of(stems),
            whole: ByFirst::of(whole),
        }
    }

    fn has_stem_in(&self, word: &[u8]) -> bool {
        if self.stems.words.is_empty() {
            return false;
        }
        word.windows(2).enumerate().any(|(at, pair)| {
            let stems = || {
                let first = pair.first().copied().unwrap_or(0);
                self.stems.starting_with(first).iter()
            };
            self.stem_starts.has(pair) && stems().any(|stem| word[at..].starts_with(stem))
        })
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
    fn starting_with(&self, first: u8) -> &[&'static [u8]] {
        let at = usize::from(first);
        match self.starts.get(at..at + 2) {
            Some([from, to]) => self.words.get(usize::from(*from)..usize::from(*to)),
            _ => None,
        }
        .unwrap_or_default()
    }
}

/// The words in front of a find and behind it.
#[derive(Debug)]
pub(super) struct Nearby<'t> {
    before: Before<'t>,
    behind: &'t str,
}

/// The words in front of a find.
#[derive(Debug)]
pub(super) struct Before<'t> {
    line: &'t str,
    /// The label directly in front ends in a colon, `#` or `=`.
    labelled: bool,
}

impl<'t> Before<'t> {
    /// Reads the words before `start`.
    pub(super) fn of(text: &'t str, start: usize) -> Self {
        let from = floor(text, start.saturating_sub(REACH));
        let line = text.get(from..start).unwrap_or("");
        // A label may stand on its own line right above the value, but not further up.
        let line = match line.trim_end().rfind('\n') {
            Some(at) => &line[at + 1..],
            None => line,
        };
        let head = line.trim_end_matches([' ', '\u{a0}', '\t', '\n', '*', '(', '"', '+']);
        let labelled = head.ends_with([':', '#', '=', '：']);
        Self { line, labelled }
    }

    /// The nearest listed word decides. A word that speaks against counts only right in front (within three
    /// words, and not where another number follows it, whose label it then is).
    pub(super) fn verdict(
        &self,
        good: &(impl List + ?Sized),
        bad: &(impl List + ?Sized),
    ) -> Verdict {
        let mut owned = false;
        // Among numbers there are no words; told at once, for a text of nothing else.
        let letter = |b: u8| b.is_ascii_alphabetic() || !b.is_ascii();
        if !self.line.bytes().fold(false, |any, b| any | letter(b)) {
            return Verdict::Silent;
        }
        for (distance, word) in backwards(self.line).enumerate() {
            // No list holds a number.
            if word.bytes().all(|b| b.is_ascii_digit()) {
                owned = true;
                continue;
            }
            let near = distance < 3 && !owned;
            let verdict = lowered(word, |word| match good.holds(word) {
                true => Verdict::For,
                false if near && bad.holds(word) => Verdict::Against,
                false => Verdict::Silent,
            });
            if verdict != Verdict::Silent {
                return verdict;
            }
        }
        Verdict::Silent
    }

    /// Whether some label ("XY:") stands directly in front.
    pub(super) const fn is_labelled(&self) -> bool {
        self.labelled
    }
}

impl<'t> Nearby<'t> {
    /// Reads the words around `start..end`.
    pub(super) fn of(text: &'t str, start: usize, end: usize) -> Self {
        Self {
            before: Before::of(text, start),
            behind: after(text, end),
        }
    }

    /// The nearest listed word in front decides ([`Before::verdict`]), then the words behind.
    pub(super) fn verdict(
        &self,
        good: &(impl List + ?Sized),
        bad: &(impl List + ?Sized),
    ) -> Verdict {
        match self.before.verdict(good, bad) {
            Verdict::Silent if any_first(self.behind, good) => Verdict::For,
            verdict => verdict,
        }
    }

    /// Whether one of the words in front or behind is in the list.
    pub(super) fn any(&self, list: &(impl List + ?Sized)) -> bool {
        backwards(self.before.line).any(|word| lowered(word, |word| list.holds(word)))
            || any_first(self.behind, list)
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
    after_end.iter().take(REACH_BEHIND).any(letter) && any_first(after(text, end), list)
}

/// What is read behind `end`: to the end of the clause at most.
fn after(text: &str, end: usize) -> &str {
    let to = floor(text, (end + REACH_BEHIND).min(text.len()));
    let after = text.get(end..to).unwrap_or("");
    after.split(['\n', '.', ';', ',']).next().unwrap_or("")
}

/// Whether one of the first three words of `text` is in the list.
fn any_first(text: &str, list: &(impl List + ?Sized)) -> bool {
    let words = text.split(|c: char| !is_word(c)).filter(|w| !w.is_empty());
    words
        .take(3)
        .any(|word| lowered(word, |word| list.holds(word)))
}

/// What `each` says of `word` in lower case.
pub(super) fn lowered<T>(word: &str, each: impl Fn(&[u8]) -> T) -> T {
    let mut buffer = [0; REACH + REACH_BEHIND];
    match buffer.get_mut(..word.len()) {
        Some(lower) if word.is_ascii() => {
            lower.copy_from_slice(word.as_bytes());
            lower.make_ascii_lowercase();
            each(lower)
        }
        _ => each(lowercase(word).as_bytes()),
    }
}

/// The words of a line, letters, digits and `_` in a row, the last first.
fn backwards(line: &str) -> impl Iterator<Item = &str> {
    let mut at = line.len();
    std::iter::from_fn(move || {
        let end = skip_back(line, at, false);
        at = skip_back(line, end, true);
        line.get(at..end).filter(|word| !word.is_empty())
    })
}

/// Where the characters before `at` start that belong to words, or to none.
fn skip_back(line: &str, mut at: usize, in_word: bool) -> usize {
    let class = match in_word {
        true => ByteClass::Word,
        false => ByteClass::Gap,
    };
    loop {
        let head = line.as_bytes().get(..at).unwrap_or_default();
        let other = head.iter().rposition(|byte| ByteClass::of(*byte) != class);
        at = other.map_or(0, |other| other + 1);
        let c = line.get(..at).and_then(|head| head.chars().next_back());
        match c.filter(|c| !c.is_ascii() && is_word(*c) == in_word) {
            Some(c) => at -= c.len_utf8(),
            None => return at,
        }
    }
}

/// The same as [`Nearby::verdict`], with every word written out before one is looked up: slower, and simple enough to
/// compare with.
#[cfg(test)]
pub(super) fn verdict_of_all_words(
    text: &str,
    start: usize,
    end: usize,
    good: &Words,
    bad: &Words,
) -> Verdict {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !is_word(c))
            .filter(|word| !word.is_empty())
            .map(|word| match word.bytes().all(|b| b.is_ascii_digit()) {
                true => String::new(),
                false => word.to_lowercase(),
            })
            .collect()
    };
    let mut owned = false;
    for (distance, word) in words(Before::of(text, start).line).iter().rev().enumerate() {
        owned |= word.is_empty();
        if good.list.holds(word.as_bytes()) {
            return Verdict::For;
        }
        if distance < 3 && !owned && bad.list.holds(word.as_bytes()) {
            return Verdict::Against;
        }
    }
    let behind = words(after(text, end));
    match behind
        .iter()
        .take(3)
        .any(|word| good.list.holds(word.as_bytes()))
    {
        true => Verdict::For,
        false => Verdict::Silent,
    }
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
            let numbered = format!("{text}123");
            let near = Nearby::of(&numbered, text.len(), text.len() + 3);
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
            let numbered = format!("{text}1");
            let near = Nearby::of(&numbered, text.len(), text.len() + 1);
            assert_eq!(near.is_labelled(), labelled, "{text}");
        }
    }
}
