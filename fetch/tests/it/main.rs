//! The fetcher against sources made by the test: a hub on a local socket, a pip, archives.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hub;
mod local;
mod parts;
mod program;
mod stand_in;
mod wheel;
