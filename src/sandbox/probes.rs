//! Each way out, tried from inside, so that the proof doesn't rest on what we believe to have installed.
//!
//! Every attempt is harmless even where nothing is closed: its other arguments are such that the kernel
//! would fail for another reason than the sandbox's, so a different error number means that the way is open.
#![expect(unsafe_code, reason = "the ways out are raw system calls")]

use std::io;

use libc::c_long;

use super::seccomp::trap::Testing;
use super::self_test::{Errno, Outcome, SelfTest, Way};
use super::trial::threads_of;

/// Tries every way out from this thread. Some hundred microseconds.
///
/// What it tries isn't counted in [`super::trips`].
#[must_use]
pub fn self_test() -> SelfTest {
    let testing = Testing::start();
    let mut ways: Vec<Way> = CALLS.iter().map(try_call).collect();
    ways.extend(FAMILIES.iter().map(try_socket));
    ways.extend(FILES.iter().map(try_file));
    ways.push(try_executable());
    drop(testing);
    SelfTest {
        ways,
        threads: threads_of("/proc/self/task").unwrap_or_default(),
    }
}

type Call = (&'static str, c_long, [c_long; 6]);

/// No descriptor, no process, no pointer.
const NONE: c_long = -1;

/// Calls with arguments that do nothing.
const CALLS: &[Call] = &[
    ("connect", libc::SYS_connect, [NONE, 0, 0, 0, 0, 0]),
    ("bind", libc::SYS_bind, [NONE, 0, 0, 0, 0, 0]),
    ("listen", libc::SYS_listen, [NONE, 1, 0, 0, 0, 0]),
    (
        "sendto with an address",
        libc::SYS_sendto,
        [NONE, 0, 0, 0, 8, 16],
    ),
    ("sendmsg", libc::SYS_sendmsg, [NONE, 0, 0, 0, 0, 0]),
    ("sendmmsg", libc::SYS_sendmmsg, [NONE, 0, 0, 0, 0, 0]),
    (
        "io_uring_setup",
        libc::SYS_io_uring_setup,
        [0, 0, 0, 0, 0, 0],
    ),
    (
        "io_uring_enter",
        libc::SYS_io_uring_enter,
        [NONE, 0, 0, 0, 0, 0],
    ),
    ("execve", libc::SYS_execve, [0, 0, 0, 0, 0, 0]),
    ("execveat", libc::SYS_execveat, [NONE, 0, 0, 0, 0, 0]),
    // Handlers shared without memory: the kernel refuses the combination with EINVAL.
    (
        "clone of a process",
        libc::SYS_clone,
        [libc::CLONE_SIGHAND as c_long, 0, 0, 0, 0, 0],
    ),
    ("ptrace", libc::SYS_ptrace, [0x4206, 0, 0, 0, 0, 0]),
    ("pidfd_open", libc::SYS_pidfd_open, [0, 0, 0, 0, 0, 0]),
    ("pidfd_getfd", libc::SYS_pidfd_getfd, [NONE, 0, 0, 0, 0, 0]),
    (
        "process_vm_readv",
        libc::SYS_process_vm_readv,
        [0, 0, 0, 0, 0, 0],
    ),
    (
        "process_vm_writev",
        libc::SYS_process_vm_writev,
        [0, 0, 0, 0, 0, 0],
    ),
    ("kill", libc::SYS_kill, [0, 0, 0, 0, 0, 0]),
    ("memfd_create", libc::SYS_memfd_create, [0, 0, 0, 0, 0, 0]),
    ("unshare", libc::SYS_unshare, [0, 0, 0, 0, 0, 0]),
    ("setns", libc::SYS_setns, [NONE, 0, 0, 0, 0, 0]),
    ("mount", libc::SYS_mount, [0, 0, 0, 0, 0, 0]),
    ("chroot", libc::SYS_chroot, [0, 0, 0, 0, 0, 0]),
    (
        "open_by_handle_at",
        libc::SYS_open_by_handle_at,
        [NONE, 0, 0, 0, 0, 0],
    ),
    ("symlinkat", libc::SYS_symlinkat, [0, NONE, 0, 0, 0, 0]),
    ("linkat", libc::SYS_linkat, [NONE, 0, NONE, 0, 0, 0]),
    ("bpf", libc::SYS_bpf, [0, 0, 0, 0, 0, 0]),
    (
        "perf_event_open",
        libc::SYS_perf_event_open,
        [0, 0, 0, 0, 0, 0],
    ),
    (
        "userfaultfd",
        libc::SYS_userfaultfd,
        [0xffff, 0, 0, 0, 0, 0],
    ),
    ("keyctl", libc::SYS_keyctl, [0xffff, 0, 0, 0, 0, 0]),
    ("seccomp", libc::SYS_seccomp, [0xffff, 0, 0, 0, 0, 0]),
    ("truncate", libc::SYS_truncate, [0, 0, 0, 0, 0, 0]),
];

/// Families of sockets. A socket that does open is closed at once.
const FAMILIES: &[(&str, i32, i32)] = &[
    ("socket INET stream", libc::AF_INET, libc::SOCK_STREAM),
    ("socket INET datagram", libc::AF_INET, libc::SOCK_DGRAM),
    ("socket INET raw", libc::AF_INET, libc::SOCK_RAW),
    ("socket INET6 stream", libc::AF_INET6, libc::SOCK_STREAM),
    ("socket NETLINK", libc::AF_NETLINK, libc::SOCK_RAW),
    ("socket PACKET", libc::AF_PACKET, libc::SOCK_RAW),
    ("socket UNIX", libc::AF_UNIX, libc::SOCK_STREAM),
    ("socket VSOCK", libc::AF_VSOCK, libc::SOCK_STREAM),
    ("socket ALG", libc::AF_ALG, libc::SOCK_SEQPACKET),
];

/// Files outside every plan, with the flags to open them.
const FILES: &[(&str, &std::ffi::CStr, i32)] = &[
    ("list /", c"/", libc::O_RDONLY | libc::O_DIRECTORY),
    ("read /etc/shadow", c"/etc/shadow", libc::O_RDONLY),
    ("read /proc/net/tcp", c"/proc/net/tcp", libc::O_RDONLY),
    ("write /proc/self/mem", c"/proc/self/mem", libc::O_RDWR),
    (
        "create a file in /",
        c"/.bailiwick-self-test",
        libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL,
    ),
];

fn try_call((name, number, a): &Call) -> Way {
    // SAFETY: the table's arguments hold no pointer but null and one that is only compared with null.
    let result = unsafe { libc::syscall(*number, a[0], a[1], a[2], a[3], a[4], a[5]) };
    way(name, result, &[libc::EPERM])
}

fn try_socket((name, family, kind): &(&'static str, i32, i32)) -> Way {
    // SAFETY: numbers only.
    let result = unsafe { libc::socket(*family, *kind, 0) };
    let way = way(name, result.into(), &[libc::EPERM]);
    close(result);
    way
}

fn try_file((name, path, flags): &(&'static str, &'static std::ffi::CStr, i32)) -> Way {
    // SAFETY: the path is a C string that lives for the program.
    let result = unsafe { libc::open(path.as_ptr(), *flags | libc::O_CLOEXEC, 0o600) };
    // A file that doesn't exist here, or a file system that nobody can write, leaks nothing either. Landlock's
    // own answer for `/`, which always exists, is EACCES.
    let refusals: &[i32] = if *path == c"/" {
        &[libc::EACCES]
    } else {
        &[libc::EACCES, libc::EPERM, libc::ENOENT, libc::EROFS]
    };
    let way = way(name, result.into(), refusals);
    if result >= 0 && flags & libc::O_CREAT != 0 {
        // SAFETY: as above; removes what was created a moment ago.
        unsafe { libc::unlink(path.as_ptr()) };
    }
    close(result);
    way
}

/// Memory that can be executed is how injected code runs.
fn try_executable() -> Way {
    let protection = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new anonymous mapping; nothing of the program is replaced.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, kind, -1, 0) };
    if page == libc::MAP_FAILED {
        return way("executable memory", -1, &[libc::EPERM]);
    }
    // SAFETY: the mapping made above, of that length, that nobody else knows.
    unsafe { libc::munmap(page, 4096) };
    way("executable memory", 0, &[])
}

fn close(fd: i32) {
    if fd >= 0 {
        // SAFETY: a descriptor opened by the caller a moment ago and known to nobody else.
        unsafe { libc::close(fd) };
    }
}

/// Must come straight after the call: it reads the thread's error number.
fn way(name: &'static str, result: c_long, refusals: &[i32]) -> Way {
    let errno = (result < 0).then(|| io::Error::last_os_error().raw_os_error().unwrap_or(0));
    let outcome = match errno {
        Some(errno) if refusals.contains(&errno) => Outcome::Refused {
            errno: Errno(errno),
        },
        other => Outcome::Open {
            errno: other.map(Errno),
        },
    };
    Way {
        name: name.into(),
        outcome,
    }
}
