//! What a client asks for, in native types.

use std::collections::BTreeMap;

use crate::crm::Variables;
use crate::types::{Message, Name, RequestId, Sensitive};

/// One chat completion.
#[derive(Debug)]
pub struct ChatAsk {
    /// The request's identifier.
    pub request: RequestId,
    /// The model's name or alias, as the client wrote it.
    pub model: String,
    /// What is to be done.
    pub work: Work,
    /// Sampling settings that the client gave.
    pub sampling: SamplingAsk,
    /// Most tokens of the answer; `None`: the use case's or the policy's limit.
    pub max_tokens: Option<u32>,
    /// Strings before which the answer ends.
    pub stop: Vec<String>,
    /// Whether the answer shows what the model saw (placeholders, never people) and its audit entry.
    pub explain: bool,
}

/// Plain chat or a use case.
#[derive(Debug)]
pub enum Work {
    /// Messages.
    Chat(Vec<Message>),
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
    pub texts: Vec<Sensitive<String>>,
}
