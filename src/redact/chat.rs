//! A conversation, masked: messages, the tools and their calls, the answer's schema.
//!
//! Names of tools stay: they are the application's words, and the model must write them as they are. Texts are
//! masked, also those inside of JSON: each string on its own, with its property's name in front while it is
//! looked at, because `"phone": "…"` says what the value is.

use serde_json::Value;

use crate::types::{AnswerFormat, Chat, Message, Sensitive, Tool, ToolCall, ToolUse};

use super::RedactError;
use super::work::Work;

/// Keywords of JSON Schema whose strings are no texts: they stay, or the request is refused.
const STRUCTURE: &[&str] = &[
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$ref",
    "$schema",
    "format",
    "pattern",
    "type",
];
/// The dialects of JSON Schema that `$schema` names: addresses that are nobody's, and that SDKs write by
/// themselves.
const DIALECTS: &[&str] = &[
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];
/// Keywords of JSON Schema that map the application's own names to schemas.
const NAMES: &[&str] = &[
    "$defs",
    "definitions",
    "dependentSchemas",
    "patternProperties",
    "properties",
];
/// Keywords whose strings are names of properties: they must stay what the names themselves become.
const LISTS_OF_NAMES: &[&str] = &["dependentRequired", "required"];

/// All bytes of text in `chat`.
pub(super) fn bytes_of(chat: &Chat) -> usize {
    let optional = |text: &Option<Sensitive<String>>| text.as_ref().map_or(0, |t| t.expose().len());
    let json = |value: &Option<Sensitive<Value>>| {
        value.as_ref().map_or(0, |value| json_bytes(value.expose()))
    };
    let message = |own: &Message| {
        let calls = own.tool_calls.iter();
        let calls: usize = calls.map(|call| call.arguments.expose().len()).sum();
        own.content.expose().len() + optional(&own.reasoning) + calls
    };
    let tools = chat.tools.iter().flat_map(|own| &own.tools);
    let tools: usize = tools
        .map(|tool| optional(&tool.description) + json(&tool.parameters))
        .sum();
    let format = match &chat.format {
        AnswerFormat::JsonSchema {
            description,
            schema,
            ..
        } => optional(description) + json_bytes(schema.expose()),
        AnswerFormat::JsonObject | AnswerFormat::Text => 0,
    };
    let messages: usize = chat.messages.iter().map(message).sum();
    messages + tools + format + optional(&chat.prediction)
}

/// Calls `each` with what the messages of `chat` say, and its tools in words.
pub(super) fn each_text(chat: &Chat, each: &mut dyn FnMut(&str)) {
    for message in &chat.messages {
        each(message.content.expose());
        message
            .reasoning
            .iter()
            .for_each(|text| each(text.expose()));
        let calls = message.tool_calls.iter();
        calls.for_each(|call| each(call.arguments.expose()));
    }
    let tools = chat.tools.iter().flat_map(|own| &own.tools);
    for description in tools.filter_map(|tool| tool.description.as_ref()) {
        each(description.expose());
    }
}

