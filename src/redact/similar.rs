//! Known names with a slip of the keyboard in them, or with the ending of an inflecting language.
//!
//! A *slip* is one letter wrong, missing or too many, or two swapped, in a word of at least
//! [`MIN_LETTERS`] letters. An *ending* is what Polish and its neighbours hang on to a name
//! ("Kowalskiemu", "Stefanem"). Neither says for certain who is meant ("Christina" is no slip of
//! "Christian"), so such a find gets a placeholder of its own, never the known person's.
//!
//! One edit cannot touch both the first two letters of a word and its last two, so a word is compared
//! with only those known ones that share either.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;

use super::listed::Fnv;
use super::lookup::Pairs;

/// Least letters of a word that may hold a slip.
const MIN_LETTERS: usize = 6;
/// Most letters of a word that is looked at.
const MAX_LETTERS: usize = 32;
/// Bytes of a word's start and end under which it is kept.
const EDGE: usize = 2;
/// Least letters before an ending.
const MIN_STEM: usize = 4;

/// Endings of cases, folded: Polish, Czech, Slovak, Croatian, and the Latin "-us".
const ENDINGS: &[&str] = &[
    "a", "e", "y", "i", "o", "u", "ie", "em", "om", "ow", "owi", "ova", "ovi", "ami", "ach", "iem",
    "ego", "emu", "im", "ym", "iego", "iemu", "ej", "iej", "ich", "ych", "ou",
];

/// Most letters of an ending.
const MAX_ENDING: usize = 4;

/// Known words, by their edges.
#[derive(Default)]
pub(super) struct Similar {
    words: Vec<Vec<char>>,
    known: HashSet<String>,
    by_start: ByEdge,
    by_end: ByEdge,
}

/// Known words by one of their edges.
#[derive(Default)]
struct ByEdge {
    edges: Pairs,
    /// There are too few edges to make many of them collide.
    near: HashMap<u16, Vec<Near>, BuildHasherDefault<Fnv>>,
}

impl ByEdge {
    fn add(&mut self, edge: Option<&[u8; EDGE]>, near: Near) {
        if let Some(edge) = edge.map(|edge| u16::from_be_bytes(*edge)) {
            self.edges.add(edge);
            self.near.entry(edge).or_default().push(near);
        }
    }

    fn near(&self, edge: Option<&[u8; EDGE]>) -> &[Near] {
        edge.map(|edge| u16::from_be_bytes(*edge))
            .filter(|edge| self.edges.has(*edge))
            .and_then(|edge| self.near.get(&edge))
            .map_or(&[], Vec::as_slice)
    }
}

/// A known word, with what dismisses most others at once.
#[derive(Clone, Copy, Debug)]
struct Near {
    word: usize,
    sketch: Sketch,
}

/// How many letters a word has, and which.
#[derive(Clone, Copy, Debug)]
struct Sketch {
    letters: usize,
    set: u64,
}

impl Sketch {
    fn of(letters: impl Iterator<Item = char>) -> Self {
        let none = Self { letters: 0, set: 0 };
        letters.fold(none, |own, c| Self {
            letters: own.letters + 1,
            set: own.set | 1 << (u32::from(c) & 63),
        })
    }

    /// Whether one edit may make one of the other: it changes two letters at most.
    const fn may_slip(self, other: Self) -> bool {
        self.letters.abs_diff(other.letters) <= 1 && (self.set ^ other.set).count_ones() <= 2
    }

    /// Whether `other` may have all letters of this word but the last.
    const fn may_inflect(self, other: Self) -> bool {
        other.letters + 1 >= self.letters && (self.set & !other.set).count_ones() <= 1
    }
}

impl Similar {
    /// Adds a folded word that is a name or a part of one.
    pub(super) fn add(&mut self, word: &str) {
        let letters: Vec<char> = word.chars().collect();
        let fits = (MIN_STEM..=MAX_LETTERS).contains(&letters.len());
        if !fits || !letters.iter().all(|c| c.is_alphabetic()) || self.known.contains(word) {
            return;
        }
        let near = Near {
            word: self.words.len(),
            sketch: Sketch::of(word.chars()),
        };
        self.by_start.add(word.as_bytes().first_chunk(), near);
        self.by_end.add(word.as_bytes().last_chunk(), near);
        self.words.push(letters);
        self.known.insert(word.to_owned());
    }

    /// Whether there is nothing to compare with.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether `word`, folded, is almost a known one: its letters, if so.
    pub(super) fn resembles(&self, word: &str) -> Option<usize> {
        if word.len() < MIN_STEM || word.len() > 2 * MAX_LETTERS {
            return None;
        }
        let starts = self.by_start.near(word.as_bytes().first_chunk());
        let ends = self.by_end.near(word.as_bytes().last_chunk());
        if starts.is_empty() && ends.is_empty() {
            return None;
        }
        let sketch = Sketch::of(word.chars());
        let mut room = ['\0'; 2 * MAX_LETTERS];
        let mut letters: &[char] = &[];
        for near in starts.iter().chain(ends) {
            if !near.sketch.may_slip(sketch) && !near.sketch.may_inflect(sketch) {
                continue;
            }
            if letters.is_empty() {
                let own = word.chars().zip(&mut room).map(|(c, place)| *place = c);
                let len = own.count();
                letters = room.get(..len).unwrap_or_default();
            }
            let known = self.words.get(near.word).map_or(&[][..], |word| &word[..]);
            let slip = known.len() >= MIN_LETTERS
                && letters.len() >= MIN_LETTERS
                && within_one_edit(known, letters);
            if slip || inflects(known, letters) {
                // A known word resembles none, however near it is to another one.
                return (!self.known.contains(word)).then_some(letters.len());
            }
        }
        None
    }
}

