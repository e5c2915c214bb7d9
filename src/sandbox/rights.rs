//! Limits, descriptors, capabilities: each step takes what the step before it left behind.
#![expect(
    unsafe_code,
    reason = "rights are given up by system calls that std doesn't know"
)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, RawFd};

use super::SandboxError;
use super::folders::{Folders, Restricted};
use super::plan::{Plan, Stdio};

/// Core dumps are off and descriptors are bounded.
#[derive(Debug)]
pub(super) struct Limited(());

/// Nothing inherited is open but what the plan names.
#[derive(Debug)]
pub(super) struct Closed(());

/// No capability is left in any set.
#[derive(Debug)]
pub(super) struct Unprivileged(());

/// No program started from here could gain a privilege.
#[derive(Debug)]
pub(super) struct NoNewPrivileges(());

/// First, while it can't fail for lack of rights: limits. A core dump would hold personal data.
pub(super) fn limit(plan: &Plan) -> Result<Limited, SandboxError> {
    set_limit(libc::RLIMIT_CORE, 0, "forbid core dumps")?;
    let files = limit_of(libc::RLIMIT_NOFILE)?.min(plan.max_open_files);
    set_limit(libc::RLIMIT_NOFILE, files, "bound the open files")?;
    // A dump through a pipe ignores the limit above; this also keeps others of the same user from
    // attaching a debugger.
    prctl(libc::PR_SET_DUMPABLE, 0, "make the process not dumpable")?;
    Ok(Limited(()))
}

impl Limited {
    /// Descriptors before capabilities and Landlock: `/dev/null` may not be inside the plan's folders.
    pub(super) fn close_descriptors(
        self,
        plan: &Plan,
        folders: &[RawFd],
    ) -> Result<Closed, SandboxError> {
        for fd in 0..=2 {
            secure_stdio(fd, plan.stdio)?;
        }
        let mut keep: Vec<RawFd> = plan.keep.iter().copied().filter(|fd| *fd > 2).collect();
        if let Some(fd) = keep.iter().copied().find(|fd| is_connected(*fd)) {
            return Err(SandboxError::Connected { fd });
        }
        keep.extend_from_slice(folders);
        keep.sort_unstable();
        let mut first = 3;
        for fd in keep {
            if fd > first {
                close_range(first, fd - 1)?;
            }
            first = fd + 1;
        }
        close_range(first, RawFd::MAX)?;
        Ok(Closed(()))
    }
}

impl Closed {
    /// All five sets. The bounding set first: dropping from it needs a capability itself.
    pub(super) fn drop_capabilities(self) -> Result<Unprivileged, SandboxError> {
        for capability in 0..64 {
            // SAFETY: `prctl` with these options takes numbers only.
            let done = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
            // EINVAL: past the last one. EPERM: a process without CAP_SETPCAP, which can't regain
            // anything from the bounding set once `no_new_privs` stands.
            if done != 0 {
                break;
            }
        }
        // SAFETY: `prctl` with these options takes numbers only.
        let cleared = unsafe {
            libc::prctl(
                libc::PR_CAP_AMBIENT,
                libc::PR_CAP_AMBIENT_CLEAR_ALL,
                0,
                0,
                0,
            )
        };
        check(cleared.into(), "clear the ambient capabilities")?;
        let header = CapabilityHeader {
            version: CAPABILITY_VERSION_3,
            pid: 0,
        };
        let none = [CapabilitySets::default(); 2];
        // SAFETY: both pointers are to live values in the layout of `struct __user_cap_*`, version 3,
        // which reads two data elements.
        let set = unsafe { libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) };
        check(set, "drop the capabilities")?;
        Ok(Unprivileged(()))
    }
}

impl Unprivileged {
    /// Landlock and seccomp demand it of an unprivileged process, which this now is.
    pub(super) fn forbid_new_privileges(self) -> Result<NoNewPrivileges, SandboxError> {
        prctl(libc::PR_SET_NO_NEW_PRIVS, 1, "set no_new_privs")?;
        Ok(NoNewPrivileges(()))
    }
}

impl NoNewPrivileges {
    /// Files last: the steps before open `/proc` and `/dev/null`.
    pub(super) fn restrict(self, folders: Folders) -> Result<Restricted, SandboxError> {
        folders.restrict()
    }
}

/// How the C library types the number of a limit.
#[cfg(target_env = "gnu")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_env = "gnu"))]
type Resource = libc::c_int;

const CAPABILITY_VERSION_3: u32 = 0x2008_0522;

#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapabilitySets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// A closed standard stream would give its number to the next file; a connected one is a way out.
fn secure_stdio(fd: RawFd, policy: Stdio) -> Result<(), SandboxError> {
    // SAFETY: `fcntl` with F_GETFD takes numbers only.
    let open = unsafe { libc::fcntl(fd, libc::F_GETFD) } >= 0;
    if open && !(policy == Stdio::ReplaceSockets && is_socket(fd)) {
        return Ok(());
    }
    let step = "replace a standard stream by /dev/null";
    let null: File = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")
        .map_err(|source| SandboxError::Step { step, source })?;
    if null.as_raw_fd() == fd {
        // The stream was closed and the file took its number: it stays.
        let _stays: RawFd = std::os::fd::IntoRawFd::into_raw_fd(null);
        return Ok(());
    }
    // SAFETY: both are descriptors of this process; what `fd` was is not owned by any Rust value.
    check(unsafe { libc::dup2(null.as_raw_fd(), fd) }.into(), step)
}

/// Not `fstat`, so that one call answers for both questions below.
fn is_socket(fd: RawFd) -> bool {
    socket_option(fd, libc::SO_TYPE).is_some()
}

fn is_connected(fd: RawFd) -> bool {
    is_socket(fd) && socket_option(fd, libc::SO_ACCEPTCONN) != Some(1)
}

fn socket_option(fd: RawFd, option: i32) -> Option<i32> {
    let mut value: i32 = 0;
    let mut length: libc::socklen_t = 4;
    // SAFETY: the value and its length are live and of the four bytes that `length` says.
    let done = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            option,
            (&raw mut value).cast(),
            &raw mut length,
        )
    };
    (done == 0).then_some(value)
}

fn close_range(first: RawFd, last: RawFd) -> Result<(), SandboxError> {
    // SAFETY: numbers only. No Rust value owns a descriptor in the range: the caller says in the plan
    // which ones are owned.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    check(done, "close inherited descriptors")
}

fn limit_of(resource: Resource) -> Result<u64, SandboxError> {
    let mut now = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to a live value of the right type.
    let done = unsafe { libc::getrlimit(resource, &raw mut now) };
    check(done.into(), "read a limit")?;
    Ok(now.rlim_max)
}

fn set_limit(resource: Resource, value: u64, step: &'static str) -> Result<(), SandboxError> {
    let both = libc::rlimit {
        rlim_cur: value,
        rlim_max: value,
    };
    // SAFETY: the pointer is to a live value of the right type.
    check(
        unsafe { libc::setrlimit(resource, &raw const both) }.into(),
        step,
    )
}

fn prctl(option: i32, value: libc::c_ulong, step: &'static str) -> Result<(), SandboxError> {
    // SAFETY: the options used here take numbers only.
    check(unsafe { libc::prctl(option, value, 0, 0, 0) }.into(), step)
}

fn check(result: i64, step: &'static str) -> Result<(), SandboxError> {
    if result < 0 {
        Err(SandboxError::Step {
            step,
            source: io::Error::last_os_error(),
        })
    } else {
        Ok(())
    }
}
