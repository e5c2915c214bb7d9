//! Nationalities, creeds and peoples where they are said of people.
//!
//! A noun that means somebody of a people and nothing else is found by itself; an adjective needs a label, a verb with
//! somebody for its subject, or a word for people or their papers beside it. What is said of goods, kitchens and
//! languages is none.

mod peoples;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

use crate::types::Entity;

use super::super::context::{List as _, floor};
use super::super::span::Candidate;
use super::super::text::Text;
use super::vocabulary::{Beside, Language, Plain, Topic, Word, worded};

pub(super) use self::peoples::each_word;
use self::words::{
    ARE, ARTICLE, ARTICLES, BY_BIRTH, FILLERS, GOES_ON, IS, JEHOVAH, LABELS, LINKS, PEOPLE_BEFORE,
    PEOPLE_BEHIND, SOMEBODY, TONGUES, WHO,
};

/// How far back people may be spoken of, in bytes.
const REACH: usize = 72;
/// Most words between a verb or a label and what is said.
const MAX_FILLERS: usize = 3;

/// Adds the nationalities of `text`, whose words of the lists are `words`.
pub(super) fn find(text: &Text<'_>, words: &[Word], found: &mut Vec<Candidate>) {
    for word in words {
        let own = if word.is(Topic::Witness) {
            witness(text.str, word)
        } else if word.is(Topic::People) || word.is(Topic::Person) || word.is(Topic::Creed) {
            said(text.str, word).map(|score| (word.range.clone(), score))
        } else {
            None
        };
        if let Some((range, score)) = own {
            found.push(worded(range, Entity::Nationality, score));
        }
    }
}

/// `testigo de Jehová`, `Zeugin Jehovas`, `Jehovah's witness`.
fn witness(text: &str, word: &Word) -> Option<(Range<usize>, f32)> {
    let next = Beside::behind(text, word.range.end)?;
    let other = || Beside::behind(text, next.range.end);
    let behind = if next.is_on(&JEHOVAH) {
        Some(next.range.end)
    } else if next.is_any(&["de", "di", "van"]) {
        other()
            .filter(|own| own.is_on(&JEHOVAH))
            .map(|own| own.range.end)
    } else {
        None
    };
    if let Some(end) = behind {
        return Some((word.range.start..end, 0.8));
    }
    let before = Beside::before(text, word.range.start)?;
    let own = if before.is_any(&["s"]) && before.gap == " " {
        Beside::before(text, before.range.start)?
    } else {
        before
    };
    own.is_on(&JEHOVAH)
        .then_some((own.range.start..word.range.end, 0.8))
}

/// How surely `word` is said of people.
fn said(text: &str, word: &Word) -> Option<f32> {
    let (start, end) = (word.range.start, word.range.end);
    let written = text.get(word.range.clone())?;
    let capital = written.starts_with(char::is_uppercase);
    // "deutsch-französisch", "Cohen-Polak", a domain.
    let joined = ['-', '‑', '@', '.', '_'];
    let goes_on = text.get(end..)?.starts_with(joined) && !closes(text, end);
    if text.get(..start)?.ends_with(joined) || goes_on {
        return None;
    }
    let before = Beside::before(text, start);
    let behind = Beside::behind(text, end);
    let next = behind.as_ref().filter(|own| own.is_next());
    if labelled(text, start) {
        return Some(0.85);
    }
    if word.is(Topic::Person) && capital {
        let part_of_name = next.is_some_and(|own| own.is_capital() && !word.is_in(&[Language::De]));
        if !part_of_name {
            return Some(0.65);
        }
    }
    let last = before.as_ref().filter(|own| own.is_next());
    if next.is_some_and(|own| own.is_on(&PEOPLE_BEHIND))
        && word.is_in(&[Language::De, Language::En, Language::Nl, Language::Pl])
        || last.is_some_and(|own| own.is_on(&PEOPLE_BEFORE)) && is_southern(word)
    {
        return Some(0.75);
    }
    let goes_on = next.is_none_or(|own| own.is_on(&GOES_ON)) || !word.is_in(&[Language::En]);
    if goes_on && is_predicate(text, word) {
        return Some(0.7);
    }
    // "los argentinos", "un Belge".
    let noun = last.is_some_and(|own| {
        let tongue = || Plain::of(written).is_none_or(|own| TONGUES.holds(own.as_bytes()));
        own.is_on(&ARTICLES) && (!own.is_any(&["des"]) || capital)
            || own.is_on(&ARTICLE) && (capital && word.is_in(&[Language::Fr]) || !tongue())
            || capital && word.is_in(&[Language::Fr]) && own.is_any(&["les", "une"])
    });
    if noun && is_southern(word) && !next.is_some_and(Beside::is_capital) {
        return Some(0.55);
    }
    let birth = BY_BIRTH
        .iter()
        .any(|own| text.get(end..).is_some_and(|rest| rest.starts_with(own)));
    // "municipale, écologiste, je" and ", Belge très aimable".
    let comma = before.as_ref().is_some_and(|own| own.gap == ", ");
    let french = capital && word.is_only_in(&[Language::Fr]) && !word.is(Topic::State);
    if comma && (french || word.is(Topic::Creed) && text.get(end..)?.starts_with(',')) {
        return Some(0.55);
    }
    if birth || apposition(text, before.as_ref(), end) {
        return Some(0.6);
    }
    None
}

