//! Layers and architectures; the seam to the engine.
//!
//! A forward pass takes the new tokens of all scheduled sequences back to back, with block tables into a
//! paged cache. The engine decides what is computed and never sees a tensor; a model computes and
//! decides nothing.

mod batch;
mod bert;
mod cache;
mod checkpoint;
mod decoder;
mod description;
pub mod encoder;
mod error;
mod experts;
mod layer;
mod linear;
mod lora;
mod quantise;
mod rope;
pub mod tagger;
mod weights;

pub use self::batch::{LogitRows, Logits, RaggedBatch, SequenceSlice, Shape};
pub use self::cache::{BlockForm, KvCache};
pub use self::checkpoint::{Checkpoint, CheckpointError, open_model, open_path};
pub use self::error::ModelError;
pub use self::lora::{Adapter, AdapterError, AdapterFiles, AdapterShape};
pub use self::quantise::{Conversion, conversions};

use candle_core::Device;

use crate::formats::{Source, VerifiedModel};
use crate::kernels::Pool;

/// A decoder: predicts the next token.
pub trait CausalLm: Send {
    /// Its sizes.
    fn shape(&self) -> &Shape;

    /// A cache of `n_blocks` blocks.
    ///
    /// # Errors
    ///
    /// [`ModelError`] when there is no memory for it.
    fn new_cache(&self, n_blocks: usize, form: BlockForm) -> Result<KvCache, ModelError>;

    /// Bytes of one cache block, all layers together.
    fn block_bytes(&self, form: BlockForm) -> usize;

    /// Computes one step, writes its keys and values to `cache` and returns the rows of logits that
    /// the batch asks for.
    ///
    /// # Errors
    ///
    /// [`ModelError::Batch`] when the batch contradicts itself or the cache; the cache's blocks of its
    /// sequences are then undefined.
    fn forward(&mut self, batch: &RaggedBatch, cache: &mut KvCache) -> Result<Logits, ModelError>;

    /// The threads that a step is computed on, which are free between steps.
    fn pool(&self) -> Option<&Pool> {
        None
    }

    /// What the bytes of a block of `cache` are, in words that are others where they would be read or computed
    /// otherwise; `None` where blocks can't be read.
    fn block_format(&self, _cache: &KvCache) -> Option<String> {
        None
    }

    /// Appends the bytes of a block to `out`, [`Self::block_bytes`] of them. Says whether there is such a block.
    fn read_block(&self, _cache: &KvCache, _block: u32, _out: &mut Vec<u8>) -> bool {
        false
    }

    /// Puts bytes that were read from a block of the same format into a block. Says whether they fit.
    fn write_block(&mut self, _cache: &mut KvCache, _block: u32, _bytes: &[u8]) -> bool {
        false
    }
}

/// Loads the chat model of `files` to `device`, with `threads` threads to compute on a CPU.
///
/// # Errors
///
/// [`ModelError`] names the architecture, metadata key or tensor that can't be used.
pub fn load_chat(
    files: &VerifiedModel,
    device: &Device,
    threads: usize,
) -> Result<Box<dyn CausalLm>, ModelError> {
    load(&*open_model(files)?, device, threads)
}

/// Loads the decoder of `source`.
///
/// # Errors
///
/// As [`load_chat`].
pub fn load(
    source: &dyn Source,
    device: &Device,
    threads: usize,
) -> Result<Box<dyn CausalLm>, ModelError> {
    Ok(Box::new(decoder::Decoder::load(source, device, threads)?))
}

/// What a chat model needs, without loading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Longest context in tokens.
    pub context: usize,
    /// Bytes of one cache block, all layers together.
    pub block_bytes: usize,
}

/// What the chat model of `files` needs, with cache blocks of this form.
///
/// # Errors
///
/// [`ModelError`] names the architecture or metadata key that can't be used.
pub fn needs(files: &VerifiedModel, form: BlockForm) -> Result<Needs, ModelError> {
    let config = description::DecoderConfig::read(open_model(files)?.metadata())?;
    Ok(Needs {
        context: config.context,
        block_bytes: config.block_bytes(form),
    })
}

/// What a model of `files` needs that drafts for another one.
///
/// # Errors
///
/// As [`needs`]; and for a model with experts, whose drafts read more weights the more of them there are.
pub fn draft_needs(files: &VerifiedModel, form: BlockForm) -> Result<Needs, ModelError> {
    let config = description::DecoderConfig::read(open_model(files)?.metadata())?;
    if let Some(experts) = config.experts {
        return Err(ModelError::Metadata {
            key: format!("{}.expert_count", config.family),
            value: experts.count.to_string(),
            problem: "a model that drafts for another one has no experts",
        });
    }
    needs(files, form)
}

/// Loads the decoder of a GGUF file.
///
/// # Errors
///
/// As [`load_chat`].
pub fn load_gguf(
    gguf: &crate::formats::gguf::Gguf,
    device: &Device,
    threads: usize,
) -> Result<Box<dyn CausalLm>, ModelError> {
    load(gguf, device, threads)
}
