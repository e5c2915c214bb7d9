//! Messages and tools as templates read them, with every content marked.

use serde_json::{Map, Value, json};

use super::slots::{Sentinels, Slot};
use crate::types::{Message, MessageRole, Tool};

/// Marks contents, in the order in which they come: the same in each run.
#[derive(Debug)]
pub(super) struct Marker {
    mode: Mode,
    /// How many there were; in the collecting run, which.
    n_slots: usize,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// Only looks.
    Collect,
    /// Numbers between sentinels.
    Number(Sentinels),
    /// Contents between sentinels.
    Fill(Sentinels),
}

impl Marker {
    pub(super) fn collecting() -> Self {
        Self::new(Mode::Collect)
    }

    pub(super) fn numbering(sentinels: Sentinels) -> Self {
        Self::new(Mode::Number(sentinels))
    }

    pub(super) fn filling(sentinels: Sentinels) -> Self {
        Self::new(Mode::Fill(sentinels))
    }

    fn new(mode: Mode) -> Self {
        Self {
            mode,
            n_slots: 0,
            slots: Vec::new(),
        }
    }

    /// What was collected.
    pub(super) fn into_slots(self) -> Vec<Slot> {
        self.slots
    }

    /// `text`, marked; it is all that `message` says, if that is given.
    fn mark(&mut self, text: &str, message: Option<usize>) -> String {
        let number = self.n_slots;
        self.n_slots += 1;
        match self.mode {
            Mode::Collect => {
                let text = text.to_owned();
                self.slots.push(Slot { text, message });
                String::new()
            }
            Mode::Number(sentinels) => sentinels.mark(text, &number.to_string()),
            Mode::Fill(sentinels) => sentinels.mark(text, text.trim()),
        }
    }

    /// A JSON value with its texts marked; plain words stay.
    fn json(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.word(text)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(entries) => {
                let mut marked = Map::new();
                for (name, value) in entries {
                    let name = self.word(name);
                    let value = self.json(value);
                    marked.insert(name, value);
                }
                Value::Object(marked)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn word(&mut self, text: &str) -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if text.bytes().all(plain) {
            return text.to_owned();
        }
        self.mark(text, None)
    }
}

/// The messages in the form of `transformers`: arguments of calls are objects, results name their tool.
pub(super) fn messages(messages: &[Message], marker: &mut Marker) -> Value {
    let tool_of = |id: &str| {
        let mut calls = messages.iter().flat_map(|message| &message.tool_calls);
        calls.find(|call| call.id == id).map(|call| &call.name)
    };
    let mut list = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        let content = marker.mark(message.content.expose(), Some(index));
        let mut own = json!({"role": message.role.as_str(), "content": content});
        if let Some(reasoning) = &message.reasoning {
            own["reasoning_content"] = marker.mark(reasoning.expose(), None).into();
        }
        if !message.tool_calls.is_empty() {
            let calls = message.tool_calls.iter().map(|call| {
                let text = call.arguments.expose();
                let arguments = match serde_json::from_str::<Value>(text) {
                    Ok(object @ Value::Object(_)) => marker.json(&object),
                    _ => marker.mark(text, None).into(),
                };
                let function = json!({"name": call.name, "arguments": arguments});
                json!({"id": call.id, "type": "function", "function": function})
            });
            own["tool_calls"] = calls.collect();
        }
        if let (MessageRole::Tool, Some(id)) = (message.role, &message.tool_call_id) {
            own["tool_call_id"] = id.as_str().into();
            if let Some(name) = tool_of(id) {
                own["name"] = name.as_str().into();
            }
        }
        list.push(own);
    }
    list.into()
}

/// The tools, in OpenAI's form; `null` without any, as templates expect.
pub(super) fn tools(tools: &[Tool], marker: &mut Marker) -> Value {
    if tools.is_empty() {
        return Value::Null;
    }
    let tool = |tool: &Tool| {
        let mut function = json!({"name": tool.name});
        if let Some(description) = &tool.description {
            function["description"] = marker.mark(description.expose(), None).into();
        }
        // Templates look into the schema, so there is one.
        let parameters = tool.parameters.as_ref();
        function["parameters"] = match parameters {
            Some(schema) => marker.json(schema.expose()),
            None => json!({"type": "object", "properties": {}}),
        };
        json!({"type": "function", "function": function})
    };
    tools.iter().map(tool).collect()
}
