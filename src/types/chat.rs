//! Messages of a conversation.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Grounding;
use super::{AnswerFormat, LogSafe, Sensitive, TemplateArguments, ToolUse};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageRole {
    /// The model.
    Assistant,
    /// The application's instructions (`developer` is read as this too).
    System,
    /// The result of a tool's call.
    Tool,
    /// The person or application that asks.
    User,
}

impl MessageRole {
    /// The name in chat templates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assistant => "assistant",
            Self::System => "system",
            Self::Tool => "tool",
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
    /// What is said; empty where the assistant only called tools.
    pub content: Sensitive<String>,
    /// What the assistant thought before it spoke.
    pub reasoning: Option<Sensitive<String>>,
    /// The tools that the assistant called, in order.
    pub tool_calls: Vec<ToolCall>,
    /// The call that a tool's message answers.
    pub tool_call_id: Option<String>,
}

/// A call of a tool, as the assistant made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// Its identifier: letters, digits and `_ - . :`, at most [`ToolCall::MAX_ID`].
    pub id: String,
    /// The tool's name; see [`Tool::is_name`](super::Tool::is_name).
    pub name: String,
    /// Its arguments, a JSON text.
    pub arguments: Sensitive<String>,
}

impl ToolCall {
    /// Most bytes of an identifier.
    pub const MAX_ID: usize = 128;

    /// Whether `text` can be an identifier.
    pub fn is_id(text: &str) -> bool {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.:".contains(&b);
        (1..=Self::MAX_ID).contains(&text.len()) && text.bytes().all(plain)
    }
}

impl Message {
    /// A message of `role`.
    pub fn new(role: MessageRole, content: impl Into<Sensitive<String>>) -> Self {
        Self {
            role,
            content: content.into(),
            reasoning: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }
}

/// A conversation and what its answer is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chat {
    /// The messages, in order.
    pub messages: Vec<Message>,
    /// The tools that may be called.
    pub tools: Option<ToolUse>,
    /// The form of the answer.
    pub format: AnswerFormat,
    /// What keeps the answer to the conversation.
    pub grounded: Option<Grounding>,
    /// What the answer will probably say.
    pub prediction: Option<Sensitive<String>>,
    /// What the model's chat template gets beside the messages.
    pub template: TemplateArguments,
}

impl Chat {
    /// Messages, and an answer in words.
    pub fn of(messages: Vec<Message>) -> Self {
        Self {
            messages,
            ..Self::default()
        }
    }
}
