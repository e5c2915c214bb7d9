//! The request's span, with the attribute names of OpenTelemetry's semantic conventions for generative AI.
//!
//! The server exports no traces: it could not, having no way out. Its log lines carry these fields instead,
//! so that whoever collects them can join them to a trace by `trace_id` and read them by the usual names.

use tracing::Span;
use tracing::field::{Empty, display};

use crate::types::LogSafe;

/// The span of a request; what isn't known yet is recorded on it later.
pub fn request_span(request: &impl LogSafe) -> Span {
    tracing::info_span!(
        "request",
        request = %request,
        client_request = Empty,
        trace_id = Empty,
        span_id = Empty,
        parent_span_id = Empty,
        sampled = Empty,
        gen_ai.operation.name = Empty,
        gen_ai.provider.name = Empty,
        gen_ai.request.model = Empty,
        gen_ai.response.model = Empty,
        gen_ai.response.finish_reasons = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
    )
}

/// Notes on the current request's span what is done: `chat`, `text_completion` or `embeddings`, and by which
/// model (the one that an alias stands for; what the client wrote is its own text).
pub fn note_operation(operation: &'static str, model: &impl LogSafe) {
    let span = Span::current();
    span.record("gen_ai.operation.name", operation);
    span.record("gen_ai.provider.name", "bailiwick");
    span.record("gen_ai.request.model", display(model));
    span.record("gen_ai.response.model", display(model));
}

/// Notes on the current request's span how the answer ended and what it cost.
pub fn note_usage(finish: &impl LogSafe, input_tokens: u32, output_tokens: u32) {
    let span = Span::current();
    span.record("gen_ai.response.finish_reasons", display(finish));
    span.record("gen_ai.usage.input_tokens", input_tokens);
    span.record("gen_ai.usage.output_tokens", output_tokens);
}
