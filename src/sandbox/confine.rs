//! The two phases, in their order.

use std::fs;

use crate::config::EgressMode;

use super::SandboxError;
use super::folders;
use super::host::host;
use super::plan::{Enforced, Enforcement, Plan};
use super::rights;
use super::seccomp;

/// The process after the first phase: files, capabilities and descriptors are closed, system calls not yet.
///
/// Only [`confine`] makes one, and only [`Confined::seal`] takes it:
///
/// ```compile_fail
/// let confined = bailiwick::sandbox::Confined { state: None };
/// ```
#[derive(Debug)]
#[must_use = "the system calls are still open until `seal`"]
pub struct Confined {
    state: Option<folders::Restricted>,
}

/// Phase one, on the only thread: limits, descriptors, capabilities, `no_new_privs`, Landlock.
///
/// Call it after binding the listeners and before anything that starts a thread. Files inside the plan's
/// folders can still be opened afterwards.
///
/// # Errors
///
/// [`SandboxError::Unsupported`] before anything is changed where the host can't enforce the plan;
/// [`SandboxError::Threaded`] when other threads exist; else the step that failed, after which the process
/// must end: it has lost some rights and not others.
pub fn confine(plan: &Plan) -> Result<Confined, SandboxError> {
    if plan.egress == EgressMode::Unenforced {
        return Ok(Confined { state: None });
    }
    if let Some(missing) = host().missing() {
        return Err(SandboxError::Unsupported { missing });
    }
    let count = threads()?;
    if count != 1 {
        return Err(SandboxError::Threaded { count });
    }
    // The folders are opened first: where one is missing, nothing has changed yet.
    let folders = folders::open(plan)?;
    let closed = rights::limit(plan)?.close_descriptors(plan, &folders.descriptors())?;
    let state = closed
        .drop_capabilities()?
        .forbid_new_privileges()?
        .restrict(folders)?;
    Ok(Confined { state: Some(state) })
}

impl Confined {
    /// Phase two, when every thread and runtime has started: the system-call filters, over all threads.
    ///
    /// # Errors
    ///
    /// The filter that the kernel refused; the process must end then.
    pub fn seal(self) -> Result<Enforcement, SandboxError> {
        let Some(restricted) = self.state else {
            return Ok(Enforcement::Unenforced);
        };
        let installed = seccomp::install()?;
        Ok(Enforcement::Enforced(Enforced {
            landlock_abi: restricted.abi,
            landlock_complete: restricted.complete,
            filters: installed.filters,
            instructions: installed.instructions,
            threads: threads()?,
        }))
    }
}

fn threads() -> Result<usize, SandboxError> {
    let tasks = fs::read_dir("/proc/self/task").map_err(|source| SandboxError::Step {
        step: "count the threads",
        source,
    })?;
    Ok(tasks.count())
}
