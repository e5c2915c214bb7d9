//! Names of states, where they stand for a place.
//!
//! A name that is also a word, a person's or a town's needs a preposition of place in front, or a place that it ends
//! the address of. What belongs to the name of an organisation or of goods ("Bank of Ireland", "made in Italy") is none.

mod names;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::types::Entity;

use super::super::span::Candidate;
use super::super::text::Text;
use super::vocabulary::{Beside, Language, Plain, Topic, Word, worded};

pub(super) use self::names::each_word;
use self::names::{ARTICLES, FIRM, LONG, MADE, PLACE};

/// Adds the states that `text` names, whose words of the lists are `words`.
pub(super) fn find(text: &Text<'_>, words: &[Word], found: &mut Vec<Candidate>) {
    let mut from = 0;
    for word in words {
        if word.range.start < from {
            continue;
        }
        let long = || {
            word.is(Topic::StateHead)
                .then(|| long(text.str, word))
                .flatten()
        };
        let (range, doubtful) = match long() {
            Some(range) => (range, false),
            None if word.is(Topic::Doubtful) => (word.range.clone(), true),
            None if word.is(Topic::State) => (word.range.clone(), false),
            None => continue,
        };
        if let Some(score) = judged(text.str, word, &range, doubtful) {
            from = range.end;
            found.push(worded(range, Entity::Location, score));
        }
    }
}

/// A name of more than one word that starts with `word`.
fn long(text: &str, word: &Word) -> Option<Range<usize>> {
    let head = Plain::of(text.get(word.range.clone())?)?;
    let names = LONG.iter().filter_map(|name| name.split_once(' '));
    let mut own = names.filter(|(first, _)| first.as_bytes() == head.as_bytes());
    own.find_map(|(_, rest)| {
        let mut end = word.range.end;
        for part in rest.split(' ') {
            let next = Beside::behind(text, end)?;
            let joined = matches!(next.gap, " " | "-" | "\u{a0}" | "'" | "’");
            if !joined || !next.is_any(&[part]) {
                return None;
            }
            end = next.range.end;
        }
        Some(word.range.start..end)
    })
}

/// How surely the name at `range` stands for a place.
fn judged(text: &str, word: &Word, range: &Range<usize>, doubtful: bool) -> Option<f32> {
    let written = text.get(range.clone())?;
    let (head, tail) = (text.get(..range.start)?, text.get(range.end..)?);
    let before = Beside::before(text, range.start);
    let next = Beside::behind(text, range.end).filter(Beside::is_next);
    let last = before.as_ref().filter(|own| own.is_next());
    // What a hyphen, a quotation mark or a sign joins it to is another name.
    let joined = |c: char| matches!(c, '-' | '&' | '@' | '/' | '_' | '„' | '“' | '«' | '‘' | '"');
    let goes_on = tail.starts_with(['-', '@', '_', '&']) || dotted(tail);
    if head.ends_with(joined) || head.ends_with("& ") || goes_on {
        return None;
    }
    // "in the United Kingdom", "aus den USA".
    let article = last.filter(|own| own.is_any(ARTICLES));
    let outer = article
        .and_then(|own| Beside::before(text, own.range.start))
        .filter(Beside::is_next);
    let prep = if article.is_some() {
        outer.as_ref()
    } else {
        last
    };
    let made = prep
        .filter(|own| own.is_any(&["in", "en", "em", "w", "of", "aus"]))
        .and_then(|own| Beside::before(text, own.range.start))
        .is_some_and(|own| own.is_on(&MADE));
    if made {
        return None;
    }
    let place = prep.is_some_and(|own| own.is_on(&PLACE));
    let strong = prep.is_some_and(|own| is_strong(own.written));
    if !written.starts_with(char::is_uppercase) {
        // "w norwegii", in a hurry.
        return (place && strong && !doubtful).then_some(0.55);
    }
    if next.as_ref().is_some_and(|own| own.is_on(&FIRM)) {
        return None;
    }
    let german = word.is_in(&[Language::De]);
    let capital = next.as_ref().is_some_and(Beside::is_capital);
    if capital && !(german && place) && !written.chars().all(char::is_uppercase) {
        return None;
    }
    // "Bank of Ireland", "Tour de France".
    let whose = last
        .filter(|own| own.is_any(&["of", "de", "di", "du", "von", "van", "do", "da"]))
        .and_then(|own| Beside::before(text, own.range.start))
        .filter(Beside::is_next);
    let organisation = whose.is_some_and(|own| own.is_capital());
    let named = last.is_some_and(|own| {
        own.is_capital() && !own.is_on(&PLACE) && !begins_sentence(text, own.range.start)
    });
    if organisation || named {
        return None;
    }
    // "Köln, Deutschland", and a line of an address.
    let address = head.trim_end_matches(' ').ends_with([',', '(', '\n']) && closes(tail);
    match (doubtful, place, address) {
        (_, true, _) if !doubtful || strong => Some(0.75),
        (true, _, true) => (head.trim_end().ends_with(',')
            && tail.trim_start_matches(' ').starts_with('\n')
            || tail.is_empty())
        .then_some(0.6),
        (true, _, false) => None,
        (false, _, true) => Some(0.7),
        _ => Some(0.55),
    }
}

/// Whether `word` is a preposition that hardly anything but a place or a time follows.
fn is_strong(word: &str) -> bool {
    matches!(
        word,
        "in" | "In"
            | "from"
            | "From"
            | "to"
            | "aus"
            | "Aus"
            | "nach"
            | "Nach"
            | "en"
            | "En"
            | "w"
            | "W"
            | "z"
            | "Z"
            | "do"
            | "Do"
            | "naar"
            | "uit"
            | "em"
            | "Em"
            | "na"
            | "au"
            | "Au"
            | "aux"
            | "via"
    )
}

/// Whether a full stop joins `tail` to what it follows: a domain, a file.
fn dotted(tail: &str) -> bool {
    let mut tail = tail.chars();
    tail.next() == Some('.') && tail.next().is_some_and(char::is_alphanumeric)
}

fn closes(tail: &str) -> bool {
    tail.is_empty() || tail.starts_with(['.', ',', ';', ')', '\n', '!', '?', ':'])
}

fn begins_sentence(text: &str, at: usize) -> bool {
    let head = text
        .get(..at)
        .unwrap_or("")
        .trim_end_matches([' ', '\u{a0}']);
    head.is_empty() || head.ends_with(['.', '!', '?', ':', '\n', '"', '„', '(', '-', '–', '>'])
}
