//! Tool calls as a grammar.
//!
//! | [`CallFormat`] | what the model writes | its models |
//! |---|---|---|
//! | `Tagged` | `<tool_call>` `{"name": …, "arguments": {…}}` `</tool_call>`, again for each call | Hermes, Qwen; and all whose template shows no format of its own |
//! | `Plain` | `{"name": …, "parameters": {…}}`, further calls after `; ` | Llama 3 |
//! | `Listed` | `[TOOL_CALLS]` `[{"name": …, "arguments": {…}}, …]` | Mistral |
//!
//! The marks are tokens of their own where the vocabulary has them, and text otherwise; both are let
//! through. Once one is written, or an answer in the `Plain` format starts with `{`, only a call follows.

use serde_json::{Value, json};

use super::error::{GrammarError, ToolsError};
use super::schema::{self, AnyValue};
use super::vocabulary::Vocabulary;

/// Most tools of one request.
const MAX_TOOLS: usize = 128;
/// Most bytes of the grammar of one request's tools.
const MAX_BYTES: usize = 1 << 20;

/// How a model writes tool calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallFormat {
    /// Each call between `<tool_call>` and `</tool_call>`.
    #[default]
    Tagged,
    /// The call is the answer.
    Plain,
    /// A list of calls after `[TOOL_CALLS]`.
    Listed,
}

/// A function that the model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name: 1 to 64 letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// The JSON schema of its arguments; none where it takes none.
    pub parameters: Option<Value>,
    /// Whether a schema that can't be enforced is an error; else any object is let through for it.
    pub strict: bool,
}

/// Whether tools are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// At least one call, of any tool.
    Required,
    /// A call of this tool.
    Named(String),
}

/// What an answer with tools may be.
#[derive(Clone, Copy, Debug)]
pub struct ToolCalls<'a> {
    /// The tools, only those that may be called.
    pub tools: &'a [Tool],
    /// Whether they are.
    pub choice: &'a ToolChoice,
    /// Whether there may be several calls.
    pub parallel: bool,
    /// How the model writes them.
    pub format: CallFormat,
    /// The schema of an answer without calls; anything where there is none.
    pub answer: Option<&'a Value>,
    /// The placeholders in the prompt: see [`super::Grammars::json_schema`].
    pub placeholders: &'a [String],
}

impl CallFormat {
    /// What is before a call; empty where that is nothing.
    pub(super) const fn opening(self) -> &'static str {
        match self {
            Self::Tagged => "<tool_call>",
            Self::Listed => "[TOOL_CALLS]",
            Self::Plain => "",
        }
    }

    /// What is after it.
    pub(super) const fn closing(self) -> &'static str {
        match self {
            Self::Tagged => "</tool_call>",
            Self::Listed | Self::Plain => "",
        }
    }

    /// The member that holds the arguments.
    const fn arguments(self) -> &'static str {
        match self {
            Self::Tagged | Self::Listed => "arguments",
            Self::Plain => "parameters",
        }
    }
}

