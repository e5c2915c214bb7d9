//! Where there is no Landlock and no seccomp: only `unenforced` starts.

use std::io;

use crate::config::EgressMode;

use super::{
    Enforcement, Host, Plan, ProcessView, Report, SandboxError, SelfTest, Threads, Trial, Trips,
};

/// A process that the operator left open.
#[derive(Debug)]
#[must_use = "call `seal` to learn what is enforced"]
pub struct Confined(());

/// Refuses, unless the operator said `egress = "unenforced"`.
///
/// # Errors
///
/// [`SandboxError::Unsupported`] for an enforced plan.
pub fn confine(plan: &Plan) -> Result<Confined, SandboxError> {
    match plan.egress {
        EgressMode::Unenforced => Ok(Confined(())),
        EgressMode::Enforced => Err(SandboxError::Unsupported {
            missing: host().missing().unwrap_or_default(),
        }),
    }
}

impl Confined {
    /// Nothing is closed.
    ///
    /// # Errors
    ///
    /// Never here.
    pub fn seal(self) -> Result<Enforcement, SandboxError> {
        Ok(Enforcement::Unenforced)
    }
}

/// What this system can enforce: nothing.
#[must_use]
pub fn host() -> Host {
    Host {
        kernel: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH,
        landlock_abi: 0,
        landlock_minimum: 2,
        seccomp_missing: vec!["errno", "trap", "kill_process"],
    }
}

/// Tries nothing, and so doesn't pass.
#[must_use]
pub fn self_test() -> SelfTest {
    SelfTest {
        ways: Vec::new(),
        threads: Threads::default(),
    }
}

/// Nothing is watched here.
#[must_use]
pub fn trips() -> Trips {
    Trips::default()
}

/// A report that says what is missing.
#[must_use]
pub fn probe() -> Report {
    let host = host();
    let reason = host.missing().unwrap_or_default();
    Report {
        host,
        trial: Trial::Failed { reason },
        server: None,
    }
}

/// No process can be looked at here.
///
/// # Errors
///
/// Always.
pub fn process(pid: u32) -> Result<ProcessView, SandboxError> {
    Err(SandboxError::Process {
        pid,
        source: io::ErrorKind::Unsupported.into(),
    })
}
