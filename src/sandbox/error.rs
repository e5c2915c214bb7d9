//! What can go wrong while the process gives its rights away.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why the ways out could not be closed. Each is a reason not to start.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// The kernel lacks a mechanism.
    #[error(
        "this host cannot close the ways out: {missing}; `egress = \"unenforced\"` in [sandbox] starts the \
         server without that promise, and says so in logs and statements"
    )]
    Unsupported {
        /// What is missing, as [`super::Host::missing`] words it.
        missing: String,
    },
    /// Rights would be dropped for one thread of several.
    #[error("{count} threads exist already; rights must be given up while there is one")]
    Threaded {
        /// How many threads there are.
        count: usize,
    },
    /// A folder of the plan can't be opened.
    #[error("cannot open `{}` of the sandbox's plan", path.display())]
    Path {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A folder of the plan would open everything.
    #[error("the sandbox's plan names `/`: everything would be inside")]
    Root,
    /// A descriptor that shall stay open is connected to somewhere.
    #[error("descriptor {fd} shall stay open but is a connected socket: a way out")]
    Connected {
        /// The descriptor.
        fd: i32,
    },
    /// A system call that gives up rights failed.
    #[error("cannot {step}")]
    Step {
        /// What was tried.
        step: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// Landlock refused the rule set.
    #[cfg(target_os = "linux")]
    #[error("landlock refused the rules")]
    Landlock {
        /// Why.
        #[source]
        source: Box<::landlock::RulesetError>,
    },
    /// Landlock accepted the rules and enforces none.
    #[error("landlock enforces nothing")]
    NotEnforced,
    /// The table of rules doesn't compile for this architecture.
    #[cfg(target_os = "linux")]
    #[error("the system-call filter does not compile")]
    Compile {
        /// Why.
        #[source]
        source: seccompiler::BackendError,
    },
    /// The kernel refused a filter.
    #[cfg(target_os = "linux")]
    #[error("the kernel refused the system-call filter `{filter}`")]
    Install {
        /// Which of the three.
        filter: &'static str,
        /// Why.
        #[source]
        source: seccompiler::Error,
    },
    /// Another process can't be looked at.
    #[error("cannot look at process {pid}")]
    Process {
        /// Its id.
        pid: u32,
        /// Why.
        #[source]
        source: io::Error,
    },
}
