//! Model files: parse, check digests, map. No arithmetic, and no trust: every count, length and offset
//! of a file is checked against the file before it is used.
//!
//! The way of a model: a [`manifest`] names its files; [`verify`] checks their sizes and digests and
//! hands out the [`VerifiedModel`], the only key to the mapped files; [`gguf`] and [`safetensors`] read
//! a mapped file's header and give byte ranges of tensors; [`Folder`] is a whole model in safetensors, and
//! [`Source`] what a model is loaded from, whichever it is. Nothing here connects anywhere: files are
//! brought by another program, `bailiwick-fetch`, and every error about a file names that command.

mod error;
mod folder;
pub mod gguf;
pub mod manifest;
pub mod mapping;
mod models_dir;
pub mod safetensors;
mod source;
mod verified;

pub use self::error::FormatError;
pub use self::folder::Folder;
pub use self::manifest::{Manifest, Manifests};
pub use self::mapping::Mapped;
pub use self::models_dir::default_models_dir;
pub use self::source::Source;
pub use self::verified::{FileFault, FileProblem, VerifiedModel, check_file, verify};

/// A name out of a file as an error may show it: quoted, escaped and cut.
fn shown(text: &str) -> String {
    const LONGEST: usize = 64;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
