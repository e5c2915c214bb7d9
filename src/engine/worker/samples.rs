//! What becomes of a step's logits: tokens, and what each of them ends.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use crate::engine::event::EngineFailure;
use crate::engine::picks::Pick;
use crate::engine::scheduler::{Chunk, Plan};
use crate::engine::sequence::SequenceId;
use crate::model::Logits;
use crate::telemetry::names;

use super::Worker;

/// The tokens that a sequence has chosen, and whether a row allowed none.
type Chosen = (Vec<u32>, bool);

impl Worker {
    /// Chooses the token after each chunk that samples, and one more after each drafted token that turns out
    /// right; then hands them out, in the plan's order.
    pub(super) fn sample(&mut self, plan: &Plan, logits: &Logits, now: Instant) {
        let mut n_rows = 0;
        let mut sampling = Vec::new();
        for chunk in plan.chunks.iter().filter(|chunk| chunk.samples) {
            sampling.push((*chunk, n_rows));
            n_rows += 1 + chunk.n_draft;
        }
        let n_tokens = self.parts.text.n_tokens();
        let row = |at: usize| {
            let row = logits.row(at);
            row.get(..n_tokens).unwrap_or(row)
        };
        let mut chosen = self.choose(&sampling, &row);
        for (chunk, first) in sampling {
            if let Some(chosen) = chosen.remove(&chunk.id) {
                self.hand_out(chunk, chosen, |nth| row(first + nth), now);
            }
        }
    }

    /// Chooses for chunks, each with the number of its first row.
    fn choose<'a>(
        &mut self,
        sampling: &[(Chunk, usize)],
        row: &dyn Fn(usize) -> &'a [f32],
    ) -> HashMap<SequenceId, Chosen> {
        let mut ids = Vec::with_capacity(sampling.len());
        let mut picks = Vec::with_capacity(sampling.len());
        for (id, request) in &mut self.requests {
            let own = sampling.iter().find(|(chunk, _)| chunk.id == *id);
            let (Some((chunk, first)), Some(sequence)) = (own, self.scheduler.running(*id)) else {
                continue;
            };
            ids.push(*id);
            picks.push(Pick {
                rows: (0..=chunk.n_draft).map(|nth| row(first + nth)).collect(),
                draft: sequence.draft(),
                ignores_end: request.ignores_end(),
                choice: &mut request.choice,
                tokens: Vec::new(),
                failed: false,
            });
        }
        let pool = self.runner.as_ref().and_then(|runner| runner.pool());
        let text = &self.parts.text;
        self.picker
            .choose(&mut picks, pool, &|token| text.is_end(token));
        let chosen = picks.into_iter().map(|pick| (pick.tokens, pick.failed));
        ids.into_iter().zip(chosen).collect()
    }

    /// Adds what was chosen after `chunk` to its sequence and sends it, as far as the answer goes.
    fn hand_out<'a>(
        &mut self,
        chunk: Chunk,
        (tokens, failed): Chosen,
        row: impl Fn(usize) -> &'a [f32],
        now: Instant,
    ) {
        let mut n_right = 0;
        let mut outcome = failed.then_some(Err(EngineFailure::Model));
        for (nth, token) in tokens.into_iter().enumerate() {
            let Some(request) = self.requests.get_mut(&chunk.id) else {
                return;
            };
            let ends = self.parts.text.is_end(token);
            request.note_token(now, &self.parts.metrics);
            self.parts.shared.generated_tokens.fetch_add(1, Relaxed);
            self.parts.metrics.count(names::TOKENS_GENERATED, 1, &[]);
            let agrees = self.scheduler.push(chunk.id, token);
            n_right += usize::from(agrees);
            request.emit_logprobs(row(nth), token);
            if let Some(reason) = request.emit(token, ends) {
                outcome = Some(Ok(reason));
                break;
            }
            if !agrees {
                self.learn(chunk.id, chunk.n_draft, n_right);
                break;
            }
        }
        if let Some(request) = self.requests.get(&chunk.id) {
            self.note_draft(request.draft_source(), chunk.n_draft, n_right);
        }
        match outcome {
            Some(Ok(reason)) => self.finish(chunk.id, reason),
            Some(Err(failure)) => self.fail(chunk.id, failure),
            None => {}
        }
    }
}
