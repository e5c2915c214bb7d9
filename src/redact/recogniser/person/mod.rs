//! Names of people in obvious places: after titles, greetings, introductions, labels, and in signatures.
//!
//! Conservative on purpose: it needs no record and no model, and stands in where there is neither. A
//! phrase ("my name is", "Best regards,") points at the words that follow; these are taken while they
//! look like a name. Titles and greetings themselves stay in the text.

mod phrases;
mod words;

use std::ops::Range;

use crate::types::Entity;

use super::super::error::RedactError;
use super::super::fold::fold;
use super::super::listed::ByWord;
use super::super::lookup::Pairs;
use super::super::lowercase::lowercase;
use super::super::ordinary::is_ordinary;
use super::super::span::Candidate;
use super::super::text::Text;
use super::super::words::{PARTICLES, is_common, is_legal_form, is_verb};
use super::Recogniser;

use self::phrases::{Cue, PHRASES, is_determiner, is_no_name, names_a_thing};
use self::words::{MAX_FIRST, Word, lower_into, words};

#[cfg(test)]
pub(super) use self::words::words_of_chars;

/// Where the words of `text` start and end.
#[cfg(test)]
pub(super) fn words_as_pairs(text: &str) -> Vec<(usize, usize)> {
    let words = words(text);
    words
        .into_iter()
        .map(|word| (word.start, word.end))
        .collect()
}

/// Most words of one name.
const MAX_WORDS: usize = 4;

/// Particles that no name begins with.
const STAYS_INSIDE: &[&str] = &[
    "der", "des", "la", "le", "les", "lo", "el", "al", "am", "y", "e", "und", "and", "et", "te",
];

/// Looks behind the phrases.
#[derive(Debug)]
pub(super) struct Person {
    /// The first word of each phrase, with the rest of it.
    phrases: ByWord<Vec<(Vec<&'static str>, Cue)>>,
    /// Sketches of those first words that are ASCII.
    sketches: Pairs,
    /// How all of them begin and end.
    edges: Pairs,
}

impl Person {
    pub(super) fn new() -> Result<Self, RedactError> {
        let mut phrases: ByWord<Vec<_>> = ByWord::default();
        let (mut sketches, mut edges) = (Pairs::default(), Pairs::default());
        for (cue, list) in PHRASES {
            for phrase in list.split('|') {
                let mut words = phrase.split(' ');
                let Some(first) = words.next() else {
                    return Err(RedactError::Pattern {
                        recogniser: "person",
                    });
                };
                sketches.add(sketch(first.as_bytes()));
                let [start, end] = edge(first.as_bytes());
                for pair in [[start, end], [0, end], [start, 0], [0, 0]] {
                    edges.add(u16::from_be_bytes(pair));
                }
                phrases
                    .entry(first)
                    .or_default()
                    .push((words.collect::<Vec<_>>(), *cue));
            }
        }
        // The longest phrase comes first.
        phrases
            .values_mut()
            .for_each(|list| list.sort_by_key(|(rest, _)| std::cmp::Reverse(rest.len())));
        Ok(Self {
            phrases,
            sketches,
            edges,
        })
    }

