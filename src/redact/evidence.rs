//! Whether a word that may be a name is one here.
//!
//! "Rose", "Will", "Mark" and "May" are names and words. Alone they count as names only next to a
//! title, an initial, another part of a name or a verb of what people do, on a line of their own (a
//! signature), or with a capital in the middle of a sentence where that means something.

use std::ops::Range;

use super::context::floor;
use super::fold::fold;
use super::text::is_word;
use super::words::{SURNAMES_OF_PLACES, TITLES, is_common, is_german_noun, is_verb};

/// How far a line is read, in bytes to either side; what is longer is no signature.
const LINE: usize = 64;

/// Least letters of a word with a slip that is taken for a name without any word beside it that says so.
const LONG: usize = 8;

/// Names of months and days: a capital in the middle of a sentence says nothing.
const CALENDAR: &[&str] = &[
    "april", "may", "june", "august", "mai", "sonntag", "montag", "freitag",
];

/// Places that are words too.
const PLACE_WORDS: &[&str] = &[
    "bath", "reading", "nice", "mobile", "orange", "essen", "hamm", "hof", "halle", "tours",
    "sens", "march", "rugby", "sale", "deal", "best", "goes", "hull", "cork", "ware", "moss",
    "wells", "split", "lens", "much", "hard", "lage", "siegen", "bergen", "minden", "baden",
    "buchen", "lauf", "zell", "bury", "wash", "bend", "hope", "male", "lima", "como", "rom",
];

/// Words in front of places, and hardly ever of anything else that is written like a place.
const PLACE_PREPOSITIONS: &[&str] = &["aus", "nach", "from", "near", "uit", "depuis", "desde"];

/// Whether the words at `range`, folded as `term`, are a person's name; `is_part` tells known parts of names.
pub(super) fn of_person(
    text: &str,
    range: &Range<usize>,
    term: &str,
    is_part: impl Fn(&str) -> bool,
) -> bool {
    let written = text.get(range.clone()).unwrap_or("");
    let capital = written.starts_with(|c: char| c.is_uppercase() || !c.is_lowercase());
    if term.contains(' ') {
        // "will young people …" is not "Will Young"; "j. muller" has a full stop to show for itself.
        return capital
            || !term
                .split(' ')
                .all(|w| is_common(w) || w.trim_end_matches('.').chars().count() <= 2);
    }
    let (word, letters) = (term, term.chars().count());
    let common = is_common(word) || CALENDAR.contains(&word);
    if !common && letters >= 4 || !common && letters == 3 && capital {
        return true;
    }
    let around = Around::of(text, range);
    let neighbour = |w: &str| w != word && is_part(w) && (capital || !is_common(w));
    if around.titled() || capital && (around.any(neighbour) || around.any(is_initial)) {
        return true;
    }
    if !capital {
        return false;
    }
    if is_own_line(text, range) || around.greeted() || around.acts() {
        return true;
    }
    let shouted = letters > 1 && written.chars().all(|c| !c.is_lowercase());
    let noun = is_german_noun(word) || CALENDAR.contains(&word);
    !shouted && !noun && !starts_sentence(text, range.start)
}

/// Whether the words at `range` are the place or company that a record declares.
pub(super) fn of_place(text: &str, range: &Range<usize>, term: &str) -> bool {
    let written = text.get(range.clone()).unwrap_or("");
    let capital = written.starts_with(|c: char| !c.is_lowercase());
    let letters = term.chars().count();
    match letters {
        0 | 1 => false,
        2 | 3 => !written.chars().any(char::is_lowercase) || letters == 3 && capital,
        _ => {
            let word = PLACE_WORDS.contains(&term)
                || is_common(term) && !SURNAMES_OF_PLACES.contains(&term);
            let placed = || {
                let before = word_before(text, range.start);
                before.is_some_and(|w| PLACE_PREPOSITIONS.contains(&w.as_str()))
            };
            capital || !word || placed()
        }
    }
}

/// Whether the word at `range` (folded `word`, of `letters` letters), which is a known name but for a slip
/// or an ending, is meant as one.
pub(super) fn of_slip(
    text: &str,
    range: &Range<usize>,
    word: &str,
    letters: usize,
    is_part: impl Fn(&str) -> bool,
) -> bool {
    if is_common(word) || CALENDAR.contains(&word) {
        return false;
    }
    let written = text.get(range.clone()).unwrap_or("");
    let capital = written.starts_with(char::is_uppercase);
    let around = Around::of(text, range);
    let neighbour = |w: &str| is_part(w) && !is_common(w);
    around.titled()
        || around.any(neighbour)
        || capital
            && (around.greeted()
                || around.any(is_initial)
                || is_own_line(text, range)
                || letters >= LONG && !starts_sentence(text, range.start))
}

/// The folded words before and after a find.
struct Around {
    before: Option<String>,
    after: Option<String>,
}

impl Around {
    fn of(text: &str, range: &Range<usize>) -> Self {
        Self {
            before: word_before(text, range.start),
            after: word_after(text, range.end),
        }
    }

    fn any(&self, fits: impl Fn(&str) -> bool) -> bool {
        let words = [&self.before, &self.after];
        words.into_iter().flatten().any(|word| fits(word))
    }

    fn titled(&self) -> bool {
        let before = self.before.as_deref();
        before.is_some_and(|w| TITLES.contains(&w.trim_end_matches('.')))
    }

    /// Whether the word after says what somebody does ("Rose called").
    fn acts(&self) -> bool {
        self.after.as_deref().is_some_and(is_verb)
    }

