//! Low-rank adapters (LoRA, Hu et al. 2021): what a fine-tuned model adds to the products of its base.
//!
//! An [`Adapter`] is read once, for the shape of the model that it was trained on, and shared by all sequences that
//! run with it. It says nothing of who may use it. A batch may hold sequences of many adapters and of none: each
//! row of activations gets its own addition, in a fixed order, so that a row computes the same bits in any company.

mod error;
mod read;
mod rows;
#[cfg(test)]
mod tests;

use std::fmt;

pub use self::error::AdapterError;
pub use self::read::AdapterFiles;
pub(super) use self::rows::{AdapterRows, Site};

use super::ModelError;
use super::description::DecoderConfig;
use super::rope::Pairing;
use crate::formats::Source;

/// The matrices of a layer that can be added to, in the order in which a layer meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Module {
    Query,
    Key,
    Value,
    Output,
    Gate,
    Up,
    Down,
}

/// How many there are.
const MODULES: usize = 7;

/// The sizes that an adapter must fit, read from the model that it is for.
#[derive(Clone, Debug)]
pub struct AdapterShape {
    layers: usize,
    hidden: usize,
    queries: usize,
    keys: usize,
    feed_forward: usize,
    head_dim: usize,
    /// Whether rows have feed-forwards of their own, which aren't adapted.
    experts: bool,
    /// Whether the file has the rows of queries and keys in another order than the adapter's training.
    neighbours: bool,
}

impl AdapterShape {
    /// The shape of the decoder in `source`.
    ///
    /// # Errors
    ///
    /// [`ModelError`] for a family that the decoder does not know.
    pub fn of(source: &dyn Source) -> Result<Self, ModelError> {
        let config = DecoderConfig::read(source.metadata())?;
        Ok(Self {
            layers: config.layers,
            hidden: config.hidden,
            queries: config.q_width(),
            keys: config.kv_width(),
            feed_forward: config.feed_forward,
            head_dim: config.head_dim,
            experts: config.experts.is_some(),
            neighbours: config.rope.pairing == Pairing::Neighbours,
        })
    }

    /// Inputs and outputs of a module.
    const fn of_module(&self, module: Module) -> (usize, usize) {
        match module {
            Module::Query => (self.hidden, self.queries),
            Module::Key | Module::Value => (self.hidden, self.keys),
            Module::Output => (self.queries, self.hidden),
            Module::Gate | Module::Up => (self.hidden, self.feed_forward),
            Module::Down => (self.feed_forward, self.hidden),
        }
    }
}

/// What is added to one matrix.
#[derive(Debug)]
struct LowRank {
    /// `[inputs][padded rank]`
    down: Vec<f32>,
    /// `[padded rank][outputs]`, scaled.
    up: Vec<f32>,
    /// A multiple of [`RANK_LANES`](crate::kernels::RANK_LANES).
    rank: usize,
}

/// An adapter, ready to be added.
pub struct Adapter {
    /// Of the contents of its files.
    number: u64,
    /// `[layer][module]`
    layers: Vec<[Option<LowRank>; MODULES]>,
    /// The largest padded rank.
    rank: usize,
    bytes: usize,
}

impl Adapter {
    /// Reads an adapter in PEFT's form for a model of `shape`.
    ///
    /// # Errors
    ///
    /// [`AdapterError`] says what of it can't be used: nothing is left out silently.
    pub fn load(files: &AdapterFiles<'_>, shape: &AdapterShape) -> Result<Self, AdapterError> {
        read::load(files, shape)
    }

    /// A number that no other adapter has, today or after a restart: the start of a digest of what it was loaded from. Caches tell
    /// adapters apart by it.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn of(&self, layer: usize, module: Module) -> Option<&LowRank> {
        self.layers.get(layer)?[module as usize].as_ref()
    }
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapter")
            .field("layers", &self.layers.len())
            .field("rank", &self.rank)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
