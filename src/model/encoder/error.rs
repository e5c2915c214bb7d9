//! What can go wrong with an encoder. No message holds text.

use super::super::ModelError;
use crate::formats::FormatError;

/// An encoder could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// `config.json` cannot be read.
    #[error("the encoder's `config.json` cannot be read")]
    Config {
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// `config.json` is longer than any.
    #[error("the encoder's `config.json` has {bytes} bytes; at most {limit} are read")]
    ConfigTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The model's files are not those of an encoder.
    #[error("the model has not the files of an encoder")]
    Files {
        /// Which.
        #[source]
        source: FormatError,
    },
    /// The sizes in `config.json` do not fit together.
    #[error("the encoder's hidden size of {hidden} does not divide into {heads} heads")]
    Heads {
        /// `hidden_size`.
        hidden: usize,
        /// `num_attention_heads`.
        heads: usize,
    },
    /// The weights do not fit the description.
    #[error("the encoder's weights cannot be loaded")]
    Load {
        /// What is wrong.
        #[source]
        source: ModelError,
    },
    /// A text has no tokens.
    #[error("text {text} has no tokens")]
    NoTokens {
        /// Its position in the call, from 0.
        text: usize,
    },
    /// A vector is not made of numbers.
    #[error("the vector of text {text} is not finite")]
    NotFinite {
        /// The text's position in the call, from 0.
        text: usize,
    },
    /// The manifest wants token vectors joined in another way than by their mean.
    #[error("the model's manifest does not say how token vectors become one (`pooling`)")]
    Pooling,
    /// A setting in `config.json` that is not computed here.
    #[error("`{key}` in the encoder's `config.json` is {value}: {problem}")]
    Setting {
        /// The key.
        key: &'static str,
        /// What is there.
        value: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The threads can't be started.
    #[error("the encoder's computing threads can't be started")]
    Threads {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A text has more tokens than the model reads. Nothing is cut.
    #[error("text {text} has {tokens} tokens; the encoder reads at most {limit}")]
    TooLong {
        /// Its position in the call, from 0.
        text: usize,
        /// How many tokens it has.
        tokens: usize,
        /// How many it may have.
        limit: usize,
    },
    /// The model is of a kind that is not built in.
    #[error("unknown encoder architecture `{architecture}`: `bert` is built in")]
    UnknownArchitecture {
        /// The name in `config.json`.
        architecture: String,
    },
    /// A token is not in the vocabulary.
    #[error("token {token} is not in the encoder's vocabulary of {vocabulary}")]
    UnknownToken {
        /// The token.
        token: u32,
        /// The number of tokens.
        vocabulary: usize,
    },
}
