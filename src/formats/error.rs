//! What can be wrong with model files.

use std::io;
use std::path::PathBuf;

use super::gguf::GgufError;
use super::manifest::ManifestError;
use super::safetensors::SafetensorsError;
use super::verified::FileProblem;
use crate::types::Name;

/// A model file, manifest or folder can't be used.
///
/// Messages name files, keys and tensors. Text out of a file is quoted, escaped and cut.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file can't be opened, read or mapped.
    #[error("can't read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A folder, device, pipe or socket stands where a file should.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is empty.
    #[error("{} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than any that is read.
    #[error("{} has {bytes} bytes, more than the limit of {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The GGUF file is broken or uses something unknown.
    #[error("{}: {source}", path.display())]
    Gguf {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: GgufError,
    },
    /// The safetensors file is broken or uses something unknown.
    #[error("{}: {source}", path.display())]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SafetensorsError,
    },
    /// The manifest is broken.
    #[error("{origin}: {source}")]
    Manifest {
        /// The manifest's file.
        origin: String,
        /// What is wrong.
        source: ManifestError,
    },
    /// No manifest has this name.
    #[error("no model has the name {asked}; known are {known}{}", suggestion_words(suggestion.as_ref()))]
    UnknownModel {
        /// The name that was asked for, quoted and cut.
        asked: String,
        /// All known names.
        known: String,
        /// The nearest known name, if one is near.
        suggestion: Option<Name>,
    },
    /// A file of the model is missing or isn't what its manifest says.
    #[error("model {model}: {problem}; run `bailiwick-fetch {model}`")]
    Model {
        /// The model.
        model: Name,
        /// The file and what is wrong with it.
        problem: FileProblem,
    },
    /// A folder lacks a file that the model needs.
    #[error("{} has no {name}", dir.display())]
    MissingFile {
        /// The folder.
        dir: PathBuf,
        /// The file, or several in words.
        name: String,
    },
    /// The model's manifest lists no such file.
    #[error("model {model} has no file {}", super::shown(file))]
    NoSuchFile {
        /// The model.
        model: Name,
        /// The file that was asked for.
        file: String,
    },
}

fn suggestion_words(suggestion: Option<&Name>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}
