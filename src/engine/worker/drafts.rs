//! What a step verifies: drafts from masks, from look-up, and from a draft model where these have none.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::engine::draft::{Drafter, Step, Want};
use crate::engine::request::DraftSource;
use crate::engine::scheduler::Plan;
use crate::engine::sequence::SequenceId;
use crate::telemetry::names;

use super::Worker;

impl Worker {
    /// Drafts for the sequences that decode; says how long the draft model took.
    pub(super) fn draft(&mut self, plan: &mut Plan) -> Duration {
        let least_chance = self.scheduler.least_chance(plan);
        let mut wants = Vec::new();
        for at in 0..plan.chunks.len() {
            let Some(chunk) = plan.chunks.get(at).copied() else {
                continue;
            };
            let sequence = self.scheduler.running(chunk.id);
            let (Some(sequence), Some(request)) = (sequence, self.requests.get_mut(&chunk.id))
            else {
                continue;
            };
            if !chunk.samples || chunk.len > 1 {
                continue;
            }
            let draft = request.draft(sequence.tokens(), least_chance);
            // Predictions and masks come from elsewhere: a token that is none ends the draft.
            let known =
                |token: &&u32| usize::try_from(**token).is_ok_and(|id| id < self.facts.vocab);
            let n_known = draft.iter().take_while(known).count();
            if n_known > 0 {
                self.scheduler.add_draft(plan, at, &draft[..n_known]);
            } else if request.most_drafted() > 0 {
                wants.push(Want {
                    id: chunk.id,
                    at,
                    most: request.most_drafted(),
                    ignores_end: request.ignores_end(),
                });
            }
        }
        self.draft_by_model(plan, &wants)
    }

    /// Has the draft model draft for `wants`. Where it fails, there is none any more.
    fn draft_by_model(&mut self, plan: &mut Plan, wants: &[Want]) -> Duration {
        let Some(mut drafter) = self.drafter.take() else {
            return Duration::ZERO;
        };
        let (text, scheduler) = (&self.parts.text, &self.scheduler);
        let step = Step {
            n_rows: plan.n_rows(),
            cost: scheduler.cost(plan),
            room: scheduler.room_for_drafts(plan),
            most_read: self.parts.config.max_batch_tokens,
            n_tokens: text.n_tokens().min(self.facts.vocab),
            is_end: &|token| text.is_end(token),
        };
        let began = self.parts.clock.instant();
        let drafted = catch_unwind(AssertUnwindSafe(|| drafter.draft(scheduler, wants, &step)));
        let took = self.parts.clock.instant().duration_since(began);
        match drafted {
            Ok(Ok(drafted)) => {
                self.drafter = Some(drafter);
                for own in drafted {
                    self.add_draft_of_model(plan, own.at, &own.tokens);
                }
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "the draft model failed; nothing is drafted by it any more");
                self.give_up(drafter);
            }
            Err(_) => {
                tracing::error!("the draft model panicked; nothing is drafted by it any more");
                self.give_up(drafter);
            }
        }
        took
    }

    fn add_draft_of_model(&mut self, plan: &mut Plan, at: usize, tokens: &[u32]) {
        let id = plan.chunks.get(at).map(|chunk| chunk.id);
        if let Some(request) = id.and_then(|id| self.requests.get_mut(&id)) {
            request.note_draft_of_model();
            self.scheduler.add_draft(plan, at, tokens);
        }
    }

    fn give_up(&self, drafter: Drafter) {
        self.parts.shared.draft_failures.fetch_add(1, Relaxed);
        self.parts.metrics.count(names::DRAFT_FAILURES, 1, &[]);
        // Nothing is known of it.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(drafter)));
    }

    /// Of a draft of which `n_draft` tokens were verified, `n_right` came, and the sequence goes on.
    pub(super) fn learn(&mut self, id: SequenceId, n_draft: usize, n_right: usize) {
        let Some(request) = self.requests.get_mut(&id) else {
            return;
        };
        match (request.draft_source(), &mut self.drafter) {
            (DraftSource::Model, Some(drafter)) => drafter.learn(id, n_draft, n_right),
            (DraftSource::Model, None) => {}
            (DraftSource::LookUp | DraftSource::Mask, _) => request.learn(n_draft, n_right),
        }
    }

    /// Counts a draft of which `n_draft` tokens were verified and `n_right` came.
    pub(super) fn note_draft(&self, source: DraftSource, n_draft: usize, n_right: usize) {
        if n_draft == 0 {
            return;
        }
        let (shared, metrics) = (&self.parts.shared, &self.parts.metrics);
        let by_model = source == DraftSource::Model;
        for (all, own, name, n) in [
            (
                &shared.drafted_tokens,
                &shared.drafted_by_model,
                names::TOKENS_DRAFTED,
                n_draft,
            ),
            (
                &shared.accepted_tokens,
                &shared.accepted_of_model,
                names::TOKENS_ACCEPTED,
                n_right,
            ),
        ] {
            let n = u64::try_from(n).unwrap_or(u64::MAX);
            all.fetch_add(n, Relaxed);
            if by_model {
                own.fetch_add(n, Relaxed);
            }
            metrics.count(name, n, &[("source", &source.as_str())]);
        }
    }

    /// Writes how full the draft model's cache is where others read it.
    pub(super) fn publish_drafter(&self) {
        let Some(drafter) = &self.drafter else {
            self.parts.shared.draft_used_blocks.store(0, Relaxed);
            return;
        };
        let (total, used) = drafter.n_blocks();
        self.parts.shared.draft_used_blocks.store(used, Relaxed);
        let metrics = &self.parts.metrics;
        metrics.gauge(names::DRAFT_KV_BLOCKS_TOTAL, total, &[]);
        metrics.gauge(names::DRAFT_KV_BLOCKS_USED, used, &[]);
    }
}
