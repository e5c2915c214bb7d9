//! One sequence, as the scheduler sees it: tokens and how many of them are in the cache.

use std::sync::Arc;

use crate::model::Adapter;
use crate::types::TenantSalt;

use super::blocks::{BlockPool, Blocks};
use super::limits::Priority;
use super::prefix::Scope;

/// Identifies a sequence. The order is the rank: the higher priority first, then who came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SequenceId {
    pub(super) priority: Priority,
    pub(super) number: u64,
}

/// Whose a sequence is, and what is added to the model for it.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) tenant: TenantSalt,
    pub(super) adapter: Option<Arc<Adapter>>,
    /// Tokens at the start that all tenants have in common.
    pub(super) n_common: usize,
}

/// Stands for all tenants: no tenant's salt, but by a chance of one in 2^64.
const EVERYBODY: TenantSalt = TenantSalt(0x6261_696c_6977_6963);

impl Owner {
    /// Separates keys and values in the cache.
    fn scope(&self) -> Scope {
        Scope {
            own: self.salted(self.tenant),
            common: self.salted(EVERYBODY),
            n_common: self.n_common,
        }
    }

    /// An adapter makes other keys and values of the same tokens; its number is a digest's, so all bits of it differ.
    fn salted(&self, salt: TenantSalt) -> TenantSalt {
        let number = self.adapter.as_ref().map_or(0, |own| own.number());
        TenantSalt(salt.0 ^ number)
    }
}

impl From<TenantSalt> for Owner {
    fn from(tenant: TenantSalt) -> Self {
        Self {
            tenant,
            adapter: None,
            n_common: 0,
        }
    }
}

/// Tokens, and where they are.
///
/// ```text
/// tokens   0 ........ computed ........ tokens.len()   draft
///          in cache   |  still to be computed:        |  what may come next, computed along with
///                     |  1 while decoding, more before |  the newest token to be verified
/// ```
///
/// `computed < tokens.len()` between steps: the newest token is always still to be computed.
#[derive(Debug)]
pub(super) struct Sequence {
    id: SequenceId,
    owner: Owner,
    tokens: Vec<u32>,
    draft: Vec<u32>,
    /// Tokens of the draft that are in the cache and neither taken nor refused yet.
    n_verifying: usize,
    computed: usize,
    blocks: Blocks,
}

impl Sequence {
    /// A sequence of `prompt`, which is not empty, with nothing computed.
    pub(super) fn new(id: SequenceId, owner: Owner, prompt: Vec<u32>, blocks: Blocks) -> Self {
        Self {
            id,
            owner,
            tokens: prompt,
            draft: Vec::new(),
            n_verifying: 0,
            computed: 0,
            blocks,
        }
    }

    pub(super) fn id(&self) -> SequenceId {
        self.id
    }

    pub(super) fn tenant(&self) -> TenantSalt {
        self.owner.tenant
    }

    /// What separates its keys and values in the cache.
    pub(super) fn scope(&self) -> Scope {
        self.owner.scope()
    }

    /// Its blocks, of those that hold what all tenants have in common.
    pub(super) fn into_common(mut self, block_tokens: usize) -> Blocks {
        self.blocks.keep_known(self.owner.n_common / block_tokens);
        self.blocks
    }

    /// What is added to the model for it.
    pub(super) fn adapter(&self) -> Option<&Arc<Adapter>> {
        self.owner.adapter.as_ref()
    }

    /// Prompt and generated tokens.
    pub(super) fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Tokens of the draft for this step.
    pub(super) fn draft(&self) -> &[u32] {
        &self.draft
    }

    /// Tokens in the cache.
    pub(super) fn computed(&self) -> usize {
        self.computed
    }

    /// Tokens still to be computed.
    pub(super) fn pending(&self) -> usize {
        self.tokens.len().saturating_sub(self.computed)
    }

    /// Whether one token is all that the next step must compute.
    pub(super) fn is_decoding(&self) -> bool {
        self.computed > 0 && self.pending() == 1
    }

    pub(super) fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    pub(super) fn blocks_mut(&mut self) -> &mut Blocks {
        &mut self.blocks
    }

    /// Begins with `blocks`, which hold its first `n_tokens` tokens.
    pub(super) fn adopt(&mut self, blocks: Blocks, n_tokens: usize) {
        self.computed = n_tokens;
        self.blocks = blocks;
    }

    /// What may come after the newest token; computed in the next step along with it.
    pub(super) fn set_draft(&mut self, draft: &[u32]) {
        self.draft.clear();
        self.draft.extend_from_slice(draft);
    }

    /// `n_tokens` more are in the cache, and the draft after them.
    pub(super) fn advance(&mut self, n_tokens: usize) {
        self.computed = (self.computed + n_tokens).min(self.tokens.len());
        self.n_verifying = self.draft.len();
        self.publish();
    }

    /// Adds a generated token. Says whether it is what the draft had here: then its successor was computed
    /// in the same step. Otherwise the rest of the draft is void.
    pub(super) fn push(&mut self, token: u32) -> bool {
        let place = self.draft.len().saturating_sub(self.n_verifying);
        let agrees = self.n_verifying > 0 && self.draft.get(place) == Some(&token);
        self.tokens.push(token);
        if agrees {
            self.n_verifying -= 1;
            self.computed += 1;
            self.publish();
        } else {
            self.n_verifying = 0;
            self.draft.clear();
        }
        agrees
    }

    /// Forgets what was computed and gives the blocks back.
    pub(super) fn evict(&mut self, pool: &BlockPool) {
        self.computed = 0;
        self.n_verifying = 0;
        self.draft.clear();
        self.blocks = pool.empty();
    }

    fn publish(&mut self) {
        self.blocks
            .publish(self.owner.scope(), &self.tokens, self.computed);
    }
}
