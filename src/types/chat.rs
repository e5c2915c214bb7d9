//! Messages of a conversation.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{LogSafe, Sensitive};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageRole {
    /// The model.
    Assistant,
    /// The application's instructions (`developer` is read as this too).
    System,
    /// The person or application that asks.
    User,
}

impl MessageRole {
    /// The name in chat templates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assistant => "assistant",
            Self::System => "system",
            Self::User => "user",
        }
    }
}

impl fmt::Display for MessageRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl LogSafe for MessageRole {}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: MessageRole,
    /// What is said.
    pub content: Sensitive<String>,
}

impl Message {
    /// A message of `role`.
    pub fn new(role: MessageRole, content: impl Into<Sensitive<String>>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}
