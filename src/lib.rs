//! Bailiwick: a sovereign local LLM inference server.
//!
//! CRM data, and the model that reads it, stay in one jurisdiction. `ARCHITECTURE.md` describes the
//! way of a request, the modules below, and who may use whom; a test keeps that table true.

pub mod types;

pub mod config;
pub mod telemetry;

pub mod formats;
pub mod kernels;
pub mod model;
pub mod sandbox;
pub mod tokenizer;

pub mod audit;
pub mod policy;
pub mod store;

pub mod crm;
pub mod prompt;
pub mod redact;

pub mod engine;
pub mod grammar;
pub mod grounding;
pub mod pipeline;

pub mod cli;
pub mod http;