fn is_southern(word: &Word) -> bool {
    use Language::{Es, Fr, It, Pl, Pt};
    word.is_in(&[Es, Fr, It, Pl, Pt])
}

/// Whether a clause ends at `end`.
fn closes(text: &str, end: usize) -> bool {
    let rest = text.get(end..).unwrap_or("");
    let mut rest = rest.chars();
    match rest.next() {
        None => true,
        Some('.') => !rest.next().is_some_and(char::is_alphanumeric),
        Some(c) => matches!(c, ',' | ';' | ')' | '\n' | '!' | '?' | '"' | '”' | '»'),
    }
}

/// Whether a label stands in front of `start`: "Nationality: Polish", "de nationalité belge".
fn labelled(text: &str, start: usize) -> bool {
    let mut at = start;
    for _ in 0..2 {
        let Some(before) = Beside::before(text, at) else {
            return false;
        };
        if before.gap.contains(['\n', ';', ',']) && !before.gap.contains(':') {
            return false;
        }
        if before.is_on(&LABELS) {
            return true;
        }
        // A second nationality: "türkisch/deutsch".
        at = before.range.start;
        if before.gap.contains(':') {
            return false;
        }
    }
    false
}

/// Whether the words in front say that somebody is so.
fn is_predicate(text: &str, word: &Word) -> bool {
    let mut at = word.range.start;
    for _ in 0..=MAX_FILLERS {
        let Some(before) = Beside::before(text, at) else {
            return false;
        };
        let quoted = before
            .gap
            .trim()
            .trim_matches(['"', '„', '“', '«', '\'', '’']);
        if !quoted.is_empty() || before.gap.contains('\n') {
            return false;
        }
        if before.is_on(&ARE) || before.written == "m" {
            return true;
        }
        if before.is_on(&IS) {
            return word.is(Topic::Creed) && has_no_subject(text, &before)
                || who(text, before.range.start);
        }
        if !before.is_on(&FILLERS) {
            return false;
        }
        at = before.range.start;
    }
    false
}

/// Whether `verb`, of a language that needs no pronoun, begins its clause: "porque es musulmana".
fn has_no_subject(text: &str, verb: &Beside<'_>) -> bool {
    matches!(
        verb.written,
        "es" | "son" | "è" | "sono" | "é" | "são" | "jest" | "są"
    ) && Beside::before(text, verb.range.start).is_some_and(|own| own.is_on(&LINKS))
}

/// Whether the subject of the verb at `at` is somebody.
fn who(text: &str, at: usize) -> bool {
    let mut place = at;
    for _ in 0..2 {
        let Some(before) = Beside::before(text, place) else {
            break;
        };
        if before.gap.contains(['\n', '.', ',', ';', ':']) {
            break;
        }
        if before.is_on(&WHO) {
            return true;
        }
        place = before.range.start;
    }
    // "Mi esposa, Hafsa Bouzid, es española".
    let from = floor(text, at.saturating_sub(REACH));
    let head = text.get(from..at).unwrap_or("");
    let head = head.rsplit(['.', '!', '?', '\n', ';']).next().unwrap_or("");
    head.split(|c: char| !c.is_alphabetic())
        .filter(|word| word.len() > 2)
        .filter_map(Plain::of)
        .any(|word| SOMEBODY.holds(word.as_bytes()))
}

/// `Klaas, Dutch, currently`: behind a name, between commas.
fn apposition(text: &str, before: Option<&Beside<'_>>, end: usize) -> bool {
    let Some(name) = before.filter(|own| own.gap == ", " && own.is_capital()) else {
        return false;
    };
    // A word that begins a sentence has a capital letter, too, and so have languages in a list.
    let starts = || {
        let head = text.get(..name.range.start).unwrap_or("").trim_end();
        head.is_empty() || head.ends_with(['.', '!', '?', ','])
    };
    closes(text, end) && !starts() && name.range.len() > 2
}
