//! Integration tests, one binary.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests fail by panicking and say what they skip"
)]

mod encoder;
mod tokenizer;
