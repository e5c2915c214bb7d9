//! The output of a response, item by item: the pieces of an answer become output items, and the events that
//! tell of them in OpenAI's order.
//!
//! One item is open at a time. An item's events: it is added, its part is added (but for calls), its deltas,
//! its text is done, its part is done, it is done.

use serde_json::{Value, json};

use crate::pipeline::Part;

use super::super::chat_answer::logprob;

/// How the last item of a response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemEnd {
    Completed,
    Incomplete,
}

impl ItemEnd {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// The items of one response.
#[derive(Debug)]
pub(super) struct Output {
    /// What the items' identifiers are made of.
    hex: String,
    done: Vec<Value>,
    open: Option<Open>,
    said: String,
    /// Chances of tokens whose text has not come yet.
    logprobs: Vec<Value>,
}

/// The item that is being made.
#[derive(Debug)]
struct Open {
    id: String,
    kind: Kind,
    text: String,
    logprobs: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Message,
    Reasoning,
    Call {
        index: usize,
        call_id: String,
        name: String,
    },
}

impl Output {
    pub(super) fn new(hex: &str) -> Self {
        Self {
            hex: hex.to_owned(),
            done: Vec::new(),
            open: None,
            said: String::new(),
            logprobs: Vec::new(),
        }
    }

    /// The items so far, the open one as it would end now.
    pub(super) fn items(&self, end: ItemEnd) -> Vec<Value> {
        let open = self.open.as_ref().map(|open| open.item(end));
        self.done.iter().cloned().chain(open).collect()
    }

    /// All that was said to the caller, without thoughts and calls.
    pub(super) fn said(&self) -> &str {
        &self.said
    }

    /// Takes a piece of the answer; gives the events that tell of it.
    pub(super) fn take(&mut self, part: Part) -> Vec<Value> {
        let mut events = Vec::new();
        match part {
            Part::Text(text) => {
                self.said.push_str(text.expose());
                self.opened(Kind::Message, &mut events);
                self.add(text.expose(), &mut events);
            }
            Part::Reasoning(text) => {
                self.opened(Kind::Reasoning, &mut events);
                self.add(text.expose(), &mut events);
            }
            Part::ToolCall { index, id, name } => {
                let kind = Kind::Call {
                    index,
                    call_id: id,
                    name,
                };
                self.opened(kind, &mut events);
            }
            // Arguments follow their call, before anything else.
            Part::Arguments { delta, .. } => self.add(delta.expose(), &mut events),
            Part::Logprobs(tokens) => self.logprobs.extend(tokens.iter().map(logprob)),
            Part::End(_) => {}
        }
        events
    }

    /// Ends the output; gives the last events. An answer of nothing is a message of nothing.
    pub(super) fn end(&mut self, end: ItemEnd) -> Vec<Value> {
        let mut events = Vec::new();
        if self.done.is_empty() && self.open.is_none() {
            self.opened(Kind::Message, &mut events);
        }
        self.close(end, &mut events);
        events
    }

    /// Makes sure that an item of this kind is open.
    fn opened(&mut self, kind: Kind, events: &mut Vec<Value>) {
        if self.open.as_ref().is_some_and(|open| open.kind == kind) {
            return;
        }
        self.close(ItemEnd::Completed, events);
        let index = self.done.len();
        let start = match kind {
            Kind::Message => "msg",
            Kind::Reasoning => "rs",
            Kind::Call { .. } => "fc",
        };
        let open = Open {
            id: format!("{start}_{}{index:02}", self.hex),
            kind,
            text: String::new(),
            logprobs: Vec::new(),
        };
        events.push(json!({
            "type": "response.output_item.added",
            "output_index": index,
            "item": open.begun(),
        }));
        if let Some(part) = open.part() {
            events.push(open.event("content_part.added", index, &json!({"part": part})));
        }
        self.open = Some(open);
    }

    fn add(&mut self, delta: &str, events: &mut Vec<Value>) {
        let Some(open) = &mut self.open else {
            return;
        };
        open.text.push_str(delta);
        let mut more = json!({"delta": delta});
        if open.kind == Kind::Message {
            let chances = std::mem::take(&mut self.logprobs);
            open.logprobs.extend(chances.iter().cloned());
            more["logprobs"] = Value::Array(chances);
        }
        let kind = format!("{}.delta", open.text_name());
        events.push(open.event(&kind, self.done.len(), &more));
    }

    fn close(&mut self, end: ItemEnd, events: &mut Vec<Value>) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        let index = self.done.len();
        if open.kind == Kind::Message {
            // Those of an end token have no text.
            open.logprobs.append(&mut self.logprobs);
        }
        let done = match &open.kind {
            Kind::Message => json!({"text": open.text, "logprobs": open.logprobs}),
            Kind::Reasoning => json!({"text": open.text}),
            Kind::Call { name, .. } => json!({"name": name, "arguments": open.text}),
        };
        let kind = format!("{}.done", open.text_name());
        events.push(open.event(&kind, index, &done));
        if let Some(part) = open.part() {
            events.push(open.event("content_part.done", index, &json!({"part": part})));
        }
        let item = open.item(end);
        events.push(json!({
            "type": "response.output_item.done",
            "output_index": index,
            "item": item,
        }));
        self.done.push(item);
    }
}