impl std::fmt::Debug for Similar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Similar({} words)", self.words.len())
    }
}

/// Whether one letter wrong, missing, too many, or two neighbours swapped make one of the other
/// (the restricted Damerau–Levenshtein distance is 1).
fn within_one_edit(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 || short == long {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[same..], &long[same..]);
    if short.len() < long.len() {
        return short == &long[1..];
    }
    let swapped = matches!((short, long), ([a, b, ..], [c, d, ..])
        if a == d && b == c && short[2..] == long[2..]);
    short[1..] == long[1..] || swapped
}

/// Whether `word` is `known` with another ending, or with one where there was none.
fn inflects(known: &[char], word: &[char]) -> bool {
    let vowel = known
        .last()
        .is_some_and(|c| matches!(c, 'a' | 'e' | 'i' | 'o' | 'y' | 'u'));
    let stem = &known[..known.len() - usize::from(vowel)];
    if stem.len() < MIN_STEM || word == known {
        return false;
    }
    let ending = |stem: &[char]| {
        let rest = word
            .strip_prefix(stem)
            .filter(|rest| rest.len() <= MAX_ENDING);
        let is_rest =
            |ending: &&str| rest.is_some_and(|rest| ending.chars().eq(rest.iter().copied()));
        ENDINGS.iter().any(is_rest)
    };
    ending(stem) || ending(known)
}

/// Compares each of `words` with its neighbours in the alphabet, which are the likeliest to resemble it.
#[cfg(test)]
pub(super) fn check_sketches(words: &[String]) {
    let words: Vec<Vec<char>> = words.iter().map(|word| word.chars().collect()).collect();
    let mut alike = 0;
    for (at, own) in words.iter().enumerate() {
        for other in words.iter().skip(at + 1).take(60) {
            for (known, word) in [(own, other), (other, own)] {
                let (sketch, of_word) = (
                    Sketch::of(known.iter().copied()),
                    Sketch::of(word.iter().copied()),
                );
                let slip = within_one_edit(known, word);
                let ending = inflects(known, word);
                assert!(!slip || sketch.may_slip(of_word), "{known:?} {word:?}");
                assert!(!ending || sketch.may_inflect(of_word), "{known:?} {word:?}");
                alike += usize::from(slip || ending);
            }
        }
    }
    assert!(alike > 1000, "{alike} alike");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slips_and_endings() {
        let mut similar = Similar::default();
        for word in [
            "schneider",
            "kowalski",
            "stefan",
            "anna",
            "ruiz",
            "martinez",
        ] {
            similar.add(word);
        }
        for (word, found) in [
            ("schnieder", true),
            ("schneidr", true),
            ("sschneider", true),
            ("schneiderr", true),
            ("achneider", true),
            ("schneidet", true),
            ("martines", true),
            ("martnes", false),
            ("schneider", false),
            ("kowalskiego", true),
            ("kowalskiemu", true),
            ("kowalska", true),
            ("stefanem", true),
            ("stefana", true),
            ("stefania", false),
            // Too short for a slip, and for a stem.
            ("anma", false),
            ("anny", false),
            ("ruis", false),
            ("ruiza", true),
        ] {
            assert_eq!(similar.resembles(word).is_some(), found, "{word}");
        }
    }

    /// The textbook recurrence of the restricted Damerau–Levenshtein distance.
    fn distance(a: &[char], b: &[char]) -> usize {
        let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                d[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let edit = d[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    edit.min(d[i - 1][j] + 1).min(d[i][j - 1] + 1)
                };
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    d[i][j] = d[i][j].min(d[i - 2][j - 2] + 1);
                }
            }
        }
        d[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn one_edit_is_distance_one(a in "[abc]{0,7}", b in "[abc]{0,7}") {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            prop_assert_eq!(within_one_edit(&a, &b), distance(&a, &b) == 1);
        }

        /// Words with one edit always share an edge, so none is missed.
        #[test]
        fn every_slip_is_found(word in "[a-d]{6,9}", at in 0_usize..9, to in "[a-d]", kind in 0_u8..4) {
            let mut letters: Vec<char> = word.chars().collect();
            let at = at % letters.len();
            match kind {
                0 => letters[at] = to.chars().next().unwrap(),
                1 => letters.insert(at, to.chars().next().unwrap()),
                2 => drop(letters.remove(at)),
                _ => letters.swap(at, (at + 1) % word.len()),
            }
            let slipped: String = letters.iter().collect();
            let mut similar = Similar::default();
            similar.add(&word);
            let one = distance(&word.chars().collect::<Vec<_>>(), &letters) == 1;
            if one && letters.len() >= MIN_LETTERS {
                prop_assert!(similar.resembles(&slipped).is_some(), "{word} {slipped}");
            }
        }
    }
}
