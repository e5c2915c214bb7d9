//! Grammars as masks, and several masks as one.

use std::sync::Arc;

use llguidance::Matcher;

use crate::engine::TokenMask;

use super::vocabulary::Vocabulary;

/// Lets one answer follow a grammar.
pub(super) struct GrammarMask {
    vocabulary: Arc<Vocabulary>,
    matcher: Matcher,
    /// What the grammar forces next.
    forced: Vec<u32>,
}

impl GrammarMask {
    /// A mask at the start of an answer.
    pub(super) fn new(vocabulary: Arc<Vocabulary>, matcher: Matcher) -> Self {
        let mut mask = Self {
            vocabulary,
            matcher,
            forced: Vec::new(),
        };
        mask.force();
        mask
    }

    fn force(&mut self) {
        self.forced = if self.matcher.is_stopped() {
            Vec::new()
        } else {
            self.matcher.compute_ff_tokens()
        };
    }
}

impl TokenMask for GrammarMask {
    fn apply(&mut self, logits: &mut [f32]) {
        if self.matcher.is_stopped() && !self.matcher.is_error() {
            return only(logits, self.vocabulary.ends());
        }
        // Past its bounds of time and memory it lets nothing through: the answer fails rather than break the
        // grammar.
        let Ok(allowed) = self.matcher.compute_mask_or_eos() else {
            return logits.fill(f32::NEG_INFINITY);
        };
        let words = allowed.as_slice();
        for (stretch, word) in logits.chunks_mut(32).zip(words) {
            if *word == u32::MAX {
                continue;
            }
            for (at, logit) in stretch.iter_mut().enumerate() {
                if word >> at & 1 == 0 {
                    *logit = f32::NEG_INFINITY;
                }
            }
        }
        if let Some(beyond) = logits.get_mut(words.len() * 32..) {
            beyond.fill(f32::NEG_INFINITY);
        }
    }

    fn accept(&mut self, token: u32) {
        if self.matcher.is_stopped() {
            return;
        }
        // A token that does not fit leaves the matcher in error, and the next mask empty.
        let _fits = self.matcher.consume_token(token);
        self.force();
    }

    fn expects(&self) -> Vec<u32> {
        self.forced.clone()
    }

    fn is_structure(&self, token: u32) -> bool {
        self.vocabulary.is_structure(token)
    }
}

/// Leaves only `tokens`.
fn only(logits: &mut [f32], tokens: &[u32]) {
    let mut kept = Vec::with_capacity(tokens.len());
    for token in tokens {
        let at = usize::try_from(*token).unwrap_or(usize::MAX);
        kept.extend(logits.get(at).map(|logit| (at, *logit)));
    }
    logits.fill(f32::NEG_INFINITY);
    for (at, logit) in kept {
        if let Some(place) = logits.get_mut(at) {
            *place = logit;
        }
    }
}

/// Several masks as one: a token may come next where every mask lets it. Structure of a grammar
/// ([`TokenMask::is_structure`]), such as a model's mark before a tool call, is the affair of the mask
/// that knows it.
///
/// The exact ones belong first: a mask that looks only at the likeliest of what is left
/// ([`crate::grounding`]) belongs last.
pub fn all_of(mut masks: Vec<Box<dyn TokenMask>>) -> Option<Box<dyn TokenMask>> {
    match masks.len() {
        0 => None,
        1 => masks.pop(),
        _ => Some(Box::new(AllOf {
            masks,
            structure: None,
            before: Vec::new(),
        })),
    }
}

struct AllOf {
    masks: Vec<Box<dyn TokenMask>>,
    /// Tokens that are structure to some mask; looked for once.
    structure: Option<Vec<u32>>,
    /// Working memory: the logits as the masks before left them.
    before: Vec<f32>,
}

impl AllOf {
    /// Whether `token` is structure, and none that the mask at `own` knows.
    fn is_anothers(&self, own: usize, token: u32) -> bool {
        let mask = self.masks.get(own);
        self.is_structure(token) && !mask.is_some_and(|mask| mask.is_structure(token))
    }

    fn structure(&self, n_tokens: usize) -> Vec<u32> {
        let tokens = 0..u32::try_from(n_tokens).unwrap_or(u32::MAX);
        tokens.filter(|token| self.is_structure(*token)).collect()
    }
}

impl TokenMask for AllOf {
    fn apply(&mut self, logits: &mut [f32]) {
        let mut before = std::mem::take(&mut self.before);
        let structure = self.structure.take();
        let structure = structure.unwrap_or_else(|| self.structure(logits.len()));
        for at in 0..self.masks.len() {
            before.clear();
            before.extend_from_slice(logits);
            if let Some(mask) = self.masks.get_mut(at) {
                mask.apply(logits);
            }
            for (now, old) in logits.iter_mut().zip(&before) {
                // A mask that opens a way for its own need must not open it for the others.
                if *old == f32::NEG_INFINITY {
                    *now = f32::NEG_INFINITY;
                }
            }
            for token in structure
                .iter()
                .filter(|token| self.is_anothers(at, **token))
            {
                let place = usize::try_from(*token).unwrap_or(usize::MAX);
                if let (Some(now), Some(old)) = (logits.get_mut(place), before.get(place)) {
                    *now = *old;
                }
            }
        }
        (self.before, self.structure) = (before, Some(structure));
    }

    fn accept(&mut self, token: u32) {
        for at in 0..self.masks.len() {
            if !self.is_anothers(at, token)
                && let Some(mask) = self.masks.get_mut(at)
            {
                mask.accept(token);
            }
        }
    }

    fn expects(&self) -> Vec<u32> {
        let mut all = self.masks.iter().map(|mask| mask.expects());
        all.find(|tokens| !tokens.is_empty()).unwrap_or_default()
    }

    fn is_structure(&self, token: u32) -> bool {
        self.masks.iter().any(|mask| mask.is_structure(token))
    }
}