    /// Whether a phrase may begin with `word`; false for nearly every word of a text.
    fn may_begin(&self, word: &[u8]) -> bool {
        // What is not ASCII changes its bytes in lower case.
        word.len() <= MAX_FIRST
            && self.edges.has(u16::from_be_bytes(edge(word)))
            && (!word.is_ascii() || self.sketches.has(sketch(word)))
    }
}

/// The first two letters of a word, the last and how many there are, in any case: different words seldom have the same.
fn sketch(bytes: &[u8]) -> u16 {
    let lower = |byte: Option<&u8>| byte.map_or(0, u8::to_ascii_lowercase);
    let (first, second, last) = (bytes.first(), bytes.get(1), bytes.last());
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    u16::from_be_bytes([
        lower(first) ^ lower(last).rotate_left(3),
        lower(second) ^ length.rotate_left(5),
    ])
}

/// The first byte of a word and its last one in lower case, 0 where they are not ASCII: those that are stay what they
/// are when the word is lowered.
fn edge(word: &[u8]) -> [u8; 2] {
    [word.first(), word.last()].map(|byte| {
        let ascii = byte.filter(|byte| byte.is_ascii());
        ascii.map_or(0, u8::to_ascii_lowercase)
    })
}

impl Recogniser for Person {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        let words = words(text.str);
        let mut lower = String::new();
        for at in 0..words.len() {
            let range = words[at].start..words[at].end;
            let bytes = text.str.as_bytes().get(range.clone());
            if !self.may_begin(bytes.unwrap_or_default()) {
                continue;
            }
            let word = text.slice(range);
            lower_into(word, &mut lower);
            let Some(phrases) = self.phrases.get(lower.as_str()) else {
                continue;
            };
            for (rest, cue) in phrases {
                if !continues(text, &words, at, rest) {
                    continue;
                }
                let behind = Behind {
                    text,
                    words: &words,
                    first: at,
                    next: at + 1 + rest.len(),
                    titled: *cue == Cue::Title,
                };
                if let Some((range, score)) = behind.name(*cue) {
                    found.push(Candidate::pattern(range, Entity::Person, score));
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Whether the words behind `words[at]` are `rest`, with nothing but blanks between.
fn continues(text: &Text<'_>, words: &[Word], at: usize, rest: &[&str]) -> bool {
    rest.iter().enumerate().all(|(offset, expected)| {
        let (Some(last), Some(word)) = (words.get(at + offset), words.get(at + offset + 1)) else {
            return false;
        };
        let between = text.slice(last.end..word.start);
        let blank = !between.is_empty() && between.chars().all(|c| c == ' ' || c == '\u{a0}');
        blank && is_lower(text.slice(word.start..word.end), expected)
    })
}

/// Whether `word` is `expected` in lower case.
fn is_lower(word: &str, expected: &str) -> bool {
    if word.is_ascii() {
        word.eq_ignore_ascii_case(expected)
    } else {
        *lowercase(word) == *expected
    }
}

/// Whether names in lower case are taken too, as hurried people write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lower {
    /// No.
    No,
    /// One word, and a second where the sentence goes on as it does after a name.
    One,
    /// Two words.
    Two,
}

/// The words behind a phrase.
struct Behind<'t> {
    text: &'t Text<'t>,
    words: &'t [Word],
    /// The first word of the phrase.
    first: usize,
    /// The first word behind it.
    next: usize,
    /// Whether it is a title, which makes a name of any word with a capital.
    titled: bool,
}

impl Behind<'_> {
    /// The name that the phrase points at, and how sure that is.
    fn name(&self, cue: Cue) -> Option<(Range<usize>, f32)> {
        let phrase = self.words.get(self.first)?.start..self.words.get(self.next - 1)?.end;
        let next = self.words.get(self.next)?;
        let between = self.text.slice(phrase.end..next.start);
        match cue {
            Cue::Title => self.titled(&phrase, between),
            Cue::Greeting => self.greeted(&phrase, between),
            Cue::Closing => self.signed(&phrase, between),
            Cue::Introduction if is_gap(between) => {
                let long = self.next - self.first > 2;
                let lower = if long { Lower::Two } else { Lower::No };
                Some((self.taken(1, lower)?, 0.75))
            }
            Cue::Perhaps if is_gap(between) => Some((self.taken(2, Lower::No)?, 0.6)),
            Cue::Introduction | Cue::Perhaps => None,
            Cue::Label => self.labelled(&phrase, between),
        }
    }

    fn titled(&self, phrase: &Range<usize>, between: &str) -> Option<(Range<usize>, f32)> {
        let written = self.text.slice(phrase.clone());
        let dotted = between.starts_with('.');
        // "M." is Monsieur; "m" is a metre.
        if !is_gap(between) || written == "m" || written == "M" && !dotted {
            return None;
        }
        let folded = lowercase(written);
        let short = matches!(
            &*folded,
            "mr" | "mrs" | "ms" | "mme" | "mlle" | "dhr" | "mevr"
        );
        let noun = *written == *folded && matches!(written, "herr" | "frau" | "dr");
        // "meine frau rief an" is no title.
        let owned = self
            .word_before()
            .is_some_and(|w| is_determiner(&lowercase(w)));
        let lower = dotted || short || noun && !owned;
        let range = self.taken(1, if lower { Lower::One } else { Lower::No })?;
        let small = self
            .text
            .slice(range.clone())
            .starts_with(char::is_lowercase);
        Some((range, if small { 0.6 } else { 0.8 }))
    }

    fn greeted(&self, phrase: &Range<usize>, between: &str) -> Option<(Range<usize>, f32)> {
        if !is_gap(between) || !starts_line_or_sentence(self.text, phrase.start) {
            return None;
        }
        let range = self.taken(1, Lower::Two)?;
        let lower = self
            .text
            .slice(range.clone())
            .starts_with(char::is_lowercase);
        if lower && between.contains(',') {
            return None;
        }
        let rest = self.text.slice(range.end..self.text.str.len());
        let closed = match rest.trim_start_matches(' ').chars().next() {
            None | Some('\n' | '\r' | ',' | '!' | ':') => true,
            Some('.' | ';' | '–' | '-') => !lower,
            _ => false,
        };
        closed.then_some((range, if lower { 0.55 } else { 0.7 }))
    }

    fn signed(&self, phrase: &Range<usize>, between: &str) -> Option<(Range<usize>, f32)> {
        let signs = between.chars().all(|c| {
            c.is_whitespace() || matches!(c, ',' | '!' | '.' | '-' | '–' | '>' | '*' | '_' | '|')
        });
        let lines = between.matches('\n').count();
        if !signs || lines > 3 || !(lines > 0 || between.contains(',')) {
            return None;
        }
        let range = self.taken(1, if lines > 0 { Lower::Two } else { Lower::No })?;
        let rest = self.text.slice(range.end..self.text.str.len());
        let ends = rest.trim_start_matches([' ', '.', ',', '*', '_', '|', '\r']);
        let alone = ends.is_empty() || ends.starts_with('\n');
        let started = starts_line_or_sentence(self.text, phrase.start) || between.starts_with(',');
        (alone && started).then_some((range, 0.7))
    }

    fn labelled(&self, phrase: &Range<usize>, between: &str) -> Option<(Range<usize>, f32)> {
        let colon =
            matches!(between.trim(), ":" | "：" | "=" | ":**" | "**:") && !between.contains("\n\n");
        let other = || {
            self.word_before()
                .is_some_and(|w| names_a_thing(&lowercase(w)))
        };
        if !colon || other() {
            return None;
        }
        let range = self.taken(1, Lower::No)?;
        // "To: Bonn" names a place as well as a person: short labels need two words.
        let short = matches!(
            &*lowercase(self.text.slice(phrase.clone())),
            "to" | "de" | "an" | "von" | "from" | "cc" | "customer" | "client" | "kunde"
        );
        let single = !self.text.slice(range.clone()).contains(' ');
        (!(short && single)).then_some((range, 0.65))
    }

    /// The words from `next` on that look like a name, if there are at least `least`.
    fn taken(&self, least: usize, lower: Lower) -> Option<Range<usize>> {
        let mut at = self.next;
        // "Herr Dr. Müller": further titles stay in the text.
        while self.words.get(at).is_some_and(|w| is_title(self.slice(*w))) && at < self.next + 3 {
            at += 1;
        }
        let first = *self.words.get(at)?;
        let phrase = self.words.get(self.first).map_or("", |w| self.slice(*w));
        let shouted = phrase.chars().count() > 1 && !phrase.contains(char::is_lowercase);
        let mut end = None;
        let mut names = 0;
        let mut first_upper = None;
        for offset in 0..MAX_WORDS + 3 {
            let Some(word) = self.words.get(at + offset).copied() else {
                break;
            };
            if names >= MAX_WORDS || offset > 0 && !self.follows(at + offset) {
                break;
            }
            match self.part(at + offset, names, lower, shouted) {
                Part::Name => {
                    // "hola, soy Lucía": a name is in one case.
                    let upper = self.starts_upper(at + offset);
                    if first_upper.is_some_and(|first| first != upper) {
                        break;
                    }
                    first_upper = Some(upper);
                    names += 1;
                    end = Some((word.end, at + offset));
                }
                Part::Initial => {
                    names += 1;
                    end = Some((word.end + 1, at + offset));
                }
                Part::Particle => {}
                Part::None => break,
            }
        }
        let (end, last) = end?;
        let range = first.start..end;
        let text = self.text.slice(range.clone());
        let is_form = |w: &str| is_legal_form(lowercase(w).trim_end_matches('.'));
        let follower = self.words.get(last + 1).filter(|_| self.follows(last + 1));
        let company = text.split(' ').any(|w| w.len() > 1 && is_form(w))
            || follower.is_some_and(|w| is_form(self.slice(*w)));
        let glued = self
            .text
            .char_at(range.end)
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '@' | '_' | '/'));
        let initials_only = text
            .split(' ')
            .all(|w| w.chars().count() <= 2 && w.ends_with('.'));
        (names >= least && !company && !glued && !initials_only).then_some(range)
    }

