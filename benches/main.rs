//! Benches: one module per part.

mod kernels;
mod model;
mod scheduler;
mod speculation;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    kernels::benches,
    model::benches,
    scheduler::benches,
    speculation::benches
);
criterion_main!(benches);
