//! From labelled words to finds, held to what a name can be.
//!
//! A find never goes over a blank line, a person's name never over the end of a line; marks at its ends that are no
//! part of a name are left out. What is cut here is cut in two: no part that was found is dropped, but for ordinary
//! words of which the model was not sure.

use std::ops::Range;

use crate::types::Entity;

use super::super::ordinary::is_mere_words;
use super::labels::{Labelled, Tag};
use super::words::Word;

/// A find of the recogniser: where, what, how sure. Nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::redact) struct NameFind {
    /// Bytes, on character borders.
    pub(in crate::redact) start: u32,
    /// Their end.
    pub(in crate::redact) end: u32,
    /// What it is.
    pub(in crate::redact) entity: Entity,
    /// The mean probability of its words.
    pub(in crate::redact) score: f32,
}

impl NameFind {
    /// Where it is.
    pub(in crate::redact) fn range(&self) -> Range<usize> {
        let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
        at(self.start)..at(self.end)
    }
}

/// Adds the finds in `text`, which starts at byte `base` of the whole.
pub(super) fn finds(
    (text, base): (&str, usize),
    words: &[Word],
    labels: &[Labelled],
    found: &mut Vec<NameFind>,
) {
    let mut open: Option<Open> = None;
    for (word, label) in words.iter().zip(labels) {
        match (label.tag, &mut open) {
            (Tag::Inside(entity), Some(find))
                if find.entity == entity && !is_broken(text, find, word) =>
            {
                find.range.end = word.range.end;
                find.sum += label.probability;
                find.words += 1.0;
            }
            (Tag::Begin(entity) | Tag::Inside(entity), _) => {
                close(text, base, open.take(), found);
                open = Some(Open {
                    range: word.range.clone(),
                    entity,
                    sum: label.probability,
                    words: 1.0,
                });
            }
            (Tag::Outside, _) => close(text, base, open.take(), found),
        }
    }
    close(text, base, open, found);
}

/// A find whose end is not known yet.
struct Open {
    range: Range<usize>,
    entity: Entity,
    sum: f32,
    words: f32,
}

/// Whether what stands between a find and the next word ends it.
fn is_broken(text: &str, find: &Open, word: &Word) -> bool {
    let between = text.get(find.range.end..word.range.start).unwrap_or("");
    let lines = between.matches(['\n', '\u{2028}', '\u{2029}']).count()
        + between.replace("\r\n", "\n").matches('\r').count();
    match find.entity {
        Entity::Person => lines > 0,
        _ => lines > 1,
    }
}

fn close(text: &str, base: usize, open: Option<Open>, found: &mut Vec<NameFind>) {
    let Some(open) = open else { return };
    let range = trimmed(text, open.range);
    let score = (open.sum / open.words).clamp(0.0, 1.0);
    if is_mere_words(text, &range, open.entity, score) {
        return;
    }
    let place = |at: usize| at.checked_add(base).and_then(|at| u32::try_from(at).ok());
    if let (false, Some(start), Some(end)) =
        (range.is_empty(), place(range.start), place(range.end))
    {
        found.push(NameFind {
            start,
            end,
            entity: open.entity,
            score,
        });
    }
}

/// Short words that are written with a full stop.
const SHORTENED: &[&str] = &[
    "av", "ave", "blvd", "bros", "co", "corp", "dr", "inc", "jr", "ltd", "no", "nr", "rd", "sr",
    "st", "str",
];

/// `range` without marks at its ends that are no part of a name: a full stop after a single letter or a shortened
/// word is ("J.", "Inc."), and so is a bracket that closes one inside.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inside = text.get(range.clone()).unwrap_or("");
    let head = inside.trim_start_matches(|c: char| !c.is_alphanumeric());
    let start = range.end - head.len();
    let body = head.trim_end_matches(|c: char| !is_end(c));
    let mut end = start + body.len();
    let rest = head.get(body.len()..).unwrap_or("");
    let last = body
        .rsplit(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or("");
    let short = last.chars().count() == 1 || SHORTENED.contains(&last.to_lowercase().as_str());
    let opens = body.matches('(').count() > body.matches(')').count();
    if rest.starts_with('.') && short || rest.starts_with(')') && opens {
        end += 1;
    }
    start..end
}

/// Letters and digits, and what belongs to the letter before it.
fn is_end(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words are runs of letters and single marks; `labels` has a letter each: `P` and `p` begin and go on with a
    /// person, `A` and `a` with an address.
    fn check(text: &str, labels: &str, expected: &[(&str, Entity)]) {
        let mut words: Vec<Word> = Vec::new();
        for (at, c) in text.char_indices() {
            let range = at..at + c.len_utf8();
            match words.last_mut() {
                Some(last)
                    if c.is_alphanumeric()
                        && last.range.end == at
                        && text[last.range.clone()].ends_with(char::is_alphanumeric) =>
                {
                    last.range.end = range.end;
                }
                _ if c.is_whitespace() => {}
                _ => words.push(Word {
                    range,
                    pieces: 0..1,
                    case: 0,
                }),
            }
        }
        assert_eq!(words.len(), labels.len(), "{text}");
        let labelled: Vec<_> = labels
            .chars()
            .map(|c| Labelled {
                tag: match c {
                    'P' => Tag::Begin(Entity::Person),
                    'p' => Tag::Inside(Entity::Person),
                    'A' => Tag::Begin(Entity::Address),
                    'a' => Tag::Inside(Entity::Address),
                    _ => Tag::Outside,
                },
                probability: 0.5,
            })
            .collect();
        let mut found = Vec::new();
        finds((text, 0), &words, &labelled, &mut found);
        let found: Vec<_> = found.iter().map(|f| (&text[f.range()], f.entity)).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn finds_keep_to_their_lines_and_lose_marks() {
        use Entity::{Address, Person};
        check("to Anna Berger now", ".Pp.", &[("Anna Berger", Person)]);
        check(
            "Anna, Berger",
            "PpP",
            &[("Anna", Person), ("Berger", Person)],
        );
        check(
            "Anna\nBerger",
            "Pp",
            &[("Anna", Person), ("Berger", Person)],
        );
        check("Weg 3\nUlm", "Aaa", &[("Weg 3\nUlm", Address)]);
        check("Weg 3\r\nUlm", "Aaa", &[("Weg 3\r\nUlm", Address)]);
        check(
            "Weg 3\n\nUlm",
            "Aaa",
            &[("Weg 3", Address), ("Ulm", Address)],
        );
        check(
            "Weg 3\r\n \r\nUlm",
            "Aaa",
            &[("Weg 3", Address), ("Ulm", Address)],
        );
        check("(Anna Berger).", "PpppO", &[("Anna Berger", Person)]);
        check("Anna B.", "Ppp", &[("Anna B.", Person)]);
        check("told Berger.", ".Pp", &[("Berger", Person)]);
        check("Sammy Davis Jr.", "Pppp", &[("Sammy Davis Jr.", Person)]);
        check("Anna (Ann) x", "Pppp.", &[("Anna (Ann)", Person)]);
        check("\"Anna\"", "Ppp", &[("Anna", Person)]);
        check("—", "P", &[]);
        check("Anna Weg", "Pa", &[("Anna", Person), ("Weg", Address)]);
    }
}
