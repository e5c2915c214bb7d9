//! What was used, by whom and for what: counted where a request ends.
//!
//! The labels are the node's own words: identifiers of keys, names of use cases and models. There are as many
//! series as the node has of those together, whatever clients send.

use crate::audit::Closing;
use crate::policy::{Admitted, Ask, Refusal};
use crate::telemetry::{MetricLabel, genai, names};
use crate::types::{FinishReason, Name};

use super::{Parts, Pipeline, Refused};

impl Pipeline {
    /// Lets a request in, and counts whether and how fast.
    pub(super) async fn admit(&self, ask: Ask<'_>) -> Result<Admitted, Refusal> {
        let parts = &self.parts;
        genai::note_operation(operation(ask.endpoint), ask.model);
        let began = parts.clock.instant();
        let admitted = parts.gate.admit(ask).await;
        match &admitted {
            Ok(_) => parts.note_entry("open", began),
            Err(refusal) => self.count_refusal(refusal),
        }
        admitted
    }
}

/// The conventions' word for an endpoint.
fn operation(endpoint: &'static str) -> &'static str {
    match endpoint {
        "embeddings" => "embeddings",
        "completions" => "text_completion",
        _ => "chat",
    }
}

impl Parts {
    /// Ends a request: its entry is durable, and what it used is counted.
    pub(super) async fn close(
        &self,
        admitted: Admitted,
        model: &Name,
        closing: Closing,
    ) -> Result<(), Refused> {
        self.note_use(&admitted, model, &closing);
        let began = self.clock.instant();
        admitted.close(closing).await?;
        self.note_entry("close", began);
        Ok(())
    }

    /// Ends a request of which nobody hears any more.
    pub(super) fn close_detached(&self, admitted: Admitted, model: &Name, closing: Closing) {
        self.note_use(&admitted, model, &closing);
        self.metrics
            .count(names::AUDIT_ENTRIES, 1, &[("kind", &"close")]);
        admitted.close_detached(closing);
    }

    fn note_use(&self, admitted: &Admitted, model: &Name, closing: &Closing) {
        let (key, use_case) = (admitted.principal().key_id(), &admitted.terms().name);
        let of = |last: MetricLabel<'_>, name, n: u64| {
            let labels: [MetricLabel<'_>; 4] =
                [("key", key), ("use_case", use_case), ("model", model), last];
            self.metrics.count(name, n, &labels);
        };
        of(("verdict", &closing.verdict.as_str()), names::ANSWERS, 1);
        let usage = closing.usage;
        for (kind, n) in [
            ("prompt", usage.prompt),
            ("cached", usage.cached),
            ("completion", usage.completion),
        ] {
            of(("kind", &kind), names::USED_TOKENS, u64::from(n));
        }
        for (rule, n) in &closing.screened {
            let n = u64::from(*n);
            self.metrics.count(names::SCREENED, n, &[("rule", rule)]);
        }
        let finish = closing.finish.map_or("error", FinishReason::as_str);
        genai::note_usage(&finish, usage.prompt, usage.completion);
    }

    fn note_entry(&self, kind: &'static str, began: std::time::Instant) {
        let took = self.clock.instant().saturating_duration_since(began);
        self.metrics
            .count(names::AUDIT_ENTRIES, 1, &[("kind", &kind)]);
        self.metrics
            .observe(names::AUDIT_LATENCY, took, &[("kind", &kind)]);
    }
}
