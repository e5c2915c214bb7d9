//! Why an adapter can't be used.

use crate::formats::FormatError;

/// Why an adapter can't be used. No message holds text of a user.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// `adapter_config.json` can't be read.
    #[error("`adapter_config.json` can't be used: line {line}, column {column}")]
    Config {
        /// Where the trouble is.
        line: usize,
        /// Where the trouble is.
        column: usize,
    },
    /// It says something that is not computed here.
    #[error("`{key}` of `adapter_config.json`: {problem}")]
    Unsupported {
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// The file of weights is not in order.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A tensor that has no place in this model.
    #[error("tensor `{tensor}` has no place in this model: {problem}")]
    Tensor {
        /// Its name, shortened.
        tensor: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// Half of a pair is missing.
    #[error("tensor `{tensor}` is there and its other half is not")]
    Half {
        /// Its name, shortened.
        tensor: String,
    },
    /// There is nothing in it.
    #[error("the adapter has no tensors")]
    Empty,
}
