//! What a step costs, learned from the steps before: so that a long prompt doesn't hold up those who wait
//! for their next token, and a draft is only computed where it pays.
//!
//! The time of a step is taken as `fixed + per_row * rows`, with a row for each token that it computes,
//! fitted by least squares over the recent past, of errors in relation to the rows: a long prompt's steps
//! of hundreds of rows would otherwise decide alone, and be wrong by a step's time for the small ones that
//! count. Nothing here changes what is computed, only when.

use std::time::Duration;

/// How much of its weight an observation keeps with each later one: the last fifty count.
const MEMORY: f64 = 0.98;
/// A step with prompt tokens in it may take this many times as long as one without.
const STRETCH: f64 = 2.5;
/// Fewer prompt tokens than this aren't worth a step's overhead; the widest kernels take so many rows at once.
const LEAST_PROMPT: usize = 12;
/// The least variance of the rows, in relation to their mean's square, from which the cost of a row is told.
const LEAST_VARIANCE: f64 = 0.05;
/// What a row more costs before anything is known, as a share of a step with one row.
const UNKNOWN_SHARE: f64 = 0.25;

/// A running fit.
#[derive(Debug, Default)]
pub(super) struct Pace {
    weight: f64,
    rows: f64,
    time: f64,
    rows_rows: f64,
    rows_time: f64,
    /// The last fit that could be made.
    last: Option<Cost>,
}

/// What a step costs in seconds, or in steps with one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    pub(super) fixed: f64,
    pub(super) per_row: f64,
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
    /// A step of `n_rows` tokens took `time`.
    pub(super) fn note(&mut self, n_rows: usize, time: Duration) {
        if n_rows == 0 || time.is_zero() {
            return;
        }
        let (rows, time) = (count(n_rows), time.as_secs_f64());
        let weight = 1.0 / (rows * rows);
        for (sum, value) in [
            (&mut self.weight, 1.0),
            (&mut self.rows, rows),
            (&mut self.time, time),
            (&mut self.rows_rows, rows * rows),
            (&mut self.rows_time, rows * time),
        ] {
            *sum = *sum * MEMORY + weight * value;
        }
        self.last = self.fit().or(self.last);
    }

    /// What a step costs, as well as it is known: where the steps of late don't tell fixed and growing cost apart, their
    /// mean is shared out as it was when they last did, or usually is. `None` before the first step.
    pub(super) fn cost(&self) -> Option<Cost> {
        let parts = match self.fit() {
            Some(cost) => return Some(cost),
            None => self.last.unwrap_or(Cost::USUAL),
        };
        let time = parts.fixed * self.weight + parts.per_row * self.rows;
        (self.time > 0.0).then(|| parts.times(self.time / time))
    }

    /// How many prompt tokens a step with `n_decoding` sequences may take, of at most `most`.
    pub(super) fn prompt_tokens(&self, n_decoding: usize, most: usize) -> usize {
        match self.cost() {
            Some(cost) if n_decoding > 0 => cost.spare(cost.of(n_decoding)).min(most),
            _ => most,
        }
    }

    /// The least chance of being right with which a drafted token pays in a step of `n_rows` tokens: it
    /// costs a row's time, in which the step's other rows would have brought so much.
    pub(super) fn least_chance(&self, n_rows: usize) -> f64 {
        let rows = count(n_rows.max(1));
        let share = self
            .fit()
            .map_or(UNKNOWN_SHARE, |cost| cost.per_row / cost.of(n_rows.max(1)));
        (share * rows).clamp(0.05, 0.95)
    }

    /// `None` where the steps so far don't tell fixed and growing cost apart.
    fn fit(&self) -> Option<Cost> {
        let spread = self.weight * self.rows_rows - self.rows * self.rows;
        if spread <= LEAST_VARIANCE * self.rows * self.rows {
            return None;
        }
        let per_row = (self.weight * self.rows_time - self.rows * self.time) / spread;
        if per_row <= 0.0 {
            return None;
        }
        let fixed = ((self.time - per_row * self.rows) / self.weight).max(0.0);
        Some(Cost { fixed, per_row })
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

    /// A machine on which a step takes 3 ms and 0.5 ms a row.
    fn learned(steps: &[usize]) -> Pace {
        let mut pace = Pace::default();
        for rows in steps {
            pace.note(*rows, millis(3.0 + 0.5 * count(*rows)));
        }
        pace
    }

    #[test]
    fn a_prompt_takes_what_the_decoding_ones_can_spare() {
        for (steps, n_decoding, expected) in [
            // Nothing to hold up, or nothing known.
            (&[1, 1, 200, 1][..], 0, 256),
            (&[], 4, 256),
            // Nothing to tell apart: 4.5 ms are shared out as 2.25 and 0.75 a row.
            (&[3, 3, 3, 3], 8, 17),
            // 1.5 times (3 + 0.5 n) ms at 0.5 ms a token.
            (&[1, 1, 200, 1], 14, 30),
            (&[1, 64, 2, 8], 64, 105),
            (&[1, 64, 2, 8], 200, 256),
            // Never too few.
            (&[1, 64, 2, 8], 1, 12),
        ] {
            let found = learned(steps).prompt_tokens(n_decoding, 256);
            assert_eq!(found, expected, "{steps:?} {n_decoding}");
        }
    }

    #[test]
    fn a_draft_must_be_likelier_the_more_run() {
        let pace = learned(&[1, 64, 2, 8]);
        for (rows, expected) in [(1, 0.5 / 3.5), (8, 4.0 / 7.0), (512, 0.95)] {
            assert!((pace.least_chance(rows) - expected).abs() < 1e-6, "{rows}");
        }
        assert_eq!(Pace::default().least_chance(1), UNKNOWN_SHARE);
    }

    /// After these steps many of 8 rows and 7 ms: the shares stay, the whole is what was seen.
    #[test]
    fn what_is_not_told_apart_is_shared_out_as_before() {
        for (steps, share) in [(&[1, 64, 2, 8][..], 3.0 / 7.0), (&[], 0.75 / 2.75)] {
            let mut pace = learned(steps);
            for _ in 0..2_000 {
                pace.note(8, millis(7.0));
            }
            assert_eq!(pace.fit(), None);
            let cost = pace.cost().unwrap();
            assert!((cost.fixed - 0.007 * share).abs() < 1e-5, "{cost:?}");
            assert!((cost.of(8) - 0.007).abs() < 1e-5, "{cost:?}");
        }
        assert_eq!(Pace::default().cost(), None);
    }

    #[test]
    fn the_past_is_forgotten() {
        let mut pace = learned(&[1, 100, 1, 100]);
        for n in 0..400 {
            pace.note(
                1 + n % 2 * 99,
                millis(if n % 2 == 0 { 10.0 } else { 1000.0 }),
            );
        }
        let fit = pace.fit().unwrap();
        assert!((fit.per_row - 0.01).abs() < 1e-4, "{fit:?}");
    }
}
