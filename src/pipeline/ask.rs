//! What a client asks for, in native types.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::crm::Variables;
use crate::tokenizer::Tokenizer;
use crate::types::{
    AnswerFormat, Grounding, Message, Name, RequestId, Sensitive, TemplateArguments, ToolUse,
};

use super::Refused;
use super::tokens::tokenise;

/// Most answers to one request. OpenAI's own limit is 128; here each answer takes a place in the engine's
/// queue, so a client that wants more asks again.
pub const MAX_ANSWERS: u8 = 8;
/// Most of the likeliest tokens that are shown with each token.
pub const MAX_TOP_LOGPROBS: u8 = 20;

/// One request for one or more answers; [`ChatAsk::new`] asks for one, with nothing special.
#[derive(Debug)]
pub struct ChatAsk {
    /// The request's identifier.
    pub request: RequestId,
    /// The endpoint, for the audit log: `chat.completions`, `responses`.
    pub endpoint: &'static str,
    /// The model's name or alias, as the client wrote it.
    pub model: String,
    /// What is to be done.
    pub work: Work,
    /// Sampling settings that the client gave.
    pub sampling: SamplingAsk,
    /// Most tokens of each answer; `None`: the use case's or the policy's limit.
    pub max_tokens: Option<u32>,
    /// Strings before which an answer ends.
    pub stop: Vec<String>,
    /// How many answers, 1 to [`MAX_ANSWERS`]: each with its own seed, made of the request's.
    pub n: u8,
    /// Whether each token comes with its chances, and with how many of the likeliest, at most
    /// [`MAX_TOP_LOGPROBS`]. They show the model's own tokens: of a person, the pieces of the placeholder.
    pub logprobs: Option<u8>,
    /// What the answer will probably say: makes it faster where that is right, and changes no token of it.
    pub prediction: Option<Sensitive<String>>,
    /// The form of the answer.
    pub format: AnswerFormat,
    /// The tools that may be called.
    pub tools: Option<ToolUse>,
    /// What the model's chat template gets beside the messages.
    pub template: TemplateArguments,
    /// When the answer must be there, and what becomes of it if it isn't; `None`: the node's own time limit.
    pub deadline: Option<Deadline>,
    /// Whether nobody waits for the answer: a job's time limit holds in place of the node's own.
    pub background: bool,
    /// Whether the answer goes out while it is written. Of one that goes out whole and is held, nothing goes out.
    pub stream: bool,
    /// What the client says of the request, for the audit log alone.
    pub tags: Tags,
    /// What keeps the answer to the conversation; of a use case its file says so.
    pub grounded: Option<Grounding>,
    /// Whether the answer shows what the model saw (placeholders, never people) and its audit entry.
    pub explain: bool,
}

/// When an answer must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// How long after the request's arrival. Never later than the node's own limit.
    pub within: Duration,
    /// What happens then.
    pub late: Late,
}

/// What becomes of an answer that isn't ready at its deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Late {
    /// What there is by then, with the finish reason `length`.
    #[default]
    Cut,
    /// [`Refused::Late`](super::Refused::Late).
    Refuse,
}

/// What a client says of its request. It changes nothing of the answer; the audit log takes a digest of it
/// under the node's key, so that a client who knows what it sent can find the entry again, and nobody can
/// read it there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// `metadata`: at most 16 pairs.
    pub metadata: BTreeMap<String, Sensitive<String>>,
    /// `safety_identifier`, or the older `user`.
    pub user: Option<Sensitive<String>>,
}

impl Tags {
    /// All of it in one form: equal for equal tags; `None` without any.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        if self.metadata.is_empty() && self.user.is_none() {
            return None;
        }
        let metadata = self.metadata.iter();
        let metadata: BTreeMap<_, _> = metadata.map(|(key, value)| (key, value.expose())).collect();
        let user = self.user.as_ref().map(Sensitive::expose);
        serde_json::to_vec(&(metadata, user)).ok()
    }
}

impl ChatAsk {
    /// Asks for one answer in words, with the defaults of everything.
    pub fn new(request: RequestId, endpoint: &'static str, model: String, work: Work) -> Self {
        Self {
            request,
            endpoint,
            model,
            work,
            sampling: SamplingAsk::default(),
            max_tokens: None,
            stop: Vec::new(),
            n: 1,
            logprobs: None,
            prediction: None,
            format: AnswerFormat::Text,
            tools: None,
            template: TemplateArguments::default(),
            deadline: None,
            background: false,
            stream: false,
            tags: Tags::default(),
            grounded: None,
            explain: false,
        }
    }
}

/// Plain chat or a use case.
#[derive(Debug)]
pub enum Work {
    /// Messages.
    Chat(Vec<Message>),
    /// A text to go on with.
    Text(TextInput),
    /// A use case and its variables.
    UseCase {
        /// Its name.
        name: Name,
        /// Its version; `None`: the newest.
        version: Option<u32>,
        /// What it works on.
        variables: Variables,
    },
}

/// Sampling settings as the client gave them; what is absent comes from the use case or OpenAI's
/// defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SamplingAsk {
    /// `temperature`
    pub temperature: Option<f32>,
    /// `top_k`
    pub top_k: Option<u32>,
    /// `top_p`
    pub top_p: Option<f32>,
    /// `min_p`
    pub min_p: Option<f32>,
    /// `frequency_penalty`
    pub frequency_penalty: Option<f32>,
    /// `presence_penalty`
    pub presence_penalty: Option<f32>,
    /// `repetition_penalty`
    pub repetition_penalty: Option<f32>,
    /// `seed`
    pub seed: Option<u64>,
    /// `logit_bias`, by token
    pub logit_bias: BTreeMap<u32, f32>,
}

/// Embeddings of texts.
#[derive(Debug)]
pub struct EmbeddingAsk {
    /// The request's identifier.
    pub request: RequestId,
    /// The model's name or alias, as the client wrote it.
    pub model: String,
    /// The texts, in order.
    pub inputs: Vec<TextInput>,
    /// The length of vectors that the client wants; only the model's own can be had.
    pub dimensions: Option<usize>,
    /// The endpoint, by name: `embeddings`, `rerank`, `score`.
    pub endpoint: &'static str,
}

/// A text, as it came.
#[derive(Clone, Debug)]
pub enum TextInput {
    /// In words.
    Text(Sensitive<String>),
    /// In tokens of the model. They are put into words and masked like any text, and tokenised again.
    Tokens(Vec<u32>),
}

impl TextInput {
    /// The text in words.
    pub(super) fn into_text(
        self,
        tokenizer: &Arc<Tokenizer>,
    ) -> Result<Sensitive<String>, Refused> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Tokens(ids) => {
                let text = tokenizer.decode_to_search(&ids).map_err(tokenise)?;
                Ok(Sensitive::new(text))
            }
        }
    }
}
