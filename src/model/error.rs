//! What can go wrong with a model. No message holds text of a user.

use crate::formats::FormatError;
use crate::kernels::PackError;

/// Why a model can't be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A family that the decoder does not know.
    #[error(
        "the architecture `{name}` is not supported; gemma2, gemma3, llama, phi3, qwen2, qwen3 and qwen3moe are"
    )]
    Architecture {
        /// Its name in the file.
        name: String,
    },
    /// The engine handed over what can't be computed.
    #[error("the batch is inconsistent: {problem}")]
    Batch {
        /// What is wrong.
        problem: &'static str,
    },
    /// A checkpoint's `config.json` can't be used.
    #[error(transparent)]
    Checkpoint(#[from] super::CheckpointError),
    /// The tensors' device has no decoder.
    #[error("this build computes on the CPU only")]
    Device,
    /// The files are not in order.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A size in the metadata makes no sense.
    #[error("`{key}` is {value}: {problem}")]
    Metadata {
        /// The key.
        key: String,
        /// Its value.
        value: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The metadata lack a key or hold it as another type.
    #[error("the model's metadata can't be used")]
    MetadataKey(#[from] crate::formats::gguf::GgufError),
    /// The arithmetic gave what is no number: the file's weights are broken.
    #[error("the model's arithmetic gave what is no number")]
    NotFinite,
    /// A matrix can't be repacked.
    #[error("tensor `{tensor}`: {source}")]
    Pack {
        /// Its name.
        tensor: String,
        /// What is wrong.
        source: PackError,
    },
    /// A tensor can't be put into another element type.
    #[error("tensor `{tensor}` can't be quantised")]
    Quantise {
        /// Its name.
        tensor: String,
        /// Why.
        source: Box<candle_core::Error>,
    },
    /// A tensor of another shape or type than its place needs.
    #[error("tensor `{tensor}` has shape {found:?} where {expected:?} is needed")]
    TensorShape {
        /// Its name.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
        /// What is needed.
        expected: Vec<usize>,
    },
    /// A tensor of an element type that its place can't have.
    #[error("tensor `{tensor}` has an element type that is not supported there")]
    TensorType {
        /// Its name.
        tensor: String,
    },
    /// The threads can't be started.
    #[error("the computing threads can't be started")]
    Threads(#[source] std::io::Error),
    /// A checkpoint has two tensors for one place.
    #[error("two tensors of the checkpoint are `{tensor}`")]
    TwoTensors {
        /// The place, as GGUF names it.
        tensor: String,
    },
    /// A tensor that the model has no place for: computing without it would be wrong.
    #[error("tensor `{tensor}` is not part of the architecture `{family}`")]
    UnknownTensor {
        /// Its name.
        tensor: String,
        /// The architecture.
        family: String,
    },
}
