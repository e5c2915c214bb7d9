//! The objects of legacy completions.

use serde_json::{Map, Value, json};

use crate::pipeline::{Candidate, TokenLogprob};
use crate::types::{FinishReason, Sensitive, TokenUsage};

/// OpenAI's number for a token without any chance: JSON has no infinity.
const NO_CHANCE: f32 = -9999.0;

/// What every object of one answer has in common.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) model: String,
    /// Choices per text.
    pub(super) n: u8,
    pub(super) logprobs: bool,
    /// The texts, where they are shown before their answers.
    pub(super) echo: Vec<Sensitive<String>>,
    pub(super) include_usage: bool,
}

/// Tokens with their chances, in the form of lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Logprobs {
    tokens: Vec<String>,
    logprobs: Vec<f32>,
    top: Vec<Value>,
    offsets: Vec<usize>,
    /// Characters of the tokens so far.
    at: usize,
}

impl Form {
    pub(super) fn base(&self) -> Value {
        json!({"id": self.id, "object": "text_completion", "created": self.created, "model": self.model})
    }

    /// The number of a choice of the text that is `at` this place.
    pub(super) fn place(&self, at: usize, index: usize) -> usize {
        at * usize::from(self.n) + index
    }
}

pub(super) fn choice(index: usize, text: &str, logprobs: Option<&Value>, finish: &Value) -> Value {
    json!({"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish})
}

/// The reason in the words of this form.
pub(super) fn finish(reason: FinishReason) -> Value {
    json!(match reason {
        FinishReason::ContentFilter => "content_filter",
        FinishReason::Length => "length",
        _ => "stop",
    })
}

/// What is said of the answers to two texts, together.
pub(super) fn joined(a: Option<Value>, b: Option<Value>) -> Option<Value> {
    let (mut a, mut b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (a, b) => return a.or(b),
    };
    if a["held"].is_null() {
        a["held"] = b["held"].take();
    }
    if let (Value::Array(all), Value::Array(more)) =
        (&mut a["held_choices"], b["held_choices"].take())
    {
        all.extend(more);
    }
    Some(a)
}

pub(super) fn usage(usage: TokenUsage) -> Value {
    json!({
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
    })
}

pub(super) fn sum(a: TokenUsage, b: TokenUsage) -> TokenUsage {
    TokenUsage {
        prompt: a.prompt.saturating_add(b.prompt),
        cached: a.cached.saturating_add(b.cached),
        completion: a.completion.saturating_add(b.completion),
        ..a
    }
}

impl Logprobs {
    pub(super) fn extend(&mut self, tokens: &[TokenLogprob]) {
        for TokenLogprob { token, top } in tokens {
            let text = text_of(token);
            self.offsets.push(self.at);
            self.at += text.chars().count();
            self.tokens.push(text);
            self.logprobs.push(token.logprob.max(NO_CHANCE));
            // Different tokens can have the same text where both are parts of characters: the likelier stays.
            let mut best = Map::new();
            for candidate in top {
                best.entry(text_of(candidate))
                    .or_insert(json!(candidate.logprob.max(NO_CHANCE)));
            }
            self.top.push(Value::Object(best));
        }
    }

    /// What came so far, and then nothing but the place in the text.
    pub(super) fn take(&mut self) -> Value {
        let body = self.json();
        *self = Self {
            at: self.at,
            ..Self::default()
        };
        body
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "tokens": self.tokens,
            "token_logprobs": self.logprobs,
            "top_logprobs": self.top,
            "text_offset": self.offsets,
        })
    }
}

/// A token's text; bytes that are no whole characters as OpenAI shows them, `bytes:\xe2\x80`.
fn text_of(candidate: &Candidate) -> String {
    let bytes = candidate.bytes.expose();
    std::str::from_utf8(bytes).map_or_else(
        |_| {
            let escaped = bytes.iter().map(|byte| format!("\\x{byte:02x}"));
            format!("bytes:{}", escaped.collect::<String>())
        },
        str::to_owned,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(bytes: &[u8], logprob: f32) -> Candidate {
        Candidate {
            bytes: Sensitive::new(bytes.to_vec()),
            logprob,
        }
    }

    #[test]
    fn lists_go_together_and_offsets_go_on() {
        let mut logprobs = Logprobs::default();
        let token = |bytes: &[u8]| TokenLogprob {
            token: candidate(bytes, -0.5),
            top: vec![candidate(bytes, -0.5), candidate(b" b", -1.5)],
        };
        logprobs.extend(&[token("é ".as_bytes()), token(&[0xe2, 0x80])]);
        let first = logprobs.take();
        assert_eq!(first["tokens"], json!(["é ", "bytes:\\xe2\\x80"]));
        assert_eq!(first["text_offset"], json!([0, 2]));
        assert_eq!(first["token_logprobs"], json!([-0.5, -0.5]));
        assert_eq!(first["top_logprobs"][0], json!({"é ": -0.5, " b": -1.5}));
        logprobs.extend(&[token(b"x")]);
        assert_eq!(logprobs.take()["text_offset"], json!([16]));
        assert_eq!(logprobs.json()["tokens"], json!([]));
    }
}
