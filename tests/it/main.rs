//! Integration tests, one binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on should stop"
)]

mod audit;
mod policy;
