//! Prompts.

use crate::types::TenantSalt;

/// The only input of the engine.
#[derive(Debug)]
pub struct Prompt {
    tokens: Vec<u32>,
    salt: TenantSalt,
}

impl Prompt {
    /// A prompt of `len` tokens.
    pub fn synthetic(len: usize, seed: u64) -> Self {
        let tokens = (0..len as u64)
            .map(|i| ((i.wrapping_add(seed).wrapping_mul(2_654_435_761)) % 200) as u32)
            .collect();
        Self {
            tokens,
            salt: TenantSalt(seed),
        }
    }

    /// The tokens.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// The tenant's salt.
    pub fn salt(&self) -> TenantSalt {
        self.salt
    }
}
