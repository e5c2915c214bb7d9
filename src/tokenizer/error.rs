//! What can go wrong. No message holds text that was encoded or rendered.

use crate::formats::FormatError;

/// A tokenizer could not be built, or refused a text.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// A SentencePiece vocabulary lacks the token of a byte, so some text would vanish.
    #[error("the vocabulary has no token for byte {byte:#04x}")]
    ByteMissing {
        /// The byte.
        byte: u8,
    },
    /// A description of a tokenizer, or a file beside it, is not JSON of its form.
    #[error("{file} is not of its form (line {line}, column {column})")]
    Description {
        /// The file.
        file: &'static str,
        /// Where, from 1.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// The text of tokens could not be found.
    #[error("the tokens cannot be put into text")]
    Decode,
    /// The tokens of a text could not be found.
    #[error("the text cannot be tokenised")]
    Encode,
    /// The model's files have no tokenizer.
    #[error("the model's files hold no tokenizer that can be read")]
    Files {
        /// Why.
        #[source]
        source: FormatError,
    },
    /// A token id that is named as special is not in the vocabulary.
    #[error("`{key}` is {id}, and the vocabulary has {size} tokens")]
    IdOutOfRange {
        /// The key in the metadata.
        key: &'static str,
        /// The id it gives.
        id: u32,
        /// The number of tokens.
        size: usize,
    },
    /// A `tokenizer.json` cannot be read as one.
    #[error("the file is no tokenizer description")]
    Json {
        /// What the parser said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A list has another length than the list of tokens.
    #[error("`{key}` has {found} entries for {tokens} tokens")]
    Length {
        /// The key in the metadata.
        key: &'static str,
        /// Its length.
        found: usize,
        /// The number of tokens.
        tokens: usize,
    },
    /// A `tokenizer.json` is of another family than the recogniser of names needs.
    #[error("the tokenizer has not {what}")]
    NoWordPieces {
        /// What it lacks.
        what: &'static str,
    },
    /// A merge is not two tokens of the vocabulary that join to a third.
    #[error("merge {rank} does not join two tokens of the vocabulary to a third")]
    Merge {
        /// Its position in the list.
        rank: usize,
    },
    /// The model file lacks what a tokenizer needs, or has it with another type.
    #[error("the model file has no usable `{key}`")]
    Metadata {
        /// The key.
        key: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read the tokenizer's file")]
    Read {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The text is longer than one call may encode.
    #[error("the text has {bytes} bytes; at most {limit} can be encoded at once")]
    TextTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Two tokens have one id, or one token two.
    #[error("token {id} is there twice")]
    TwoTokens {
        /// The id.
        id: u32,
    },
    /// A `tokenizer.json` asks for what is not built in.
    #[error("the {part} of tokenizer.json is not supported: {what}")]
    Unsupported {
        /// Which part.
        part: &'static str,
        /// What it asks for, cut.
        what: String,
    },
    /// The kind of tokenizer is none that is built in.
    #[error("unknown tokenizer model `{model}`: `gpt2` and `llama` are built in")]
    UnknownModel {
        /// The name in the file.
        model: String,
    },
    /// The way to split text into words is none that is built in.
    #[error("unknown pre-tokenizer `{pre}`: its splitting rules are not built in")]
    UnknownPreTokenizer {
        /// The name in the file.
        pre: String,
    },
    /// The vocabulary is larger than any model's.
    #[error("the vocabulary has {found} tokens; at most {limit} are read")]
    VocabularyTooLarge {
        /// Its size.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

/// A chat template could not be read or applied.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The model has no chat template.
    #[error("the model has no chat template")]
    Missing,
    /// Every sentinel occurs in the messages.
    #[error("the messages hold every one of the reserved private-use characters")]
    SentinelsTaken,
    /// The template's result is over the limit, or it does not end.
    #[error("the chat template writes more than {limit} bytes or runs too long")]
    TooMuch {
        /// The most bytes it may write.
        limit: usize,
    },
    /// The template refused the conversation (`raise_exception`).
    #[error("the chat template refuses the conversation: {reason}")]
    Refused {
        /// The template's own words, or that it gave none of its own.
        reason: String,
    },
    /// The template has no use for an argument, so the model can't be asked for it.
    #[error("this model's chat template does not read `{name}`; remove it")]
    UnknownArgument {
        /// The argument's name: a plain word.
        name: String,
    },
    /// The template leaves a message out, and nothing is ever cut.
    #[error("the chat template does not show message {index} to the model")]
    Unshown {
        /// Which one, from 0.
        index: usize,
    },
    /// The template failed.
    #[error("the chat template fails in line {line}: {kind}")]
    Render {
        /// The line, from 1; 0 when unknown.
        line: usize,
        /// The kind of failure.
        kind: minijinja::ErrorKind,
    },
    /// The template holds a character that is reserved for marking contents.
    #[error("the chat template holds a reserved private-use character")]
    ReservedCharacter,
    /// The template writes an altered form of a message's content, so it cannot be told from its own text.
    #[error("the chat template does not write the contents of the messages as they are")]
    ContentAltered,
    /// The template is not a template.
    #[error("the chat template has a mistake in line {line}: {kind}")]
    Syntax {
        /// The line, from 1; 0 when unknown.
        line: usize,
        /// The kind of mistake.
        kind: minijinja::ErrorKind,
    },
    /// The template is longer than any model's.
    #[error("the chat template has {bytes} bytes; at most {limit} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The tokenizer could not be built, or refused the rendered text.
    #[error("the conversation cannot be tokenised")]
    Tokenise {
        /// Why.
        #[from]
        source: TokenizerError,
    },
}
