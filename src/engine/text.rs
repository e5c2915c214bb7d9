//! What the engine needs to know of a vocabulary.

use std::fmt;
use std::sync::Arc;

use crate::tokenizer::{Decoder, Tokenizer};

/// Turns tokens into text.
pub trait TokenText: Send + Sync + fmt::Debug {
    /// A decoder for one answer.
    fn decoder(&self) -> Box<dyn TextDecoder>;

    /// Whether `token` ends an answer.
    fn is_end(&self, token: u32) -> bool;

    /// Tokens in the vocabulary; a model may have more rows of logits, which are never chosen.
    fn n_tokens(&self) -> usize;
}

/// Decodes one answer, token by token; holds back the bytes of an unfinished character.
pub trait TextDecoder: Send {
    /// The text that `token` completes, if any.
    fn push(&mut self, token: u32) -> Option<String>;

    /// What is left when no more tokens come: bytes that are no character, as U+FFFD.
    fn finish(&mut self) -> Option<String>;
}

/// The tokenizer's own decoder; `None` once it has finished.
struct Decoding(Option<Decoder>);

impl TokenText for Arc<Tokenizer> {
    fn decoder(&self) -> Box<dyn TextDecoder> {
        Box::new(Decoding(Some(Decoder::new(Self::clone(self)))))
    }

    fn is_end(&self, token: u32) -> bool {
        self.end_ids().contains(&token)
    }

    fn n_tokens(&self) -> usize {
        self.vocabulary_size()
    }
}

impl TextDecoder for Decoding {
    fn push(&mut self, token: u32) -> Option<String> {
        self.0.as_mut()?.push(token)
    }

    fn finish(&mut self) -> Option<String> {
        self.0.take()?.finish()
    }
}
