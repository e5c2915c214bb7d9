//! Where a drafted token pays, by what steps of the two models took.
//!
//! A step brings tokens and takes time; a draft may make it bring more and take longer. A drafted token pays where
//! the chance that it is right, as a part of a token, comes at less time than the step's tokens do so far.

use crate::engine::pace::{Cost, count};

/// What the draft model costs before it was measured, as a part of the other one.
const UNKNOWN_PART: f64 = 0.2;
/// Whatever the costs say, a token that is unlikelier than this is not worth its way.
const LEAST_CHANCE: f64 = 0.05;

/// A step so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worth {
    target: Cost,
    draft: Cost,
    tokens: f64,
    time: f64,
}

impl Worth {
    /// Of a step of `n_rows` tokens, as far as it is known what steps of the target and passes of the draft cost.
    pub(super) fn new(n_rows: usize, target: Option<Cost>, draft: Option<Cost>) -> Self {
        let (target, draft) = match target {
            Some(target) => (target, draft),
            // Seconds can't be compared with nothing.
            None => (Cost::USUAL, None),
        };
        let n_rows = n_rows.max(1);
        Self {
            target,
            draft: draft.unwrap_or_else(|| target.times(UNKNOWN_PART)),
            tokens: count(n_rows),
            time: target.of(n_rows),
        }
    }

    /// The least chance with which a token pays that is still to be drafted, in a pass that `n` sequences share, with
    /// `more_rows` rows beside its own, and then to be verified.
    pub(super) fn least(&self, n: usize, more_rows: f64) -> f64 {
        let shared = self.draft.fixed / count(n.max(1));
        self.chance_for(self.target.per_row + shared + self.draft.per_row * (1.0 + more_rows))
    }

    /// The least chance with which a token pays that is drafted and still to be verified.
    pub(super) fn least_to_verify(&self) -> f64 {
        self.chance_for(self.target.per_row)
    }

    /// How many tokens the draft model may read without stretching the step too much, of at most `most`.
    pub(super) fn readable(&self, most: usize) -> usize {
        self.draft.spare(self.time).min(most)
    }

    /// A pass of the draft model drafted for `n` sequences.
    pub(super) fn note_pass(&mut self, n: usize) {
        self.time += self.draft.of(n);
    }

    /// A token that is right with `chance` is verified.
    pub(super) fn note_token(&mut self, chance: f64) {
        self.tokens += chance;
        self.time += self.target.per_row;
    }

    fn chance_for(&self, time: f64) -> f64 {
        (time * self.tokens / self.time).max(LEAST_CHANCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many tokens are drafted that are right with `chance` each, for each of `n` sequences.
    fn drafted(n: usize, target: Cost, draft: Cost, chance: f64) -> usize {
        let mut worth = Worth::new(n, Some(target), Some(draft));
        let mut all = chance;
        for length in 0..64 {
            if all < worth.least(n, 0.0) {
                return length;
            }
            worth.note_pass(n);
            (0..n).for_each(|_| worth.note_token(all));
            all *= chance;
        }
        64
    }

    #[test]
    fn more_is_drafted_the_likelier_and_cheaper_it_is() {
        let cost = |fixed, per_row| Cost { fixed, per_row };
        // Reading weights takes most of a step of a large model; batches share it.
        let large = cost(0.9, 0.1);
        for (n, target, draft, chance, expected) in [
            (1, large, cost(0.09, 0.01), 0.95, 10..24),
            (1, large, cost(0.09, 0.01), 0.7, 3..6),
            (1, large, cost(0.09, 0.01), 0.1, 0..1),
            // A draft that is half as large needs to be right more often; one as large never pays.
            (1, large, cost(0.45, 0.05), 0.5, 0..1),
            (1, large, cost(0.45, 0.05), 0.9, 1..4),
            (1, large, large, 0.99, 0..1),
            // With many at a time a row more is nearly as dear as one sequence more.
            (8, large, cost(0.09, 0.01), 0.7, 1..3),
            (32, large, cost(0.09, 0.01), 0.7, 0..1),
            (32, cost(0.1, 0.9), cost(0.01, 0.09), 0.8, 0..1),
        ] {
            let found = drafted(n, target, draft, chance);
            assert!(expected.contains(&found), "{n} {chance}: {found}");
        }
    }

    /// The length that is found is the one of the best rate.
    #[test]
    fn no_other_length_is_better() {
        let target = Cost {
            fixed: 8.0,
            per_row: 1.0,
        };
        let draft = Cost {
            fixed: 1.0,
            per_row: 0.2,
        };
        for chance in [0.2, 0.5, 0.8, 0.9, 0.97] {
            let rate = |length: usize| {
                let tokens: f64 = (0..=length).map(|at| chance_of(chance, at)).sum();
                tokens / (target.of(1 + length) + count(length) * draft.of(1))
            };
            let found = drafted(1, target, draft, chance);
            let best = (0..64).max_by(|a, b| rate(*a).total_cmp(&rate(*b)));
            assert_eq!(Some(found), best, "{chance}");
        }
    }

    fn chance_of(chance: f64, at: usize) -> f64 {
        (0..at).map(|_| chance).product()
    }

    #[test]
    fn what_is_unknown_is_taken_for_usual() {
        let unknown = Worth::new(1, None, None);
        let own = Some(Cost {
            fixed: 9.0,
            per_row: 0.5,
        });
        assert_eq!(
            Worth::new(1, None, own).least(1, 0.0),
            unknown.least(1, 0.0)
        );
        assert!((unknown.least(1, 0.0) - 0.45).abs() < 1e-9);
        assert!((unknown.least_to_verify() - 0.25).abs() < 1e-9);
        assert!(unknown.least(1, 10.0) > unknown.least(1, 0.0));
        assert!(unknown.least(4, 0.0) < unknown.least(1, 0.0));
        assert_eq!(unknown.readable(8), 8);
    }
}
