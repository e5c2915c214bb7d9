//! A model that a path names: its weights, and all that a GGUF file of it says.

use std::path::{Path, PathBuf};

use crate::formats::gguf::Metadata;
use crate::formats::manifest::Format;
use crate::formats::{Folder, Source};
use crate::model::open_path;
use crate::tokenizer::tokenizer_metadata;

/// A model, opened.
pub(super) struct Opened {
    pub(super) source: Box<dyn Source>,
    /// Of the weights, the tokenizer and the template.
    pub(super) metadata: Metadata,
    pub(super) format: Format,
    /// Its files.
    pub(super) files: Vec<PathBuf>,
}

impl Opened {
    /// Opens a GGUF file, or a folder with safetensors and a tokenizer.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let source = open_path(path)?;
        let mut metadata = source.metadata().clone();
        if !path.is_dir() {
            return Ok(Self {
                source,
                metadata,
                format: Format::Gguf,
                files: vec![path.to_owned()],
            });
        }
        let folder = Folder::open(path)?;
        metadata.extend(tokenizer_metadata(&folder)?);
        Ok(Self {
            source,
            metadata,
            format: Format::Safetensors,
            files: folder.names().map(|name| path.join(name)).collect(),
        })
    }

    /// The architecture, as GGUF names it.
    pub(super) fn architecture(&self) -> &str {
        self.metadata.str("general.architecture").unwrap_or("?")
    }

    /// The number of weights.
    pub(super) fn weights(&self) -> usize {
        let tensors = self.source.tensors().iter();
        tensors
            .map(crate::formats::gguf::TensorInfo::elements)
            .sum()
    }
}
