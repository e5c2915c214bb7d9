//! Checks that a model's files are the ones that its manifest names.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::manifest::{FileEntry, Manifest};
use super::{FormatError, Mapped};
use crate::types::Digest;

/// Files are hashed by at most this many threads.
const MAX_THREADS: usize = 2;
/// Bytes between two releases of hashed pages.
const HASH_CHUNK: usize = 16 << 20;

/// A model whose every file has the size and the SHA-256 of its manifest.
///
/// Made only by [`verify`]. The files are the very ones that were hashed: they stay mapped, so what is
/// renamed over them later isn't seen.
///
/// ```compile_fail,E0616
/// fn swap(model: &mut bailiwick::formats::VerifiedModel) {
///     model.files.clear();
/// }
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedModel {
    manifest: Manifest,
    dir: PathBuf,
    /// In the manifest's order.
    files: Vec<Mapped>,
    digest: Digest,
}

impl VerifiedModel {
    /// The manifest.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The model's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The digest of the model: see [`Manifest::digest`].
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The mapped file of this name.
    ///
    /// # Errors
    ///
    /// When the manifest lists no such file.
    pub fn file(&self, name: &str) -> Result<&Mapped, FormatError> {
        let idx = self
            .manifest
            .files
            .iter()
            .position(|file| file.name == name);
        let file = idx.and_then(|idx| self.files.get(idx));
        file.ok_or_else(|| self.no_such_file(name))
    }

    /// All files by name, in the manifest's order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Mapped)> {
        let names = self.manifest.files.iter().map(|file| file.name.as_str());
        names.zip(&self.files)
    }

    /// The path of the file of this name. Prefer [`VerifiedModel::file`], whose bytes were the ones
    /// that were checked.
    ///
    /// # Errors
    ///
    /// When the manifest lists no such file.
    pub fn path(&self, name: &str) -> Result<PathBuf, FormatError> {
        self.file(name).map(|file| file.path().to_owned())
    }

    /// The file that holds the weights: the first `.gguf` or `.safetensors`. Weights in several files are read by way
    /// of a [`Folder`](super::Folder).
    ///
    /// # Errors
    ///
    /// When the manifest lists none.
    pub fn weights(&self) -> Result<&Mapped, FormatError> {
        let weights = |file: &&FileEntry| {
            let extension = Path::new(&file.name).extension();
            extension.is_some_and(|ext| ext == "gguf" || ext == "safetensors")
        };
        match self.manifest.files.iter().find(weights) {
            Some(file) => self.file(&file.name),
            None => Err(self.no_such_file("*.gguf or *.safetensors")),
        }
    }

    fn no_such_file(&self, name: &str) -> FormatError {
        FormatError::NoSuchFile {
            model: self.manifest.name.clone(),
            file: name.to_owned(),
        }
    }
}

/// A file isn't what its manifest says.
#[derive(Debug)]
pub struct FileProblem {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub fault: FileFault,
}

/// What is wrong with a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileFault {
    /// It isn't there.
    Missing,
    /// It can't be read.
    Unreadable(Box<FormatError>),
    /// It has another size.
    Size {
        /// The manifest's.
        expected: u64,
        /// The file's.
        found: u64,
    },
    /// It has another digest.
    Digest {
        /// The manifest's.
        expected: Digest,
        /// The file's.
        found: Digest,
    },
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.fault {
            FileFault::Missing => write!(f, "{path} is missing"),
            FileFault::Unreadable(error) => write!(f, "{error}"),
            FileFault::Size { expected, found } => {
                write!(
                    f,
                    "{path} has {found} bytes where the manifest says {expected}"
                )
            }
            FileFault::Digest { expected, found } => write!(
                f,
                "{path} was altered: its SHA-256 is {found} where the manifest says {expected}"
            ),
        }
    }
}

impl std::error::Error for FileProblem {}

/// Checks every file of a model: there, of the right size, of the right SHA-256. The files are in
/// `models_dir/NAME/`. Two threads hash; a gigabyte takes about a second.
///
/// # Errors
///
/// [`FormatError::Model`] for the first file, in the manifest's order, that isn't what it should be; it
/// names the file, what is wrong and the command to run.
pub fn verify(models_dir: &Path, manifest: &Manifest) -> Result<VerifiedModel, FormatError> {
    let dir = models_dir.join(manifest.name.as_str());
    let checked = check_all(&dir, &manifest.files);
    let files = checked
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .map_err(|problem| FormatError::Model {
            model: manifest.name.clone(),
            problem,
        })?;
    Ok(VerifiedModel {
        manifest: manifest.clone(),
        dir,
        files,
        digest: manifest.digest(),
    })
}

