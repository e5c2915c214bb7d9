//! What the fuzz target of request bodies reaches.

use crate::types::{RequestId, Timestamp};

use super::ApiError;
use super::body;
use super::chat_request::ChatRequest;
use super::responses;

/// How deep a body nests at most, where the configuration doesn't say (`server.max_json_depth`).
const DEPTH: usize = 64;

/// Reads `bytes` as the body of a chat completion, and of a response; gives what was refused.
pub fn requests(bytes: &[u8]) -> Vec<ApiError> {
    let body = match body::parse(bytes, DEPTH) {
        Ok(body) => body,
        Err(error) => return vec![error],
    };
    let request = || RequestId::new(Timestamp::from_millis(0));
    let chat = ChatRequest::parse(body.clone(), request()).err();
    let response = responses::refused(body, request());
    chat.into_iter().chain(response).collect()
}