    /// What the word at `at` is to a name of which `names` words came before it.
    fn part(&self, at: usize, names: usize, lower: Lower, shouted: bool) -> Part {
        let Some(word) = self.words.get(at).copied() else {
            return Part::None;
        };
        let text = self.slice(word);
        let folded = lowercase(text);
        let letters = text.chars().count();
        let upper = text.starts_with(char::is_uppercase);
        if upper && letters == 1 {
            let middle = names > 0 && self.follows(at + 1) && self.starts_upper(at + 1);
            return match self.text.char_at(word.end) {
                Some('.') => Part::Initial,
                Some(' ') if middle => Part::Name,
                _ => Part::None,
            };
        }
        let particle = *text == *folded && PARTICLES.contains(&text);
        let first = names == 0 && at == self.next;
        if particle && self.leads_on(at) && !(first && STAYS_INSIDE.contains(&text)) {
            return Part::Particle;
        }
        if is_no_name(&folded) || letters < 2 {
            return Part::None;
        }
        let shouts = shouted && letters > 1 && text.chars().all(|c| !c.is_lowercase());
        let small = *text == *folded && lower != Lower::No;
        let led = names == 0 && at > self.next;
        let named = letters > 2 && (led || !is_common(&folded)) && !is_verb(&folded);
        let fits = match names {
            0 => true,
            1 => lower == Lower::Two || self.ends_name(at),
            _ => false,
        };
        let taken = upper && !shouts || (small || shouts) && named && fits;
        // Only a title makes a name of an ordinary word. That is dear to ask, so it is asked last.
        if taken && (self.titled && upper || !is_ordinary(&fold(text))) {
            Part::Name
        } else {
            Part::None
        }
    }

