//! HTTP: OpenAI's types and routes, server-sent events, errors as responses.
//!
//! The only module that knows axum, status codes and OpenAI's JSON. A request is parsed here into
//! native types; JSON ends here.

mod adapters;
mod auth;
mod body;
mod chat;
mod chat_answer;
mod chat_request;
mod chat_stream;
mod completions;
mod connection;
mod convert;
mod cors;
mod deadline;
mod embeddings;
mod error;
mod fields;
mod files;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod headers;
mod held;
mod in_flight;
mod inputs;
mod models;
mod observe;
mod open_connector;
mod openapi;
mod origin;
mod params;
mod query;
mod redact;
mod rerank;
mod responses;
mod routes;
mod serve;
mod texts;
mod tokens;

pub use self::error::ApiError;
pub use self::routes::App;
pub use self::serve::{BindError, Bound};
