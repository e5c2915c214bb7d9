//! What stays open, and what was closed.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::config::EgressMode;
use crate::types::LogSafe;

/// What the process may still do afterwards. Everything that isn't named here is closed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whether anything is closed at all.
    pub egress: EgressMode,
    /// Files and folders that may be read, never executed: models, prompts. They must exist.
    pub read_only: Vec<PathBuf>,
    /// Folders that may be read and written: the data folder. They must exist.
    pub read_write: Vec<PathBuf>,
    /// Descriptors above 2 that stay open: the listeners. All others are closed.
    pub keep: Vec<i32>,
    /// What happens to a standard stream that is a connected socket.
    pub stdio: Stdio,
    /// Most open descriptors.
    pub max_open_files: u64,
}

/// What happens to a standard stream that is a connected socket, as a service manager's journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdio {
    /// `/dev/null` takes its place: a connected socket is a way out.
    ReplaceSockets,
    /// The operator trusts what is on the other side.
    KeepSockets,
}

/// What was done. A value of every statement and of every log of a start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
#[must_use]
pub enum Enforcement {
    /// The ways out are closed.
    Enforced(Enforced),
    /// The operator said `egress = "unenforced"`: nothing is closed.
    Unenforced,
}

impl Enforcement {
    /// Whether the ways out are closed.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        matches!(self, Self::Enforced(_))
    }
}

/// How the ways out were closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforced {
    /// The kernel's Landlock ABI.
    pub landlock_abi: u32,
    /// Whether the kernel knows every right that this program knows.
    pub landlock_complete: bool,
    /// Stacked system-call filters.
    pub filters: usize,
    /// Instructions of all filters.
    pub instructions: usize,
    /// Threads that existed when the filters were put over them.
    pub threads: usize,
}

impl fmt::Display for Enforcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enforced(how) => write!(
                f,
                "enforced (landlock abi {}, {} seccomp filters of {} instructions)",
                how.landlock_abi, how.filters, how.instructions
            ),
            Self::Unenforced => f.write_str("unenforced"),
        }
    }
}

impl LogSafe for Enforcement {}
