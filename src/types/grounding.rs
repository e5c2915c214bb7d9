//! How freely a model writes.

use serde::Deserialize;
use serde_json::Value;

/// The keyword of a JSON schema that grounds a string.
pub const GROUNDED: &str = "x-grounded";

/// How freely the model writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grounding {
    /// Its own words; numbers, dates, amounts, codes and names only as they occur in the input.
    Facts,
    /// As it likes.
    Free,
    /// Whole sentences of the input, word for word.
    Quote,
    /// One of a list of words.
    Choice,
}

/// Whether `schema` says anything about grounding.
pub fn mentions_grounding(schema: &Value) -> bool {
    match schema {
        Value::Object(own) => own.contains_key(GROUNDED) || own.values().any(mentions_grounding),
        Value::Array(own) => own.iter().any(mentions_grounding),
        _ => false,
    }
}
