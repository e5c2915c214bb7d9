//! Brings model files to a node: the only part of the project that opens outgoing connections.
//!
//! The manifests of [`bailiwick::formats`] say which files a model has, their digests, and where they
//! may come from. [`Fetcher::fetch`] tries the sources in order for what is missing; a file gets its
//! final name only when its size and SHA-256 are right and it is on disk. The server never fetches.

mod archive;
mod error;
#[cfg(feature = "hub")]
mod hub;
mod local;
mod partial;
mod pip;
mod progress;
mod source;

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use bailiwick::formats::manifest::FileEntry;
use bailiwick::formats::{Manifest, Manifests, check_file, default_models_dir};

pub use self::error::{Failure, FetchError, SourceError};
pub use self::progress::Telling;
pub use self::source::From;

/// What the operator says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The one source to use; `None`: the manifest's, in its order.
    pub from: Option<From>,
    /// Manifests beside the shipped ones.
    pub manifests_dir: Option<PathBuf>,
    /// The hub's address; `None`: that of the environment, or the client's default.
    pub hub_endpoint: Option<String>,
    /// The hub's token; `None`: that of the environment, if any. Never shown.
    pub hub_token: Option<bailiwick::types::Sensitive<String>>,
    /// Another revision than the manifest's, for hub sources. Digests stay the manifest's.
    pub revision: Option<String>,
    /// The pip to call; `None`: the first of `python3 -m pip`, `pip3` and `pip`.
    pub pip: Option<PathBuf>,
    /// How much is told on standard error.
    pub telling: Telling,
}

/// What a fetch found to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every file was there and right.
    WasThere,
    /// Files were fetched; all are there now.
    Fetched,
}

/// Fetches models into a folder.
#[derive(Debug)]
pub struct Fetcher {
    options: Options,
    manifests: Manifests,
    models_dir: PathBuf,
}

impl Fetcher {
    /// Reads the manifests.
    ///
    /// # Errors
    ///
    /// When a manifest is broken.
    pub fn new(models_dir: PathBuf, options: Options) -> Result<Self, FetchError> {
        Ok(Self {
            manifests: Manifests::shipped_and(options.manifests_dir.as_deref())?,
            options,
            models_dir,
        })
    }

    /// The known models.
    pub const fn manifests(&self) -> &Manifests {
        &self.manifests
    }

    /// Checks every file of a model; fetches nothing.
    ///
    /// # Errors
    ///
    /// When there is no such model, or a file is missing or wrong.
    pub fn verify(&self, name: &str) -> Result<(), FetchError> {
        let manifest = self.manifests.find(name)?;
        bailiwick::formats::verify(&self.models_dir, manifest)?;
        Ok(())
    }

    /// Brings every file of a model that is missing or wrong. Quick when all are there: their digests
    /// are computed, nothing else.
    ///
    /// # Errors
    ///
    /// When there is no such model, its folder can't be written, or no source has a file; then the
    /// error says which source failed why.
    pub fn fetch(&self, name: &str) -> Result<Outcome, FetchError> {
        let manifest = self.manifests.find(name)?;
        let dir = self.models_dir.join(manifest.name.as_str());
        if missing_files(manifest, &dir).is_empty() {
            self.options.telling.line(&format!("{name}: present"));
            return Ok(Outcome::WasThere);
        }
        let folder_error = |source| FetchError::Folder {
            path: dir.clone(),
            source,
        };
        std::fs::create_dir_all(&dir).map_err(folder_error)?;
        let _lock = self.lock(manifest)?;
        // Another fetcher may have brought them while we waited.
        let mut missing = missing_files(manifest, &dir);
        let failures = source::bring(&self.options, manifest, &dir, &mut missing);
        if missing.is_empty() {
            return Ok(Outcome::Fetched);
        }
        Err(FetchError::NoSource {
            model: manifest.name.clone(),
            missing: missing.iter().map(|file| file.name.clone()).collect(),
            failures,
        })
    }

    /// Waits until no other fetcher works on this model. The lock goes with the returned file.
    fn lock(&self, manifest: &Manifest) -> Result<File, FetchError> {
        let path = self.models_dir.join(format!(".{}.lock", manifest.name));
        let folder_error = |source| FetchError::Folder {
            path: path.clone(),
            source,
        };
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(folder_error)?;
        if file.try_lock().is_err() {
            let name = &manifest.name;
            let telling = self.options.telling;
            telling.line(&format!("{name}: waiting for another bailiwick-fetch"));
            file.lock().map_err(folder_error)?;
        }
        Ok(file)
    }
}

/// Makes sure that models are there, quietly and from their manifests' sources: for the set-up of tests
/// and demonstrations. Quick when they are.
///
/// # Errors
///
/// Those of [`Fetcher::fetch`].
pub fn ensure(names: &[&str], models_dir: &Path) -> Result<(), FetchError> {
    let fetcher = Fetcher::new(models_dir.to_owned(), Options::default())?;
    names
        .iter()
        .try_for_each(|name| fetcher.fetch(name).map(drop))
}

/// The models folder that this process's environment names: see
/// [`bailiwick::formats::default_models_dir`].
pub fn models_dir() -> PathBuf {
    default_models_dir(environment)
}

/// One variable of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "this program is not the server: it has no configuration file, and reads the environment here"
)]
pub fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The files that aren't what the manifest says.
fn missing_files<'a>(manifest: &'a Manifest, dir: &Path) -> Vec<&'a FileEntry> {
    let wrong = |entry: &&FileEntry| check_file(dir, entry).is_err();
    manifest.files.iter().filter(wrong).collect()
}
