//! Drafts by look-up: what came after the same words before may come after them again.
//!
//! Answers copy from their prompts, and repeat themselves. A draft is what follows the place, in the
//! prediction, the prompt or the answer so far, that agrees with the newest tokens for longest. It
//! costs a row of the next step per token, so its length depends on how often drafts of such agreement were
//! right for this sequence. Whether a draft is right changes no token of the answer.

use std::collections::HashMap;

/// Tokens that must agree before anything is drafted.
const LEAST_MATCH: usize = 2;
/// Longer agreement than this makes no difference.
const MOST_MATCH: usize = 16;
/// Earlier places that are looked at, the latest first.
const MOST_PLACES: usize = 16;
/// Longest draft.
const MOST_DRAFT: usize = 24;
/// The chances that a drafted token is right, by the agreement that it comes from, before any was seen.
const FIRST_CHANCES: [(usize, f64); 4] = [(2, 0.3), (4, 0.55), (8, 0.75), (MOST_MATCH, 0.9)];
/// How fast a chance follows what is seen, …
const LEARNING: f64 = 0.15;
/// … and how fast it is given another one while nothing is.
const FORGETTING: f64 = 1.0 / 200.0;

/// One sequence's text, searchable.
#[derive(Debug)]
pub(super) struct Lookup {
    /// The prediction, then the sequence's tokens.
    text: Vec<u32>,
    /// How long the text was at first: until it grows, the answer is at the prediction's start.
    n_first: usize,
    n_prediction: usize,
    /// The place after the latest occurrence of two tokens.
    latest: HashMap<[u32; LEAST_MATCH], usize>,
    /// By place: the place after the occurrence before that of the two tokens before it.
    earlier: Vec<Option<usize>>,
    chances: [f64; FIRST_CHANCES.len()],
    /// The class of the draft that is being verified, and whether it comes from the prediction.
    class: Option<(usize, bool)>,
    predicted: Predicted,
}

/// What became of drafts from the prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Predicted {
    /// Tokens that came.
    pub(super) right: u32,
    /// Tokens that did not.
    pub(super) wrong: u32,
}

impl Lookup {
    /// Over what may come and what has come: `tokens` ends with the answer's first.
    pub(super) fn new(prediction: &[u32], tokens: &[u32]) -> Self {
        let mut new = Self {
            text: Vec::new(),
            n_first: prediction.len() + tokens.len(),
            n_prediction: prediction.len(),
            latest: HashMap::new(),
            earlier: Vec::new(),
            chances: FIRST_CHANCES.map(|(_, chance)| chance),
            class: None,
            predicted: Predicted::default(),
        };
        for token in prediction.iter().chain(tokens) {
            new.push(*token);
        }
        new
    }

    /// The next token came.
    pub(super) fn push(&mut self, token: u32) {
        let place = self.text.len();
        let earlier = match self.text.last_chunk() {
            Some(before) => self.latest.insert(*before, place),
            None => None,
        };
        self.earlier.push(earlier);
        self.text.push(token);
    }

    /// What may come next: at most `most` tokens, and none that is right with less than `least_chance`.
    pub(super) fn draft(&mut self, most: usize, least_chance: f64) -> Vec<u32> {
        self.class = None;
        for (chance, (_, first)) in self.chances.iter_mut().zip(FIRST_CHANCES) {
            *chance += (first - *chance).max(0.0) * FORGETTING;
        }
        let Some((place, agreement)) = self.start().or_else(|| self.best_place()) else {
            return Vec::new();
        };
        let class = FIRST_CHANCES
            .iter()
            .rposition(|(least, _)| agreement >= *least);
        let class = class.unwrap_or(0);
        let length = length(self.chances[class], least_chance).min(most);
        if length == 0 {
            return Vec::new();
        }
        self.class = Some((class, place < self.n_prediction));
        let mut draft = Vec::with_capacity(length);
        for at in place..place + length {
            // Past the end, the draft continues itself: a repetition goes round.
            let token = self
                .text
                .get(at)
                .or_else(|| draft.get(at - self.text.len()));
            let Some(token) = token.copied() else {
                break;
            };
            draft.push(token);
        }
        draft
    }

    /// Of the last draft of `n_draft` tokens, `n_right` came; then, if these are fewer, another one than drafted.
    pub(super) fn learn(&mut self, n_draft: usize, n_right: usize) {
        let Some((class, predicted)) = self.class.take() else {
            return;
        };
        if predicted {
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let own = &mut self.predicted;
            own.right = own.right.saturating_add(count(n_right));
            let wrong = n_draft.saturating_sub(n_right);
            own.wrong = own.wrong.saturating_add(count(wrong));
        }
        let chance = &mut self.chances[class];
        for _ in 0..n_right {
            *chance += (1.0 - *chance) * LEARNING;
        }
        if n_right < n_draft {
            *chance -= *chance * LEARNING;
        }
    }

