//! Where the recogniser's model comes from: the program itself, or a folder of the operator's.

use std::path::Path;
use std::sync::Mutex;

use crate::formats::gguf::Gguf;
use crate::formats::{FileProblem, FormatError, Manifest, Mapped, check_file, manifest};
use crate::model::ModelError;
use crate::model::tagger::Tagger;
use crate::tokenizer::{TokenizerError, WordPieces};
use crate::types::{Digest, Name};

use super::cache::{Cache, TextKeys};
use super::labels::Labels;
use super::{NameFinder, NamesOptions};

/// The manifest of the model that is part of the program.
const MANIFEST: &str = include_str!("../../../models/pii-ner/manifest.toml");
/// Its weights.
const WEIGHTS: &[u8] = include_bytes!("../../../models/pii-ner/pii-ner.gguf");
/// Its vocabulary.
const TOKENIZER: &[u8] = include_bytes!("../../../models/pii-ner/tokenizer.json");

/// The names of the files in a model's folder.
const FILES: [&str; 3] = ["manifest.toml", "pii-ner.gguf", "tokenizer.json"];

/// Why the recogniser can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NamesError {
    /// A file is not what the manifest says.
    #[error("the names model: {0}")]
    File(FileProblem),
    /// A file or the manifest can't be read.
    #[error("the names model: {0}")]
    Format(#[from] FormatError),
    /// The manifest is another model's.
    #[error("the names model's manifest is not of kind `token-classification`, or lists no {file}")]
    Manifest {
        /// The file that it should list.
        file: &'static str,
    },
    /// The model can't be loaded.
    #[error("the names model: {0}")]
    Model(#[from] ModelError),
    /// The vocabulary can't be used.
    #[error("the names model's tokenizer: {0}")]
    Tokenizer(#[from] TokenizerError),
    /// The vocabulary is not the model's.
    #[error("the names model knows {model} tokens, its tokenizer {tokenizer}")]
    Vocabulary {
        /// Of the model.
        model: usize,
        /// Of the tokenizer.
        tokenizer: usize,
    },
    /// The labels make no sense.
    #[error("`pii_ner.labels` are not O, and B- and I- of kinds that are known here")]
    Labels,
    /// The system gave no random numbers.
    #[error("the system gave no random numbers")]
    Random,
}

impl NameFinder {
    /// The recogniser with the model that is part of the program.
    ///
    /// # Errors
    ///
    /// [`NamesError`]; not but for a bug of ours, which a test would show, or when no thread can be started.
    pub fn built_in(options: NamesOptions) -> Result<Self, NamesError> {
        let manifest = built_in_manifest()?;
        let weights = Mapped::built_in(FILES[1], WEIGHTS);
        Self::load(&weights, TOKENIZER, named(&manifest), options)
    }

    /// The recogniser with the model of a folder: `manifest.toml`, `pii-ner.gguf` and `tokenizer.json`, which
    /// have the sizes and digests that the manifest says.
    ///
    /// # Errors
    ///
    /// [`NamesError`] names the file and what is wrong with it.
    pub fn open(dir: &Path, options: NamesOptions) -> Result<Self, NamesError> {
        let manifest = manifest::load_file(&dir.join(FILES[0]))?;
        let file = |name: &'static str| -> Result<Mapped, NamesError> {
            let entry = manifest
                .file(name)
                .filter(|_| manifest.kind == manifest::Kind::TokenClassification);
            let entry = entry.ok_or(NamesError::Manifest { file: name })?;
            check_file(dir, entry).map_err(NamesError::File)
        };
        let (weights, tokenizer) = (file(FILES[1])?, file(FILES[2])?);
        Self::load(&weights, tokenizer.as_bytes(), named(&manifest), options)
    }

    /// The recogniser of files in memory, which nobody vouches for.
    ///
    /// # Errors
    ///
    /// [`NamesError`] when they are no tagger and its vocabulary.
    pub(super) fn load(
        weights: &Mapped,
        tokenizer: &[u8],
        (name, digest): (Name, Digest),
        options: NamesOptions,
    ) -> Result<Self, NamesError> {
        // Both take about as long.
        let (tagger, pieces) = std::thread::scope(|scope| {
            let pieces = scope.spawn(|| WordPieces::from_json_bytes(tokenizer));
            let tagger = Gguf::open(weights)
                .map_err(NamesError::from)
                .and_then(|gguf| Ok(Tagger::load(&gguf, options.threads)?));
            let pieces = pieces.join().unwrap_or(Err(TokenizerError::Encode));
            (tagger, pieces)
        });
        let (tagger, pieces) = (tagger?, pieces?);
        if tagger.vocabulary() < pieces.vocabulary() {
            return Err(NamesError::Vocabulary {
                model: tagger.vocabulary(),
                tokenizer: pieces.vocabulary(),
            });
        }
        let labels = Labels::new(tagger.labels(), tagger.bias())?;
        Ok(Self {
            labels,
            tagger,
            pieces,
            name,
            digest,
            keys: TextKeys::new()?,
            cache: Mutex::new(Cache::new(options.cache_bytes)),
            time_limit: options.time_limit,
        })
    }
}

fn named(manifest: &Manifest) -> (Name, Digest) {
    (manifest.name.clone(), manifest.digest())
}

fn built_in_manifest() -> Result<Manifest, NamesError> {
    Ok(Manifest::parse(MANIFEST, "models/pii-ner/manifest.toml")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_files_are_those_of_the_manifest() {
        let manifest = built_in_manifest().unwrap();
        assert_eq!(manifest.kind, manifest::Kind::TokenClassification);
        for (name, bytes) in [(FILES[1], WEIGHTS), (FILES[2], TOKENIZER)] {
            let entry = manifest.file(name).unwrap();
            assert_eq!(entry.sha256, Digest::of(bytes), "{name}");
            assert_eq!(entry.bytes, bytes.len() as u64, "{name}");
        }
    }
}