    /// Whether the word before greets or thanks somebody.
    fn greeted(&self) -> bool {
        const GREETINGS: &[&str] = &[
            "dear", "hi", "hello", "hey", "hallo", "liebe", "lieber", "bonjour", "cher", "chere",
            "hola", "estimado", "estimada", "ciao", "caro", "cara", "beste", "geachte", "thanks",
            "thank", "danke", "merci", "gracias", "grazie", "regards", "cheers",
        ];
        self.before
            .as_deref()
            .is_some_and(|w| GREETINGS.contains(&w))
    }
}

fn is_initial(word: &str) -> bool {
    word.len() == 2 && word.ends_with('.')
}

/// Whether a sentence or line starts at `at`, so that a capital says nothing.
pub(super) fn starts_sentence(text: &str, at: usize) -> bool {
    let before = text
        .get(..at)
        .unwrap_or("")
        .trim_end_matches([' ', '\u{a0}', '"', '\'', '*', '(', '“', '„', '«']);
    before.is_empty()
        || before.ends_with(['.', '!', '?', ':', '\n', '\r', '•', '-', '>', '¿', '¡', '…'])
}

/// Whether nothing else is on the line but punctuation: a signature, a cell of a table.
fn is_own_line(text: &str, range: &Range<usize>) -> bool {
    let from = floor(text, range.start.saturating_sub(LINE));
    let to = floor(text, range.end + LINE);
    let before = text.get(from..range.start).unwrap_or("");
    let after = text.get(range.end..to).unwrap_or("");
    let line_before = before.rsplit(['\n', '\r', '|']).next().unwrap_or("");
    let line_after = after.split(['\n', '\r', '|']).next().unwrap_or("");
    let cut = from > 0 && line_before.len() == before.len()
        || to < text.len() && line_after.len() == after.len();
    // A text that is one word and nothing else has no line around it, so it is no signature.
    let whole = line_before.len() + range.len() + line_after.len() < text.len();
    whole && !cut && !line_before.chars().chain(line_after.chars()).any(is_word)
}

/// The folded word before `at`, with the full stop of an abbreviation.
fn word_before(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at)?.trim_end_matches([' ', '\u{a0}', ',']);
    let start = before
        .char_indices()
        .rev()
        .take(32)
        .take_while(|(_, c)| is_word(*c) || *c == '.' || *c == '-')
        .last()?
        .0;
    Some(fold(&before[start..]))
}

fn word_after(text: &str, at: usize) -> Option<String> {
    let after = text.get(at..)?.trim_start_matches([' ', '\u{a0}', ',']);
    let end = after
        .char_indices()
        .take(32)
        .take_while(|(_, c)| is_word(*c) || *c == '.' || *c == '-')
        .last();
    let (last, c) = end?;
    let word = fold(&after[..last + c.len_utf8()]);
    // A full stop after an initial belongs to it, after a word to the sentence.
    Some(if word.chars().count() > 2 {
        word.trim_end_matches('.').to_owned()
    } else {
        word
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_words_need_evidence() {
        let parts = ["will", "young", "rose", "may", "koch", "anna"];
        for (text, word, name) in [
            ("I told Will about it", "Will", true),
            ("Will you call back?", "Will", false),
            ("you will call", "will", false),
            ("mr. will called", "will", true),
            ("Will Young called", "Will", true),
            ("Best,\nWill\n", "Will", true),
            ("in May we ordered", "May", false),
            ("Anna May ordered", "May", true),
            ("Hi May, thanks", "May", true),
            ("ein Koch kam", "Koch", false),
            ("Herr Koch kam", "Koch", true),
            ("Anna Koch kam", "Koch", true),
            ("WILL YOU CALL", "WILL", false),
            ("J. Rose wrote", "Rose", true),
            ("Rose called", "Rose", true),
            ("Rose and I", "Rose", false),
        ] {
            let at = text.find(word).unwrap();
            let got = of_person(text, &(at..at + word.len()), &fold(word), |w| {
                parts.contains(&w)
            });
            assert_eq!(got, name, "{text}");
        }
    }

    #[test]
    fn words_with_slips_need_evidence_too() {
        for (text, word, name) in [
            ("we told Schnieder so", "Schnieder", true),
            ("Schnieder told us", "Schnieder", false),
            ("Schnieder, Anna", "Schnieder", true),
            ("anna schnieder", "schnieder", true),
            ("herr schnieder", "schnieder", true),
            ("we told schnieder so", "schnieder", false),
            ("so we told Marten", "Marten", false),
            ("Dear Marten,", "Marten", true),
            ("Thanks!\nMarten\n", "Marten", true),
        ] {
            let at = text.find(word).unwrap();
            let letters = word.chars().count();
            let got = of_slip(text, &(at..at + word.len()), &fold(word), letters, |w| {
                w == "anna"
            });
            assert_eq!(got, name, "{text}");
        }
    }

    #[test]
    fn short_places_need_their_case() {
        for (text, word, place) in [
            ("from DE to", "DE", true),
            ("de facto", "de", false),
            ("in Bath", "Bath", true),
            ("a bath", "bath", false),
            ("aus berlin", "berlin", true),
            ("in berlin", "berlin", true),
            ("in köln", "köln", true),
            ("sie kommt aus essen", "essen", true),
            ("zum essen", "essen", false),
            ("we moved from bath", "bath", true),
            ("on sale", "sale", false),
        ] {
            let at = text.find(word).unwrap();
            assert_eq!(
                of_place(text, &(at..at + word.len()), &fold(word)),
                place,
                "{text}"
            );
        }
    }
}