impl Open {
    /// What this item's text is called in the names of events.
    fn text_name(&self) -> &'static str {
        match self.kind {
            Kind::Message => "output_text",
            Kind::Reasoning => "reasoning_text",
            Kind::Call { .. } => "function_call_arguments",
        }
    }

    /// The part of the item that holds its text so far; calls have none.
    fn part(&self) -> Option<Value> {
        match self.kind {
            Kind::Message => Some(json!({
                "type": "output_text",
                "text": self.text,
                "annotations": [],
                "logprobs": self.logprobs,
            })),
            Kind::Reasoning => Some(json!({"type": "reasoning_text", "text": self.text})),
            Kind::Call { .. } => None,
        }
    }

    /// The item as it is added: no part yet, no arguments.
    fn begun(&self) -> Value {
        self.in_form("in_progress", &[])
    }

    fn item(&self, end: ItemEnd) -> Value {
        self.in_form(end.as_str(), self.part().as_slice())
    }

    fn in_form(&self, status: &str, parts: &[Value]) -> Value {
        match &self.kind {
            Kind::Message => json!({
                "id": self.id,
                "type": "message",
                "status": status,
                "role": "assistant",
                "content": parts,
            }),
            Kind::Reasoning => json!({
                "id": self.id,
                "type": "reasoning",
                "status": status,
                "summary": [],
                "content": parts,
            }),
            Kind::Call { call_id, name, .. } => json!({
                "id": self.id,
                "type": "function_call",
                "status": status,
                "call_id": call_id,
                "name": name,
                "arguments": self.text,
            }),
        }
    }

    /// An event about this item, at `index`, with what is its own in `more`.
    fn event(&self, kind: &str, index: usize, more: &Value) -> Value {
        let mut event = json!({
            "type": format!("response.{kind}"),
            "item_id": self.id,
            "output_index": index,
        });
        if !matches!(self.kind, Kind::Call { .. }) {
            event["content_index"] = json!(0);
        }
        if let Value::Object(more) = more {
            for (name, value) in more {
                event[name] = value.clone();
            }
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Part {
        Part::Text(text.into())
    }

    fn names(events: &[Value]) -> Vec<&str> {
        let kinds = events.iter().filter_map(|event| event["type"].as_str());
        kinds
            .map(|kind| kind.trim_start_matches("response."))
            .collect()
    }

    #[test]
    fn a_message_is_told_in_order() {
        let mut output = Output::new("ab");
        let mut events = output.take(text("Hel"));
        events.extend(output.take(text("lo")));
        events.extend(output.end(ItemEnd::Incomplete));
        assert_eq!(
            names(&events),
            [
                "output_item.added",
                "content_part.added",
                "output_text.delta",
                "output_text.delta",
                "output_text.done",
                "content_part.done",
                "output_item.done",
            ]
        );
        assert_eq!(events[0]["item"]["content"], json!([]));
        assert_eq!(events[4]["text"], "Hello");
        let item = &output.items(ItemEnd::Completed)[0];
        assert_eq!(
            (&item["id"], &item["status"]),
            (&json!("msg_ab00"), &json!("incomplete"))
        );
        assert_eq!(item["content"][0]["text"], "Hello");
    }

    #[test]
    fn thoughts_words_and_calls_are_items_of_their_own() {
        let mut output = Output::new("ab");
        let call = |index: usize| Part::ToolCall {
            index,
            id: format!("call_{index}"),
            name: "look".to_owned(),
        };
        let arguments = |index: usize, delta: &str| Part::Arguments {
            index,
            delta: delta.into(),
        };
        let mut events = Vec::new();
        for part in [
            Part::Reasoning("hm".into()),
            text("I look."),
            call(0),
            arguments(0, "{\"a\""),
            arguments(0, ":1}"),
            call(1),
            arguments(1, "{}"),
        ] {
            events.extend(output.take(part));
        }
        events.extend(output.end(ItemEnd::Completed));
        let items = output.items(ItemEnd::Completed);
        let kinds: Vec<_> = items.iter().map(|item| item["type"].clone()).collect();
        assert_eq!(
            kinds,
            ["reasoning", "message", "function_call", "function_call"]
        );
        assert_eq!(items[2]["arguments"], "{\"a\":1}");
        assert_eq!(items[3]["call_id"], "call_1");
        let ids: std::collections::BTreeSet<_> =
            items.iter().map(|item| item["id"].to_string()).collect();
        assert_eq!(ids.len(), 4);
        // Each event of an item has its place, and items don't overlap.
        let places: Vec<_> = events
            .iter()
            .map(|event| event["output_index"].as_u64().unwrap())
            .collect();
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(
            names(&events)[12..16],
            [
                "output_item.added",
                "function_call_arguments.delta",
                "function_call_arguments.delta",
                "function_call_arguments.done",
            ]
        );
    }

    #[test]
    fn an_answer_of_nothing_is_a_message_of_nothing() {
        let mut output = Output::new("ab");
        assert_eq!(output.end(ItemEnd::Completed).len(), 5);
        assert_eq!(
            output.items(ItemEnd::Completed)[0]["content"][0]["text"],
            ""
        );
    }
}