impl ToolCalls<'_> {
    /// The rules, for the compiler.
    pub(super) fn rules(
        &self,
        vocabulary: &Vocabulary,
        any: AnyValue,
    ) -> Result<String, GrammarError> {
        let tools = self.chosen().map_err(GrammarError::Tools)?;
        let call = self.call(&tools, any)?;
        let answer = match self.answer {
            None => None,
            Some(schema) => Some(schema::rewrite(schema, self.placeholders, any)?),
        };
        let must_call = *self.choice != ToolChoice::Auto;
        let rules = match self.format {
            CallFormat::Tagged => self.tagged(&call, vocabulary),
            CallFormat::Listed => self.listed(&call, vocabulary),
            CallFormat::Plain => self.plain(&call, vocabulary),
        };
        let start = match (must_call, &answer) {
            (true, _) => "start: calls".to_owned(),
            (false, Some(schema)) => format!("start: answer | calls\nanswer: %json {schema}"),
            (false, None) => "start: TEXT? | led_calls".to_owned(),
        };
        let text = format!("{start}\n{rules}");
        if text.len() > MAX_BYTES {
            return Err(GrammarError::TooLarge {
                pointer: String::new(),
                what: "bytes of tools",
                limit: u64::try_from(MAX_BYTES).unwrap_or(u64::MAX),
            });
        }
        Ok(text)
    }

    /// The tools that may be called.
    fn chosen(&self) -> Result<Vec<(usize, &Tool)>, ToolsError> {
        if self.tools.len() > MAX_TOOLS {
            return Err(ToolsError::TooMany { limit: MAX_TOOLS });
        }
        for (at, tool) in self.tools.iter().enumerate() {
            let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.');
            if !(1..=64).contains(&tool.name.len()) || !tool.name.bytes().all(fits) {
                return Err(ToolsError::Name);
            }
            if self
                .tools
                .iter()
                .take(at)
                .any(|other| other.name == tool.name)
            {
                return Err(ToolsError::Duplicate);
            }
        }
        let tools = self.tools.iter().enumerate();
        let chosen: Vec<_> = match self.choice {
            ToolChoice::Named(name) => tools.filter(|(_, tool)| tool.name == *name).collect(),
            ToolChoice::Auto | ToolChoice::Required => tools.collect(),
        };
        match (chosen.is_empty(), self.choice) {
            (true, ToolChoice::Named(_)) => Err(ToolsError::Unknown),
            (true, _) => Err(ToolsError::None),
            (false, _) => Ok(chosen),
        }
    }

    /// The schema of one call, and its definitions and options.
    fn call(&self, tools: &[(usize, &Tool)], any: AnyValue) -> Result<Value, GrammarError> {
        let mut calls = Vec::with_capacity(tools.len());
        let mut all = schema::Definitions::default();
        for (index, tool) in tools {
            let arguments = all.add(self.arguments(*index, tool, any)?);
            calls.push(json!({
                "type": "object",
                "properties": {"name": {"enum": [tool.name]}, self.format.arguments(): arguments},
                "required": ["name", self.format.arguments()],
                "additionalProperties": false,
            }));
        }
        let call = match calls.len() {
            1 => calls.swap_remove(0),
            _ => json!({"anyOf": calls}),
        };
        let most = if self.parallel {
            json!(MAX_TOOLS)
        } else {
            json!(1)
        };
        Ok(all.close(match self.format {
            CallFormat::Listed => {
                json!({"type": "array", "items": call, "minItems": 1, "maxItems": most})
            }
            CallFormat::Tagged | CallFormat::Plain => call,
        }))
    }

    fn arguments(
        &self,
        index: usize,
        tool: &Tool,
        any: AnyValue,
    ) -> Result<schema::Part, GrammarError> {
        let mut parameters = tool
            .parameters
            .clone()
            .unwrap_or_else(|| json!({"additionalProperties": false}));
        if let Value::Object(parameters) = &mut parameters
            && !parameters.contains_key("type")
        {
            parameters.insert("type".to_owned(), json!("object"));
        }
        let is_object = parameters.get("type").is_some_and(|kind| kind == "object");
        let prefix = format!("t{index}");
        let rewritten = if is_object {
            schema::part(&parameters, self.placeholders, &prefix, any)
        } else {
            Err(GrammarError::Invalid {
                pointer: "/type".to_owned(),
                expected: "`object`",
            })
        };
        match rewritten {
            Ok(part) => Ok(part),
            Err(source) if tool.strict || matches!(source, GrammarError::Invalid { .. }) => {
                Err(GrammarError::Tools(ToolsError::Parameters {
                    index,
                    source: Box::new(source),
                }))
            }
            Err(_) => {
                let object = json!({"type": "object"});
                schema::part(&object, &[], &prefix, any)
            }
        }
    }

    fn tagged(&self, call: &Value, vocabulary: &Vocabulary) -> String {
        let (open, close) = (self.format.opening(), self.format.closing());
        let more = if self.parallel {
            " (GAP? open rest)*"
        } else {
            ""
        };
        format!(
            "calls: open rest{more}\n\
             led_calls: lead rest{more}\n\
             rest: GAP? call GAP? close\n\
             open: {}\nclose: {}\n\
             {}\
             GAP: /[ \\n]{{1,2}}/\n\
             call: %json {call}\n",
            mark(open, vocabulary),
            mark(close, vocabulary),
            lead(open, vocabulary),
        )
    }

    fn listed(&self, call: &Value, vocabulary: &Vocabulary) -> String {
        let open = self.format.opening();
        format!(
            "calls: open GAP? call\n\
             led_calls: lead GAP? call\n\
             open: {}\n\
             {}\
             GAP: /[ \\n]{{1,2}}/\n\
             call: %json {call}\n",
            mark(open, vocabulary),
            lead(open, vocabulary),
        )
    }

    fn plain(&self, call: &Value, vocabulary: &Vocabulary) -> String {
        let more = if self.parallel { " (SEP call)*" } else { "" };
        let tag = vocabulary.structure("<|python_tag|>");
        let tag = tag.map_or_else(String::new, |token| format!("<[{token}]>? "));
        format!(
            "calls: {tag}call{more}\n\
             led_calls: calls\n\
             TEXT: /\\s*[^{{\\s](?s:.*)/\n\
             SEP: /; ?/\n\
             call: %json {call}\n",
        )
    }
}

/// A mark as a token of its own, where there is one, or as text.
fn mark(text: &str, vocabulary: &Vocabulary) -> String {
    match vocabulary.structure(text) {
        Some(token) => format!("<[{token}]> | {}", json!(text)),
        None => json!(text).to_string(),
    }
}

/// Text without the mark, and text up to the mark.
fn lead(text: &str, vocabulary: &Vocabulary) -> String {
    let written = json!(text);
    let token = vocabulary.structure(text);
    let token = token.map_or_else(String::new, |token| format!(" | TEXT? <[{token}]>"));
    format!(
        "TEXT: /(?s:.+)/ & ~(/(?s:.*)/ {written} /(?s:.*)/)\n\
         lead: led{token}\n\
         led[lazy]: /(?s:.*)/ {written}\n"
    )
}
