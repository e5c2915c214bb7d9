//! Words that announce personal data, found in one pass for all recognisers that wait for them.
//!
//! Most identifiers are too weak alone: nine digits are a tax number only where somebody says so.
//! Instead of searching the text once per recogniser, one search for the words of all of them (two automata, Aho and
//! Corasick 1975) says where each topic is spoken of; a text without such words costs one scan.

use std::cell::Cell;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, StartKind};

use super::super::error::RedactError;
use super::super::sorted::partition_near;
use super::super::span::Candidate;
use super::super::text::{ByteClass, Text, is_word};
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
    /// What people do to a keypad, to a gift card's scratch field, or say of a message with a code.
    Keypad,
    /// Places where people have names of their own choosing.
    Community,
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
    /// Which of them was the first near the place that was asked about last: the next one is not far.
    last: Cell<usize>,
}

impl Hints {
    /// Reads `text`.
    pub(super) fn of(text: &str) -> Result<Self, RedactError> {
        let search = SEARCH.as_ref().ok_or(RedactError::Pattern {
            recogniser: "hints",
        })?;
        let mut list = search.all(text)?;
        // Of those that end at one place, the longest first.
        list.sort_by_key(|hint| (hint.range.end, hint.range.start));
        let topics = list.iter().fold(0, |all, hint| all | hint.topics);
        Ok(Self {
            list,
            topics,
            last: Cell::new(0),
        })
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

    /// The words of `topic` that end less than `reach` bytes before `range` or start less than that behind it.
    pub(super) fn around(
        &self,
        topic: Topic,
        range: &Range<usize>,
        reach: usize,
    ) -> impl Iterator<Item = &Hint> {
        let from = range.start.saturating_sub(reach);
        let to = range.end + reach;
        let first = self.list.partition_point(|hint| hint.range.end <= from);
        let near = self.list.get(first..).unwrap_or_default().iter();
        near.take_while(move |hint| hint.range.start < to)
            .filter(move |hint| hint.is(topic))
    }

    /// Whether a word of `topic` stands near `range`.
    pub(super) fn near(&self, topic: Topic, range: &Range<usize>) -> bool {
        if !self.speak_of(topic) {
            return false;
        }
        let from = range.start.saturating_sub(REACH);
        let first = partition_near(&self.list, self.last.get(), |hint| hint.range.end <= from);
        self.last.set(first);
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
    spelling: String,
    topics: u64,
    /// Whether no word may go on behind it.
    tail: bool,
}

impl Word {
    /// Whether it may end at `end` of `text`.
    fn may_end(&self, text: &str, end: usize) -> bool {
        let behind = || text.get(end..).and_then(|rest| rest.chars().next());
        !(self.tail && behind().is_some_and(is_word))
    }

    const fn hint(&self, range: Range<usize>) -> Hint {
        Hint {
            range,
            topics: self.topics,
        }
    }
}

/// Two searches: nearly all words are looked for only where a word of the text starts and its first letters are those of
/// one of them. One automaton for all, asked about every byte, leaves the processor's caches.
#[derive(Debug)]
struct Search {
    /// Stems and punctuation, which may stand inside of a word.
    anywhere: Part,
    /// All others.
    at_start: Part,
    /// A bit for every three first letters of those.
    starts: Vec<u64>,
}

/// Words with their automaton.
#[derive(Debug)]
struct Part {
    automaton: DFA,
    /// By pattern number.
    words: Vec<Word>,
    /// How many bytes the longest has.
    longest: usize,
}

static SEARCH: LazyLock<Option<Search>> = LazyLock::new(Search::new);

/// The number of the first three bytes, in any case, as far as there are so many.
fn start_of(bytes: &[u8]) -> usize {
    let part = |at: usize| usize::from(bytes.get(at).copied().unwrap_or(0) & 31);
    part(0) << 10 | part(1) << 5 | part(2)
}

impl Part {
    fn new(words: Vec<Word>, start: StartKind) -> Option<Self> {
        let automaton = DFA::builder()
            .ascii_case_insensitive(true)
            .start_kind(start)
            .build(words.iter().map(|word| &word.spelling))
            .ok()?;
        let longest = words.iter().map(|word| word.spelling.len()).max()?;
        Some(Self {
            automaton,
            words,
            longest,
        })
    }

    /// Calls `each` with every word that ends where `state` was reached.
    fn matches(&self, state: StateID, mut each: impl FnMut(&Word, usize)) {
        if !self.automaton.is_special(state) || !self.automaton.is_match(state) {
            return;
        }
        for number in 0..self.automaton.match_len(state) {
            let pattern = self.automaton.match_pattern(state, number);
            if let Some(word) = self.words.get(pattern.as_usize()) {
                each(word, self.automaton.pattern_len(pattern));
            }
        }
    }
}

impl Search {
    fn new() -> Option<Self> {
        let mut anywhere: Vec<Word> = Vec::new();
        let mut at_start: Vec<Word> = Vec::new();
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
                let tail = edge(spelling.chars().next_back());
                let words = match edge(spelling.chars().next()) {
                    true => &mut at_start,
                    false => &mut anywhere,
                };
                let same = |word: &&mut Word| word.spelling == spelling && word.tail == tail;
                match words.iter_mut().find(same) {
                    Some(word) => word.topics |= topic.bit(),
                    None => words.push(Word {
                        spelling,
                        topics: topic.bit(),
                        tail,
                    }),
                }
            }
        }
        let mut starts = vec![0; (1 << 15) / 64];
        for word in &at_start {
            let bytes = word.spelling.as_bytes();
            // Anything may follow a word of two letters.
            let more = if bytes.len() < 3 { 32 } else { 1 };
            for start in (0..more).map(|more| start_of(bytes) | more) {
                if let Some(bits) = starts.get_mut(start / 64) {
                    *bits |= 1_u64 << (start % 64);
                }
            }
        }
        Some(Self {
            anywhere: Part::new(anywhere, StartKind::Unanchored)?,
            at_start: Part::new(at_start, StartKind::Anchored)?,
            starts,
        })
    }