    /// What became of drafts from the prediction so far.
    pub(super) fn predicted(&self) -> Predicted {
        self.predicted
    }

    /// The prediction's second place, if the answer begins like it; that counts as much as some agreement.
    fn start(&self) -> Option<(usize, usize)> {
        let begins = self.n_prediction > 1
            && self.text.len() == self.n_first
            && self.text.first() == self.text.last();
        begins.then_some((1, MOST_MATCH / 2))
    }

    /// The place after the longest agreement with the end, the latest of equals, and how long it is.
    fn best_place(&self) -> Option<(usize, usize)> {
        let mut place = self.latest.get(self.text.last_chunk()?).copied();
        let mut best: Option<(usize, usize)> = None;
        for _ in 0..MOST_PLACES {
            let Some(at) = place else {
                break;
            };
            let before = self.text.get(..at).unwrap_or_default().iter().rev();
            let pairs = before.zip(self.text.iter().rev()).take(MOST_MATCH);
            let agreement = pairs.take_while(|(a, b)| a == b).count();
            if best.is_none_or(|(_, longest)| agreement > longest) {
                best = Some((at, agreement));
            }
            if agreement == MOST_MATCH {
                break;
            }
            place = self.earlier.get(at).copied().flatten();
        }
        best
    }
}

/// The longest draft whose last token is right with `least`, if each is with `chance`.
fn length(chance: f64, least: f64) -> usize {
    let mut all = chance;
    let mut length = 0;
    while length < MOST_DRAFT && all >= least {
        length += 1;
        all *= chance;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_continue_the_longest_agreement() {
        for (prediction, text, most, expected) in [
            (&[][..], &[1, 2, 3, 4, 1, 2][..], 2, &[3, 4][..]),
            // Of two places, the one that agrees for longer; of equals, the latest.
            (&[], &[9, 1, 2, 3, 8, 1, 2, 4, 9, 1, 2], 1, &[3]),
            (&[], &[7, 1, 2, 3, 8, 1, 2, 4, 9, 1, 2], 1, &[4]),
            // The prediction counts as if it had been said.
            (&[5, 6, 7, 8, 9], &[1, 6, 7], 2, &[8, 9]),
            // Its start is where the answer starts, …
            (&[5, 6, 7], &[1, 5], 2, &[6, 7]),
            (&[5], &[1, 5], 2, &[]),
            (&[5, 6, 7], &[1, 6], 2, &[]),
            // A repetition goes round.
            (&[], &[1, 2, 3, 1, 2, 3], 7, &[1, 2, 3, 1, 2, 3, 1]),
            (&[], &[4, 4, 4], 3, &[4, 4, 4]),
            // Nothing agrees, or there is nothing.
            (&[], &[1, 2, 3, 4, 5], 4, &[]),
            (&[], &[1], 4, &[]),
            (&[], &[], 4, &[]),
            (&[], &[1, 2, 3, 1, 2], 0, &[]),
        ] {
            let found = Lookup::new(prediction, text).draft(most, 0.0);
            assert_eq!(found, expected, "{prediction:?} {text:?}");
        }
    }

    #[test]
    fn drafts_grow_with_success_and_end_with_failure() {
        let text = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2];
        let mut lookup = Lookup::new(&[], &text);
        let first = lookup.draft(99, 0.2).len();
        for _ in 0..20 {
            let _ = lookup.draft(99, 0.2);
            lookup.learn(3, 3);
        }
        assert!(lookup.draft(99, 0.2).len() > 2 * first);
        let mut wrong = 0;
        for _ in 0..2_000 {
            if !lookup.draft(99, 0.2).is_empty() {
                wrong += 1;
                lookup.learn(1, 0);
            }
        }
        assert!((10..300).contains(&wrong), "{wrong} of 2,000");
        lookup.learn(5, 5);
        assert!(
            lookup
                .chances
                .iter()
                .all(|chance| (0.0..=1.0).contains(chance))
        );
    }

    #[test]
    fn drafts_from_the_prediction_are_counted() {
        let mut lookup = Lookup::new(&[5, 6, 7, 8], &[1, 5]);
        let n_draft = lookup.draft(3, 0.0).len();
        lookup.learn(n_draft, 2);
        assert_eq!(lookup.predicted(), Predicted { right: 2, wrong: 1 });
        let mut own = Lookup::new(&[9, 9, 9], &[1, 2, 3, 1, 2]);
        let n_draft = own.draft(1, 0.0).len();
        own.learn(n_draft, 1);
        assert_eq!(own.predicted(), Predicted::default());
    }

    #[test]
    fn a_draft_is_as_long_as_it_pays() {
        for (chance, least, expected) in [
            (0.9, 0.5, 6),
            (0.5, 0.5, 1),
            (0.49, 0.5, 0),
            (1.0, 0.95, MOST_DRAFT),
            (0.0, 0.05, 0),
        ] {
            assert_eq!(length(chance, least), expected, "{chance} {least}");
        }
    }
}
