//! What the prompts of a use case begin with, whoever calls it: the operator's words before the first value.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::crm::UseCase;
use crate::tokenizer::ChatModel;
use crate::types::{Digest, Message, MessageRole, TenantSalt};

use super::{AnswerPlan, Guide, Prompt, PromptBuilder};

/// Stands for what a caller's values make of the user's turn: anything that a template writes as it is.
const ANYTHING: &str = ".";

/// The starts of the use cases' prompts, as far as they were needed.
#[derive(Clone, Debug, Default)]
pub(super) struct Starts(Arc<Mutex<HashMap<Digest, Arc<[u32]>>>>);

impl Starts {
    /// The tokens before the user's words; none where they depend on the inputs.
    pub(super) fn of(&self, model: &ChatModel, use_case: &UseCase) -> Arc<[u32]> {
        let digest = use_case.digest();
        let known = |starts: &HashMap<Digest, Arc<[u32]>>| starts.get(&digest).map(Arc::clone);
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known(&lock()) {
            return found;
        }
        let found: Arc<[u32]> = start(model, use_case).unwrap_or_default().into();
        lock().insert(digest, Arc::clone(&found));
        found
    }
}

/// How many tokens of a prompt are its use case's start.
pub(super) fn n_common(start: &[u32], tokens: &[u32]) -> usize {
    let pairs = start.iter().zip(tokens);
    pairs.take_while(|(own, token)| own == token).count()
}

fn start(model: &ChatModel, use_case: &UseCase) -> Option<Vec<u32>> {
    let message = |role, text: &str| Message::new(role, text.to_owned());
    let messages = [
        message(MessageRole::System, &use_case.constant_system()?),
        message(MessageRole::User, ANYTHING),
    ];
    let segments = model.render(&messages).ok()?;
    // The last one: another turn may say the same.
    let users = segments
        .iter()
        .rposition(|own| !own.trusted && own.text.expose() == ANYTHING)?;
    model.tokenizer().encode_chat(&segments[..users]).ok()
}

impl PromptBuilder {
    /// The start of a use case's prompts, whole blocks of `block_tokens`, as a prompt of its own: computed once, it
    /// is in the cache for everybody. `None` where it is shorter than a block. It holds nobody's data.
    pub fn common(&self, use_case: &UseCase, block_tokens: usize) -> Option<Prompt> {
        let start = self.starts().of(self.model(), use_case);
        let whole = start.len() / block_tokens.max(1) * block_tokens;
        let mut tokens = start.get(..whole)?.to_vec();
        // One more: a prompt's last token is always computed.
        tokens.push(*tokens.last()?);
        Some(Prompt {
            tokens,
            n_common: whole,
            salt: TenantSalt(0),
            max_new: 1,
            messages: Vec::new(),
            answer_prefix: None,
            guide: Guide::free(Vec::new()),
            plan: AnswerPlan::words(),
            prediction: Vec::new(),
        })
    }
}