    /// Whether the particles from `at` on lead to a word that can be a name.
    fn leads_on(&self, at: usize) -> bool {
        let next = (at + 1..at + 4).find(|at| {
            let word = self.words.get(*at).map_or("", |w| self.slice(*w));
            !PARTICLES.contains(&word)
        });
        next.is_some_and(|next| {
            let joined = (at + 1..=next).all(|at| self.follows(at));
            let word = self.words.get(next).map_or("", |w| self.slice(*w));
            let upper = self.starts_upper(next);
            joined && (upper || !is_no_name(word) && !is_verb(word))
        })
    }

    /// Whether after the word at `at` a clause ends, or goes on with a verb.
    fn ends_name(&self, at: usize) -> bool {
        !self.follows(at + 1)
            || self.words.get(at + 1).is_some_and(|w| {
                let next = lowercase(self.slice(*w));
                is_verb(&next) || is_no_name(&next)
            })
    }

    fn starts_upper(&self, at: usize) -> bool {
        let word = self.words.get(at).map_or("", |w| self.slice(*w));
        word.starts_with(char::is_uppercase)
    }

    fn slice(&self, word: Word) -> &str {
        self.text.slice(word.start..word.end)
    }

    /// The word right in front of the phrase.
    fn word_before(&self) -> Option<&str> {
        let word = self.words.get(self.first.checked_sub(1)?)?;
        let phrase = self.words.get(self.first)?;
        (self.text.slice(word.end..phrase.start) == " ").then(|| self.slice(*word))
    }

    /// Whether the word at `at` may belong to one name with the word before it: one blank between
    /// them, after an initial a full stop too.
    fn follows(&self, at: usize) -> bool {
        let pair = (
            at.checked_sub(1).and_then(|at| self.words.get(at)),
            self.words.get(at),
        );
        let (Some(a), Some(b)) = pair else {
            return false;
        };
        let between = self.text.slice(a.end..b.start);
        let short = self.slice(*a).chars().count() == 1;
        matches!(between, " " | "\u{a0}") || short && matches!(between, ". " | ".")
    }
}

/// What a word is to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// A letter with a full stop.
    Initial,
    /// A name.
    Name,
    /// No part of it.
    None,
    /// "van", "de": a part if a name follows.
    Particle,
}

/// A blank or two, after the full stop of an abbreviation.
fn is_gap(between: &str) -> bool {
    matches!(
        between,
        " " | ". " | "\u{a0}" | ".\u{a0}" | "." | ": " | ", " | "  "
    )
}

fn is_title(word: &str) -> bool {
    // None is longer.
    word.len() <= 12
        && matches!(
            &*lowercase(word),
            "dr" | "prof"
                | "professor"
                | "mr"
                | "mrs"
                | "ms"
                | "herr"
                | "herrn"
                | "frau"
                | "monsieur"
                | "madame"
                | "mme"
                | "signor"
                | "signora"
                | "sig"
                | "sig.ra"
                | "dott"
                | "señor"
                | "señora"
                | "sr"
                | "sra"
                | "don"
                | "doña"
                | "heer"
                | "mevrouw"
                | "meneer"
                | "miss"
                | "ing"
                | "dipl"
        )
}

