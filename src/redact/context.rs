//! Words near a find that speak for it or against it.
//!
//! The label in front decides: most false phone numbers are other numbers of a record, and their
//! label ("Order no.", "NHC:") says so. Labels are looked for on the same line, at most
//! [`REACH`] bytes before the find; a few bytes behind it count too ("12.03.1980 (born)").

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

/// The lower-cased words in front of a find and behind it.
#[derive(Debug)]
pub(super) struct Nearby {
    before: Before,
    behind: Vec<String>,
}

/// The lower-cased words in front of a find, the nearest first; a number is an empty word.
#[derive(Debug)]
pub(super) struct Before {
    words: Vec<String>,
    /// The label directly in front ends in a colon, `#` or `=`.
    labelled: bool,
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
        let mut words: Vec<String> = words(line).map(lowered).collect();
        words.reverse();
        Self { words, labelled }
    }

    /// The nearest listed word decides. A word that speaks against counts only right in front (within three
    /// words, and not where another number follows it, whose label it then is).
    pub(super) fn verdict(&self, good: &[&str], bad: &[&str]) -> Verdict {
        let mut owned = false;
        for (distance, word) in self.words.iter().enumerate() {
            owned |= word.is_empty();
            if holds(good, word) {
                return Verdict::For;
            }
            if distance < 3 && !owned && holds(bad, word) {
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
            behind: behind(text, end).map(lowered).collect(),
        }
    }

    /// The nearest listed word in front decides ([`Before::verdict`]), then the words behind.
    pub(super) fn verdict(&self, good: &[&str], bad: &[&str]) -> Verdict {
        match self.before.verdict(good, bad) {
            Verdict::Silent if self.behind.iter().any(|word| holds(good, word)) => Verdict::For,
            verdict => verdict,
        }
    }

    /// Whether one of the words in front or behind is in the list.
    pub(super) fn any(&self, list: &[&str]) -> bool {
        self.before
            .words
            .iter()
            .chain(&self.behind)
            .any(|word| holds(list, word))
    }

    /// Whether some label ("XY:") stands directly in front.
    #[cfg(test)]
    pub(super) const fn is_labelled(&self) -> bool {
        self.before.is_labelled()
    }
}

/// Whether one of the words right behind `end` is in the list.
pub(super) fn is_behind(text: &str, end: usize, list: &[&str]) -> bool {
    let after = text.as_bytes().get(end..).unwrap_or_default();
    let letter = |b: &u8| b.is_ascii_alphabetic() || !b.is_ascii();
    // Among numbers there are no words.
    if !after.iter().take(REACH_BEHIND).any(letter) {
        return false;
    }
    behind(text, end).any(|word| holds(list, &lowered(word)))
}

/// The words right behind `end`, three at most.
fn behind(text: &str, end: usize) -> impl Iterator<Item = &str> {
    let to = floor(text, (end + REACH_BEHIND).min(text.len()));
    let after = text.get(end..to).unwrap_or("");
    let after = after.split(['\n', '.', ';', ',']).next().unwrap_or("");
    words(after).take(3)
}

/// Whether `word` is on the list, or ends or begins as a compound of a long entry
/// ("Kundentelefonnummer", "Bestellnummer").
fn holds(list: &[&str], word: &str) -> bool {
    let word = word.as_bytes();
    let Some(first) = word.first() else {
        return false;
    };
    // Lists are long and hardly ever hit: the first bytes dismiss nearly all.
    list.iter().any(|entry| match entry.as_bytes() {
        [stem @ .., b'~'] => {
            let head = stem.first();
            word.windows(stem.len().max(1))
                .any(|part| part.first() == head && part == stem)
        }
        entry => entry.len() == word.len() && entry.first() == Some(first) && entry == word,
    })
}

/// No list holds a number, so numbers are not kept.
fn lowered(word: &str) -> String {
    if word.bytes().all(|b| b.is_ascii_digit()) {
        String::new()
    } else {
        word.to_lowercase()
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_word(c)).filter(|w| !w.is_empty())
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
        let (good, bad) = (&["tel", "telefon~"][..], &["order", "bestell~"][..]);
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
            assert_eq!(near.verdict(good, bad), verdict, "{text}");
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
