//! Takes rights away from our own process, and proves it.
//!
//! Two phases, because two mechanisms want different moments. [`confine`] runs while the process has one
//! thread, after the listeners are bound and before the runtime, the engine or any pool exists: Landlock,
//! capabilities and `no_new_privs` belong to a thread and are inherited only by threads that it starts
//! later. [`Confined::seal`] runs when everything has started: the system-call filter reaches every
//! thread at once (TSYNC), and starting a runtime needs calls (`socketpair`, `epoll_create1`) that
//! serving never needs. [`Confined`] is made only by the first phase, so the order can't be wrong.
//!
//! No mechanism is enough alone. Seccomp sees numbers and not paths, so it can't keep files apart;
//! Landlock sees paths but not UDP, raw, packet or Unix datagram sockets. Together they leave nothing.
//!
//! The SIGSYS handler can't be handed a context by the kernel, so `seccomp::trap` holds the one piece of
//! module-level state of the crate: counters and a small ring of atomics.

mod error;
mod plan;
mod report;
mod self_test;
mod trips;

#[cfg(target_os = "linux")]
mod confine;
#[cfg(target_os = "linux")]
mod folders;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod probes;
#[cfg(target_os = "linux")]
mod rights;
#[cfg(target_os = "linux")]
mod seccomp;
#[cfg(target_os = "linux")]
mod trial;

#[cfg(not(target_os = "linux"))]
mod unsupported;

pub use self::error::SandboxError;
pub use self::plan::{Enforced, Enforcement, Plan, Stdio};
pub use self::report::{Host, ProcessView, Report, Trial};
pub use self::self_test::{Errno, Outcome, SelfTest, Threads, Way};
pub use self::trips::{Trip, TripCount, Trips};

#[cfg(target_os = "linux")]
pub use self::confine::{Confined, confine};
#[cfg(target_os = "linux")]
pub use self::host::host;
#[cfg(target_os = "linux")]
pub use self::probes::self_test;
#[cfg(target_os = "linux")]
pub use self::seccomp::trap::trips;
#[cfg(target_os = "linux")]
pub use self::trial::{probe, process};

#[cfg(not(target_os = "linux"))]
pub use self::unsupported::{Confined, confine, host, probe, process, self_test, trips};

/// Closes everything at once: both phases, for a process that starts nothing between them.
///
/// # Errors
///
/// As [`confine`] and [`Confined::seal`].
pub fn close(plan: &Plan) -> Result<Enforcement, SandboxError> {
    confine(plan)?.seal()
}
