//! Titles right in front of people that were found: "Mr." before a name is one, whoever found the name.

use std::ops::Range;

use crate::types::Entity;

use super::context::{List as _, Words};
use super::fold::fold;
use super::span::{Candidate, Evidence, THRESHOLD};
use super::text::{Text, is_letter};
use super::words::TITLES;

/// Most titles of one person.
const MOST: usize = 4;
/// Longest title, in bytes.
const LONGEST: usize = 20;
/// The titles that names are told by.
static COMMON: Words = Words::new(TITLES);
/// Beside the titles that names are told by: those that are only looked for where a name follows. Folded, without
/// full stops.
static MORE: Words = Words::of_line(
    "cav doctora docteur docteure dottor dottore dottoressa dra eng engo frl fraulein geom heer hrn inz mgr mister pana \
     pania panie paniom panu profssa rag sigra sigrina signore signori sres",
);

/// Adds the titles in front of the people among `found`.
pub(super) fn titles(text: &Text<'_>, found: &mut Vec<Candidate>) {
    let is_person = |c: &&Candidate| c.entity == Some(Entity::Person) && c.score >= THRESHOLD;
    let people = found.iter().filter(is_person);
    let mut places: Vec<usize> = people.map(|c| c.range.start).collect();
    places.sort_unstable();
    places.dedup();
    let titles = places.into_iter().filter_map(|start| before(text, start));
    found.extend(titles.map(|range| Candidate {
        evidence: Evidence::Words,
        source: "Titles",
        ..Candidate::pattern(range, Entity::Title, 0.8)
    }));
}

/// Where the titles are that end right before `start`.
fn before(text: &Text<'_>, start: usize) -> Option<Range<usize>> {
    let mut range: Option<Range<usize>> = None;
    let mut start = start;
    for _ in 0..MOST {
        let rest = text.slice(0..start);
        let rest = rest.strip_suffix([' ', '\u{a0}']).unwrap_or(rest);
        let from = rest.len().saturating_sub(LONGEST);
        let near = rest.get(rest.ceil_char_boundary(from)..)?;
        let word = near.rsplit(|c: char| !is_letter(c) && c != '.').next()?;
        // "Mr.Smith" has a full stop for a blank.
        let apart = rest.len() < start || word.ends_with('.');
        let word = word.trim_start_matches('.');
        if !apart || !is_title(word) {
            break;
        }
        let end = range.map_or(rest.len(), |range| range.end);
        start = rest.len() - word.len();
        range = Some(start..end);
    }
    range
}

fn is_title(word: &str) -> bool {
    // Monsieur: without its full stop it is a letter.
    if word == "M." {
        return true;
    }
    let listed = |bare: &[u8]| bare.len() > 1 && (COMMON.holds(bare) || MORE.holds(bare));
    if !word.is_ascii() {
        return listed(fold(&word.replace('.', "")).as_bytes());
    }
    let mut bare = [0; LONGEST];
    let letters = word.bytes().filter(|byte| *byte != b'.').zip(&mut bare);
    let len = letters
        .map(|(byte, place)| *place = byte.to_ascii_lowercase())
        .count();
    listed(bare.get(..len).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_stand_before_people() {
        for (text, person, expected) in [
            ("I met Mr. Smith today", "Smith", Some("Mr.")),
            ("I met Mr Smith today", "Smith", Some("Mr")),
            ("mr.smith called", "smith", Some("mr.")),
            ("Herr Prof. Dr. Weber", "Weber", Some("Herr Prof. Dr.")),
            ("la Sig.ra Bianchi", "Bianchi", Some("Sig.ra")),
            ("pour M. Martin", "Martin", Some("M.")),
            ("für Fräulein\u{a0}Meier", "Meier", Some("Fräulein")),
            ("do pana Kowalskiego", "Kowalskiego", Some("pana")),
            ("Ms. Anna", "Anna", Some("Ms.")),
            ("Dr. Weber", "eber", None),
            ("MrSmith", "Smith", None),
            ("M Martin", "Martin", None),
            ("500 m Martin", "Martin", None),
            ("Dr.  Weber", "Weber", None),
            ("Smith", "Smith", None),
            ("to Smith", "Smith", None),
        ] {
            let at = text.find(person).unwrap();
            let person = Candidate::pattern(at..at + person.len(), Entity::Person, 0.8);
            let mut found = vec![person.clone(), person];
            titles(&Text::new(text, &[]), &mut found);
            let titles: Vec<_> = found[2..].iter().map(|c| &text[c.range.clone()]).collect();
            assert_eq!(titles, expected.into_iter().collect::<Vec<_>>(), "{text}");
        }
    }
}
