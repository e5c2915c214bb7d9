//! From a redacted request to a prompt.

use std::sync::Arc;

use crate::crm::Body;
use crate::redact::Redacted;
use crate::tokenizer::{ChatModel, Segment, Special};
use crate::types::{
    AnswerFormat, Chat, Grounding, Message, MessageRole, Sensitive, mentions_grounding,
};

use super::common::{Starts, n_common};
use super::dialogue::{self, Written};
use super::guide::Guide;
use super::plan::AnswerPlan;
use super::{Prompt, PromptError};

/// Puts requests into one chat model's words and tokens.
#[derive(Clone, Debug)]
pub struct PromptBuilder {
    model: Arc<ChatModel>,
    starts: Starts,
}

/// How long prompt and answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptLimits {
    /// The model's context in tokens: prompt and answer together.
    pub max_context: usize,
    /// The most new tokens that the caller asks for; `None`: as many as are allowed.
    pub asked: Option<u32>,
    /// The most new tokens of plain chat; a use case has its own limit.
    pub chat_max_new: u32,
}

impl PromptBuilder {
    /// The model's tokenizer and template.
    pub fn model(&self) -> &Arc<ChatModel> {
        &self.model
    }

    /// A builder for `model`.
    pub fn new(model: Arc<ChatModel>) -> Self {
        Self {
            model,
            starts: Starts::default(),
        }
    }

    pub(super) fn starts(&self) -> &Starts {
        &self.starts
    }

    /// Puts `redacted` into words and tokens. The answer gets what the caller asks, and never more than
    /// the use case (for plain chat: the node) allows. Plain chat that asks for no length gets what is left
    /// of the context; a use case needs its whole length, so that no answer is cut unforeseen.
    ///
    /// # Errors
    ///
    /// [`PromptError`]; nothing is ever cut to make it fit.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a redacted request makes one prompt"
    )]
    pub fn build(&self, redacted: Redacted, limits: PromptLimits) -> Result<Prompt, PromptError> {
        let placeholders = redacted.placeholders().to_vec();
        let mut prediction = Vec::new();
        let (written, (guide, start), allowed, elastic) = match redacted.body() {
            Body::Chat(chat) => {
                if let Some(text) = &chat.prediction {
                    let tokenizer = self.model.tokenizer();
                    prediction = tokenizer.encode(text.expose(), Special::Plain)?;
                }
                let guide = chat_guide(chat, placeholders);
                let written = dialogue::write(&self.model, chat)?;
                (written, (guide, String::new()), limits.chat_max_new, true)
            }
            Body::UseCase { use_case, inputs } => {
                let messages = use_case.render(inputs)?;
                let written = Written {
                    segments: self.model.render(&messages)?,
                    messages,
                    plan: AnswerPlan::words(),
                };
                let guide = Guide::new(use_case.outline(inputs)?, placeholders);
                (written, guide, use_case.sampling().max_tokens, false)
            }
            Body::Text(text) => {
                let written = Written {
                    segments: vec![Segment {
                        text: text.clone(),
                        trusted: false,
                    }],
                    messages: vec![Message::new(MessageRole::User, text.clone())],
                    plan: AnswerPlan::words(),
                };
                let free = (Guide::free(placeholders), String::new());
                (written, free, limits.chat_max_new, true)
            }
            Body::Texts(_) => {
                return Err(PromptError::WrongBody {
                    expected: "a conversation",
                    found: "a list of texts",
                });
            }
        };
        let answer_prefix = Some(start).filter(|start| !start.is_empty());
        let mut segments = written.segments;
        if let Some(prefix) = &answer_prefix {
            segments.push(Segment {
                text: Sensitive::new(prefix.clone()),
                trusted: false,
            });
        }
        let tokens = self.model.tokenizer().encode_chat(&segments)?;
        if tokens.is_empty() {
            return Err(PromptError::NoText);
        }
        let max_new = max_new(tokens.len(), allowed, elastic, limits)?;
        let n_common = match redacted.body() {
            Body::UseCase { use_case, .. } => {
                n_common(&self.starts.of(&self.model, use_case), &tokens)
            }
            Body::Chat(_) | Body::Text(_) | Body::Texts(_) => 0,
        };
        Ok(Prompt {
            tokens,
            n_common,
            salt: redacted.origin().salt(),
            max_new,
            messages: written.messages,
            answer_prefix,
            guide,
            plan: written.plan,
            prediction,
        })
    }
}

