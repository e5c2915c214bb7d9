//! Benches: one module per part.

mod default_model;
mod kernels;
mod latency;
mod model;
mod scheduler;
mod speculation;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    kernels::benches,
    model::benches,
    scheduler::benches,
    speculation::benches,
    latency::benches
);
criterion_main!(benches);
