//! What a step costs, learned from the steps before: so that a long prompt doesn't hold up those who wait
//! for their next token, and a draft is only computed where it pays.
//!
//! The time of a step is taken as `fixed + per_row * (rows + ratio * pairs)`, with a row for each token that it
//! computes, and a pair for each token that one of these looks back at: at the end of a long prompt that is most of
//! the work. It is fitted by least squares over the recent past, of errors in relation to the rows: a long prompt's
//! steps of hundreds of rows would otherwise decide alone, and be wrong by a step's time for the small ones that
//! count. What a pair costs beside a row belongs to the model and the machine, so it stays as it was last told apart.
//! Nothing here changes what is computed, only when.

use std::time::Duration;

/// How much of its weight an observation keeps with each later one: the last fifty count.
const MEMORY: f64 = 0.98;
/// A step with prompt tokens in it may take this many times as long as one without, as far as that is known beforehand.
const STRETCH: f64 = 2.0;
/// So many prompt tokens a step takes in any case: a prompt must come to its end.
const LEAST_PROMPT: usize = 4;
/// The least variance of the rows, in relation to their mean's square, from which the cost of a row is told.
const LEAST_VARIANCE: f64 = 0.05;
/// What a row more costs before anything is known, as a share of a step with one row.
const UNKNOWN_SHARE: f64 = 0.25;
/// What a pair costs before anything is known, in rows. A guess on the cheap side: the default model's was learned as
/// 1 / 1000 to 1 / 1500 on two cores, and larger models have dearer rows.
const UNKNOWN_RATIO: f64 = 1.0 / 1500.0;
/// The dearest that a pair is believed to be.
const MOST_RATIO: f64 = 1.0 / 300.0;
/// The least variance of the rows from which it is told.
const RATIO_VARIANCE: f64 = 0.1;
/// How far what is believed goes towards what a new step says: one that was held up is not the last word.
const TRUST: f64 = 0.1;

/// What a step computes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    /// Tokens.
    rows: f64,
    /// Tokens that each of these looks back at, in all.
    pairs: f64,
}

impl Work {
    /// `n` tokens after the first `context` ones of a sequence.
    pub(super) fn of(context: usize, n: usize) -> Self {
        let mut work = Self::default();
        work.add(context, n);
        work
    }

    /// And `n` tokens after the first `context` ones of a sequence.
    pub(super) fn add(&mut self, context: usize, n: usize) {
        self.rows += count(n);
        self.pairs += count(n) * (count(context) + 0.5 * count(n));
    }

    /// How many tokens a row looks back at.
    fn reach(self) -> f64 {
        self.pairs / self.rows.max(1.0)
    }
}

/// A running fit: weighted sums, and sums of products.
#[derive(Debug, Default)]
pub(super) struct Pace {
    weight: f64,
    rows: f64,
    pairs: f64,
    time: f64,
    rows_rows: f64,
    rows_pairs: f64,
    pairs_pairs: f64,
    rows_time: f64,
    pairs_time: f64,
    /// What a pair cost when that could last be told, in rows.
    ratio: Option<f64>,
    /// The last fit that could be made of the rest.
    last: Option<Cost>,
}

/// What a step costs in seconds, or in steps with one row, where rows look back as far as those in question do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    pub(super) fixed: f64,
    pub(super) per_row: f64,
}

/// What prompts may take of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// Most tokens.
    tokens: usize,
    /// Seconds; `None` where nobody waits, or nothing is known.
    time: Option<f64>,
    per_row: f64,
    per_pair: f64,
    taken: usize,
}

impl Allowance {
    /// As many as fit into the step.
    fn of_tokens(tokens: usize) -> Self {
        Self {
            tokens,
            time: None,
            per_row: 0.0,
            per_pair: 0.0,
            taken: 0,
        }
    }

