//! Text to tokens and back, and conversations to tokens.
//!
//! | question | answer |
//! |---|---|
//! | which tokens is this text? | [`Tokenizer::encode`] |
//! | which pieces are words of it, and where? | [`WordPieces::encode`] |
//! | which text are these tokens, as they come? | [`Decoder`] |
//! | how does this model want a conversation written? | [`ChatTemplate`] |
//! | which tokens is this conversation? | [`ChatModel`] |
//!
//! **Invariant:** text from outside never becomes a control token. The model's vocabulary for plain
//! text does not hold them ([`Special::Plain`]), and a conversation's contents are kept apart from the
//! template's own text by [`Segment`].
//!
//! No text that was encoded stays behind: the caches of the `tokenizers` crate are switched off.

mod byte_level;
mod chat;
mod decode;
mod encode;
mod error;
mod gguf;
mod hub;
mod json;
mod pieces;
mod same;
mod sentence;
mod special;
mod split;
mod template;
mod vocabulary;
mod word_pieces;

pub use chat::ChatModel;
pub use decode::Decoder;
pub use encode::{MAX_TEXT_BYTES, Special, Tokenizer};
pub use error::{TemplateError, TokenizerError};
pub use hub::tokenizer_metadata;
pub use pieces::TokenKind;
pub use same::Difference;
pub use template::{
    CallStyle, ChatTemplate, Dialogue, MAX_OUTPUT_BYTES, Rendered, Segment, TemplateTokens,
};
pub use vocabulary::{SpacePrefix, TokenizerModel, Vocabulary};
pub use word_pieces::{PlacedPiece, WordPieces};
