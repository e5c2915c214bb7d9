//! Benches: one module per part.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench fails by panicking"
)]

mod default_model;
mod drafts;
mod embeddings;
mod grammar;
mod grounding;
mod kernels;
mod latency;
mod model;
mod redaction;
mod request;
mod scheduler;
mod speculation;

use bailiwick::config::Environment;
use bailiwick::kernels::Level;
use criterion::{Criterion, criterion_group, criterion_main};

/// Before anything else: `BAILIWICK_KERNELS` says what to compute with.
fn limit(_: &mut Criterion) {
    if let Some(name) = Environment::read().kernels {
        Level::limit(&name).unwrap();
    }
}

criterion_group!(
    benches,
    limit,
    embeddings::benches,
    grammar::benches,
    grounding::benches,
    kernels::benches,
    model::benches,
    redaction::benches,
    scheduler::benches,
    speculation::benches,
    drafts::benches,
    latency::benches,
    request::benches
);
criterion_main!(benches);
