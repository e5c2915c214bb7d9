//! Forward passes of the draft model, one for each drafted position of all sequences.

use crate::kernels::{Level, weigh};
use crate::model::{LogitRows, Logits, ModelError, RaggedBatch, SequenceSlice};

use crate::engine::pace::{Work, count};
use crate::engine::sampler::{argmax, sums};
use crate::engine::scheduler::Scheduler;

use super::chances::{Class, LEARNING, LEARNING_FOR_ALL};
use super::follower::Follower;
use super::worth::Worth;
use super::{Drafted, Drafter, Step, Want};

/// Longest draft.
const MOST_DRAFT: usize = 16;
/// What was not read yet must pay over so many tokens of an answer, or over what may come of it.
const HORIZON: usize = 128;

/// How much of the belief in what passes cost is lost with each step in which none pays: what was measured while the
/// machine was busy must not be the last word.
const DOUBT: f64 = 1.0 / 4000.0;

/// A draft in the making.
struct Draft<'a> {
    want: Want,
    /// What the draft model has not read of the sequence.
    unread: &'a [u32],
    tokens: Vec<u32>,
    /// The chance that all of them are right.
    chance: f64,
    /// The chance that another one is, if all of them are.
    of_next: f64,
    is_over: bool,
}

/// What a pass computes of a draft.
struct Part {
    /// Its place among the drafts.
    place: usize,
    /// How many of its inputs.
    n_inputs: usize,
    /// Whether these are all, so that a token can be drafted.
    samples: bool,
}

impl Draft<'_> {
    /// What the next pass reads.
    fn inputs(&self) -> &[u32] {
        match self.tokens.last_chunk::<1>() {
            Some(newest) => newest,
            None => self.unread,
        }
    }

    /// Rows beside one for each drafted token, shared out among the tokens that may come.
    fn more_rows(&self) -> f64 {
        let n_more = self.inputs().len().saturating_sub(1);
        count(n_more) / count(self.want.most.clamp(1, HORIZON))
    }
}

impl Drafter {
    /// Drafts for `wants`, some of which may get no tokens.
    pub(super) fn pass_by_pass(
        &mut self,
        scheduler: &Scheduler,
        wants: &[Want],
        step: &Step<'_>,
    ) -> Result<Vec<Drafted>, ModelError> {
        let cost = self.pace.cost(one_each(scheduler, wants));
        let cost = cost.map(|cost| cost.times(self.belief));
        let mut worth = Worth::new(step.n_rows, step.cost, cost);
        let begun = wants.iter().filter_map(|want| self.begin(scheduler, *want));
        let mut drafts: Vec<_> = begun.collect();
        // A long prompt takes none of what the others read.
        drafts.sort_by_key(|draft| draft.unread.len());
        for pass in 0..MOST_DRAFT {
            keep_paying(&worth, &mut drafts);
            let most_read = worth.readable(step.most_read);
            let parts = self.parts(&mut drafts, most_read, step.room);
            if parts.is_empty() {
                if pass == 0 && !wants.is_empty() {
                    self.belief -= self.belief * DOUBT;
                }
                break;
            }
            let logits = self.pass(&drafts, &parts)?;
            if pass == 0 {
                self.publish(scheduler, &drafts, &parts);
            }
            let sampling = parts.iter().filter(|part| part.samples);
            worth.note_pass(sampling.clone().count());
            for (row, part) in sampling.enumerate() {
                self.guess(&mut drafts[part.place], logits.row(row), &mut worth, step);
            }
        }
        let drafted = drafts
            .into_iter()
            .map(|Draft { want, tokens, .. }| Drafted {
                at: want.at,
                tokens,
            });
        Ok(drafted.collect())
    }

