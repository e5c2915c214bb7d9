//! What can be wrong with a configuration.

use std::path::PathBuf;

/// Why the configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("cannot read the configuration file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is too long to be a configuration.
    #[error("the configuration file {path} has over {limit} bytes")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// The text is no TOML, or holds an unknown key or a value of the wrong kind.
    #[error("{origin}, line {line}: {problem}{}", hint(suggestion.as_deref()))]
    Syntax {
        /// The file, or what stands for it.
        origin: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
        /// The key that was probably meant.
        suggestion: Option<String>,
    },
    /// A key that must be there is not.
    #[error("`{key}` is missing: {hint}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What to write.
        hint: &'static str,
    },
    /// A value is out of its range or contradicts another one.
    #[error("`{key}`: {problem}")]
    Invalid {
        /// The key.
        key: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion
        .map(|key| format!("; did you mean `{key}`?"))
        .unwrap_or_default()
}
