//! A child that closes itself and tries every way out; and a look at another process.
#![expect(unsafe_code, reason = "a trial needs a process of its own: `fork`")]

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::config::EgressMode;

use super::report::{ProcessView, Report, Trial};
use super::self_test::Threads;
use super::{Plan, SandboxError, Stdio, confine, host, probes};

/// The longest answer that is read from the child.
const MAX_ANSWER: u64 = 1 << 20;

/// Tries the whole sandbox in a child of its own; nothing of this process changes.
///
/// Call it from a process with one thread: the child has only the calling one.
#[must_use]
pub fn probe() -> Report {
    let trial = trial().unwrap_or_else(|source| Trial::Failed {
        reason: source.to_string(),
    });
    Report {
        host: host(),
        trial,
        server: None,
    }
}

/// Looks at a running process from outside.
///
/// # Errors
///
/// [`SandboxError::Process`] when there is no such process.
pub fn process(pid: u32) -> Result<ProcessView, SandboxError> {
    let threads = threads_of(&format!("/proc/{pid}/task"))
        .map_err(|source| SandboxError::Process { pid, source })?;
    Ok(ProcessView {
        pid,
        threads,
        sockets: sockets_of(pid).ok(),
    })
}

/// What the kernel says of the threads under a `task` folder.
pub(super) fn threads_of(tasks: &str) -> io::Result<Threads> {
    let mut threads = Threads::default();
    for task in fs::read_dir(tasks)? {
        // A thread may end while we look.
        let Ok(status) = fs::read_to_string(task?.path().join("status")) else {
            continue;
        };
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
                .unwrap_or_default()
        };
        threads.count += 1;
        threads.filtered += usize::from(field("Seccomp:") == "2");
        threads.no_new_privs += usize::from(field("NoNewPrivs:") == "1");
        let sets = ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"].map(field);
        let none = sets
            .iter()
            .all(|set| !set.is_empty() && set.bytes().all(|digit| digit == b'0'));
        threads.without_capabilities += usize::from(none);
    }
    Ok(threads)
}

fn sockets_of(pid: u32) -> io::Result<usize> {
    let links = fs::read_dir(format!("/proc/{pid}/fd"))?;
    let targets = links.filter_map(|link| fs::read_link(link.ok()?.path()).ok());
    Ok(targets
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count())
}

fn trial() -> io::Result<Trial> {
    let (reader, writer) = io::pipe()?;
    // SAFETY: the child runs only the closure below, which ends in `_exit`; the C library keeps its
    // allocator usable across `fork`.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let code = i32::from(catch_unwind(AssertUnwindSafe(|| answer(writer))).is_err());
            // SAFETY: ends the child without running the parent's exit functions.
            unsafe { libc::_exit(code) }
        }
        child => {
            drop(writer);
            let answer = read(reader);
            let mut status = 0;
            // SAFETY: waits for our own child; the pointer is to a live value.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            Ok(answer.unwrap_or_else(|| Trial::Failed {
                reason: format!("the child ended with status {status}"),
            }))
        }
    }
}

fn read(reader: PipeReader) -> Option<Trial> {
    let mut text = Vec::new();
    reader.take(MAX_ANSWER).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

fn answer(mut writer: PipeWriter) {
    let plan = Plan {
        egress: EgressMode::Enforced,
        read_only: Vec::new(),
        read_write: Vec::new(),
        keep: vec![writer.as_raw_fd()],
        stdio: Stdio::ReplaceSockets,
        max_open_files: 64,
    };
    let trial = match confine(&plan).and_then(super::Confined::seal) {
        Ok(enforcement) => Trial::Closed {
            enforcement,
            self_test: probes::self_test(),
        },
        Err(error) => Trial::Failed {
            reason: error.to_string(),
        },
    };
    // The parent takes silence for a failure.
    let text = serde_json::to_vec(&trial).unwrap_or_default();
    let _silence = writer.write_all(&text);
}
