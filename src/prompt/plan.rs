//! What an answer is to be: its form, its tools, its thoughts.

use crate::tokenizer::CallStyle;
use crate::types::{AnswerFormat, ToolUse};

/// How an answer is to be made and read. Texts in it are redacted.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerPlan {
    /// Its form.
    pub format: AnswerFormat,
    /// The tools that it may call.
    pub tools: Option<ToolPlan>,
    /// Its thoughts.
    pub thinking: Thinking,
}

/// Tools, and how the model was told to call them.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolPlan {
    /// The tools.
    pub tools: ToolUse,
    /// How a call is written.
    pub style: CallStyle,
}

/// Whether an answer begins with thoughts (`<think>…</think>`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thinking {
    /// It may.
    May,
    /// It doesn't.
    #[default]
    Never,
    /// The prompt ends in the middle of them.
    Open,
}

impl AnswerPlan {
    /// Words, and nothing else.
    pub(super) fn words() -> Self {
        Self {
            format: AnswerFormat::Text,
            tools: None,
            thinking: Thinking::Never,
        }
    }
}
