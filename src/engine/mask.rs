//! The seam for constraints: what may come next.

/// What a grammar or another constraint allows next. One mask serves one generation.
///
/// For each token of the answer, in order, the engine calls [`TokenMask::apply`] once and then
/// [`TokenMask::accept`] with the token that was chosen from what was left: always in this order, and only
/// with tokens that are part of the answer (behind a stop string, which ends the answer amid a draft, a mask may be
/// asked once more, for nothing). It may be called on any thread, on one at a time. Drafts (see [`crate::config::EngineConfig::speculation`])
/// change nothing about that: a drafted token is only ever compared with the chosen one, so a mask needs no
/// way back. Nor does eviction: the tokens that are computed again are not chosen again.
///
/// A mask that leaves no token at all ends the generation as failed, so one that is done leaves the end tokens.
/// A panic in a mask is taken for one of the engine: it fails all that run.
pub trait TokenMask: Send {
    /// Sets the logits of tokens that must not come next to negative infinity. `logits` has one value for
    /// each token of the vocabulary, after bias and penalties, before temperature; the mask has the last word.
    fn apply(&mut self, logits: &mut [f32]);

    /// Notes that `token` was chosen.
    fn accept(&mut self, token: u32);

    /// Tokens that will certainly, or very likely, come next: they are computed in one step. Empty where
    /// nothing is known. Wrong ones cost time and change no token.
    fn expects(&self) -> Vec<u32> {
        Vec::new()
    }

    /// Whether `token` is structure that this mask knows, such as a model's mark before a tool call, and
    /// no text: masks that are combined with this one have no say in it.
    fn is_structure(&self, _token: u32) -> bool {
        false
    }
}
