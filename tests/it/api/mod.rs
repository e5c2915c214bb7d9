//! The program over a real socket: HTTP in, HTTP out.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests start the program, speak to it over sockets and wait for it"
)]

mod adapters;
mod bad_input;
mod busy;
mod chat;
mod choices;
mod client;
mod completions;
mod conformance;
mod disk;
mod drain;
mod embeddings;
mod files;
mod formats;
mod held;
mod jobs;
mod keys;
mod kill;
mod leak;
mod metrics;
mod models;
mod names;
mod open_connector;
mod openai;
mod operations;
mod own_model;
mod prefixes;
mod reads;
mod redact;
mod rerank;
mod residency;
mod response_tools;
mod responses;
mod schemathesis;
mod screen;
mod sdk;
mod server;
mod start;
mod tokens;
mod tools;
mod wire;
