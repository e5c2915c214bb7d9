//! Tools that a model may call, and the form that an answer must have.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Sensitive;

/// A function of the application that the model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name; see [`Tool::is_name`].
    pub name: String,
    /// What it does, for the model.
    pub description: Option<Sensitive<String>>,
    /// The JSON Schema of its arguments; `None`: an object of any kind.
    pub parameters: Option<Sensitive<Value>>,
    /// Whether the client wants the schema kept to the letter. Schemas are always enforced here.
    pub strict: bool,
}

impl Tool {
    /// Whether `text` can be a tool's name: OpenAI's rule, 1 to 64 letters, digits, `_` and `-`.
    pub fn is_name(text: &str) -> bool {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        (1..=64).contains(&text.len()) && text.bytes().all(plain)
    }
}

/// The tools of a request, and how they may be used.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolUse {
    /// Every declared tool; names are different.
    pub tools: Vec<Tool>,
    /// Which of them may or must be called.
    pub choice: ToolChoice,
    /// Whether one answer may hold several calls.
    pub parallel: bool,
}

/// Which tools may or must be called. Names are declared ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    /// Any or none of these.
    Allowed(Vec<String>),
    /// One of these at least.
    AllowedRequired(Vec<String>),
    /// Any or none.
    Auto,
    /// This one.
    Named(String),
    /// None.
    None,
    /// One at least.
    Required,
}

impl ToolUse {
    /// The tools that may be called, in declared order.
    pub fn callable(&self) -> impl Iterator<Item = &Tool> {
        self.tools.iter().filter(|tool| match &self.choice {
            ToolChoice::Allowed(names) | ToolChoice::AllowedRequired(names) => {
                names.contains(&tool.name)
            }
            ToolChoice::Auto | ToolChoice::Required => true,
            ToolChoice::Named(name) => *name == tool.name,
            ToolChoice::None => false,
        })
    }
}

/// The form of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum AnswerFormat {
    /// A JSON object of any kind.
    JsonObject,
    /// JSON after a schema.
    JsonSchema {
        /// What the client calls it: as a tool's name.
        name: String,
        /// What it is for, for the model.
        description: Option<Sensitive<String>>,
        /// The JSON Schema.
        schema: Sensitive<Value>,
        /// Whether the client wants it kept to the letter. Schemas are always enforced here.
        strict: bool,
    },
    /// Words.
    #[default]
    Text,
}

impl AnswerFormat {
    /// Whether answers are JSON.
    pub fn is_json(&self) -> bool {
        *self != Self::Text
    }
}

/// What a chat template gets beside messages and tools.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TemplateArguments {
    /// `reasoning_effort`
    pub reasoning_effort: Option<String>,
    /// `chat_template_kwargs`: truth values, numbers, and words of letters, digits, `_` and `-`.
    pub arguments: BTreeMap<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_say_what_may_be_called() {
        let tool = |name: &str| Tool {
            name: name.to_owned(),
            description: None,
            parameters: None,
            strict: false,
        };
        let names = || vec!["b".to_owned(), "c".to_owned()];
        for (choice, callable) in [
            (ToolChoice::None, ""),
            (ToolChoice::Auto, "abc"),
            (ToolChoice::Required, "abc"),
            (ToolChoice::Named("b".to_owned()), "b"),
            (ToolChoice::Allowed(names()), "bc"),
            (ToolChoice::AllowedRequired(names()), "bc"),
        ] {
            let tools = ToolUse {
                tools: ["a", "b", "c"].map(tool).to_vec(),
                choice,
                parallel: true,
            };
            let found: String = tools.callable().map(|tool| tool.name.as_str()).collect();
            assert_eq!(found, callable);
        }
    }

    #[test]
    fn names_are_plain() {
        for (text, expected) in [
            ("get_weather-2", true),
            ("", false),
            ("a b", false),
            ("a<|x|>", false),
            ("ä", false),
        ] {
            assert_eq!(Tool::is_name(text), expected, "{text}");
        }
        assert!(Tool::is_name(&"a".repeat(64)) && !Tool::is_name(&"a".repeat(65)));
    }
}