fn json_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(json_bytes).sum(),
        Value::Object(entries) => {
            let entry = |(name, value): (&String, &Value)| name.len() + json_bytes(value);
            entries.iter().map(entry).sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

impl Work<'_> {
    pub(super) fn chat(&mut self, chat: Chat) -> Result<Chat, RedactError> {
        let mut messages = Vec::with_capacity(chat.messages.len());
        for message in chat.messages {
            messages.push(self.message(message)?);
        }
        Ok(Chat {
            grounded: chat.grounded,
            messages,
            tools: chat.tools.map(|tools| self.tools(tools)).transpose()?,
            format: self.format(chat.format)?,
            prediction: self.optional(chat.prediction)?,
            template: chat.template,
        })
    }

    fn message(&mut self, message: Message) -> Result<Message, RedactError> {
        let reasoning = self.optional(message.reasoning)?;
        let content = self.text(message.content.expose())?.into();
        let mut tool_calls = Vec::with_capacity(message.tool_calls.len());
        for call in message.tool_calls {
            let arguments = self.arguments(call.arguments.expose())?.into();
            tool_calls.push(ToolCall { arguments, ..call });
        }
        Ok(Message {
            reasoning,
            content,
            tool_calls,
            ..message
        })
    }

    fn optional(
        &mut self,
        text: Option<Sensitive<String>>,
    ) -> Result<Option<Sensitive<String>>, RedactError> {
        text.map(|text| self.text(text.expose()).map(Sensitive::new))
            .transpose()
    }

    /// A JSON text; what is none is masked as it stands.
    fn arguments(&mut self, text: &str) -> Result<String, RedactError> {
        match serde_json::from_str::<Value>(text) {
            Ok(mut value) => {
                self.values(&mut value, "")?;
                Ok(value.to_string())
            }
            Err(_) => self.text(text),
        }
    }

    fn tools(&mut self, tools: ToolUse) -> Result<ToolUse, RedactError> {
        let mut masked = Vec::with_capacity(tools.tools.len());
        for tool in tools.tools {
            masked.push(Tool {
                description: self.optional(tool.description)?,
                parameters: tool
                    .parameters
                    .map(|schema| self.schema(schema))
                    .transpose()?,
                ..tool
            });
        }
        Ok(ToolUse {
            tools: masked,
            ..tools
        })
    }

    fn format(&mut self, format: AnswerFormat) -> Result<AnswerFormat, RedactError> {
        Ok(match format {
            AnswerFormat::JsonSchema {
                name,
                description,
                schema,
                strict,
            } => AnswerFormat::JsonSchema {
                name,
                description: self.optional(description)?,
                schema: self.schema(schema)?,
                strict,
            },
            AnswerFormat::JsonObject | AnswerFormat::Text => format,
        })
    }

    fn schema(&mut self, schema: Sensitive<Value>) -> Result<Sensitive<Value>, RedactError> {
        let mut schema = schema.into_exposed();
        self.schema_texts(&mut schema)?;
        Ok(Sensitive::new(schema))
    }

    /// Masks what a schema says in words, values that it allows, and names of properties. A name that is
    /// masked is masked everywhere, and put back in the answer like any other value.
    fn schema_texts(&mut self, schema: &mut Value) -> Result<(), RedactError> {
        match schema {
            Value::Object(entries) => {
                for (keyword, value) in std::mem::take(entries) {
                    let mut value = value;
                    if STRUCTURE.contains(&keyword.as_str()) {
                        self.check_structure(&value)?;
                    } else if let (true, Value::Object(own)) =
                        (NAMES.contains(&keyword.as_str()), &mut value)
                    {
                        for (name, schema) in std::mem::take(own) {
                            let mut schema = schema;
                            self.schema_texts(&mut schema)?;
                            own.insert(self.word(&name)?, schema);
                        }
                    } else if LISTS_OF_NAMES.contains(&keyword.as_str()) {
                        self.names(&mut value)?;
                    } else {
                        self.schema_texts(&mut value)?;
                    }
                    entries.insert(self.word(&keyword)?, value);
                }
                Ok(())
            }
            Value::Array(items) => items
                .iter_mut()
                .try_for_each(|item| self.schema_texts(item)),
            Value::String(_) => self.values(schema, ""),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    /// Masks names of properties, as [`Work::schema_texts`] does where they stand as keys.
    fn names(&mut self, value: &mut Value) -> Result<(), RedactError> {
        match value {
            Value::Object(entries) => {
                for (name, mut value) in std::mem::take(entries) {
                    self.names(&mut value)?;
                    entries.insert(self.word(&name)?, value);
                }
                Ok(())
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.names(item)),
            Value::String(name) => {
                *name = self.word(name)?;
                Ok(())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    /// A pattern or a reference can't be masked and still mean the same.
    fn check_structure(&mut self, value: &Value) -> Result<(), RedactError> {
        match value {
            Value::String(text) if is_dialect(text) => Ok(()),
            Value::String(text) if self.word(text)? != *text => Err(RedactError::PersonalStructure),
            Value::Array(items) => items.iter().try_for_each(|item| self.check_structure(item)),
            _ => Ok(()),
        }
    }

    /// Masks the strings of `value`, names of properties, and numbers that are personal; `name` is the property
    /// that holds it.
    fn values(&mut self, value: &mut Value, name: &str) -> Result<(), RedactError> {
        match value {
            Value::Object(entries) => {
                for (name, value) in std::mem::take(entries) {
                    let mut value = value;
                    self.values(&mut value, &name)?;
                    entries.insert(self.word(&name)?, value);
                }
                Ok(())
            }
            Value::Array(items) => items
                .iter_mut()
                .try_for_each(|item| self.values(item, name)),
            Value::String(text) => {
                *text = self.named(name, text)?;
                Ok(())
            }
            Value::Number(number) => {
                let text = number.to_string();
                // Short ones are amounts and counts.
                if text.len() >= 6 {
                    let masked = self.named(name, &text)?;
                    if masked != text {
                        *value = Value::String(masked);
                    }
                }
                Ok(())
            }
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    /// `text`, masked as the value of a property `name`.
    fn named(&mut self, name: &str, text: &str) -> Result<String, RedactError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            return self.text(text);
        }
        let label = format!("{}: ", name.replace(['_', '-'], " "));
        let masked = self.text(&format!("{label}{text}"))?;
        match masked.strip_prefix(&label) {
            Some(value) => Ok(value.to_owned()),
            // The label was taken for a part of the value.
            None => self.text(text),
        }
    }
}

fn is_dialect(text: &str) -> bool {
    DIALECTS.contains(&text.strip_suffix('#').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::crm::{Body, Minimised};
    use crate::redact::{Redacted, Redactor, RedactorOptions};
    use crate::types::{MessageRole, ToolChoice};

    use super::*;

    fn redact(chat: Chat) -> (Chat, Redacted) {
        let redactor = Redactor::new(RedactorOptions::default()).unwrap();
        let minimised = Minimised::for_test(Body::Chat(Box::new(chat)));
        let (redacted, _) = redactor.redact(minimised).unwrap();
        let Body::Chat(masked) = redacted.body().clone() else {
            panic!("another body");
        };
        (*masked, redacted)
    }

    fn call(arguments: &str) -> Message {
        let mut message = Message::new(MessageRole::Assistant, "");
        message.tool_calls.push(ToolCall {
            id: "call00001".to_owned(),
            name: "find".to_owned(),
            arguments: arguments.into(),
        });
        message
    }

    #[test]
    fn strings_in_arguments_are_masked_and_the_rest_stays() {
        for (arguments, expected) in [
            (
                r#"{"email":"ada@example.com","n":3}"#,
                r#"{"email":"[EMAIL_1]","n":3}"#,
            ),
            (
                r#"{"to":["ada@example.com","bo@example.com"],"ok":true}"#,
                r#"{"to":["[EMAIL_1]","[EMAIL_2]"],"ok":true}"#,
            ),
            (
                r#"{"card_number":4111111111111111}"#,
                r#"{"card_number":"[CARD_1]"}"#,
            ),
            (
                r#"{"text":"a \"quoted\" word"}"#,
                r#"{"text":"a \"quoted\" word"}"#,
            ),
            ("not JSON: ada@example.com", "not JSON: [EMAIL_1]"),
        ] {
            let (masked, _) = redact(Chat::of(vec![call(arguments)]));
            let found = masked.messages[0].tool_calls[0].arguments.expose();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn one_value_has_one_placeholder_in_words_calls_tools_and_schemas() {
        let mut chat = Chat::of(vec![
            Message::new(MessageRole::User, "Mail ada@example.com"),
            call(r#"{"address":"ada@example.com"}"#),
        ]);
        chat.tools = Some(ToolUse {
            tools: vec![Tool {
                name: "find".to_owned(),
                description: Some("Asks ada@example.com".into()),
                parameters: Some(Sensitive::new(json!({
                    "type": "object",
                    "properties": {"ada@example.com": {"enum": ["ada@example.com", "x"]}},
                    "required": ["ada@example.com"],
                }))),
                strict: false,
            }],
            choice: ToolChoice::Auto,
            parallel: true,
        });
        chat.format = AnswerFormat::JsonSchema {
            name: "answer".to_owned(),
            description: None,
            schema: Sensitive::new(json!({"const": "ada@example.com", "pattern": "^[a-z]+$"})),
            strict: true,
        };
        chat.prediction = Some("to ada@example.com".into());
        let (masked, redacted) = redact(chat);
        assert_eq!(redacted.placeholders(), ["[EMAIL_1]"]);
        assert_eq!(masked.messages[0].content.expose(), "Mail [EMAIL_1]");
        let call = masked.messages[1].tool_calls[0].arguments.expose();
        assert_eq!(call, r#"{"address":"[EMAIL_1]"}"#);
        let tool = &masked.tools.as_ref().unwrap().tools[0];
        assert_eq!(
            tool.description.as_ref().unwrap().expose(),
            "Asks [EMAIL_1]"
        );
        assert_eq!(
            *tool.parameters.as_ref().unwrap().expose(),
            json!({
                "type": "object",
                "properties": {"[EMAIL_1]": {"enum": ["[EMAIL_1]", "x"]}},
                "required": ["[EMAIL_1]"],
            })
        );
        let AnswerFormat::JsonSchema { schema, .. } = &masked.format else {
            panic!("another format");
        };
        let expected = json!({"const": "[EMAIL_1]", "pattern": "^[a-z]+$"});
        assert_eq!(*schema.expose(), expected);
        assert_eq!(masked.prediction.as_ref().unwrap().expose(), "to [EMAIL_1]");
    }

    #[test]
    fn dialects_stay_and_no_other_address_does() {
        for (address, expected) in [
            ("http://json-schema.org/draft-07/schema#", true),
            ("https://json-schema.org/draft/2020-12/schema", true),
            ("https://ada.example.com/schema", false),
            (
                "http://json-schema.org/draft-07/schema?ada@example.com",
                false,
            ),
        ] {
            assert_eq!(is_dialect(address), expected, "{address}");
        }
    }
}
