//! The text of a held answer: gathered while it is written, and sealed as JSON.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::types::{FinishReason, Sensitive};

use super::super::answer::Part;

/// A held answer as its caller would have got it.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldText {
    /// What it says.
    pub content: Sensitive<String>,
    /// What the model thought before.
    pub reasoning: Sensitive<String>,
    /// Which tools it calls.
    pub calls: Vec<HeldCall>,
    /// Why the generation ended, in OpenAI's word.
    pub finish: String,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldCall {
    /// Its identifier.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// Its arguments: JSON text.
    pub arguments: Sensitive<String>,
}

impl Default for HeldText {
    fn default() -> Self {
        Self {
            content: Sensitive::default(),
            reasoning: Sensitive::default(),
            calls: Vec::new(),
            // Until somebody knows better: a rule that stops ended it.
            finish: FinishReason::ContentFilter.as_str().to_owned(),
        }
    }
}

impl HeldText {
    /// Takes a part of the answer.
    pub(in super::super) fn add(&mut self, part: &Part) {
        let more = |to: &mut Sensitive<String>, delta: &Sensitive<String>| {
            let all = std::mem::take(to).into_exposed() + delta.expose();
            *to = all.into();
        };
        match part {
            Part::Text(delta) => more(&mut self.content, delta),
            Part::Reasoning(delta) => more(&mut self.reasoning, delta),
            Part::ToolCall { id, name, .. } => self.calls.push(HeldCall {
                id: id.clone(),
                name: name.clone(),
                arguments: Sensitive::default(),
            }),
            Part::Arguments { index, delta } => {
                if let Some(call) = self.calls.get_mut(*index) {
                    more(&mut call.arguments, delta);
                }
            }
            Part::End(reason) => reason.as_str().clone_into(&mut self.finish),
            // They are of the model's own tokens, and nobody decides by them.
            Part::Logprobs(_) => {}
        }
    }

    /// The bytes that are sealed.
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let call = |call: &HeldCall| json!({"id": call.id, "name": call.name, "arguments": call.arguments.expose()});
        let all = json!({
            "content": self.content.expose(),
            "reasoning": self.reasoning.expose(),
            "calls": self.calls.iter().map(call).collect::<Vec<_>>(),
            "finish": self.finish,
        });
        Zeroizing::new(all.to_string().into_bytes())
    }

    /// The text of what [`HeldText::encode`] made.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let all: Value = serde_json::from_slice(bytes).ok()?;
        let text = |of: &Value, name: &str| of[name].as_str().map(str::to_owned);
        let calls = all["calls"].as_array()?.iter().map(|call| {
            Some(HeldCall {
                id: text(call, "id")?,
                name: text(call, "name")?,
                arguments: text(call, "arguments")?.into(),
            })
        });
        Some(Self {
            content: text(&all, "content")?.into(),
            reasoning: text(&all, "reasoning")?.into(),
            calls: calls.collect::<Option<_>>()?,
            finish: text(&all, "finish")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_what_was_written() {
        let mut text = HeldText::default();
        for part in [
            Part::Reasoning("Hm, ".into()),
            Part::Reasoning("\"Ada\".".into()),
            Part::Text("Dear".into()),
            Part::Text(" Ada".into()),
            Part::ToolCall {
                index: 0,
                id: "call_1".to_owned(),
                name: "mail".to_owned(),
            },
            Part::Arguments {
                index: 0,
                delta: "{\"to\": ".into(),
            },
            Part::Arguments {
                index: 0,
                delta: "\"é\"}".into(),
            },
        ] {
            text.add(&part);
        }
        assert_eq!(text.finish, "content_filter");
        text.add(&Part::End(FinishReason::ToolCalls));
        assert_eq!(text.content.expose(), "Dear Ada");
        assert_eq!(text.reasoning.expose(), "Hm, \"Ada\".");
        assert_eq!(text.calls[0].arguments.expose(), "{\"to\": \"é\"}");
        assert_eq!(text.finish, "tool_calls");
        assert_eq!(HeldText::decode(&text.encode()), Some(text.clone()));
        assert_eq!(HeldText::decode(b"{}"), None);
        assert!(!format!("{text:?}").contains("Ada"));
    }
}
