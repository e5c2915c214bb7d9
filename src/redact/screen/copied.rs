//! How much of a request an answer repeats word for word: the longest run of words, and the share of the request.
//!
//! Both are told by runs of eight words, in any case and with anything between them: shorter ones are everybody's.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use crate::config::Screening;

/// Words of a run that is told.
const RUN: usize = 8;
/// Longest word that is compared, in bytes: of what has no words in it, longer pieces are one word each.
const MAX_WORD: usize = 256;

/// The runs of a request.
#[derive(Clone, Default)]
pub(super) struct Copied {
    runs: HashSet<u64>,
    hasher: RandomState,
}

impl Copied {
    /// Adds a text.
    pub(super) fn note(&mut self, text: &str) {
        let lower = text.to_lowercase();
        let mut last = VecDeque::with_capacity(RUN);
        for word in super::super::forms::words(&lower) {
            if let Some(run) = self.run(&mut last, word) {
                self.runs.insert(run);
            }
        }
    }

    /// The run that ends with `word`, once there are as many.
    fn run(&self, last: &mut VecDeque<u64>, word: &str) -> Option<u64> {
        if last.len() == RUN {
            last.pop_front();
        }
        last.push_back(self.hasher.hash_one(word));
        (last.len() == RUN).then(|| self.hasher.hash_one(&*last))
    }
}

/// Follows an answer through the runs of its request.
pub(super) struct Copying {
    own: Arc<Copied>,
    max_words: Option<usize>,
    max_runs: Option<usize>,
    last: VecDeque<u64>,
    /// The word that may go on, in lower case.
    word: String,
    /// How many words in a row were the request's; 0 where the last run was not.
    words: usize,
    repeated: HashSet<u64>,
}

impl Copying {
    pub(super) fn of(own: &Arc<Copied>, rules: Screening) -> Self {
        let max_runs = rules.max_copied_percent.map(|percent| {
            // Of a short request nothing is much.
            (own.runs.len() * usize::from(percent) / 100).max(RUN)
        });
        Self {
            own: Arc::clone(own),
            max_words: rules.max_copied_words.and_then(|n| usize::try_from(n).ok()),
            max_runs,
            last: VecDeque::with_capacity(RUN),
            word: String::new(),
            words: 0,
            repeated: HashSet::new(),
        }
    }

    /// Takes more of the answer: where in `text` it has repeated too much, if it has.
    pub(super) fn push(&mut self, text: &str) -> Option<usize> {
        for (at, c) in text.char_indices() {
            if c.is_alphanumeric() && self.word.len() < MAX_WORD {
                self.word.extend(c.to_lowercase());
                continue;
            }
            if self.ends_word() {
                return Some(at);
            }
        }
        None
    }

    /// Whether the word that ends here is one too many.
    fn ends_word(&mut self) -> bool {
        if self.word.is_empty() {
            return false;
        }
        let word = std::mem::take(&mut self.word);
        let run = self.own.run(&mut self.last, &word);
        let Some(run) = run.filter(|run| self.own.runs.contains(run)) else {
            self.words = 0;
            return false;
        };
        self.words = if self.words == 0 { RUN } else { self.words + 1 };
        self.repeated.insert(run);
        self.max_words.is_some_and(|most| self.words > most)
            || self.max_runs.is_some_and(|most| self.repeated.len() > most)
    }
}

impl fmt::Debug for Copying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Copying({} of {} runs)",
            self.repeated.len(),
            self.own.runs.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ScreenAction;

    const INPUT: &str =
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";

    fn rules(words: Option<u32>, percent: Option<u8>) -> Screening {
        Screening {
            secrets: ScreenAction::Off,
            personal: ScreenAction::Off,
            copied: ScreenAction::Stop,
            max_copied_words: words,
            max_copied_percent: percent,
        }
    }

    /// How much of `answer` goes out, in pieces of `size` bytes.
    fn allowed(rules: Screening, answer: &str, size: usize) -> usize {
        let mut copied = Copied::default();
        copied.note(INPUT);
        let mut copying = Copying::of(&Arc::new(copied), rules);
        let mut done = 0;
        for piece in answer.as_bytes().chunks(size) {
            let piece = std::str::from_utf8(piece).unwrap();
            if let Some(at) = copying.push(piece) {
                return done + at;
            }
            done += piece.len();
        }
        done
    }

    #[test]
    fn runs_are_counted_wherever_the_text_is_cut() {
        let ten = INPUT.find(" eleven").unwrap();
        for (answer, own, expected) in [
            (INPUT, rules(Some(40), None), INPUT.len()),
            (INPUT, rules(Some(9), None), ten),
            (
                "One, two; THREE four five six seven eight nine ten.",
                rules(Some(9), None),
                50,
            ),
            (
                "two one three four five six seven eight",
                rules(Some(8), None),
                39,
            ),
            (
                "one two three four five six seven x eight nine ten",
                rules(Some(8), None),
                50,
            ),
        ] {
            for size in [1, 3, 7, 100] {
                assert_eq!(allowed(own, answer, size), expected, "{answer}");
            }
        }
    }

    #[test]
    fn the_share_counts_each_run_once() {
        let long = INPUT.repeat(20);
        let mut copied = Copied::default();
        copied.note(&long);
        let copied = Arc::new(copied);
        let mut copying = Copying::of(&copied, rules(None, Some(60)));
        // The same stretch again and again is no larger share.
        assert_eq!(
            copying.push(&format!("{} ", &INPUT[..INPUT.len() - 9]).repeat(5)),
            None
        );
    }
}
