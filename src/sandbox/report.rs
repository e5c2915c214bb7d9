//! What `bailiwick doctor` prints: the host's abilities, a trial of the whole sandbox, a running server.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan::Enforcement;
use super::self_test::{Outcome, SelfTest, Threads};

/// Everything about the sandbox on this machine.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What the kernel can enforce.
    pub host: Host,
    /// What happened when a process closed itself and tried every way out.
    pub trial: Trial,
    /// A running server, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ProcessView>,
}

impl Report {
    /// Whether the ways out can be closed here, and a named server has closed them.
    #[must_use]
    pub fn healthy(&self) -> bool {
        let trial = matches!(&self.trial, Trial::Closed { self_test, .. } if self_test.passed());
        trial
            && self
                .server
                .as_ref()
                .is_none_or(|server| server.threads.all_covered())
    }
}

/// What the kernel can enforce.
#[derive(Clone, Debug, Serialize)]
pub struct Host {
    /// The kernel's release.
    pub kernel: String,
    /// The processor's architecture.
    pub architecture: &'static str,
    /// Its Landlock ABI; 0: none.
    pub landlock_abi: u32,
    /// The oldest ABI that is enough.
    pub landlock_minimum: u32,
    /// Needed seccomp actions that it doesn't know.
    pub seccomp_missing: Vec<&'static str>,
}

impl Host {
    /// What is missing for enforcement; `None`: nothing.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        let mut missing = Vec::new();
        if !cfg!(target_os = "linux") {
            missing.push("linux (landlock and seccomp)".to_owned());
        }
        if self.landlock_abi < self.landlock_minimum {
            missing.push(format!(
                "landlock abi {} (the kernel has {}; linux 5.19 or later with `landlock` in `lsm=` has it)",
                self.landlock_minimum, self.landlock_abi
            ));
        }
        if !self.seccomp_missing.is_empty() {
            missing.push(format!(
                "seccomp actions {}",
                self.seccomp_missing.join(", ")
            ));
        }
        if !matches!(self.architecture, "x86_64" | "aarch64") {
            missing.push(format!("a table of system calls for {}", self.architecture));
        }
        (!missing.is_empty()).then(|| format!("missing {}", missing.join("; missing ")))
    }
}

/// A process that closed itself and tried every way out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "trial", rename_all = "snake_case")]
pub enum Trial {
    /// It closed itself.
    Closed {
        /// How.
        enforcement: Enforcement,
        /// What it tried.
        self_test: SelfTest,
    },
    /// It could not.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What can be seen of a process from outside.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ProcessView {
    /// Its id.
    pub pid: u32,
    /// Its threads.
    pub threads: Threads,
    /// Its open sockets; `None`: only root may look at a process that isn't dumpable.
    pub sockets: Option<usize>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        writeln!(f, "kernel        {} ({})", host.kernel, host.architecture)?;
        writeln!(
            f,
            "landlock      abi {} (at least {})",
            host.landlock_abi, host.landlock_minimum
        )?;
        match host.missing() {
            Some(missing) => writeln!(f, "host          {missing}")?,
            None => writeln!(f, "host          can close every way out")?,
        }
        match &self.trial {
            Trial::Failed { reason } => writeln!(f, "trial         failed: {reason}")?,
            Trial::Closed {
                enforcement,
                self_test,
            } => {
                writeln!(f, "trial         {enforcement}")?;
                write!(f, "{self_test}")?;
            }
        }
        if let Some(server) = &self.server {
            writeln!(f, "process {:<5} {}", server.pid, server.threads)?;
            if let Some(sockets) = server.sockets {
                writeln!(f, "              {sockets} open sockets")?;
            }
        }
        let verdict = if self.healthy() {
            "every way out is closed"
        } else {
            "a way out is open: the server would not start, or must not go on"
        };
        write!(f, "result        {verdict}")
    }
}

impl fmt::Display for SelfTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for way in &self.ways {
            match way.outcome {
                Outcome::Refused { errno } => writeln!(f, "  refused     {} ({errno})", way.name)?,
                Outcome::Open { errno: None } => writeln!(f, "  OPEN        {}", way.name)?,
                Outcome::Open { errno: Some(errno) } => {
                    writeln!(f, "  OPEN        {} ({errno})", way.name)?
                }
            }
        }
        writeln!(
            f,
            "  in all      {} ways out tried, {} open",
            self.ways.len(),
            self.open().count()
        )?;
        writeln!(f, "  threads     {}", self.threads)
    }
}

impl fmt::Display for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} threads: {} filtered, {} without new privileges, {} without capabilities",
            self.count, self.filtered, self.no_new_privs, self.without_capabilities
        )
    }
}
