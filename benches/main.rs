//! Benches: one module per part.

mod scheduler;
mod speculation;

use criterion::{criterion_group, criterion_main};

criterion_group!(benches, scheduler::benches, speculation::benches);
criterion_main!(benches);