    /// How many tokens a prompt may have of which `context` are computed.
    pub(super) fn tokens(&self, context: usize) -> usize {
        let Some(time) = self.time else {
            return self.tokens;
        };
        // The root of `time = per_row * n + per_pair * n * (context + n / 2)`.
        let row = self.per_row + self.per_pair * count(context);
        let n = 2.0 * time / (row + (row * row + 2.0 * self.per_pair * time).sqrt());
        let least = LEAST_PROMPT.saturating_sub(self.taken);
        whole(n).max(least).min(self.tokens)
    }

    /// A prompt takes `n` tokens after its first `context` ones.
    pub(super) fn take(&mut self, context: usize, n: usize) {
        let work = Work::of(context, n);
        self.tokens = self.tokens.saturating_sub(n);
        self.taken += n;
        if let Some(time) = &mut self.time {
            let took = self.per_row * work.rows + self.per_pair * work.pairs;
            *time = (*time - took).max(0.0);
        }
    }
}

impl Cost {
    /// Before anything is known.
    pub(super) const USUAL: Self = Self {
        fixed: 1.0 - UNKNOWN_SHARE,
        per_row: UNKNOWN_SHARE,
    };

    /// Of a step of `n_rows` tokens.
    pub(super) fn of(self, n_rows: usize) -> f64 {
        self.fixed + self.per_row * count(n_rows)
    }

    pub(super) fn times(self, factor: f64) -> Self {
        Self {
            fixed: self.fixed * factor,
            per_row: self.per_row * factor,
        }
    }

    /// How many rows of this cost a step of `time` can be stretched by.
    pub(super) fn spare(self, time: f64) -> usize {
        whole((STRETCH - 1.0) * time / self.per_row).max(LEAST_PROMPT)
    }
}

impl Pace {
    /// A step took `time`.
    pub(super) fn note(&mut self, work: Work, time: Duration) {
        let Work { rows, pairs } = work;
        if rows < 1.0 || time.is_zero() {
            return;
        }
        let time = time.as_secs_f64();
        let weight = 1.0 / (rows * rows);
        for (sum, value) in [
            (&mut self.weight, 1.0),
            (&mut self.rows, rows),
            (&mut self.pairs, pairs),
            (&mut self.time, time),
            (&mut self.rows_rows, rows * rows),
            (&mut self.rows_pairs, rows * pairs),
            (&mut self.pairs_pairs, pairs * pairs),
            (&mut self.rows_time, rows * time),
            (&mut self.pairs_time, pairs * time),
        ] {
            *sum = *sum * MEMORY + weight * value;
        }
        if let Some(ratio) = self.fit_ratio() {
            let old = self.ratio.unwrap_or(ratio);
            self.ratio = Some(old + TRUST * (ratio - old));
        }
        self.last = self.fit().or(self.last);
    }

    /// What a step with `work` in it costs, as well as it is known: where the steps of late don't tell fixed and growing
    /// cost apart, their mean is shared out as it was when they last did, or usually is. `None` before the first step.
    pub(super) fn cost(&self, work: Work) -> Option<Cost> {
        self.flat_cost().map(|cost| self.looking_back(cost, work))
    }

    /// What prompts may take of a step that decodes `decoding`, of at most `most` tokens.
    pub(super) fn prompts(&self, decoding: Work, most: usize) -> Allowance {
        let allowance = Allowance::of_tokens(most);
        match self.flat_cost() {
            Some(cost) if decoding.rows > 0.0 => {
                let step = cost.fixed + cost.per_row * self.size(decoding);
                Allowance {
                    time: Some((STRETCH - 1.0) * step),
                    per_row: cost.per_row,
                    per_pair: cost.per_row * self.ratio(),
                    ..allowance
                }
            }
            _ => allowance,
        }
    }

    /// The least chance of being right with which a drafted token pays in a step with `work`: it
    /// costs a row's time, in which the step's other rows would have brought so much.
    pub(super) fn least_chance(&self, work: Work) -> f64 {
        let rows = work.rows.max(1.0);
        let share = self.fit().map_or(UNKNOWN_SHARE, |cost| {
            let cost = self.looking_back(cost, work);
            cost.per_row / (cost.fixed + cost.per_row * rows)
        });
        (share * rows).clamp(0.05, 0.95)
    }

