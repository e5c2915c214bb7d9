//! The tokens that a step brings, chosen on the model's threads: what one sequence chooses depends on its
//! own logits, draft and mask alone, so who chooses it, and when, makes no difference.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::kernels::Pool;

use super::sampler::{Choice, Sampler};

/// One sequence's share of a step.
pub(super) struct Pick<'a> {
    pub(super) choice: &'a mut Choice,
    /// Its row of logits by number: that of its last token, and one for each drafted token.
    pub(super) rows: Vec<&'a [f32]>,
    pub(super) draft: &'a [u32],
    /// Whether it goes on behind an end token.
    pub(super) ignores_end: bool,
    /// What was chosen: the token after the last one, and one more after each drafted token that was right.
    pub(super) tokens: Vec<u32>,
    /// A row allowed no token.
    pub(super) failed: bool,
}

impl Pick<'_> {
    /// Chooses; behind an end token nothing comes.
    fn run(&mut self, sampler: &mut Sampler, is_end: &dyn Fn(u32) -> bool) {
        for (nth, row) in self.rows.iter().enumerate() {
            let Ok(token) = sampler.next(row, self.choice) else {
                self.failed = true;
                return;
            };
            self.tokens.push(token);
            let ends = !self.ignores_end && is_end(token);
            if ends || self.draft.get(nth) != Some(&token) {
                return;
            }
        }
    }
}

/// Working memory for the threads that choose.
#[derive(Debug, Default)]
pub(super) struct Picker {
    samplers: Vec<Mutex<Sampler>>,
}

impl Picker {
    /// Chooses for all of `picks`, on the threads of `pool` if there is one. A panic of a mask is resumed.
    pub(super) fn choose(
        &mut self,
        picks: &mut [Pick<'_>],
        pool: Option<&Pool>,
        is_end: &(dyn Fn(u32) -> bool + Sync),
    ) {
        let n_threads = pool.map_or(1, Pool::threads).min(picks.len()).max(1);
        if self.samplers.len() < n_threads {
            self.samplers.resize_with(n_threads, Mutex::default);
        }
        if let (Some(pool), 2..) = (pool, n_threads) {
            let picks: Vec<_> = picks.iter_mut().map(Mutex::new).collect();
            let next = AtomicUsize::new(0);
            pool.for_each(n_threads, &|thread| {
                let Some(sampler) = self.samplers.get(thread) else {
                    return;
                };
                // Nobody else holds these locks; they are what tells the compiler so.
                let mut sampler = sampler.lock().unwrap_or_else(PoisonError::into_inner);
                while let Some(pick) = picks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut pick = pick.lock().unwrap_or_else(PoisonError::into_inner);
                    pick.run(&mut sampler, is_end);
                }
            });
        } else if let Some(sampler) = self.samplers.first_mut() {
            let sampler = sampler.get_mut().unwrap_or_else(PoisonError::into_inner);
            for pick in picks {
                pick.run(sampler, is_end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sampling::{Sampling, SamplingOptions};
    use super::*;

    const VOCABULARY: usize = 300;

    /// Logits of row `nth` of sequence `at`: pseudo-random, the same each time.
    fn row(at: usize, nth: usize) -> Vec<f32> {
        (0..VOCABULARY)
            .map(|token| {
                let mixed = (token * 40_503 + at * 9_973 + nth * 7_919) % 65_536;
                f32::from(u16::try_from(mixed).unwrap()) / 8_192.0
            })
            .collect()
    }

    /// What sequences choose, with the drafts that `drafts` gives them.
    fn chosen(drafts: &[Vec<u32>], pool: Option<&Pool>) -> Vec<Vec<u32>> {
        let rows: Vec<Vec<_>> = (0..drafts.len())
            .map(|at| (0..=drafts[at].len()).map(|nth| row(at, nth)).collect())
            .collect();
        let sampling = |at: usize| {
            let options = SamplingOptions {
                temperature: [0.0, 0.7, 1.3][at % 3],
                ..SamplingOptions::default()
            };
            Sampling::new(options).unwrap()
        };
        let mut choices: Vec<_> = (0..drafts.len())
            .map(|at| Choice::new(sampling(at), at as u64, &[1, 2, 3], None))
            .collect();
        let mut picks: Vec<_> = choices
            .iter_mut()
            .zip(drafts)
            .zip(&rows)
            .map(|((choice, draft), rows)| Pick {
                choice,
                rows: rows.iter().map(Vec::as_slice).collect(),
                draft,
                ignores_end: false,
                tokens: Vec::new(),
                failed: false,
            })
            .collect();
        Picker::default().choose(&mut picks, pool, &|token| token == 299);
        assert!(picks.iter().all(|pick| !pick.failed));
        picks.into_iter().map(|pick| pick.tokens).collect()
    }

    #[test]
    fn threads_change_no_choice_and_drafts_go_as_far_as_they_are_right() {
        let alone = chosen(&vec![Vec::new(); 9], None);
        assert!(alone.iter().all(|tokens| tokens.len() == 1));
        let first = |at: usize| alone[at][0];
        // Right, wrong, and none, in turns.
        let drafts: Vec<Vec<u32>> = (0..9)
            .map(|at| match at % 3 {
                0 => vec![first(at), 0],
                1 => vec![(first(at) + 1) % 299],
                _ => Vec::new(),
            })
            .collect();
        let expected = chosen(&drafts, None);
        for (at, tokens) in expected.iter().enumerate() {
            assert_eq!(tokens[0], first(at), "{at}");
            assert!(tokens.len() >= if at % 3 == 0 { 2 } else { 1 }, "{at}");
        }
        for threads in [1, 2, 3, 12] {
            let pool = Pool::new(threads).unwrap();
            assert_eq!(chosen(&drafts, Some(&pool)), expected, "{threads}");
        }
    }

    #[test]
    fn a_row_without_a_token_fails_its_own_sequence_alone() {
        let sampling = Sampling::new(SamplingOptions::default()).unwrap();
        let mut choices: Vec<_> = (0..3)
            .map(|seed| Choice::new(sampling.clone(), seed, &[], None))
            .collect();
        let (good, bad) = (row(0, 0), vec![f32::NAN; VOCABULARY]);
        let mut picks: Vec<_> = choices
            .iter_mut()
            .enumerate()
            .map(|(at, choice)| Pick {
                choice,
                rows: vec![if at == 1 { &bad } else { &good }],
                draft: &[],
                ignores_end: false,
                tokens: Vec::new(),
                failed: false,
            })
            .collect();
        let pool = Pool::new(2).unwrap();
        Picker::default().choose(&mut picks, Some(&pool), &|_| false);
        let failed: Vec<_> = picks.iter().map(|pick| pick.failed).collect();
        assert_eq!(failed, [false, true, false]);
    }
}
