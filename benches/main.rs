//! Benches: one module per part.

mod scheduler;

use criterion::{criterion_group, criterion_main};

criterion_group!(benches, scheduler::benches);
criterion_main!(benches);