    /// Begins a step of a sequence; `None` where it gets no drafts any more.
    fn begin<'a>(&mut self, scheduler: &'a Scheduler, want: Want) -> Option<Draft<'a>> {
        let sequence = scheduler.running(want.id)?;
        let (pool, chances) = (&self.pool, self.chances);
        let follower = self.followers.entry(want.id);
        let follower = follower.or_insert_with(|| Follower::new(pool, chances));
        let unread = follower.begin(sequence, pool);
        let known = |token: &u32| usize::try_from(*token).is_ok_and(|id| id < self.vocab);
        if !unread.iter().all(known) {
            follower.leave(pool);
            return None;
        }
        (!unread.is_empty()).then(|| Draft {
            want,
            unread,
            tokens: Vec::new(),
            chance: 1.0,
            of_next: follower.chances.of_next(),
            is_over: false,
        })
    }

    /// What the next pass computes, as far as tokens and blocks are left.
    fn parts(&mut self, drafts: &mut [Draft<'_>], mut most_read: usize, room: usize) -> Vec<Part> {
        let n_drafted: usize = drafts.iter().map(|draft| draft.tokens.len()).sum();
        let mut room = room.saturating_sub(n_drafted);
        let mut parts = Vec::new();
        for (place, draft) in drafts.iter_mut().enumerate() {
            if draft.is_over {
                continue;
            }
            let n_inputs = draft.inputs().len().min(most_read);
            let samples = n_inputs == draft.inputs().len();
            if n_inputs == 0 || room == 0 || !self.has_room(draft, n_inputs) {
                draft.is_over = true;
                continue;
            }
            draft.is_over = !samples;
            most_read -= n_inputs;
            room -= usize::from(samples);
            parts.push(Part {
                place,
                n_inputs,
                samples,
            });
        }
        parts
    }

    /// Takes the blocks for so many tokens more. A sequence that the cache has no room for leaves it to others.
    fn has_room(&mut self, draft: &Draft<'_>, n_inputs: usize) -> bool {
        let Some(follower) = self.followers.get_mut(&draft.want.id) else {
            return false;
        };
        let end = follower.n_read() + n_inputs;
        let has_room = end <= self.runner.context() && follower.grow_to(end, &self.pool);
        if !has_room && draft.tokens.is_empty() {
            follower.leave(&self.pool);
        }
        has_room
    }

    /// Computes `parts`; a row of logits for each that samples.
    fn pass(&mut self, drafts: &[Draft<'_>], parts: &[Part]) -> Result<Logits, ModelError> {
        let mut batch = RaggedBatch::default();
        let mut work = Work::default();
        for part in parts {
            let draft = &drafts[part.place];
            let Some(follower) = self.followers.get_mut(&draft.want.id) else {
                continue;
            };
            let inputs = draft.inputs().get(..part.n_inputs).unwrap_or_default();
            let start = batch.tokens.len();
            batch.tokens.extend_from_slice(inputs);
            work.add(follower.n_read(), inputs.len());
            batch.sequences.push(SequenceSlice {
                tokens: start..batch.tokens.len(),
                context: follower.n_read(),
                blocks: follower.table().to_vec(),
                logits: match part.samples {
                    true => LogitRows::Last,
                    false => LogitRows::None,
                },
                adapter: None,
            });
            follower.note_read(inputs);
        }
        let began = self.clock.instant();
        let logits = self.runner.compute(&batch)?;
        let took = self.clock.instant().duration_since(began);
        self.pace.note(work, took);
        self.belief = 1.0;
        Ok(logits)
    }

    /// Makes known what was read of the sequences.
    fn publish(&mut self, scheduler: &Scheduler, drafts: &[Draft<'_>], parts: &[Part]) {
        for part in parts {
            let id = drafts[part.place].want.id;
            if let (Some(sequence), Some(follower)) =
                (scheduler.running(id), self.followers.get_mut(&id))
            {
                follower.publish(sequence);
            }
        }
    }

    /// Drafts the token that `row` likes best, where it pays to verify it.
    fn guess(&mut self, draft: &mut Draft<'_>, row: &[f32], worth: &mut Worth, step: &Step<'_>) {
        draft.is_over = true;
        let row = row.get(..step.n_tokens).unwrap_or(row);
        let (Some((token, sure)), Some(follower)) = (
            likeliest(self.level, row, &mut self.weights),
            self.followers.get_mut(&draft.want.id),
        ) else {
            return;
        };
        let class = Class::of(sure);
        let chance = draft.chance * follower.chances.of(class);
        if chance < worth.least_to_verify() {
            follower.chances.note_unlikely(class, LEARNING);
            self.chances.note_unlikely(class, LEARNING_FOR_ALL);
            return;
        }
        worth.note_token(chance);
        follower.note_drafted(class);
        draft.chance = chance;
        draft.tokens.push(token);
        let ends = (step.is_end)(token) && !draft.want.ignores_end;
        draft.is_over = ends || draft.tokens.len() >= draft.want.most;
    }
}

/// A token of each sequence.
fn one_each(scheduler: &Scheduler, wants: &[Want]) -> Work {
    let mut work = Work::default();
    for sequence in wants.iter().filter_map(|want| scheduler.running(want.id)) {
        work.add(sequence.tokens().len(), 1);
    }
    work
}

/// Ends the drafts for which another pass does not pay. The fewer share it, the dearer it is.
fn keep_paying(worth: &Worth, drafts: &mut [Draft<'_>]) {
    loop {
        let n_going = drafts.iter().filter(|draft| !draft.is_over).count();
        let mut any = false;
        for draft in drafts.iter_mut().filter(|draft| !draft.is_over) {
            let least = worth.least(n_going, draft.more_rows());
            draft.is_over = draft.chance * draft.of_next < least;
            any |= draft.is_over;
        }
        if !any {
            return;
        }
    }
}

/// The token that `row` likes best, and its share of the weight of all.
fn likeliest(level: Level, row: &[f32], weights: &mut Vec<f32>) -> Option<(u32, f64)> {
    let token = argmax(row)?;
    let max = usize::try_from(token).ok().and_then(|at| row.get(at))?;
    weights.resize(row.len(), 0.0);
    weigh(level, row, *max, 1.0, weights);
    Some((token, 1.0 / sums(weights).sum::<f64>()))
}
