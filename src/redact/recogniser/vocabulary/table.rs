//! All words of all lists, by their folded forms.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::super::super::listed::Fnv;
use super::super::{country, moment, nationality};
use super::scan::{LONGEST, Plain};

/// The language of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Language {
    De,
    En,
    Es,
    Fr,
    It,
    Nl,
    Pl,
    Pt,
}

impl Language {
    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What a word is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Topic {
    /// A month by its name.
    Month,
    /// An abbreviated month.
    MonthShort,
    /// An abbreviated month that is another word, too.
    MonthWeak,
    /// A weekday by its name.
    Weekday,
    /// An abbreviated weekday, or one by a word that means more.
    WeekdayShort,
    /// "yesterday", "tonight".
    Relative,
    /// "morning".
    Part,
    /// "week".
    Period,
    /// "half", "quarter".
    Half,
    /// "noon".
    Noon,
    /// What counts weeks.
    Week,
    /// "o'clock".
    Clock,
    /// "las" in "a las siete".
    Hours,
    /// What is said of the hours of shops, and of every week.
    Habit,
    /// An adjective of a people, or a noun that may also be one.
    People,
    /// Somebody of a people: a noun that means nothing else.
    Person,
    /// Somebody of a creed, a party or a people without a state.
    Creed,
    /// A creed that is told in two words.
    Witness,
    /// A state.
    State,
    /// A state whose name means something else, too.
    Doubtful,
    /// The first of the words of a state's name.
    StateHead,
}

impl Topic {
    pub(super) const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// What the lists say of one form.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    pub(super) topics: u32,
    pub(super) languages: u8,
}

/// The forms, and what dismisses most other words.
#[derive(Debug)]
pub(super) struct Table {
    forms: HashMap<Box<[u8]>, Entry, BuildHasherDefault<Fnv>>,
    /// A bit for every three first letters.
    starts: Vec<u64>,
    /// A bit for every mix of those with the last letter and the length.
    shapes: Vec<u64>,
}

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

impl Table {
    fn new() -> Self {
        let mut table = Self {
            forms: HashMap::default(),
            starts: vec![0; (1 << 15) / 64],
            shapes: vec![0; SHAPES / 64],
        };
        moment::each_word(&mut |topic, language, word| table.add(topic, language, word));
        nationality::each_word(&mut |topic, language, word| table.add(topic, language, word));
        country::each_word(&mut |topic, language, word| table.add(topic, language, word));
        table
    }

    fn add(&mut self, topic: Topic, language: Language, word: &str) {
        let Some(plain) = Plain::of(word) else {
            return;
        };
        let word = plain.as_bytes();
        set(&mut self.starts, start_of(word));
        set(&mut self.shapes, shape_of(word));
        let entry = self.forms.entry(word.into()).or_default();
        entry.topics |= topic.bit();
        entry.languages |= language.bit();
    }

    /// Whether a list may hold `word`; `plain`: all of its letters are those of ASCII.
    pub(super) fn may_hold(&self, word: &[u8], plain: bool) -> bool {
        if plain {
            return has(&self.starts, start_of(word))
                && has(&self.shapes, shape_of(word))
                && word.len() <= LONGEST;
        }
        // A letter outside of ASCII has more than one byte.
        let head = word.iter().take(3).all(u8::is_ascii);
        word.len() <= 2 * LONGEST && (!head || has(&self.starts, start_of(word)))
    }

    /// What the lists say of `word`, which is folded.
    pub(super) fn get(&self, word: &[u8]) -> Option<Entry> {
        if !has(&self.shapes, shape_of(word)) {
            return None;
        }
        self.forms.get(word).copied()
    }
}

fn set(bits: &mut [u64], at: usize) {
    if let Some(word) = bits.get_mut(at >> 6) {
        *word |= 1 << (at & 63);
    }
}

fn has(bits: &[u64], at: usize) -> bool {
    bits.get(at >> 6)
        .is_some_and(|word| word & (1 << (at & 63)) != 0)
}

/// How many mixes there are: as many as make few words look as if they were on a list.
const SHAPES: usize = 1 << 18;

/// Five bits of each of the first three letters.
fn start_of(word: &[u8]) -> usize {
    let (a, b, c) = match *word {
        [a, b, c, ..] => (a, b, c),
        [a, b] => (a, b, 0),
        [a] => (a, 0, 0),
        [] => (0, 0, 0),
    };
    let five = |byte: u8| usize::from(byte & 31);
    five(a) << 10 | five(b) << 5 | five(c)
}

/// The same, with the last letter and the length.
fn shape_of(word: &[u8]) -> usize {
    let last = word.last().copied().unwrap_or(0);
    let tail = usize::from(last & 31) << 5 | word.len().min(31);
    let mixed = (start_of(word) << 10 | tail).wrapping_mul(0x9e37_79b1);
    mixed >> 10 & (SHAPES - 1)
}
