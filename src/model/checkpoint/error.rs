//! What can be wrong with a checkpoint's `config.json`.

/// Why a checkpoint in safetensors can't be loaded. Keys are those of its `config.json`; text out of the file is cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It isn't JSON with an object in it.
    #[error("config.json is not a valid JSON object (line {line}, column {column})")]
    Json {
        /// Where, from 1.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// A key that is needed is missing.
    #[error("config.json has no `{key}`")]
    Missing {
        /// The key.
        key: String,
    },
    /// A value of another type than its key has, or one that can't be computed here.
    #[error("`{key}` in config.json is {value}: {problem}")]
    Value {
        /// The key.
        key: String,
        /// What is there.
        value: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A key that is not known: it may change what is computed.
    #[error(
        "config.json has `{key}`, which is not known here; remove it if it changes nothing that is computed"
    )]
    Unknown {
        /// The key.
        key: String,
    },
}
