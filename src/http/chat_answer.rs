//! A chat completion as one JSON object, and the parts that streams share with it.

use serde_json::{Map, Value, json};

use crate::pipeline::{Answer, Candidate, Ended, Part, Piece, Sources, TokenLogprob};
use crate::types::{Digest, FinishReason, TokenUsage};

use super::convert::api_error;
use super::{ApiError, held};

/// OpenAI's number for a token without any chance: JSON has no infinity.
const NO_CHANCE: f32 = -9999.0;

/// What every object of one answer has in common.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) model: String,
    /// `system_fingerprint`: changes when the model does.
    pub(super) fingerprint: String,
    pub(super) include_usage: bool,
    /// Whether the answer may call tools, and so may hold no text.
    pub(super) offers_tools: bool,
    /// Whether chances of tokens were asked for.
    pub(super) logprobs: bool,
}

/// One choice while it is gathered.
#[derive(Debug, Default)]
struct Gathered {
    content: String,
    reasoning: String,
    calls: Vec<Value>,
    arguments: Vec<String>,
    logprobs: Vec<Value>,
    /// Whether it waits for a second person: there is no text, and not an empty one.
    held: bool,
}

impl Form {
    pub(super) fn fingerprint_of(model: Digest) -> String {
        let hex = model.to_string();
        format!("fp_{}", hex.get(..12).unwrap_or(&hex))
    }

    /// What is the same in each object.
    pub(super) fn base(&self, object: &str) -> Value {
        json!({
            "id": self.id,
            "object": object,
            "created": self.created,
            "model": self.model,
            "service_tier": "default",
            "system_fingerprint": self.fingerprint,
        })
    }

    /// The whole answer as one object.
    pub(super) async fn whole(&self, mut answer: Answer) -> Result<Value, ApiError> {
        let (explain, sources) = (explanation(&answer), answer.sources());
        let mut choices: Vec<Gathered> = Vec::new();
        choices.resize_with(answer.n_choices(), Gathered::default);
        loop {
            match answer.next().await.map_err(|refused| api_error(&refused))? {
                Some(Piece::Choice(index, part)) => {
                    if let Some(choice) = choices.get_mut(index) {
                        choice.take(part);
                    }
                }
                Some(Piece::End(ended)) => {
                    let texts = choices.iter().map(|own| own.content.as_str());
                    let explain = explained(explain, &ended);
                    let extension = extension(explain, sources.as_deref(), texts);
                    let extension = held::extended(extension, &ended, 0);
                    let held = ended.choices.iter().map(|end| end.held.is_some());
                    for (own, _) in choices.iter_mut().zip(held).filter(|(_, held)| *held) {
                        own.held = true;
                    }
                    let choice =
                        |(index, (own, end)): (usize, (Gathered, _))| self.choice(index, own, end);
                    let reasons = ended.choices.iter().map(|end| end.reason);
                    let whole = choices.into_iter().zip(reasons).enumerate();
                    let mut body = self.base("chat.completion");
                    body["choices"] = whole.map(choice).collect();
                    body["usage"] = usage(ended.usage);
                    if let Some(value) = extension {
                        body["bailiwick"] = value;
                    }
                    return Ok(body);
                }
                None => return Err(ApiError::internal()),
            }
        }
    }

    fn choice(&self, index: usize, own: Gathered, reason: FinishReason) -> Value {
        let mut calls = own.calls;
        for (call, arguments) in calls.iter_mut().zip(own.arguments) {
            call["function"]["arguments"] = arguments.into();
        }
        let content = match own.content.is_empty() && (own.held || !calls.is_empty()) {
            true => Value::Null,
            false => own.content.into(),
        };
        let mut message = json!({
            "role": "assistant",
            "content": content,
            "refusal": null,
            "annotations": [],
        });
        if !own.reasoning.is_empty() {
            reasoning(&mut message, &own.reasoning);
        }
        if !calls.is_empty() {
            message["tool_calls"] = calls.into();
        }
        json!({
            "index": index,
            "message": message,
            "logprobs": self.logprobs.then(|| logprobs_object(&own.logprobs)),
            "finish_reason": reason,
        })
    }
}

