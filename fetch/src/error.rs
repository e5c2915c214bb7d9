//! What can go wrong while files are fetched.

use std::fmt;
use std::io;
use std::path::PathBuf;

use bailiwick::formats::FormatError;
use bailiwick::types::{Digest, Name};

/// A model couldn't be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No such model, or a broken manifest.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The model's folder or its lock can't be used.
    #[error("can't use {}: {source}", path.display())]
    Folder {
        /// The folder or lock.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Files are missing, and no source had them.
    #[error("model {model}: {}", Attempts(missing, failures))]
    NoSource {
        /// The model.
        model: Name,
        /// The files that are still missing.
        missing: Vec<String>,
        /// What was tried, in order.
        failures: Vec<Failure>,
    },
}

/// One source failed for one file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The source, in words.
    pub source: String,
    /// The file, or `None` when the source as a whole failed.
    pub file: Option<String>,
    /// Why.
    pub error: SourceError,
}

/// Why a source didn't give a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// The content isn't the manifest's.
    #[error("wrong content: the SHA-256 is {found} where the manifest says {expected}")]
    Digest {
        /// The manifest's digest.
        expected: Digest,
        /// The content's.
        found: Digest,
    },
    /// The content is too short or too long.
    #[error("wrong content: {found} where the manifest says {expected} bytes")]
    Size {
        /// The manifest's size.
        expected: u64,
        /// The content's, in words.
        found: String,
    },
    /// The source as the manifest describes it has no such file.
    #[error("has no file that could be it")]
    Absent,
    /// The hub's answer, without addresses: they may carry signatures.
    #[error("the hub answered {status}{}", detail.as_deref().map(|d| format!(": {d}")).unwrap_or_default())]
    HubStatus {
        /// The status.
        status: u16,
        /// The hub's words, cut.
        detail: Option<String>,
    },
    /// The hub wants to know who asks.
    #[error("the hub wants a token; give one with --hub-token-file or in HF_TOKEN")]
    HubToken,
    /// The hub couldn't be reached, or broke off too often.
    #[error("the hub can't be reached or broke off: {reason}")]
    HubTransfer {
        /// Why, cut.
        reason: String,
    },
    /// The hub doesn't answer.
    #[error("the hub was silent for {seconds} seconds")]
    HubSilent {
        /// How long was waited.
        seconds: u64,
    },
    /// This program was built without the hub's client.
    #[error("this program was built without hubs as a source: build it with the feature `hub`")]
    NoHub,
    /// pip can't be started.
    #[error("pip can't be started (tried {tried}); install Python's pip or name it with --pip")]
    NoPip {
        /// The commands that were tried.
        tried: String,
    },
    /// pip failed.
    #[error("pip failed: {words}")]
    Pip {
        /// The last lines of its words.
        words: String,
    },
    /// The archive can't be read.
    #[error("the archive can't be read: {reason}")]
    Archive {
        /// Why.
        reason: String,
    },
    /// `--from` names a kind of source that the manifest doesn't have.
    #[error("the manifest names no such source")]
    NotInManifest,
}

/// The words of [`FetchError::NoSource`].
struct Attempts<'a>(&'a [String], &'a [Failure]);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(missing, failures) = self;
        write!(f, "no source gave {}", missing.join(", "))?;
        for Failure {
            source,
            file,
            error,
        } in *failures
        {
            match file {
                Some(file) => write!(f, "\n  {source}: {file}: {error}")?,
                None => write!(f, "\n  {source}: {error}")?,
            }
        }
        if failures.is_empty() {
            write!(f, ": its manifest names no source; use --from PATH")?;
        }
        Ok(())
    }
}

/// Cuts foreign words to one short line.
pub(crate) fn cut(words: &str) -> String {
    const LONGEST: usize = 300;
    let line: String = words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    line.trim().to_owned()
}