    fn ratio(&self) -> f64 {
        self.ratio.unwrap_or(UNKNOWN_RATIO)
    }

    /// `work` in rows that look back at nothing.
    fn size(&self, work: Work) -> f64 {
        work.rows + self.ratio() * work.pairs
    }

    fn looking_back(&self, cost: Cost, work: Work) -> Cost {
        Cost {
            per_row: cost.per_row * (1.0 + self.ratio() * work.reach()),
            ..cost
        }
    }

    /// What a step costs whose rows look back at nothing.
    fn flat_cost(&self) -> Option<Cost> {
        let parts = match self.fit() {
            Some(cost) => return Some(cost),
            None => self.last.unwrap_or(Cost::USUAL),
        };
        let size = self.rows + self.ratio() * self.pairs;
        let usual = parts.fixed * self.weight + parts.per_row * size;
        (self.time > 0.0).then(|| parts.times(self.time / usual))
    }

    /// `None` where the steps so far don't tell fixed and growing cost apart.
    fn fit(&self) -> Option<Cost> {
        let ratio = self.ratio();
        let size = self.rows + ratio * self.pairs;
        let size_size = self.rows_rows + ratio * (2.0 * self.rows_pairs + ratio * self.pairs_pairs);
        let size_time = self.rows_time + ratio * self.pairs_time;
        let spread = self.weight * size_size - size * size;
        if spread <= LEAST_VARIANCE * size * size {
            return None;
        }
        let per_row = (self.weight * size_time - size * self.time) / spread;
        if per_row <= 0.0 {
            return None;
        }
        let fixed = ((self.time - per_row * size) / self.weight).max(0.0);
        Some(Cost { fixed, per_row })
    }

    /// What a pair costs in rows, from a fit of both. `None` where the pairs go with the rows.
    fn fit_ratio(&self) -> Option<f64> {
        let spread = |ab: f64, a: f64, b: f64| self.weight * ab - a * b;
        let rows = spread(self.rows_rows, self.rows, self.rows);
        let both = spread(self.rows_pairs, self.rows, self.pairs);
        let pairs = spread(self.pairs_pairs, self.pairs, self.pairs);
        if rows <= RATIO_VARIANCE * self.rows * self.rows {
            return None;
        }
        // What the rows leave of the pairs.
        let left = pairs - both * both / rows;
        if left <= LEAST_VARIANCE * self.pairs * self.pairs {
            return None;
        }
        let rows_time = spread(self.rows_time, self.rows, self.time);
        let pairs_time = spread(self.pairs_time, self.pairs, self.time);
        let per_pair = (pairs_time - both * rows_time / rows) / left;
        let per_row = (rows_time - both * per_pair) / rows;
        (per_row > 0.0).then(|| (per_pair / per_row).clamp(0.0, MOST_RATIO))
    }
}