/// What the answer of a conversation may say. What the model itself said before is no source.
fn chat_guide(chat: &Chat, placeholders: Vec<String>) -> Guide {
    let in_schema = match &chat.format {
        AnswerFormat::JsonSchema { schema, .. } => mentions_grounding(schema.expose()),
        AnswerFormat::JsonObject | AnswerFormat::Text => false,
    };
    if chat.grounded.is_none() && !in_schema {
        return Guide::free(placeholders);
    }
    let sources = chat.messages.iter();
    let sources = sources.filter(|message| message.role != MessageRole::Assistant);
    let texts = sources.map(|message| message.content.expose().clone());
    let grounding = chat.grounded.unwrap_or(Grounding::Free);
    Guide::grounded(grounding, texts.collect(), placeholders)
}

/// The length of the answer.
fn max_new(
    prompt_tokens: usize,
    allowed: u32,
    elastic: bool,
    limits: PromptLimits,
) -> Result<u32, PromptError> {
    if limits.asked == Some(0) || allowed == 0 {
        return Err(PromptError::NoRoomAsked);
    }
    let wanted = limits.asked.map_or(allowed, |asked| asked.min(allowed));
    let left = limits.max_context.saturating_sub(prompt_tokens);
    let left = u32::try_from(left).unwrap_or(u32::MAX);
    let given = if elastic && limits.asked.is_none() {
        wanted.min(left).max(1)
    } else {
        wanted
    };
    if given <= left {
        Ok(given)
    } else {
        Err(PromptError::ContextLengthExceeded {
            prompt_tokens,
            max_new: usize::try_from(given).unwrap_or(usize::MAX),
            limit: limits.max_context,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::crm::{Catalogue, Field, Input, InputValue, Minimised};
    use crate::tokenizer::{SpacePrefix, Tokenizer, TokenizerModel, Vocabulary};
    use crate::types::{Chat, DataClass, Message, MessageRole, SystemClock};

    use super::super::EmbeddingInput;
    use super::*;

    const TEMPLATE: &str = "{% for m in messages %}<s>{{ m.role }}:{{ m.content }}</s>{% endfor %}\
                            {% if add_generation_prompt %}<s>assistant:{% endif %}";

    /// One token per byte, from id 3; `<s>` is 1 and `</s>` is 2.
    fn tokenizer() -> Tokenizer {
        let bytes: Vec<String> = (0..=255).map(|byte| format!("<0x{byte:02X}>")).collect();
        let mut tokens = vec!["<unk>", "<s>", "</s>"];
        tokens.extend(bytes.iter().map(String::as_str));
        let n = tokens.len();
        let kind = |i| match i {
            0 => 2,
            1 | 2 => 3,
            _ => 6,
        };
        Tokenizer::new(&Vocabulary {
            model: TokenizerModel::SentencePiece,
            pre: None,
            tokens,
            token_types: (0..n).map(kind).collect(),
            scores: vec![0.0; n],
            merges: Vec::new(),
            bos: Some(1),
            eos: Some(2),
            eot: None,
            ends: Vec::new(),
            unknown: Some(0),
            add_bos: Some(false),
            add_eos: Some(false),
            space_prefix: Some(SpacePrefix::Never),
        })
        .unwrap()
    }

    fn builder() -> PromptBuilder {
        let model = ChatModel::new(Arc::new(tokenizer()), TEMPLATE, SystemClock::shared());
        PromptBuilder::new(Arc::new(model.unwrap()))
    }

    fn build(body: Body, limits: PromptLimits) -> Result<Prompt, PromptError> {
        let redacted = Redacted::for_test(Minimised::for_test(body));
        builder().build(redacted, limits)
    }

    fn chat(text: &str) -> Body {
        let messages = vec![Message::new(MessageRole::User, text)];
        Body::Chat(Box::new(Chat::of(messages)))
    }

    fn limits(max_context: usize, asked: Option<u32>, chat_max_new: u32) -> PromptLimits {
        PromptLimits {
            max_context,
            asked,
            chat_max_new,
        }
    }

    fn text_of(prompt: &Prompt) -> String {
        let bytes = |id: &u32| match id {
            1 => b"<|s|>".to_vec(),
            2 => b"<|/s|>".to_vec(),
            id => vec![u8::try_from(id - 3).unwrap()],
        };
        let bytes: Vec<u8> = prompt.tokens().iter().flat_map(bytes).collect();
        String::from_utf8(bytes).unwrap().replace('\u{2581}', " ")
    }

    #[test]
    fn control_tokens_come_from_the_template_alone() {
        let prompt = build(chat("hi</s>"), limits(100, None, 10)).unwrap();
        assert_eq!(text_of(&prompt), "<|s|>user:hi</s><|/s|><|s|>assistant:");
        assert_eq!(
            format!("{prompt:?}"),
            "Prompt { tokens: 24, max_new: 10, .. }"
        );
    }

    #[test]
    fn the_answer_gets_what_was_asked_within_what_is_allowed() {
        // The prompt has 20 tokens.
        for (context, asked, allowed, expected) in [
            (100, None, 10, Some(10)),
            (100, Some(5), 10, Some(5)),
            (100, Some(50), 10, Some(10)),
            (25, None, 10, Some(5)),
            (30, Some(10), 10, Some(10)),
            (29, Some(10), 10, None),
            (20, None, 10, None),
            (5, None, 10, None),
            (100, Some(0), 10, None),
        ] {
            let got = build(chat("hi"), limits(context, asked, allowed));
            let got = got.ok().map(|prompt| prompt.max_new());
            assert_eq!(got, expected, "{context} {asked:?} {allowed}");
        }
        let error = build(chat("hi"), limits(29, Some(10), 10)).unwrap_err();
        assert!(error.is_context_length());
        assert_eq!(
            error.to_string(),
            "this model's maximum context length is 29 tokens; the messages have 20 tokens and 10 were \
             asked for the answer"
        );
    }

    #[test]
    fn a_use_case_is_put_into_its_own_words() {
        let use_case = Catalogue::load(None, false)
            .unwrap()
            .find("case-summary", None)
            .unwrap();
        let field = |name: &str, text: &str| {
            let field = Field {
                text: text.into(),
                class: DataClass::Personal,
                entity: None,
            };
            (name.to_owned(), InputValue::Text(field))
        };
        let case = vec![
            field("Subject", "Broken {{ kettle }}"),
            (
                "Contact".to_owned(),
                InputValue::Object(vec![field("Name", "[PERSON_1]")]),
            ),
        ];
        let body = Body::UseCase {
            inputs: vec![Input {
                name: "case".to_owned(),
                value: InputValue::Object(case),
            }],
            use_case: Arc::clone(&use_case),
        };
        let prompt = build(body.clone(), limits(8_192, None, 1)).unwrap();
        let text = text_of(&prompt);
        assert!(text.contains("Subject: Broken {{ kettle }}"), "{text}");
        assert!(text.contains("Customer: [PERSON_1]"), "{text}");
        let start = prompt.answer_prefix().unwrap_or_default();
        assert!(text.ends_with(&format!("assistant:{start}")), "{text}");
        assert_eq!(prompt.max_new(), use_case.sampling().max_tokens);
        assert_eq!(prompt.masked_messages().len(), 2);
        let error = build(body, limits(100, None, 1)).unwrap_err();
        assert!(matches!(
            error,
            PromptError::ContextLengthExceeded { limit: 100, .. }
        ));
    }

    #[test]
    fn texts_are_embedded_and_never_cut() {
        let body =
            |texts: &[&str]| Body::Texts(texts.iter().map(|t| Sensitive::from(*t)).collect());
        let embed = |body: Body| {
            let redacted = Redacted::for_test(Minimised::for_test(body));
            EmbeddingInput::new(redacted, &tokenizer(), 4)
        };
        let input = embed(body(&["ab", "</s>"])).unwrap();
        assert_eq!(input.tokens(), [vec![100, 101], vec![63, 50, 118, 65]]);
        assert_eq!(input.total_tokens(), 6);
        let error = embed(body(&["ab", "abcde"])).unwrap_err();
        assert!(matches!(
            error,
            PromptError::EmbeddingTooLong {
                index: 1,
                tokens: 5,
                limit: 4
            }
        ));
        assert!(matches!(
            embed(chat("x")).unwrap_err(),
            PromptError::WrongBody { .. }
        ));
        let error = build(body(&["x"]), limits(100, None, 1)).unwrap_err();
        assert!(matches!(error, PromptError::WrongBody { .. }));
    }

    #[test]
    fn synthetic_prompts_repeat() {
        let tokens = |len, seed| Prompt::synthetic(len, seed).tokens().to_vec();
        assert_eq!(tokens(64, 1), tokens(64, 1));
        assert_ne!(tokens(64, 1), tokens(64, 2));
        assert!(tokens(1_000, 3).iter().all(|id| *id < 200));
    }
}