fn starts_line_or_sentence(text: &Text<'_>, at: usize) -> bool {
    let before = text
        .slice(0..at)
        .trim_end_matches([' ', '\t', '"', '\'', '>', '*', '“', '„', '|', '(']);
    before.is_empty() || before.ends_with(['\n', '\r', '.', '!', '?', ':', ']', ';'])
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &Person::new().unwrap(),
            &[
                ("I met Mr. Smith today", &["Smith"]),
                (
                    "Herr Müller und Frau Dr. Anna Schmidt-Meyer riefen an",
                    &["Müller", "Anna Schmidt-Meyer"],
                ),
                ("Dr. J. R. van der Berg called", &["J. R. van der Berg"]),
                (
                    "Mme Dupont a appelé, M. Martin aussi",
                    &["Dupont", "Martin"],
                ),
                ("la Sra. García López llamó", &["García López"]),
                ("il sig. Rossi e la sig.ra Bianchi", &["Rossi", "Bianchi"]),
                ("mevrouw de Vries belde", &["de Vries"]),
                ("mr. smith called", &["smith"]),
                ("mr. john smith called", &["john smith"]),
                ("Mrs. smith wants her money back", &["smith"]),
                ("mr van der berg rang twice", &["van der berg"]),
                ("MR SMITH CALLED ABOUT HIS ORDER", &["SMITH"]),
                ("DEAR ANNA SCHMIDT,", &["ANNA SCHMIDT"]),
                ("frau müller rief an", &["müller"]),
                ("Mr John F Kennedy called", &["John F Kennedy"]),
                ("Herr von der Heyden ist da", &["von der Heyden"]),
                ("spoke to mr. smith today, later", &["smith"]),
                ("Hola, soy Lucía Gómez", &["Lucía Gómez"]),
                ("hello, please call", &[]),
                ("Mr Smith's order", &["Smith"]),
                ("Dear Anna,\nthanks", &["Anna"]),
                ("Hi John Smith!", &["John Smith"]),
                ("hi anna,\nthanks", &["anna"]),
                ("Liebe Frau Müller,", &["Müller"]),
                ("Sehr geehrter Herr Dr. Weber,", &["Weber"]),
                ("Bonjour Hélène,", &["Hélène"]),
                ("Hola María José:", &["María José"]),
                (
                    "Thanks for it.\nBest regards,\nAnna Müller\nAcme GmbH",
                    &["Anna Müller"],
                ),
                ("Viele Grüße\nJürgen", &["Jürgen"]),
                ("ok. Mit freundlichen Grüßen\n\nJ. Müller", &["J. Müller"]),
                ("Cordialement,\nJean-Luc Martin", &["Jean-Luc Martin"]),
                ("Thanks, Bob", &["Bob"]),
                ("my name is Ada Byron and I", &["Ada Byron"]),
                ("My name is ada byron.", &["ada byron"]),
                ("Mein Name ist Özlem Yılmaz.", &["Özlem Yılmaz"]),
                ("je m'appelle Zoé Petit", &["Zoé Petit"]),
                ("I'm Sean O'Brien from Cork", &["Sean O'Brien"]),
                ("This is Priya Patel calling", &["Priya Patel"]),
                ("Name: Erika Mustermann\nOrt: Köln", &["Erika Mustermann"]),
                ("From: Anna Müller <a@b.de>", &["Anna Müller"]),
                (
                    "Nombre: Ana Maria. Apellidos: Garcia Lopez.",
                    &["Ana Maria", "Garcia Lopez"],
                ),
                ("Dear Customer,", &[]),
                ("Dear Sir or Madam,", &[]),
                ("Sehr geehrte Damen und Herren,", &[]),
                ("Hi there,", &[]),
                ("Hello Team,", &[]),
                ("Best regards,\nYour Support Team", &[]),
                ("I am very unhappy", &[]),
                ("I am Not Happy", &[]),
                ("this is the kettle", &[]),
                ("Product name: Kettle Pro", &[]),
                ("Customer: Acme Widgets GmbH", &[]),
                ("5 m Kabel", &[]),
                ("meine frau hat angerufen", &[]),
                ("meine frau klagt darüber", &[]),
                ("mr. or mrs. customer", &[]),
            ],
        );
    }
}
