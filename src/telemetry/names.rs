//! Every metric of the program, with its labels and what it says.

/// A number that only grows.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
}

/// A number that goes up and down.
#[derive(Clone, Copy, Debug)]
pub struct Gauge {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
}

/// A distribution of durations in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Histogram {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
}

macro_rules! names {
    ($list:ident: $kind:ident { $($const:ident = $name:literal, $help:literal;)* }) => {
        $(#[doc = $help] pub const $const: $kind = $kind { name: $name, help: $help };)*

        pub(super) const $list: &[$kind] = &[$($const),*];
    };
}

names! { COUNTERS: Counter {
    REQUESTS = "bailiwick_requests_total", "Requests answered, by endpoint and status.";
    ANSWERS = "bailiwick_answers_total", "Requests that were admitted and have ended, by key, use case, model and verdict.";
    USED_TOKENS = "bailiwick_used_tokens_total", "Tokens of requests that have ended, by key, use case, model and kind: prompt, cached (of the prompt), completion.";
    TOKENS_PROMPT = "bailiwick_prompt_tokens_total", "Prompt tokens of generations that began.";
    TOKENS_GENERATED = "bailiwick_generated_tokens_total", "Tokens generated.";
    TOKENS_CACHED = "bailiwick_prefix_cache_hit_tokens_total", "Prompt tokens that the prefix cache had.";
    TOKENS_DRAFTED = "bailiwick_drafted_tokens_total", "Tokens drafted and verified, by source: look-up, mask, draft-model.";
    TOKENS_ACCEPTED = "bailiwick_accepted_draft_tokens_total", "Drafted tokens that were right, by source.";
    DRAFT_FAILURES = "bailiwick_draft_failures_total", "Draft models given up because they failed.";
    PREEMPTIONS = "bailiwick_preemptions_total", "Sequences evicted from the cache and computed again.";
    CANCELLATIONS = "bailiwick_requests_cancelled_total", "Generations that ended because the client went away, by stage: queued or running.";
    DISCONNECTS = "bailiwick_disconnects_total", "Requests whose client went away, by endpoint and stage: waiting for the answer, or streaming it.";
    GENERATIONS = "bailiwick_generations_total", "Generations that ended, by how: stop, length, tool_calls, cancelled.";
    ENGINE_FAILURES = "bailiwick_engine_failures_total", "Generations that failed, by reason.";
    ENGINE_RESTARTS = "bailiwick_engine_restarts_total", "Restarts of the engine after a panic.";
    REDACTED_ENTITIES = "bailiwick_redacted_entities_total", "Values replaced, by label.";
    SCREENED = "bailiwick_screened_total", "What screening took out of answers or ended them for, by rule.";
    DROPPED_FIELDS = "bailiwick_dropped_fields_total", "Fields dropped because the use case does not declare them.";
    REFUSALS = "bailiwick_refusals_total", "Requests refused, by reason.";
    RESIDENCY_REFUSALS = "bailiwick_residency_refusals_total", "Requests refused for a record's jurisdiction, by rule.";
    AUDIT_ENTRIES = "bailiwick_audit_entries_total", "Entries written to the audit log, by kind.";
    JOBS = "bailiwick_jobs_total", "Background jobs that ended, by status.";
    MODEL_LOADS = "bailiwick_model_loads_total", "Models loaded because a request named them, by model.";
    HELD = "bailiwick_held_total", "What became of answers that screening held: held, not-kept, seen, released, refused, not-decided, fetched, expired.";
    SANDBOX_TRIPS = "bailiwick_sandbox_trips_total", "System calls that the sandbox refused and recorded.";
    SANDBOX_SELF_TESTS = "bailiwick_sandbox_self_tests_total", "Self-tests of the sandbox, by result.";
}}

names! { GAUGES: Gauge {
    SEQUENCES_RUNNING = "bailiwick_sequences_running", "Sequences in steps of the engine.";
    SEQUENCES_WAITING = "bailiwick_sequences_waiting", "Sequences that wait for a place in the engine.";
    KV_BLOCKS_USED = "bailiwick_kv_blocks_used", "Blocks of the key-value cache in use.";
    KV_BLOCKS_TOTAL = "bailiwick_kv_blocks", "Blocks of the key-value cache.";
    KV_BLOCKS_IDLE = "bailiwick_kv_blocks_idle", "Blocks of the key-value cache that nobody uses and whose content can be found again.";
    DRAFT_KV_BLOCKS_USED = "bailiwick_draft_kv_blocks_used", "Blocks of the draft model's key-value cache in use.";
    DRAFT_KV_BLOCKS_TOTAL = "bailiwick_draft_kv_blocks", "Blocks of the draft model's key-value cache.";
    JOBS_RUNNING = "bailiwick_jobs_running", "Background jobs that run or wait to run.";
    HELD_WAITING = "bailiwick_held_waiting", "Held answers that wait for a decision.";
    NAMES_MODEL = "bailiwick_names_model_info", "1 where names are found by a model, with its digest as the label; 0 where by patterns and records alone.";
    MODEL_LOADED = "bailiwick_model_loaded", "1 where a chat model is in memory, by model.";
    BUILD_INFO = "bailiwick_build_info", "Always 1; the label is the version.";
}}

names! { HISTOGRAMS: Histogram {
    REQUEST_DURATION = "bailiwick_request_duration_seconds", "From a request's arrival to its end, by endpoint.";
    QUEUE_WAIT = "bailiwick_queue_wait_seconds", "From submission to the first step.";
    TIME_TO_FIRST_TOKEN = "bailiwick_time_to_first_token_seconds", "From submission to the first token.";
    INTER_TOKEN = "bailiwick_inter_token_seconds", "Between two tokens of one generation.";
    PREFILL = "bailiwick_prefill_seconds", "From a generation's first step to its first token.";
    DECODE = "bailiwick_decode_seconds", "From a generation's first token to its last.";
    GENERATION = "bailiwick_generation_seconds", "From submission to the end of the generation.";
    AUDIT_LATENCY = "bailiwick_audit_latency_seconds", "From an audit entry's arrival to its being durable, by kind.";
}}
