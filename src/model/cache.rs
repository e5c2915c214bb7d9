//! The cache of keys and values, as the engine holds it.

use std::any::Any;
use std::fmt;

use crate::types::KvFormat;

/// What cache blocks are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockForm {
    /// Tokens of one.
    pub tokens: usize,
    /// How keys and values lie in it.
    pub format: KvFormat,
}

impl BlockForm {
    /// Of `tokens` tokens in half precision.
    pub const fn f16(tokens: usize) -> Self {
        Self {
            tokens,
            format: KvFormat::F16,
        }
    }
}

/// Keys and values of a fixed number of blocks. Only the model that made it knows what is inside.
pub struct KvCache(Box<dyn Any + Send>);

impl KvCache {
    /// Wraps a model's own cache.
    pub fn new(cache: impl Any + Send) -> Self {
        Self(Box::new(cache))
    }

    /// The model's own cache, if it is of type `T`.
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// The model's own cache, if it is of type `T`.
    pub fn downcast_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.0.downcast_mut()
    }
}

impl fmt::Debug for KvCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KvCache")
    }
}
