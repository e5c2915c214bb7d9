//! Why a request gets no answer.

use std::time::Duration;

use crate::audit::AuditError;
use crate::crm::MinimiseError;
use crate::engine::{EngineFailure, LimitsError, SamplingError, SubmitError};
use crate::grammar::GrammarError;
use crate::grounding::GroundedError;
use crate::model::encoder::EncoderError;
use crate::policy::Refusal;
use crate::prompt::PromptError;
use crate::redact::RedactError;
use crate::tokenizer::TemplateError;
use crate::types::Name;

use super::adapters::LoadError;
use super::files::FileError;
use super::held::HeldError;
use super::sealed::SealError;

/// Why a request gets no answer. No variant holds text of the request.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The use case's adapter is not loaded.
    #[error("the use case needs the adapter `{name}`, which is not loaded here; tell the operator")]
    AdapterMissing {
        /// Its name.
        name: Name,
    },
    /// An adapter can't be loaded or unloaded.
    #[error(transparent)]
    AdapterChange(#[from] LoadError),
    /// The audit log can't take the end of the request.
    #[error("the answer can't be recorded")]
    Audit(#[from] AuditError),
    /// Vectors of another length than the model makes.
    #[error(
        "the model makes vectors of {own} dimensions and can't make others; leave `dimensions` out"
    )]
    Dimensions {
        /// The model's.
        own: usize,
    },
    /// The encoder failed.
    #[error("the embedding model failed")]
    Encoder(Box<EncoderError>),
    /// The engine failed after it had accepted the request.
    #[error("{0}")]
    Engine(EngineFailure),
    /// A file can't be kept, found or read.
    #[error(transparent)]
    Files(#[from] FileError),
    /// The form that the answer is to have can't be enforced.
    #[error("the schema of the answer: {0}")]
    Format(GrammarError),
    /// The schema of the answer grounds strings in a way that can't be enforced.
    #[error("the schema of the answer: {0}")]
    Grounded(GroundedError),
    /// A held answer can't be found or decided on.
    #[error(transparent)]
    Held(#[from] HeldError),
    /// A bug of ours.
    #[error("a stage of the pipeline ended early")]
    Internal,
    /// The answer was not ready at the deadline that the request set.
    #[error(
        "the answer was not ready in the time that the request gives it; give it more, or ask for fewer tokens"
    )]
    Late,
    /// Limits of the generation are out of range.
    #[error(transparent)]
    Limits(#[from] LimitsError),
    /// The variables don't fit the use case.
    #[error(transparent)]
    Minimise(#[from] MinimiseError),
    /// As many embedding requests as may wait are waiting.
    #[error("the queue of the embedding model is full")]
    EncoderBusy,
    /// The schema of a tool's arguments can't be enforced.
    #[error("the parameters of tool {index}: {error}")]
    Parameters {
        /// The tool's place in the request, from 0.
        index: usize,
        /// Why not.
        error: GrammarError,
    },
    /// The model that was asked is not in memory and can't be loaded.
    #[error("the model `{name}` can't be loaded; tell the operator")]
    ModelUnavailable {
        /// Its name.
        name: Name,
    },
    /// The model that was asked is not in memory, and those that are there are all at work.
    #[error(
        "the model is not in memory and there is no room for it while others answer; try again"
    )]
    ModelsBusy,
    /// The model that was asked is still being loaded.
    #[error("the model is being loaded; try again")]
    ModelLoading,
    /// Messages came for a model that holds no conversations.
    #[error("the model has no chat template: send a text")]
    NoChatTemplate,
    /// The node's policy puts no values back.
    #[error("this node does not put values back (`chat.restore` is off)")]
    NoRestoring,
    /// Policy refuses.
    #[error(transparent)]
    Policy(#[from] Refusal),
    /// The prompt can't be made.
    #[error(transparent)]
    Prompt(Box<PromptError>),
    /// The request can't be redacted, so it goes no further.
    #[error(transparent)]
    Redact(#[from] RedactError),
    /// A parameter that plain chat has, with a use case.
    #[error("`{param}` can't be combined with a use case, which says itself what its answer is")]
    NotWithUseCase {
        /// The parameter.
        param: &'static str,
    },
    /// A sampling setting is out of range.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// The engine doesn't take the request.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The tools, or the choice among them, can't be used.
    #[error(transparent)]
    Tools(GrammarError),
    /// No such model here, or not for this endpoint.
    #[error("the model does not exist or can't do this; available: {}", available.iter().map(Name::as_str).collect::<Vec<_>>().join(", "))]
    UnknownModel {
        /// What there is.
        available: Vec<Name>,
    },
    /// A token that the model does not have.
    #[error("token {id} does not exist: the model has {size} tokens, from 0")]
    UnknownToken {
        /// What came.
        id: u32,
        /// How many tokens there are.
        size: usize,
    },
    /// A vault can't be sealed or opened.
    #[error(transparent)]
    Vault(#[from] SealError),
    /// No such use case here.
    #[error("the use case does not exist here{}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownUseCase {
        /// What was probably meant.
        nearest: Option<String>,
    },
}

impl From<EncoderError> for Refused {
    fn from(error: EncoderError) -> Self {
        Self::Encoder(Box::new(error))
    }
}

impl From<PromptError> for Refused {
    fn from(error: PromptError) -> Self {
        Self::Prompt(Box::new(error))
    }
}

impl Refused {
    /// The machine-readable code, for the client and the audit log.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Policy(Refusal::Residency { .. }) => "residency_violation",
            Self::Policy(Refusal::NotAllowed { .. } | Refusal::ChatDisabled)
            | Self::NoRestoring => "not_allowed",
            Self::Vault(SealError::Broken) => "invalid_vault",
            Self::Vault(SealError::Expired) => "vault_expired",
            Self::Vault(SealError::NotYours) => "not_allowed",
            Self::Policy(Refusal::Concurrency { .. } | Refusal::TooManyRequests { .. }) => {
                "rate_limit_exceeded"
            }
            Self::Policy(Refusal::Audit(_)) | Self::Audit(_) => "audit_unavailable",
            Self::Prompt(error) if error.is_context_length() => "context_length_exceeded",
            Self::Submit(SubmitError::TooLong { .. } | SubmitError::TooLarge { .. }) => {
                "context_length_exceeded"
            }
            Self::Submit(SubmitError::QueueFull { .. }) | Self::EncoderBusy => "queue_full",
            Self::Engine(EngineFailure::QueueTimeout) => "queue_timeout",
            Self::Submit(SubmitError::ShuttingDown) | Self::Engine(EngineFailure::ShuttingDown) => {
                "shutting_down"
            }
            Self::Submit(SubmitError::Unready) | Self::Engine(EngineFailure::Unready) => {
                "engine_unavailable"
            }
            Self::AdapterChange(LoadError::NotLoaded) => "adapter_not_found",
            Self::AdapterChange(LoadError::Full { .. }) => "adapters_full",
            Self::AdapterChange(_) => "invalid_adapter",
            Self::AdapterMissing { .. } => "adapter_not_loaded",
            Self::ModelUnavailable { .. } => "model_unavailable",
            Self::ModelsBusy => "models_busy",
            Self::ModelLoading => "model_loading",
            Self::Files(error) => error.code(),
            Self::Held(error) => error.code(),
            Self::UnknownModel { .. } => "model_not_found",
            Self::UnknownUseCase { .. } => "use_case_not_found",
            Self::Late => "deadline_exceeded",
            Self::Minimise(_) => "invalid_variables",
            Self::Redact(_) => "redaction_failed",
            Self::Vault(SealError::TooMuch)
            | Self::Format(_)
            | Self::Grounded(_)
            | Self::Dimensions { .. }
            | Self::Limits(_)
            | Self::NoChatTemplate
            | Self::NotWithUseCase { .. }
            | Self::Parameters { .. }
            | Self::Sampling(_)
            | Self::Tools(_)
            | Self::UnknownToken { .. } => "invalid_value",
            Self::Prompt(error) => prompt_code(error),
            Self::Encoder(_)
            | Self::Engine(_)
            | Self::Internal
            | Self::Submit(_)
            | Self::Vault(SealError::Unsealable) => "internal_error",
        }
    }

    /// Whether it is about a text to embed, not about a conversation.
    pub fn is_about_texts(&self) -> bool {
        matches!(self, Self::Prompt(error) if matches!(**error, PromptError::EmbeddingTooLong { .. }))
    }

    /// The argument that the model's chat template does not read.
    pub fn unread_argument(&self) -> Option<&str> {
        match self {
            Self::Prompt(error) => match &**error {
                PromptError::Template(TemplateError::UnknownArgument { name }) => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    /// When to try again, where that helps.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Policy(
                Refusal::Concurrency { retry_after, .. }
                | Refusal::TooManyRequests { retry_after, .. },
            ) => Some(*retry_after),
            Self::Submit(SubmitError::QueueFull { retry_after }) => Some(*retry_after),
            Self::EncoderBusy
            | Self::ModelsBusy
            | Self::ModelLoading
            | Self::Engine(EngineFailure::QueueTimeout | EngineFailure::ShuttingDown)
            | Self::Submit(SubmitError::ShuttingDown) => Some(Duration::from_secs(5)),
            _ => None,
        }
    }
}

/// The code of what keeps a prompt from being made; what is no fault of the request is ours.
fn prompt_code(error: &PromptError) -> &'static str {
    match error {
        PromptError::NoRoomAsked | PromptError::NoText => "invalid_value",
        PromptError::Template(error) => match error {
            TemplateError::UnknownArgument { .. } => "unsupported_parameter",
            TemplateError::Refused { .. }
            | TemplateError::SentinelsTaken
            | TemplateError::Unshown { .. } => "invalid_value",
            _ => "internal_error",
        },
        _ => "internal_error",
    }
}
