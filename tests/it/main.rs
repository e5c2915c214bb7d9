//! Tests of the whole: one binary, one folder per purpose.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod api;
mod audit;
mod encoder;
mod engine;
mod formats;
mod golden;
mod grammar;
mod packaging;
mod policy;
mod security;
mod style;
mod texts;
mod tokenizer;