/// Checks one file of a model's folder.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_file(dir: &Path, entry: &FileEntry) -> Result<Mapped, FileProblem> {
    let path = dir.join(&entry.name);
    let problem = |fault| FileProblem {
        path: path.clone(),
        fault,
    };
    let mapped = Mapped::open(&path).map_err(|error| match error {
        FormatError::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            problem(FileFault::Missing)
        }
        FormatError::Empty { .. } => problem(FileFault::Size {
            expected: entry.bytes,
            found: 0,
        }),
        other => problem(FileFault::Unreadable(Box::new(other))),
    })?;
    let found = mapped.len() as u64;
    if found != entry.bytes {
        let expected = entry.bytes;
        return Err(problem(FileFault::Size { expected, found }));
    }
    let found = digest(&mapped);
    if found != entry.sha256 {
        let expected = entry.sha256;
        return Err(problem(FileFault::Digest { expected, found }));
    }
    Ok(mapped)
}

/// One result per entry, in their order.
fn check_all(dir: &Path, entries: &[FileEntry]) -> Vec<Result<Mapped, FileProblem>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(entries.len()));
    std::thread::scope(|scope| {
        for _ in 0..MAX_THREADS.min(entries.len()) {
            scope.spawn(|| {
                loop {
                    let idx = next.fetch_add(1, Ordering::Relaxed);
                    let Some(entry) = entries.get(idx) else { break };
                    let result = check_file(dir, entry);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((idx, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(idx, _)| *idx);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Hashes a mapped file and lets its pages go, so that checking a model doesn't fill the memory.
fn digest(mapped: &Mapped) -> Digest {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    let mut at = 0;
    for chunk in mapped.as_bytes().chunks(HASH_CHUNK) {
        hash.update(chunk);
        mapped.release(at..at + chunk.len());
        at += chunk.len();
    }
    Digest::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two files in `dir/tiny`, and their manifest.
    fn model(dir: &Path) -> Manifest {
        let folder = dir.join("tiny");
        std::fs::create_dir(&folder).unwrap();
        let files: String = [("a.gguf", "weights"), ("b.json", "{}")]
            .map(|(name, text)| {
                std::fs::write(folder.join(name), text).unwrap();
                let digest = Digest::of(text.as_bytes());
                let bytes = text.len();
                format!("[[file]]\nname = \"{name}\"\nsha256 = \"{digest}\"\nbytes = {bytes}\n")
            })
            .concat();
        let head = r#"name = "tiny"
            kind = "embeddings"
            architecture = "bert"
            format = "gguf"
            description = "tiny"
            upstream = "https://example.com"
            context = 8
            pooling = "mean"
            licence = { spdx = "MIT", url = "https://example.com" }
            "#;
        Manifest::parse(&format!("{head}\n{files}"), "tiny.toml").unwrap()
    }

    #[test]
    fn a_sound_model_gives_its_files() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = model(dir.path());
        let model = verify(dir.path(), &manifest).unwrap();
        assert_eq!(model.file("b.json").unwrap().as_bytes(), b"{}");
        assert_eq!(model.weights().unwrap().as_bytes(), b"weights");
        assert_eq!(model.path("a.gguf").unwrap(), model.dir().join("a.gguf"));
        assert_eq!(model.digest(), manifest.digest());
        let error = model.file("c").unwrap_err().to_string();
        assert_eq!(error, "model tiny has no file \"c\"");
        // A file that is renamed over a checked one isn't seen.
        let (new, old) = (dir.path().join("new"), dir.path().join("tiny/b.json"));
        std::fs::write(&new, "evil").unwrap();
        std::fs::rename(&new, &old).unwrap();
        assert_eq!(model.file("b.json").unwrap().as_bytes(), b"{}");
    }

    #[test]
    fn what_is_wrong_is_said_with_the_command_to_run() {
        for (name, text, expected) in [
            ("a.gguf", None, "a.gguf is missing"),
            (
                "a.gguf",
                Some(""),
                "a.gguf has 0 bytes where the manifest says 7",
            ),
            (
                "a.gguf",
                Some("weight"),
                "a.gguf has 6 bytes where the manifest says 7",
            ),
            (
                "a.gguf",
                Some("Weights"),
                "a.gguf was altered: its SHA-256 is ",
            ),
            ("b.json", Some("[]"), "b.json was altered: its SHA-256 is "),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let manifest = model(dir.path());
            let path = dir.path().join("tiny").join(name);
            match text {
                Some(text) => std::fs::write(&path, text).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            let error = verify(dir.path(), &manifest).unwrap_err().to_string();
            assert!(error.starts_with("model tiny: "), "{error}");
            assert!(error.contains(expected), "{expected:?}: {error}");
            assert!(error.ends_with("; run `bailiwick-fetch tiny`"), "{error}");
        }
    }

    #[test]
    fn a_model_that_is_not_there_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = model(dir.path());
        let error = verify(&dir.path().join("elsewhere"), &manifest).unwrap_err();
        let expected = "a.gguf is missing; run `bailiwick-fetch tiny`";
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}