    /// Every word that stands in `text`.
    fn all(&self, text: &str) -> Result<Vec<Hint>, RedactError> {
        let failed = |_| RedactError::Search;
        let bytes = text.as_bytes();
        let mut list = self.anywhere(text)?;
        let automaton = &self.at_start.automaton;
        let first = automaton.start_state(Anchored::Yes).map_err(failed)?;
        for start in starts_of_words(text) {
            let rest = bytes.get(start..).unwrap_or_default();
            let number = start_of(rest);
            let bits = self.starts.get(number / 64).copied().unwrap_or(0);
            if bits & 1 << (number % 64) == 0 {
                continue;
            }
            let mut state = first;
            for (at, byte) in rest.iter().enumerate() {
                state = automaton.next_state(Anchored::Yes, state, *byte);
                if automaton.is_dead(state) {
                    break;
                }
                self.at_start.matches(state, |word, len| {
                    // Others end here, too, and start behind the first letter.
                    if len == at + 1 && word.may_end(text, start + len) {
                        list.push(word.hint(start..start + len));
                    }
                });
            }
        }
        Ok(list)
    }

    /// The words among them that may stand inside of another one.
    ///
    /// A step of the automaton waits for the one before, so several stretches of the text are read at once, one byte of
    /// each after the other; each begins where the longest word would that ends right behind its border.
    fn anywhere(&self, text: &str) -> Result<Vec<Hint>, RedactError> {
        let bytes = text.as_bytes();
        let automaton = &self.anywhere.automaton;
        let start = automaton.start_state(Anchored::No);
        let start = start.map_err(|_| RedactError::Search)?;
        let step = |state, byte| automaton.next_state(Anchored::No, state, byte);
        let len = bytes.len() / LANES;
        let lanes: [&[u8]; LANES] =
            std::array::from_fn(|lane| bytes.get(lane * len..(lane + 1) * len).unwrap_or_default());
        let mut states: [StateID; LANES] = std::array::from_fn(|lane| {
            let border = lane * len;
            let before = bytes.get(border.saturating_sub(self.anywhere.longest)..border);
            let before = before.unwrap_or_default().iter();
            before.fold(start, |state, byte| step(state, *byte))
        });
        // Where a word may end, and the state that says which.
        let mut ends: [Vec<(usize, StateID)>; LANES] = Default::default();
        for at in 0..len {
            for (state, lane) in states.iter_mut().zip(lanes) {
                *state = step(*state, lane[at]);
            }
            if states.iter().any(|state| automaton.is_special(*state)) {
                for (lane, state) in states.iter().enumerate() {
                    if automaton.is_special(*state) {
                        ends[lane].push((lane * len + at + 1, *state));
                    }
                }
            }
        }
        // What the division leaves over.
        let [.., state] = &mut states;
        let [.., last] = &mut ends;
        for (at, byte) in bytes.iter().enumerate().skip(LANES * len) {
            *state = step(*state, *byte);
            last.push((at + 1, *state));
        }
        let mut list = Vec::new();
        for (end, state) in ends.into_iter().flatten() {
            self.anywhere.matches(state, |word, len| {
                if word.may_end(text, end) {
                    list.push(word.hint(end.saturating_sub(len)..end));
                }
            });
        }
        Ok(list)
    }
}