pub(super) fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float becomes the nearest integer in range"
)]
fn whole(x: f64) -> usize {
    x.round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(x: f64) -> Duration {
        Duration::from_secs_f64(x / 1e3)
    }

    /// A machine on which a step takes 3 ms, 0.5 ms a row, and 1 ms for each `per_ms` tokens that are looked back at.
    fn learned_of(steps: &[(usize, usize)], per_ms: f64) -> Pace {
        let mut pace = Pace::default();
        for (context, rows) in steps {
            let work = Work::of(*context, *rows);
            let time = 3.0 + 0.5 * work.rows + work.pairs / per_ms;
            pace.note(work, millis(time));
        }
        pace
    }

    /// One on which looking back costs nothing.
    fn learned(steps: &[usize]) -> Pace {
        let mut pace = Pace {
            ratio: Some(0.0),
            ..Pace::default()
        };
        for rows in steps {
            pace.note(rows_alone(*rows), millis(3.0 + 0.5 * count(*rows)));
        }
        pace
    }

    fn rows_alone(n: usize) -> Work {
        Work {
            pairs: 0.0,
            ..Work::of(0, n)
        }
    }

    #[test]
    fn a_prompt_takes_what_the_decoding_ones_can_spare() {
        for (steps, n_decoding, expected) in [
            // Nothing to hold up, or nothing known.
            (&[1, 1, 200, 1][..], 0, 256),
            (&[], 4, 256),
            // Nothing to tell apart: 4.5 ms are shared out as 2.25 and 0.75 a row.
            (&[3, 3, 3, 3], 8, 11),
            // 3 + 0.5 n ms at 0.5 ms a token.
            (&[1, 1, 200, 1], 14, 20),
            (&[1, 64, 2, 8], 64, 70),
            (&[1, 64, 2, 8], 300, 256),
            (&[1, 64, 2, 8], 1, 7),
        ] {
            let allowance = learned(steps).prompts(Work::of(0, n_decoding), 256);
            assert_eq!(allowance.tokens(0), expected, "{steps:?} {n_decoding}");
        }
    }

    #[test]
    fn the_more_a_prompt_looks_back_at_the_less_of_it_a_step_takes() {
        let steps: Vec<_> = (0..60).map(|n| (n * 37 % 2000, 1 + n % 5 * 10)).collect();
        let pace = learned_of(&steps, 2000.0);
        let of = |decoding: Work, context| pace.prompts(decoding, 256).tokens(context);
        // 10 ms, at 0.5 ms a token and half a microsecond for each that it looks back at.
        assert_eq!(of(Work::of(0, 14), 0), 20);
        assert_eq!(of(Work::of(0, 14), 1_000), 10);
        // Never too few.
        assert_eq!(of(Work::of(0, 14), 8_000), LEAST_PROMPT);
        // What the decoding ones look back at makes their step longer, too: 17 ms.
        assert_eq!(of(Work::of(1_000, 14), 1_000), 17);

        // A first prompt leaves its share to the next one, and a full step nothing.
        let mut allowance = pace.prompts(Work::of(0, 14), 256);
        allowance.take(1_000, 4);
        assert_eq!(allowance.tokens(1_000), 6);
        allowance.take(1_000, 6);
        assert_eq!(allowance.tokens(1_000), 0);
        let mut allowance = Allowance::of_tokens(10);
        allowance.take(0, 10);
        assert_eq!(allowance.tokens(0), 0);
    }

    #[test]
    fn a_draft_must_be_likelier_the_more_run() {
        let pace = learned(&[1, 64, 2, 8]);
        for (rows, expected) in [(1, 0.5 / 3.5), (8, 4.0 / 7.0), (512, 0.95)] {
            let found = pace.least_chance(Work::of(0, rows));
            assert!((found - expected).abs() < 1e-6, "{rows}");
        }
        assert_eq!(Pace::default().least_chance(Work::of(0, 1)), UNKNOWN_SHARE);
    }

    /// After these steps many of 8 rows and 7 ms: the shares stay, the whole is what was seen.
    #[test]
    fn what_is_not_told_apart_is_shared_out_as_before() {
        for (steps, share) in [(&[1, 64, 2, 8][..], 3.0 / 7.0), (&[], 0.75 / 2.75)] {
            let mut pace = learned(steps);
            for _ in 0..2_000 {
                pace.note(rows_alone(8), millis(7.0));
            }
            assert_eq!(pace.fit(), None);
            let cost = pace.cost(Work::of(0, 8)).unwrap();
            assert!((cost.fixed - 0.007 * share).abs() < 1e-5, "{cost:?}");
            assert!((cost.of(8) - 0.007).abs() < 1e-5, "{cost:?}");
        }
        assert_eq!(Pace::default().cost(Work::of(0, 1)), None);
    }

    #[test]
    fn the_past_is_forgotten() {
        let mut pace = learned(&[1, 100, 1, 100]);
        for n in 0..400 {
            pace.note(
                rows_alone(1 + n % 2 * 99),
                millis(if n % 2 == 0 { 10.0 } else { 1000.0 }),
            );
        }
        let fit = pace.fit().unwrap();
        assert!((fit.per_row - 0.01).abs() < 1e-4, "{fit:?}");
    }
}
