//! Words that announce personal data, found in one pass for all recognisers that wait for them.
//!
//! Most identifiers are too weak alone: nine digits are a tax number only where somebody says so.
//! Instead of searching the text once per recogniser, one Aho-Corasick automaton over the words of
//! all of them says where each topic is spoken of; a text without such words costs one scan.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton as _;
use aho_corasick::dfa::DFA;

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
    /// Post offices of the United States' forces.
    Military,
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
    /// The topics of all of them.
    topics: u64,
}

impl Hints {
    /// Reads `text`.
    pub(super) fn of(text: &str) -> Result<Self, RedactError> {
        let search = SEARCH.as_ref().ok_or(RedactError::Pattern {
            recogniser: "hints",
        })?;
        let joined = |c: Option<char>| c.is_some_and(is_word);
        let mut list: Vec<Hint> = Vec::new();
        search.each(text, |word, range| {
            let bounded = !(word.head && joined(text[..range.start].chars().next_back())
                || word.tail && joined(text[range.end..].chars().next()));
            if bounded {
                list.push(Hint {
                    range,
                    topics: word.topics,
                });
            }
        })?;
        let topics = list.iter().fold(0, |all, hint| all | hint.topics);
        Ok(Self { list, topics })
    }

    /// All words, in order.
    pub(super) fn all(&self) -> &[Hint] {
        &self.list
    }

    /// The words of `topic`, in order.
    pub(super) fn of_topic(&self, topic: Topic) -> impl Iterator<Item = &Hint> {
        let list = match self.speak_of(topic) {
            true => &self.list[..],
            false => &[],
        };
        list.iter().filter(move |hint| hint.is(topic))
    }

    /// Whether there is a word of `topic`.
    const fn speak_of(&self, topic: Topic) -> bool {
        self.topics & topic.bit() != 0
    }

    #[cfg(test)]
    pub(super) fn ends(&self) -> impl Iterator<Item = usize> {
        self.list.iter().map(|hint| hint.range.end)
    }

    /// Whether a word of `topic` stands near `range`.
    pub(super) fn near(&self, topic: Topic, range: &Range<usize>) -> bool {
        if !self.speak_of(topic) {
            return false;
        }
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
    automaton: DFA,
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
        let automaton = DFA::builder()
            .ascii_case_insensitive(true)
            .build(&patterns)
            .ok()?;
        Some(Self { automaton, words })
    }

    /// Calls `each` with every word that stands in `text`, and where. What the crate's own search for overlapping words does,
    /// without what it keeps to go on later; that takes several times as long.
    fn each(
        &self,
        text: &str,
        mut each: impl FnMut(&Word, Range<usize>),
    ) -> Result<(), RedactError> {
        let failed = |_| RedactError::Search;
        let mut state = self.automaton.start_state(Anchored::No).map_err(failed)?;
        for (at, byte) in text.bytes().enumerate() {
            state = self.automaton.next_state(Anchored::No, state, byte);
            if !self.automaton.is_special(state) || !self.automaton.is_match(state) {
                continue;
            }
            for number in 0..self.automaton.match_len(state) {
                let pattern = self.automaton.match_pattern(state, number);
                let start = (at + 1).saturating_sub(self.automaton.pattern_len(pattern));
                if let Some(word) = self.words.get(pattern.as_usize()) {
                    each(word, start..at + 1);
                }
            }
        }
        Ok(())
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
    fn all_words_are_found_that_the_crates_search_finds() {
        let search = SEARCH.as_ref().unwrap();
        for text in [
            "",
            "Postleitzahl, zip code 1; née Straße 5 IMEI2",
            "benutzername user name login-name PASSPORTNUMMER",
        ] {
            let mut found = Vec::new();
            search.each(text, |_, range| found.push(range)).unwrap();
            let hits = search
                .automaton
                .try_find_overlapping_iter(text.into())
                .unwrap();
            assert_eq!(
                found,
                hits.map(|hit| hit.range()).collect::<Vec<_>>(),
                "{text}"
            );
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
