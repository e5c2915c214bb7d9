//! The rules, as data: which system calls a serving process makes, with which arguments, and who needs them.
//!
//! The tests evaluate the compiled filters over every rule: its arguments pass and each flipped one fails.

use std::iter;

/// One permission, or one trip-wire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    /// The call.
    pub(crate) call: Call,
    /// All must hold; empty: any arguments.
    pub(crate) when: &'static [Condition],
    /// Who needs it, or what it would be used for.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "read by people and by the tests")
    )]
    pub(crate) reason: &'static str,
}

/// A system call of this architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Its number.
    pub(crate) number: i64,
    /// Its constant's name.
    name: &'static str,
}

impl Call {
    /// Its name, as in the manual.
    pub(crate) fn name(self) -> &'static str {
        self.name.strip_prefix("SYS_").unwrap_or(self.name)
    }
}

/// A condition on one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Which one, from 0.
    pub(crate) argument: u8,
    /// How much of the register the kernel looks at.
    pub(crate) width: Width,
    /// What must hold.
    pub(crate) test: Test,
}

/// How much of an argument's register counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// The lower 32 bits.
    Int,
    /// All 64 bits.
    Long,
}

/// What must hold of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    /// It is this value.
    Is(u64),
    /// It isn't this value.
    Not(u64),
    /// Of the bits in the mask, exactly those of the value are set.
    Bits {
        /// The bits that are looked at.
        mask: u64,
        /// What they must be.
        value: u64,
    },
    /// It is this process's id.
    OwnProcess,
}

/// All permissions of this architecture.
pub(crate) fn allowed() -> impl Iterator<Item = &'static Rule> {
    iter::chain(ALLOWED, ALLOWED_HERE)
}

/// The name of a call that the trip-wire watches.
pub(crate) fn trip_name(number: i64) -> &'static str {
    TRIP_WIRE
        .iter()
        .find(|rule| rule.call.number == number)
        .map_or("other", |rule| rule.call.name())
}

const fn int(argument: u8, value: i32) -> Condition {
    Condition {
        argument,
        width: Width::Int,
        test: Test::Is(value.cast_unsigned() as u64),
    }
}

const fn request(argument: u8, value: u64) -> Condition {
    Condition {
        argument,
        width: Width::Int,
        test: Test::Is(value),
    }
}

const fn not(argument: u8, value: i32) -> Condition {
    Condition {
        argument,
        width: Width::Int,
        test: Test::Not(value.cast_unsigned() as u64),
    }
}

const fn null(argument: u8) -> Condition {
    Condition {
        argument,
        width: Width::Long,
        test: Test::Is(0),
    }
}

const fn bits(argument: u8, mask: i32, value: i32) -> Condition {
    let (mask, value) = (mask.cast_unsigned() as u64, value.cast_unsigned() as u64);
    Condition {
        argument,
        width: Width::Int,
        test: Test::Bits { mask, value },
    }
}

const fn own_process(argument: u8) -> Condition {
    Condition {
        argument,
        width: Width::Int,
        test: Test::OwnProcess,
    }
}

/// `clone` must make a thread: same memory, no namespace, no debugger, no new process.
const THREAD: Condition = {
    let namespaces = libc::CLONE_NEWNS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET;
    let other = libc::CLONE_VFORK | libc::CLONE_PTRACE | libc::CLONE_UNTRACED | libc::CLONE_PIDFD;
    let thread = libc::CLONE_THREAD | libc::CLONE_VM;
    Condition {
        argument: 0,
        width: Width::Long,
        test: Test::Bits {
            mask: (namespaces | other | thread).cast_unsigned() as u64 | 0xff,
            value: thread.cast_unsigned() as u64,
        },
    }
};

/// A file opened to read and truncated all the same would get round old Landlock versions.
const OPEN_KEEPING: i32 = libc::O_TRUNC;
const OPEN_TRUNCATING: i32 = libc::O_TRUNC | libc::O_ACCMODE;

// Requests of `ioctl`; the C libraries disagree on their type.
const FIONBIO: u64 = 0x5421;
const FIOCLEX: u64 = 0x5451;
const TCGETS: u64 = 0x5401;

