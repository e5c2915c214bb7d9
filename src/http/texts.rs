//! The texts of a request to mask or to restore, and the form that they came in: the answer has the same.

use serde_json::{Value, json};

use crate::types::Sensitive;

use super::ApiError;
use super::fields::Fields;

/// Most texts of one request.
const MAX_TEXTS: usize = 2_048;
/// Most messages of one request.
const MAX_MESSAGES: usize = 1_024;
/// Most parts of one message.
const MAX_PARTS: usize = 256;

/// Texts, and the JSON around them.
#[derive(Debug)]
pub(super) struct Texts {
    /// The form, with nothing where the texts go.
    form: Value,
    /// Where each text goes: a JSON pointer.
    texts: Vec<(String, Sensitive<String>)>,
}

impl Texts {
    /// Reads `input` (a text or a list of texts) or `messages`.
    pub(super) fn read(fields: &mut Fields) -> Result<Self, ApiError> {
        let mut read = Self {
            form: Value::Null,
            texts: Vec::new(),
        };
        match (fields.take("input"), fields.list("messages")?) {
            (Some(_), Some(_)) => {
                let message = "send `input` or `messages`, not both";
                return Err(ApiError::invalid("messages", message));
            }
            (None, None) => return Err(ApiError::missing("input")),
            (Some(Value::String(text)), None) => read.form = read.put(String::new(), text),
            (Some(Value::Array(items)), None) => {
                bounded("input", items.len(), MAX_TEXTS)?;
                let mut form = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    let Value::String(text) = item else {
                        return Err(ApiError::wrong_type("input", "a text or a list of texts"));
                    };
                    form.push(read.put(format!("/{index}"), text));
                }
                read.form = Value::Array(form);
            }
            (Some(_), None) => {
                return Err(ApiError::wrong_type("input", "a text or a list of texts"));
            }
            (None, Some(messages)) => {
                bounded("messages", messages.len(), MAX_MESSAGES)?;
                let form = messages.into_iter().enumerate();
                let form = form.map(|(index, message)| read.message(index, message));
                read.form = Value::Array(form.collect::<Result<_, _>>()?);
            }
        }
        Ok(read)
    }

    /// The texts, in order.
    pub(super) fn texts(&self) -> Vec<Sensitive<String>> {
        self.texts.iter().map(|(_, text)| text.clone()).collect()
    }

    /// The form with other texts in place of those that came.
    pub(super) fn with(self, texts: Vec<Sensitive<String>>) -> Value {
        let mut form = self.form;
        for ((place, _), text) in self.texts.iter().zip(texts) {
            if let Some(slot) = form.pointer_mut(place) {
                *slot = Value::String(text.into_exposed());
            }
        }
        form
    }

    fn put(&mut self, place: String, text: String) -> Value {
        self.texts.push((place, Sensitive::new(text)));
        Value::Null
    }

    fn message(&mut self, index: usize, message: Value) -> Result<Value, ApiError> {
        let mut fields = Fields::new(&format!("messages[{index}]"), message)?;
        let (role_name, content_name) = (fields.name("role"), fields.name("content"));
        let role = fields.string("role")?;
        let role = role.ok_or_else(|| ApiError::missing(&role_name))?;
        let known = ["system", "developer", "user", "assistant", "tool"];
        if !known.contains(&role.as_str()) {
            let message = format!("`{role_name}` must be one of {}", known.join(", "));
            return Err(ApiError::invalid(role_name, message));
        }
        let place = format!("/{index}/content");
        let content = match fields.take("content") {
            Some(Value::String(text)) => self.put(place, text),
            Some(Value::Array(parts)) => {
                bounded(&content_name, parts.len(), MAX_PARTS)?;
                let parts = parts.into_iter().enumerate();
                let parts = parts.map(|(at, part)| {
                    self.part(
                        &format!("{content_name}[{at}]"),
                        &format!("{place}/{at}"),
                        part,
                    )
                });
                Value::Array(parts.collect::<Result<_, _>>()?)
            }
            Some(_) => {
                return Err(ApiError::wrong_type(
                    &content_name,
                    "a text or a list of text parts",
                ));
            }
            None => return Err(ApiError::missing(&content_name)),
        };
        let mut form = json!({"role": role, "content": content});
        if let Some(id) = fields.string("tool_call_id")? {
            form["tool_call_id"] = json!(id);
        }
        fields.finish(&[])?;
        Ok(form)
    }

    fn part(&mut self, name: &str, place: &str, part: Value) -> Result<Value, ApiError> {
        let mut fields = Fields::new(name, part)?;
        let (kind_name, text_name) = (fields.name("type"), fields.name("text"));
        if fields.string("type")?.as_deref() != Some("text") {
            let message = format!("`{kind_name}`: only text parts can be masked");
            return Err(ApiError::invalid(kind_name, message));
        }
        let text = fields.string("text")?;
        let text = text.ok_or_else(|| ApiError::missing(&text_name))?;
        fields.finish(&[])?;
        let slot = self.put(format!("{place}/text"), text);
        Ok(json!({"type": "text", "text": slot}))
    }
}

fn bounded(name: &str, items: usize, most: usize) -> Result<(), ApiError> {
    if (1..=most).contains(&items) {
        return Ok(());
    }
    Err(ApiError::invalid(
        name,
        format!("`{name}` must hold 1 to {most} items"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<Texts, ApiError> {
        Texts::read(&mut Fields::new("", body).unwrap())
    }

    #[test]
    fn the_answer_has_the_form_of_the_request() {
        let check = |body: Value, expected: Value| {
            let read = read(body).unwrap();
            let upper = read.texts();
            let upper = upper.into_iter().map(|text| text.map(|t| t.to_uppercase()));
            assert_eq!(read.with(upper.collect()), expected);
        };
        check(json!({"input": "a"}), json!("A"));
        check(json!({"input": ["a", "", "b"]}), json!(["A", "", "B"]));
        check(
            json!({"messages": [
                {"role": "user", "content": "a"},
                {"role": "tool", "tool_call_id": "x", "content": [{"type": "text", "text": "b"}]},
            ]}),
            json!([
                {"role": "user", "content": "A"},
                {"role": "tool", "content": [{"type": "text", "text": "B"}], "tool_call_id": "x"},
            ]),
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        let check = |body: Value, param: &str| {
            let error = read(body).unwrap_err().body();
            assert_eq!(error["error"]["param"], param, "{error}");
        };
        check(json!({}), "input");
        check(json!({"input": []}), "input");
        check(json!({"input": [1]}), "input");
        check(json!({"input": "a", "messages": []}), "messages");
        check(json!({"messages": []}), "messages");
        check(
            json!({"messages": [{"role": "user"}]}),
            "messages[0].content",
        );
        check(
            json!({"messages": [{"role": "me", "content": "a"}]}),
            "messages[0].role",
        );
        check(
            json!({"messages": [{"role": "user", "content": "a", "tool_calls": []}]}),
            "messages[0].tool_calls",
        );
        check(
            json!({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
            "messages[0].content[0].type",
        );
    }
}
