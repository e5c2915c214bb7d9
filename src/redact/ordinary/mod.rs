//! Ordinary words of eight languages, as customers and shops write them.
//!
//! What is taken for a name and is a word like "receipt", "steeds" or "Klingel" needs more to show for itself than
//! a name that means nothing else. The lists are folded, sorted by bytes, a word a line; a table of a
//! mebibyte, made when first asked for, says where each word lies in them. Words that are somebody's name too ("rose", "braun", "neto") have lists of
//! their own, and are no ordinary words in any language.

mod table;

use std::ops::Range;

use crate::types::Entity;

use super::evidence::starts_sentence;
use super::fold::fold;
use super::words::{PARTICLES, is_common};

use self::table::list_of;

/// Words that are hardly ever a name.
const WORDS: &[&str] = &[
    include_str!("de.txt"),
    include_str!("en.txt"),
    include_str!("es.txt"),
    include_str!("fr.txt"),
    include_str!("it.txt"),
    include_str!("nl.txt"),
    include_str!("pl.txt"),
    include_str!("pt.txt"),
];

/// Words that are names as well.
const NAMES: &[&str] = &[
    include_str!("de-names.txt"),
    include_str!("en-names.txt"),
    include_str!("es-names.txt"),
    include_str!("fr-names.txt"),
    include_str!("it-names.txt"),
    include_str!("nl-names.txt"),
    include_str!("pl-names.txt"),
    include_str!("pt-names.txt"),
];

/// Scores under which the model of names is not believed about an ordinary word: one in lower case, one at the start
/// of a sentence, where a capital says nothing, one with a capital of its own; and about a word in lower case that is
/// also a name.
const LOWER: f32 = 0.97;
const STARTS: f32 = 0.9;
const CAPITAL: f32 = 0.8;
const LOWER_NAME: f32 = 0.85;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// In no list.
    Unknown,
    /// A word that is a name too.
    Name,
    /// An ordinary word.
    Ordinary,
}

/// Whether `folded` is a word that is hardly ever a name.
pub(super) fn is_ordinary(folded: &str) -> bool {
    kind(folded) == Kind::Ordinary
}

/// Whether what the model of names found at `range` with `score` is only ordinary words.
pub(super) fn is_mere_words(text: &str, range: &Range<usize>, entity: Entity, score: f32) -> bool {
    if score >= LOWER || !matches!(entity, Entity::Person | Entity::Location) {
        return false;
    }
    let written = text.get(range.clone()).unwrap_or("");
    let lower = !written.contains(char::is_uppercase);
    let least = match (lower, starts_sentence(text, range.start)) {
        (true, _) => LOWER,
        (false, true) => STARTS,
        (false, false) => CAPITAL,
    };
    if score >= least {
        return false;
    }
    let words: Vec<_> = written
        .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        .filter(|word| !word.is_empty())
        .map(fold)
        .collect();
    let Some(first) = words.first() else {
        return false;
    };
    // No name in lower case begins with an ordinary word, but for "de" and the like.
    let led = is_ordinary(first) && !PARTICLES.contains(&first.as_str());
    words.iter().all(|word| match kind(word) {
        Kind::Ordinary => true,
        Kind::Name => lower && (led || score < LOWER_NAME),
        Kind::Unknown => false,
    })
}

fn kind(folded: &str) -> Kind {
    if is_common(folded) {
        return Kind::Name;
    }
    match list_of(folded) {
        Some(list) if list < NAMES.len() => Kind::Name,
        Some(_) => Kind::Ordinary,
        None => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_lists_are_folded_and_sorted_and_keep_apart() {
        let names: HashSet<_> = NAMES.iter().flat_map(|list| list.lines()).collect();
        for list in WORDS.iter().chain(NAMES) {
            let lines: Vec<_> = list.lines().collect();
            assert!(lines.len() > 200, "{:?}", lines.first());
            assert!(lines.is_sorted_by(|a, b| a < b), "{:?}", lines.first());
            for line in lines {
                assert_eq!(fold(line), line);
                assert!(line.starts_with(char::is_alphabetic), "{line:?}");
            }
        }
        for word in WORDS.iter().flat_map(|list| list.lines()) {
            assert!(!names.contains(word), "{word} is a name too");
        }
    }

    #[test]
    fn kinds() {
        for (word, expected) in [
            ("kassabon", Kind::Ordinary),
            ("klingel", Kind::Ordinary),
            ("gosc", Kind::Ordinary),
            ("permettez", Kind::Ordinary),
            ("agujero", Kind::Ordinary),
            ("braun", Kind::Name),
            ("rose", Kind::Name),
            ("neto", Kind::Name),
            ("okonkwo", Kind::Unknown),
            ("szymanski", Kind::Unknown),
            ("", Kind::Unknown),
            ("braun\nbrauner", Kind::Unknown),
        ] {
            assert_eq!(kind(word), expected, "{word}");
        }
    }

    #[test]
    fn a_name_that_is_an_ordinary_word_needs_more() {
        let check = |text: &str, name: &str, score: f32, mere: bool| {
            let start = text.find(name).unwrap();
            let range = start..start + name.len();
            let found = is_mere_words(text, &range, Entity::Person, score);
            assert_eq!(found, mere, "{name} in {text:?} at {score}");
        };
        check("maat 200. kassabon zit erbij", "kassabon", 0.95, true);
        check("maat 200. kassabon zit erbij", "kassabon", 0.98, false);
        check("Klingel defekt", "Klingel", 0.89, true);
        check("Klingel defekt", "Klingel", 0.91, false);
        check("mit der Klingel kam", "Klingel", 0.79, true);
        check("mit Hanna Klingel kam", "Hanna Klingel", 0.6, false);
        check("wird er braun?", "braun", 0.84, true);
        check("wird er braun?", "braun", 0.86, false);
        check("rief Braun an", "Braun", 0.5, false);
        check("byle nie nasz zielony fotel", "nasz zielony", 0.95, true);
        check("ja met jan de groot", "jan de groot", 0.9, false);
        check("ja met de groot", "de groot", 0.9, false);
        // Addresses are made of such words.
        let text = "am grünen Weg 3";
        assert!(!is_mere_words(text, &(3..15), Entity::Address, 0.5));
    }
}