macro_rules! rules {
    ($($name:ident $([$($condition:expr),+])? => $reason:literal),* $(,)?) => {
        &[$(Rule { call: Call { number: libc::$name, name: stringify!($name) }, when: rules!(@ $($($condition),+)?), reason: $reason }),*]
    };
    (@) => { &[] };
    (@ $($condition:expr),+) => { &[$($condition),+] };
}

/// The first filter.
pub(crate) const CLONE3: &[Rule] =
    rules![SYS_clone3 => "flags behind a pointer; the C library falls back to clone"];

/// Calls that serving makes, on both architectures.
const ALLOWED: &[Rule] = rules![
    // Connections.
    SYS_accept4 => "tokio: takes connections from the listener",
    SYS_read => "everything: files, sockets, the wake-up descriptor",
    SYS_readv => "tokio: vectored reads",
    SYS_write => "everything: files, sockets, log lines to standard error",
    SYS_writev => "hyper: head and body in one call; std: standard error",
    SYS_recvfrom => "tokio: reads from a connection",
    SYS_sendto [null(4), int(5, 0)] => "std and tokio: `send` on a connection, which is sendto with no address",
    SYS_shutdown => "hyper: ends its half of a connection",
    SYS_close => "everything",
    SYS_getsockname => "tokio: local address of a connection",
    SYS_getpeername => "tokio: remote address of a connection",
    SYS_getsockopt [int(1, libc::SOL_SOCKET)] => "tokio: pending error of a connection",
    SYS_setsockopt [int(1, libc::IPPROTO_TCP), int(2, libc::TCP_NODELAY)] => "http: no delay for streamed tokens",
    SYS_setsockopt [int(1, libc::IPPROTO_TCP), int(2, libc::TCP_USER_TIMEOUT)] => "http: gives up on a dead client",
    SYS_setsockopt [int(1, libc::IPPROTO_TCP), int(2, libc::TCP_KEEPIDLE)] => "http: keep-alive of idle connections",
    SYS_setsockopt [int(1, libc::IPPROTO_TCP), int(2, libc::TCP_KEEPINTVL)] => "http: keep-alive of idle connections",
    SYS_setsockopt [int(1, libc::IPPROTO_TCP), int(2, libc::TCP_KEEPCNT)] => "http: keep-alive of idle connections",
    SYS_setsockopt [int(1, libc::SOL_SOCKET), int(2, libc::SO_KEEPALIVE)] => "http: keep-alive of idle connections",
    SYS_setsockopt [int(1, libc::SOL_SOCKET), int(2, libc::SO_LINGER)] => "tokio: closes a connection at once",
    SYS_ioctl [request(1, FIONBIO)] => "std: non-blocking mode",
    SYS_ioctl [request(1, FIOCLEX)] => "std: close-on-exec",
    SYS_ioctl [request(1, TCGETS)] => "std: whether standard error is a terminal",
    SYS_epoll_ctl => "tokio: registers connections",
    SYS_epoll_pwait => "tokio: waits",
    SYS_ppoll => "std: waits",
    // Time and waiting.
    SYS_futex => "locks and parking of every thread",
    SYS_clock_gettime => "clocks, where the vDSO can't answer",
    SYS_clock_getres => "clocks",
    SYS_clock_nanosleep => "std: sleep",
    SYS_nanosleep => "sqlite: waits for a busy database",
    SYS_gettimeofday => "sqlite: time, where the vDSO can't answer",
    SYS_restart_syscall => "the kernel: goes on with a wait after a signal",
    // Memory.
    SYS_mmap [bits(2, libc::PROT_EXEC, 0)] => "allocator, weights, sqlite's shared index; never executable",
    SYS_mprotect [bits(2, libc::PROT_EXEC, 0)] => "allocator, thread stacks; never executable",
    SYS_munmap => "allocator",
    SYS_mremap => "allocator: large reallocations",
    SYS_madvise => "allocator; formats: gives pages of weights back",
    SYS_brk => "allocator",
    // Threads and signals.
    SYS_clone [THREAD] => "std: starts a thread (blocking pool, rayon)",
    SYS_clone3 => "answered ENOSYS by the first filter, which this one must not hide",
    SYS_exit => "a thread ends",
    SYS_exit_group => "the process ends",
    SYS_set_robust_list => "the C library: starts a thread",
    SYS_rseq => "the C library: starts a thread",
    SYS_sigaltstack => "std: guards a thread's stack",
    SYS_prctl [int(0, libc::PR_SET_NAME)] => "std: names a thread",
    SYS_gettid => "std and the C library: names a thread, raises a signal",
    SYS_getpid => "sqlite: tells that the process has not forked",
    SYS_tgkill [own_process(0)] => "the C library: abort() raises a signal in its own thread",
    SYS_sched_yield => "std and rayon: spins",
    SYS_sched_getaffinity => "std and rayon: counts the processors",
    SYS_sched_setaffinity [int(0, 0)] => "kernels: pins a thread of its own pool",
    SYS_prlimit64 [int(0, 0), null(2)] => "the C library: reads its stack's limit",
    SYS_rt_sigaction [not(0, libc::SIGSYS)] => "tokio and std: signal handlers; the trip-wire's stays",
    SYS_rt_sigprocmask => "the C library: starts a thread",
    SYS_rt_sigreturn => "the kernel: returns from a handler",
    // Files.
    SYS_openat [bits(2, OPEN_KEEPING, 0)] => "std and sqlite: files inside the folders",
    SYS_openat [bits(2, OPEN_TRUNCATING, libc::O_TRUNC | libc::O_WRONLY)] => "std: writes a file anew",
    SYS_openat [bits(2, OPEN_TRUNCATING, libc::O_TRUNC | libc::O_RDWR)] => "std: writes a file anew",
    SYS_fstat => "std and sqlite",
    SYS_newfstatat => "std and sqlite",
    SYS_statx => "std: metadata",
    SYS_lseek => "std: seeks",
    SYS_pread64 => "sqlite: reads a page",
    SYS_pwrite64 => "sqlite: writes a page",
    SYS_fsync => "sqlite: folder after a new file",
    SYS_fdatasync => "audit: durable append; sqlite: commit",
    SYS_ftruncate => "sqlite: log and index; audit: cuts a torn tail",
    SYS_fallocate => "sqlite: grows its shared index",
    SYS_fcntl [int(1, libc::F_GETFD)] => "std: checks that a descriptor is open",
    SYS_fcntl [int(1, libc::F_SETFD)] => "std and sqlite: close-on-exec",
    SYS_fcntl [int(1, libc::F_GETFL)] => "std: mode of a descriptor",
    SYS_fcntl [int(1, libc::F_SETFL), bits(2, libc::O_ASYNC, 0)] => "std: non-blocking mode; no signals on input",
    SYS_fcntl [int(1, libc::F_DUPFD_CLOEXEC)] => "std: try_clone",
    SYS_fcntl [int(1, libc::F_GETLK)] => "sqlite: locks",
    SYS_fcntl [int(1, libc::F_SETLK)] => "sqlite: locks",
    SYS_fcntl [int(1, libc::F_SETLKW)] => "sqlite: locks",
    SYS_flock => "std: one process per data folder",
    SYS_fchmod => "sqlite: mode of a new log",
    SYS_fchown => "sqlite as root: owner of a new log",
    SYS_faccessat => "sqlite: whether a file exists",
    SYS_faccessat2 => "the C library: access with flags",
    SYS_unlinkat => "sqlite and std: removes a file",
    SYS_renameat2 => "the C library: rename on architectures without the old call",
    SYS_mkdirat => "std: a folder inside the data folder",
    SYS_readlinkat => "sqlite: full path of the database",
    SYS_getdents64 => "std: lists segments; self-test: lists threads",
    SYS_getcwd => "sqlite: full path of the database",
    SYS_geteuid => "sqlite: whether it runs as root",
    SYS_getrandom => "std and rand: keys and seeds",
];

