//! What a generation cost and how it ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::LogSafe;

/// Token counts of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    /// Tokens of the prompt.
    pub prompt: u32,
    /// Tokens of the prompt that came from a cache.
    pub cached: u32,
    /// Tokens generated, the end token included.
    pub completion: u32,
    /// Of these, what the model thought before it spoke.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reasoning: u32,
    /// Of these, what was taken from the request's prediction.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub accepted_prediction: u32,
    /// Tokens of the prediction that were tried and did not come.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected_prediction: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The client went away or the server cancelled it.
    Cancelled,
    /// A rule of the node's screening ended it.
    ContentFilter,
    /// The token limit or the deadline was reached.
    Length,
    /// An end token or a stop string.
    Stop,
    /// The answer calls tools.
    ToolCalls,
}

impl FinishReason {
    /// The name in metrics and audit entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::ContentFilter => "content_filter",
            Self::Length => "length",
            Self::Stop => "stop",
            Self::ToolCalls => "tool_calls",
        }
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl LogSafe for FinishReason {}
