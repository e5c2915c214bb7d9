//! What a model file says of its tokenizer, as it stands there.

/// The most tokens that are read.
pub(super) const MAX_TOKENS: usize = 1 << 20;

/// The family of tokenizers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenizerModel {
    /// Byte-level BPE with a list of merges; GGUF calls it `gpt2`.
    ByteLevel,
    /// SentencePiece BPE: scored pieces, `▁` for a space, bytes as a fallback; GGUF calls it `llama`.
    SentencePiece,
}

/// When a space is put before a stretch of text, and taken away again when decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpacePrefix {
    /// Always: SentencePiece's own way.
    Always,
    /// Where the text does not start with one.
    Missing,
    /// The same, and only at the very start, not after a control token.
    MissingAtStart,
    /// Never.
    Never,
}

/// A vocabulary and its settings, borrowed from a model file; [`Tokenizer::new`](super::Tokenizer::new)
/// checks it.
#[derive(Clone, Debug)]
pub struct Vocabulary<'a> {
    /// The family.
    pub model: TokenizerModel,
    /// The name of the rules that split text into words; `None` where the file says nothing.
    pub pre: Option<&'a str>,
    /// The tokens in the order of their ids, in the family's own alphabet.
    pub tokens: Vec<&'a str>,
    /// GGUF's type of each token: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    pub token_types: Vec<i32>,
    /// The score of each token; empty for [`TokenizerModel::ByteLevel`].
    pub scores: Vec<f32>,
    /// The merges, best first, each as two tokens with a space between. [`TokenizerModel::SentencePiece`] may have
    /// none: scores say them too.
    pub merges: Vec<&'a str>,
    /// Stands before a text.
    pub bos: Option<u32>,
    /// Ends a text.
    pub eos: Option<u32>,
    /// Ends a turn.
    pub eot: Option<u32>,
    /// Further tokens that end a text or a turn.
    pub ends: Vec<u32>,
    /// Stands for what the vocabulary cannot say.
    pub unknown: Option<u32>,
    /// Whether a text starts with [`bos`](Self::bos); the family decides where the file says nothing.
    pub add_bos: Option<bool>,
    /// Whether a text ends with [`eos`](Self::eos).
    pub add_eos: Option<bool>,
    /// When a space is put before a text; the family decides where the file says nothing.
    pub space_prefix: Option<SpacePrefix>,
}