/// Older forms that only x86_64 has, and that its C libraries still use.
#[cfg(target_arch = "x86_64")]
const ALLOWED_HERE: &[Rule] = rules![
    SYS_epoll_wait => "tokio: waits",
    SYS_poll => "std: waits",
    SYS_open [bits(1, OPEN_KEEPING, 0)] => "openat, as musl writes it",
    SYS_open [bits(1, OPEN_TRUNCATING, libc::O_TRUNC | libc::O_WRONLY)] => "openat, as musl writes it",
    SYS_open [bits(1, OPEN_TRUNCATING, libc::O_TRUNC | libc::O_RDWR)] => "openat, as musl writes it",
    SYS_stat => "newfstatat, as musl writes it",
    SYS_lstat => "newfstatat, as musl writes it",
    SYS_access => "sqlite: whether a file exists",
    SYS_unlink => "sqlite and std: removes a file",
    SYS_rmdir => "std: removes a folder inside the data folder",
    SYS_rename => "std: final name of a written file",
    SYS_renameat => "std: final name of a written file",
    SYS_mkdir => "std: a folder inside the data folder",
    SYS_readlink => "sqlite: full path of the database",
];

/// `renameat`, by which the C library renames there; `libc` has no constant for it.
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_HERE: &[Rule] = &[Rule {
    call: Call {
        number: 38,
        name: "SYS_renameat",
    },
    when: &[],
    reason: "std: final name of a written file",
}];

