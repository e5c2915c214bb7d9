//! Benches: one module per part.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench fails by panicking"
)]

mod default_model;
mod grammar;
mod grounding;
mod kernels;
mod latency;
mod model;
mod redaction;
mod request;
mod scheduler;
mod speculation;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    grammar::benches,
    grounding::benches,
    kernels::benches,
    model::benches,
    redaction::benches,
    scheduler::benches,
    speculation::benches,
    latency::benches,
    request::benches
);
criterion_main!(benches);