impl Gathered {
    fn take(&mut self, part: Part) {
        match part {
            Part::Text(text) => self.content.push_str(text.expose()),
            Part::Reasoning(text) => self.reasoning.push_str(text.expose()),
            Part::ToolCall { id, name, .. } => {
                self.calls.push(json!({
                    "id": id,
                    "type": "function",
                    "function": {"name": name, "arguments": ""},
                }));
                self.arguments.push(String::new());
            }
            Part::Arguments { index, delta } => {
                if let Some(own) = self.arguments.get_mut(index) {
                    own.push_str(delta.expose());
                }
            }
            Part::Logprobs(own) => self.logprobs.extend(own.iter().map(logprob)),
            Part::End(_) => {}
        }
    }
}

/// Writes what the model thought under both names that clients read.
pub(super) fn reasoning(message: &mut Value, text: &str) {
    for name in ["reasoning", "reasoning_content"] {
        message[name] = text.into();
    }
}

/// `logprobs` of a choice.
pub(super) fn logprobs_object(content: &[Value]) -> Value {
    json!({"content": content, "refusal": null})
}

/// One token's chances. They show what the model wrote: the pieces of placeholders, not what stands for them.
pub(super) fn logprob(own: &TokenLogprob) -> Value {
    let candidate = |candidate: &Candidate| {
        let bytes = candidate.bytes.expose();
        let mut entry = Map::new();
        entry.insert("token".into(), String::from_utf8_lossy(bytes).into());
        entry.insert("logprob".into(), json!(candidate.logprob.max(NO_CHANCE)));
        entry.insert("bytes".into(), json!(bytes));
        entry
    };
    let mut entry = candidate(&own.token);
    let top: Vec<_> = own.top.iter().map(candidate).collect();
    entry.insert("top_logprobs".into(), json!(top));
    Value::Object(entry)
}

/// `usage` with every detail of OpenAI's.
pub(super) fn usage(usage: TokenUsage) -> Value {
    json!({
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": usage.accepted_prediction,
            "rejected_prediction_tokens": usage.rejected_prediction,
        },
    })
}

/// What the caller asked to see: placeholders, counts and names of fields, never a value.
pub(super) fn explanation(answer: &Answer) -> Option<Value> {
    let explain = answer.explain()?;
    let messages: Vec<Value> = explain
        .masked_messages
        .iter()
        .map(|message| json!({"role": message.role, "content": message.content.expose()}))
        .collect();
    let entities: Map<String, Value> = explain
        .entities
        .iter()
        .map(|(entity, count)| (entity.label().to_owned(), json!(count)))
        .collect();
    Some(json!({
        "audit_entry": answer.entry(),
        "masked_messages": messages,
        "entities": entities,
        "dropped_fields": {"count": explain.dropped.count, "names": explain.dropped.names},
    }))
}

/// `bailiwick` of an answer: the explanation, if there is one, and what its texts quote.
pub(super) fn extension<'a>(
    explain: Option<Value>,
    sources: Option<&Sources>,
    texts: impl Iterator<Item = &'a str>,
) -> Option<Value> {
    let quoted = texts.enumerate().flat_map(|(choice, text)| {
        let found = sources.map(|own| own.of(text)).unwrap_or_default();
        found.into_iter().map(move |own| {
            json!({
                "choice": choice,
                "part": own.part,
                "field": own.field,
                "start_index": own.start,
                "end_index": own.end,
            })
        })
    });
    let quoted: Vec<Value> = quoted.collect();
    if quoted.is_empty() {
        return explain;
    }
    let mut value = explain.unwrap_or_else(|| json!({}));
    value["sources"] = quoted.into();
    Some(value)
}

/// The same with the answers as the model gave them.
pub(super) fn explained(explain: Option<Value>, ended: &Ended) -> Option<Value> {
    let mut value = explain?;
    let masked: Vec<_> = ended
        .choices
        .iter()
        .map(|end| end.masked.as_ref().map(|text| text.expose().as_str()))
        .collect();
    value["masked_answer"] = json!(masked.first());
    if masked.len() > 1 {
        value["masked_answers"] = json!(masked);
    }
    Some(value)
}
