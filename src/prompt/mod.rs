//! What the model reads: a redacted request, put into words and then into tokens.
//!
//! The engine takes nothing but a [`Prompt`], and a [`Prompt`] is made from nothing but a
//! [`Redacted`](crate::redact::Redacted), with one opening: [`Prompt::synthetic`], for benches and warm-up,
//! which holds nobody's text; and one that holds the operator's: [`PromptBuilder::common`].

mod build;
mod common;
mod dialogue;
mod embedding;
mod error;
mod guide;
mod plan;

use std::fmt;

use crate::types::{Message, TenantSalt};

pub use self::build::{PromptBuilder, PromptLimits};
pub use self::embedding::EmbeddingInput;
pub use self::error::PromptError;
pub use self::guide::Guide;
pub use self::plan::{AnswerPlan, Thinking, ToolPlan};

/// The tokens that a model is to continue; a copy is for another answer to the same request. Made only here:
///
/// ```compile_fail
/// use bailiwick::types::TenantSalt;
/// let forged = bailiwick::prompt::Prompt { tokens: vec![1], salt: TenantSalt(0) };
/// ```
///
/// ```compile_fail
/// let forged = bailiwick::prompt::Prompt::default();
/// ```
///
/// A builder takes no text that wasn't redacted:
///
/// ```compile_fail
/// use bailiwick::{crm::Minimised, prompt::{Prompt, PromptBuilder, PromptLimits}};
/// fn skip(builder: &PromptBuilder, minimised: Minimised, limits: PromptLimits) -> Prompt {
///     builder.build(minimised, limits).unwrap()
/// }
/// ```
#[derive(Clone)]
pub struct Prompt {
    tokens: Vec<u32>,
    n_common: usize,
    salt: TenantSalt,
    max_new: u32,
    messages: Vec<Message>,
    answer_prefix: Option<String>,
    guide: Guide,
    plan: AnswerPlan,
    prediction: Vec<u32>,
}

impl Prompt {
    /// A prompt of `len` made-up tokens, the same for the same `seed`; ids are below 200.
    pub fn synthetic(len: usize, seed: u64) -> Self {
        // Knuth's multiplicative hash: well spread, and the same on every machine.
        let token = |i: u64| i.wrapping_add(seed).wrapping_mul(2_654_435_761) % 200;
        let tokens = (0_u64..)
            .take(len)
            .map(|i| u32::try_from(token(i)).unwrap_or(0));
        Self {
            tokens: tokens.collect(),
            n_common: 0,
            salt: TenantSalt(seed),
            max_new: u32::MAX,
            messages: Vec::new(),
            answer_prefix: None,
            guide: Guide::free(Vec::new()),
            plan: AnswerPlan::words(),
            prediction: Vec::new(),
        }
    }

    /// The tokens.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// So many tokens, from the first, are the use case's own words before any value of a record: the same for all
    /// tenants.
    pub fn n_common(&self) -> usize {
        self.n_common
    }

    /// Keeps what this prompt leaves in caches apart from other tenants'.
    pub fn salt(&self) -> TenantSalt {
        self.salt
    }

    /// The most tokens that the answer may have: what was asked, within what is allowed.
    pub fn max_new(&self) -> u32 {
        self.max_new
    }

    /// The conversation as the model sees it, placeholders in place of people; for showing to those who
    /// may see it. Empty for a synthetic prompt.
    pub fn masked_messages(&self) -> &[Message] {
        &self.messages
    }

    /// The start of the answer that the prompt already holds: it is shown before the first token.
    pub fn answer_prefix(&self) -> Option<&str> {
        self.answer_prefix.as_deref()
    }

    /// What the answer is to be.
    pub fn plan(&self) -> &AnswerPlan {
        &self.plan
    }

    /// What the answer will probably say; empty where nobody knows.
    pub fn prediction(&self) -> &[u32] {
        &self.prediction
    }

    /// What the answer may say after that start.
    pub fn guide(&self) -> &Guide {
        &self.guide
    }
}

/// Says how long it is, and nothing of what it says.
impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("tokens", &self.tokens.len())
            .field("max_new", &self.max_new)
            .finish_non_exhaustive()
    }
}