/// How many stretches of a text are read at once.
const LANES: usize = 3;

/// Where letters, digits and `_` in a row start.
fn starts_of_words(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut inside = false;
    std::iter::from_fn(move || {
        while let Some(byte) = bytes.get(at) {
            let (joins, len) = match ByteClass::of(*byte) {
                ByteClass::Word => (true, 1),
                ByteClass::Gap => (false, 1),
                ByteClass::Other => {
                    let c = text.get(at..)?.chars().next()?;
                    (is_word(c), c.len_utf8())
                }
            };
            let starts = joins && !inside;
            let here = at;
            inside = joins;
            at += len;
            if starts {
                return Some(here);
            }
        }
        None
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Compares what is found with a look for every word at every place.
    #[track_caller]
    pub(in super::super) fn check(text: &str) {
        let mut expected = BTreeSet::new();
        for (topic, entry) in super::super::hint_words() {
            let plain = entry.trim_end_matches('~');
            let stem = plain != entry;
            let joins = |c: Option<char>| !stem && c.is_some_and(is_word);
            let shouted = plain.to_uppercase();
            for word in [plain, &shouted] {
                let stands = |start: &usize| {
                    let here = text.get(*start..start + word.len());
                    here.is_some_and(|here| {
                        let before = text[..*start].chars().next_back();
                        let behind = text[start + word.len()..].chars().next();
                        here.eq_ignore_ascii_case(word)
                            && !(joins(word.chars().next()) && joins(before))
                            && !(joins(word.chars().next_back()) && joins(behind))
                    })
                };
                let places = (0..text.len()).filter(stands);
                expected.extend(places.map(|start| (start + word.len(), start, topic as u64)));
            }
        }
        let hints = Hints::of(text).unwrap();
        let topics = |hint: &Hint| {
            (0..64)
                .filter(|topic| hint.topics >> topic & 1 != 0)
                .collect::<Vec<_>>()
        };
        let of = |hint: &Hint| {
            let Range { start, end } = hint.range;
            topics(hint)
                .into_iter()
                .map(move |topic| (end, start, topic))
        };
        let found: BTreeSet<_> = hints.all().iter().flat_map(of).collect();
        assert_eq!(found, expected, "{text:?}");
    }

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
    fn words_are_found_wherever_the_definition_says() {
        for text in [
            "",
            "Postleitzahl, zip code 1; née Straße 5 IMEI2",
            "benutzername user name login-name PASSPORTNUMMER é",
            "éid id \u{300}id iD_ id",
        ] {
            check(text);
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
