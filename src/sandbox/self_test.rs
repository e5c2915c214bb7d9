//! What a self-test found.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Each way out that was tried from inside, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SelfTest {
    /// The ways, in the order tried.
    pub ways: Vec<Way>,
    /// What the kernel says of every thread.
    pub threads: Threads,
}

impl SelfTest {
    /// Whether every way was refused and every thread is covered.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.ways.is_empty() && self.open().next().is_none() && self.threads.all_covered()
    }

    /// The ways that were not refused.
    pub fn open(&self) -> impl Iterator<Item = &Way> {
        self.ways.iter().filter(|way| !way.refused())
    }
}

/// One way out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Way {
    /// What was tried.
    pub name: Cow<'static, str>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Way {
    /// Whether it was refused by the sandbox.
    #[must_use]
    pub fn refused(&self) -> bool {
        matches!(self.outcome, Outcome::Refused { .. })
    }
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The sandbox refused.
    Refused {
        /// With this error.
        errno: Errno,
    },
    /// The call reached the kernel: it succeeded, or failed for a reason that isn't the sandbox's.
    Open {
        /// The reason; `None`: it succeeded.
        errno: Option<Errno>,
    },
}

/// What the kernel says of the process's threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threads {
    /// How many there are.
    pub count: usize,
    /// Those with a system-call filter.
    pub filtered: usize,
    /// Those that can't gain privileges.
    pub no_new_privs: usize,
    /// Those with no capability in any set.
    pub without_capabilities: usize,
}

impl Threads {
    /// Whether there is a thread and each is covered in every respect.
    #[must_use]
    pub fn all_covered(&self) -> bool {
        self.count > 0
            && [self.filtered, self.no_new_privs, self.without_capabilities]
                .iter()
                .all(|covered| *covered == self.count)
    }
}

/// An error number of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Errno(pub i32);

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The numbers that matter here are the same on x86_64 and aarch64.
        match self.0 {
            1 => f.write_str("EPERM"),
            2 => f.write_str("ENOENT"),
            13 => f.write_str("EACCES"),
            30 => f.write_str("EROFS"),
            38 => f.write_str("ENOSYS"),
            other => write!(f, "errno {other}"),
        }
    }
}
