//! The seam between files and what is loaded from them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::gguf::{Gguf, Metadata, TensorInfo};
use super::{FormatError, Mapped};

/// What a model is loaded from: metadata and named tensors, in GGUF's words and in its order of rows, whatever the
/// files are. A [`Gguf`] is one as it stands; other formats are put into these words where they are opened, so that
/// there is one loader, and one place that checks what is loaded.
pub trait Source: fmt::Debug + Send + Sync {
    /// The key-value pairs.
    fn metadata(&self) -> &Metadata;

    /// All tensors.
    fn tensors(&self) -> &[TensorInfo];

    /// The tensor of this name.
    ///
    /// # Errors
    ///
    /// When there is none.
    fn tensor(&self, name: &str) -> Result<&TensorInfo, FormatError>;

    /// Whether there is a tensor of this name.
    fn has_tensor(&self, name: &str) -> bool {
        self.tensor(name).is_ok()
    }

    /// The bytes of a tensor, row after row: the file's own where they can stay as they are.
    fn bytes(&self, tensor: &TensorInfo) -> Cow<'_, [u8]>;

    /// Where a tensor can be read as it lies, by those who need a few of its rows; `None` where its bytes are made.
    fn place(&self, tensor: &TensorInfo) -> Option<(Mapped, Range<usize>)>;

    /// Tells the system that a tensor's pages are not needed any more.
    fn release(&self, tensor: &TensorInfo);
}

impl Source for Gguf {
    fn metadata(&self) -> &Metadata {
        self.metadata()
    }

    fn tensors(&self) -> &[TensorInfo] {
        self.tensors()
    }

    fn tensor(&self, name: &str) -> Result<&TensorInfo, FormatError> {
        self.tensor(name)
    }

    fn has_tensor(&self, name: &str) -> bool {
        self.has_tensor(name)
    }

    fn bytes(&self, tensor: &TensorInfo) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.bytes(tensor))
    }

    fn place(&self, tensor: &TensorInfo) -> Option<(Mapped, Range<usize>)> {
        Some((self.mapped().clone(), tensor.range.clone()))
    }

    fn release(&self, tensor: &TensorInfo) {
        self.release(tensor);
    }
}
