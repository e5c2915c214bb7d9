//! Words that announce personal data, found in one pass for all recognisers that wait for them.
//!
//! Most identifiers are too weak alone: nine digits are a tax number only where somebody says so.
//! Instead of searching the text once per recogniser, one Aho-Corasick automaton over the words of
//! all of them says where each topic is spoken of; a text without such words costs one scan.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::{Text, is_word};
use super::Recogniser;

/// How many bytes before a find its words may stand; the same as in [`super::super::context`].
const REACH: usize = 56;
/// How many bytes behind it.
const REACH_BEHIND: usize = 24;

/// What a word announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// National, tax, health and social numbers.
    NationalId,
    /// VAT numbers.
    Vat,
    /// IMEIs.
    Imei,
    /// BICs.
    Bic,
    /// Coordinates.
    Coordinates,
    /// Passports.
    Passport,
    /// Driving licences.
    DrivingLicence,
    /// Licence plates.
    LicencePlate,
    /// Postcodes.
    Postcode,
    /// User names.
    UserName,
    /// Ages.
    Age,
    /// Passwords and PINs.
    Password,
    /// Random-looking keys.
    Token,
    /// Prefixes of providers' keys.
    Key,
    /// Connection strings.
    Connection,
    /// Private keys in PEM.
    Pem,
    /// Addresses.
    Address,
    /// Kinds of streets at the end of their names, the number behind.
    StreetBehind,
    /// Kinds of streets in front of their names, the number behind.
    StreetBefore,
    /// Kinds of streets in front of their names, the number first.
    StreetFrench,
    /// Kinds of streets at the end of their names, the number first.
    StreetEnglish,
    /// Post office boxes.
    PostBox,
    /// Numbers and cards of customers, members and staff.
    Member,
    /// Customers, members and staff, of whom a number may follow.
    Customer,
    /// Cards that may be a shop's or a bank's.
    ClubCard,
    /// Accounts and profiles, of which a user name may follow.
    Account,
    /// Identity cards, residence permits, and national numbers by their names.
    IdDocument,
    /// MAC addresses.
    Mac,
    /// Vehicles.
    Vehicle,
    /// Digits in words.
    SpokenDigit,
    /// Locks, gates and networks, of which a code may follow.
    Lock,
}

impl Topic {
    const fn bit(self) -> u64 {
        1 << self as u64
    }
}

/// One word of a topic, where it stands.
#[derive(Clone, Debug)]
pub(super) struct Hint {
    /// Its bytes; of a stem, the stem only.
    pub(super) range: Range<usize>,
    topics: u64,
}

impl Hint {
    /// Whether it announces `topic`, maybe among others.
    pub(super) const fn is(&self, topic: Topic) -> bool {
        self.topics & topic.bit() != 0
    }
}

/// The words of a text that announce something, sorted by their ends.
#[derive(Debug, Default)]
pub(super) struct Hints {
    list: Vec<Hint>,
}

impl Hints {
    /// Reads `text`.
    pub(super) fn of(text: &str) -> Result<Self, RedactError> {
        let search = SEARCH.as_ref().ok_or(RedactError::Pattern {
            recogniser: "hints",
        })?;
        let list = search
            .automaton
            .find_overlapping_iter(text)
            .filter_map(|hit| {
                let word = search.words.get(hit.pattern().as_usize())?;
                let joined = |c: Option<char>| c.is_some_and(is_word);
                let bounded = !(word.head && joined(text[..hit.start()].chars().next_back())
                    || word.tail && joined(text[hit.end()..].chars().next()));
                bounded.then(|| Hint {
                    range: hit.range(),
                    topics: word.topics,
                })
            })
            .collect();
        Ok(Self { list })
    }

    /// All words, in order.
    pub(super) fn all(&self) -> &[Hint] {
        &self.list
    }

    /// The words of `topic`, in order.
    pub(super) fn of_topic(&self, topic: Topic) -> impl Iterator<Item = &Hint> {
        self.list.iter().filter(move |hint| hint.is(topic))
    }

    #[cfg(test)]
    pub(super) fn ends(&self) -> impl Iterator<Item = usize> {
        self.list.iter().map(|hint| hint.range.end)
    }

    /// Whether a word of `topic` stands near `range`.
    pub(super) fn near(&self, topic: Topic, range: &Range<usize>) -> bool {
        let from = range.start.saturating_sub(REACH);
        let first = self.list.partition_point(|hint| hint.range.end <= from);
        self.list[first..]
            .iter()
            .take_while(|hint| hint.range.start < range.end + REACH_BEHIND)
            .any(|hint| hint.is(topic))
    }
}

/// A recogniser that looks only where words announce something, or at numbers whose weaker readings
/// need such words.
pub(super) trait Hinted: std::fmt::Debug + Send + Sync {
    /// Adds what it finds to `found`; an error refuses the request.
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError>;
}

impl<T: Hinted> Recogniser for T {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        self.find_hinted(text, &Hints::of(text.str)?, found)
    }
}

#[derive(Debug)]
struct Word {
    topics: u64,
    /// Whether no word may go on in front of it; not for stems and punctuation.
    head: bool,
    /// Whether no word may go on behind it.
    tail: bool,
}

#[derive(Debug)]
struct Search {
    automaton: AhoCorasick,
    /// By pattern number.
    words: Vec<Word>,
}

static SEARCH: LazyLock<Option<Search>> = LazyLock::new(Search::new);

impl Search {
    fn new() -> Option<Self> {
        let mut patterns: Vec<String> = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        for (topic, entry) in super::hint_words() {
            let (plain, stem) = match entry.strip_suffix('~') {
                Some(plain) => (plain, true),
                None => (entry, false),
            };
            // Only ASCII letters are folded by the automaton.
            let shouted = plain.to_uppercase();
            let spellings = if plain.is_ascii() {
                vec![plain.to_owned()]
            } else {
                vec![plain.to_owned(), shouted]
            };
            for spelling in spellings {
                let edge = |c: Option<char>| !stem && c.is_some_and(is_word);
                let (head, tail) = (
                    edge(spelling.chars().next()),
                    edge(spelling.chars().next_back()),
                );
                match patterns.iter().position(|p| *p == spelling) {
                    Some(at) if (words[at].head, words[at].tail) == (head, tail) => {
                        words[at].topics |= topic.bit();
                    }
                    _ => {
                        words.push(Word {
                            topics: topic.bit(),
                            head,
                            tail,
                        });
                        patterns.push(spelling);
                    }
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&patterns)
            .ok()?;
        Some(Self { automaton, words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_need_borders_and_stems_do_not() {
        for (text, near) in [
            ("NHS number 1", true),
            ("nhs: 1", true),
            ("Steuernummer 1", true),
            ("SÉCURITÉ sociale 1", true),
            ("xnhs 1", false),
            ("greetings 1", false),
        ] {
            let at = text.len() - 1;
            let hints = Hints::of(text).unwrap();
            assert_eq!(hints.near(Topic::NationalId, &(at..at + 1)), near, "{text}");
        }
    }

    #[test]
    fn far_words_are_not_near() {
        let text = format!("nhs{}123", " ".repeat(90));
        let hints = Hints::of(&text).unwrap();
        assert!(!hints.near(Topic::NationalId, &(93..96)));
        assert_eq!(hints.of_topic(Topic::NationalId).count(), 1);
    }
}