/// Calls that nothing harmless makes: each is an attempt, and is counted.
///
/// `clone` without a thread isn't among them: the C library blocks all signals around it, and a trap with
/// SIGSYS blocked would end the process. `seccomp` isn't, because the allow-list is installed after the
/// trip-wire. Both are refused, uncounted.
pub(crate) const TRIP_WIRE: &[Rule] = rules![
    SYS_socket => "the start of every connection",
    SYS_socketpair => "a channel to another process",
    SYS_connect => "an outgoing connection, also by an accepted socket",
    SYS_bind => "another listener",
    SYS_listen => "another listener",
    SYS_accept => "another listener",
    SYS_sendmsg => "datagrams; descriptors to another process",
    SYS_sendmmsg => "datagrams",
    SYS_recvmsg => "descriptors from another process",
    SYS_recvmmsg => "datagrams",
    SYS_sendto [Condition { argument: 4, width: Width::Long, test: Test::Not(0) }] => "datagrams; fast open",
    SYS_io_uring_setup => "system calls that no filter sees",
    SYS_io_uring_enter => "system calls that no filter sees",
    SYS_io_uring_register => "system calls that no filter sees",
    SYS_execve => "another program",
    SYS_execveat => "another program",
    SYS_ptrace => "another process's rights",
    SYS_process_vm_readv => "another process's memory",
    SYS_process_vm_writev => "another process's memory",
    SYS_process_madvise => "another process's memory",
    SYS_pidfd_open => "another process",
    SYS_pidfd_getfd => "another process's sockets",
    SYS_pidfd_send_signal => "another process",
    SYS_kcmp => "another process's resources",
    SYS_kill => "another process",
    SYS_tkill => "another process",
    SYS_unshare => "namespaces",
    SYS_setns => "namespaces",
    SYS_mount => "the file tree",
    SYS_umount2 => "the file tree",
    SYS_pivot_root => "the file tree",
    SYS_chroot => "the file tree",
    SYS_open_by_handle_at => "files without their paths",
    SYS_symlinkat => "names for files outside",
    SYS_linkat => "names for files outside",
    SYS_memfd_create => "a program in memory",
    SYS_bpf => "the kernel",
    SYS_perf_event_open => "the kernel",
    SYS_userfaultfd => "the kernel",
    SYS_init_module => "the kernel",
    SYS_finit_module => "the kernel",
    SYS_kexec_load => "the kernel",
    SYS_keyctl => "keys of others",
    SYS_add_key => "keys of others",
    SYS_request_key => "keys of others",
    SYS_mq_open => "a channel to another process",
    SYS_shmget => "memory shared with another process",
    SYS_msgget => "a channel to another process",
    SYS_personality => "executable memory",
    SYS_quotactl => "administration",
    SYS_reboot => "administration",
    SYS_swapon => "administration",
    SYS_acct => "administration",
    SYS_settimeofday => "administration",
    SYS_setuid => "another identity",
    SYS_setgid => "another identity",
    SYS_setresuid => "another identity",
    SYS_setresgid => "another identity",
    SYS_setgroups => "another identity",
    SYS_capset => "capabilities",
    SYS_inotify_init1 => "watching others' files",
    SYS_fanotify_init => "watching others' files",
];
