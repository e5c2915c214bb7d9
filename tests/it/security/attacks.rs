//! Ways out of a process, each tried for real. `run_all` runs inside the process under test.
//!
//! What counts is what reaches the sink; an attack's own result says only whether the kernel let it through.
//! Each runs in a thread of its own: threads that start late are covered too, and an attack that changes its
//! thread (a namespace, a personality) changes no other.

use std::io;
use std::path::PathBuf;
use std::thread;

use serde::{Deserialize, Serialize};

use super::shots::{
    Shot, address, address_mut, auto_bind, call, close, close_pair, connect_and_write, exec_shell,
    fast_open_option, fork_connect, in_child, listener, make_node, map, memory_program,
    name_lookup, open_by_handle, open_socket, packet_frame, path, program, rename_out,
    send_message, send_to, set_namespace, steal_socket, tcp_std, truncating_read,
    turn_accepted_round, unix, vm, write_open,
};

/// Stands before the attack's name in everything that is sent.
pub(crate) const TOKEN: &str = "BAILIWICK-TOKEN:";

/// Where the attacks aim.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AttackTargets {
    /// TCP and UDP, IPv4 and IPv6, on loopback.
    pub(crate) port: u16,
    pub(crate) unix_stream: PathBuf,
    pub(crate) unix_datagram: PathBuf,
    pub(crate) unix_abstract: String,
    /// A process of the same user, whose descriptor 0 is a connection to the sink.
    pub(crate) victim: i32,
    /// An address in its memory.
    pub(crate) victim_address: u64,
    /// The server's writable folder, with a planted link `planted` to `outside/secret`.
    pub(crate) data: PathBuf,
    /// A folder that the server has no business in, with a file `secret`.
    pub(crate) outside: PathBuf,
}

/// What the kernel said to one attack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    /// `None`: it went through.
    pub(crate) refused: Option<String>,
}

/// Tries everything. `bait`: the peer's port of a connection that may be destroyed; `None`: any connection.
pub(crate) fn run_all(targets: &AttackTargets, bait: Option<u16>) -> Vec<Outcome> {
    ATTACKS
        .iter()
        .map(|(name, attack)| {
            let shot = Shot {
                targets: targets.clone(),
                bait,
                token: format!("{TOKEN}{name}\n"),
            };
            let result = thread::Builder::new()
                .spawn(move || attack(&shot))
                .unwrap()
                .join()
                .unwrap();
            Outcome {
                name: (*name).to_owned(),
                refused: result.err().map(|error| error.to_string()),
            }
        })
        .collect()
}

type Attack = fn(&Shot) -> io::Result<()>;

const ATTACKS: &[(&str, Attack)] = &[
    ("tcp4", |s| {
        connect_and_write(libc::AF_INET, libc::SOCK_STREAM, 0, &s.v4(), s)
    }),
    ("tcp6", |s| {
        connect_and_write(libc::AF_INET6, libc::SOCK_STREAM, 0, &s.v6(), s)
    }),
    ("tcp through std", tcp_std),
    ("mptcp", |s| {
        connect_and_write(libc::AF_INET, libc::SOCK_STREAM, 262, &s.v4(), s)
    }),
    ("sctp", |s| {
        connect_and_write(
            libc::AF_INET,
            libc::SOCK_STREAM,
            libc::IPPROTO_SCTP,
            &s.v4(),
            s,
        )
    }),
    ("dccp", |s| {
        connect_and_write(libc::AF_INET, 6, 33, &s.v4(), s)
    }),
    ("fast open by sendto", |s| {
        send_to(
            libc::AF_INET,
            libc::SOCK_STREAM,
            0,
            libc::MSG_FASTOPEN,
            &s.v4(),
            s,
        )
    }),
    ("fast open by option", fast_open_option),
    ("udp4 sendto", |s| {
        send_to(libc::AF_INET, libc::SOCK_DGRAM, 0, 0, &s.v4(), s)
    }),
    ("udp6 sendto", |s| {
        send_to(libc::AF_INET6, libc::SOCK_DGRAM, 0, 0, &s.v6(), s)
    }),
    ("udp4 connect", |s| {
        connect_and_write(libc::AF_INET, libc::SOCK_DGRAM, 0, &s.v4(), s)
    }),
    ("udp6 connect", |s| {
        connect_and_write(libc::AF_INET6, libc::SOCK_DGRAM, 0, &s.v6(), s)
    }),
    ("udp sendmsg", |s| send_message(s, libc::SYS_sendmsg)),
    ("udp sendmmsg", |s| send_message(s, libc::SYS_sendmmsg)),
    ("name lookup", name_lookup),
    ("unix path", |s| {
        connect_and_write(
            libc::AF_UNIX,
            libc::SOCK_STREAM,
            0,
            &unix(&s.targets.unix_stream),
            s,
        )
    }),
    ("unix abstract", |s| {
        connect_and_write(libc::AF_UNIX, libc::SOCK_STREAM, 0, &s.abstract_name(), s)
    }),
    ("unix datagram", |s| {
        send_to(
            libc::AF_UNIX,
            libc::SOCK_DGRAM,
            0,
            0,
            &unix(&s.targets.unix_datagram),
            s,
        )
    }),
    ("io_uring", |s| {
        super::ring::send(&s.v4(), s.token.as_bytes())
    }),
    ("raw ip", |s| {
        send_to(
            libc::AF_INET,
            libc::SOCK_RAW,
            libc::IPPROTO_ICMP,
            0,
            &s.v4(),
            s,
        )
    }),
    ("packet frame", packet_frame),
    ("netlink", |_| {
        open_socket(libc::AF_NETLINK, libc::SOCK_RAW, 0)
    }),
    ("vsock", |_| {
        open_socket(libc::AF_VSOCK, libc::SOCK_STREAM, 0)
    }),
    ("alg", |_| {
        open_socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0)
    }),
    ("xdp", |_| open_socket(libc::AF_XDP, libc::SOCK_RAW, 0)),
    ("bluetooth", |_| {
        open_socket(libc::AF_BLUETOOTH, libc::SOCK_RAW, 1)
    }),
    ("accepted socket turned round", turn_accepted_round),
    ("another listener", listener),
    ("listen with automatic bind", auto_bind),
    ("socketpair", |_| {
        let mut pair = [0_i32; 2];
        call(
            libc::SYS_socketpair,
            [libc::AF_UNIX.into(), 1, 0, address_mut(&mut pair), 0, 0],
        )
        .map(close_pair(pair))
    }),
    ("exec a shell", exec_shell),
    ("fork and connect", fork_connect),
    ("posix_spawn", |_| program("/bin/true")),
    ("program in memory", memory_program),
    ("execveat", |_| {
        in_child(|| {
            drop(call(
                libc::SYS_execveat,
                [-100, c"/bin/true".as_ptr() as i64, 0, 0, 0, 0],
            ))
        })
    }),
    ("ptrace", |s| {
        call(libc::SYS_ptrace, [0x4206, s.victim(), 0, 0, 0, 0]).map(drop)
    }),
    ("read another's memory", |s| {
        vm(s, libc::SYS_process_vm_readv).map(drop)
    }),
    ("write another's memory", |s| {
        vm(s, libc::SYS_process_vm_writev).map(drop)
    }),
    ("steal a socket", steal_socket),
    ("write /proc/pid/mem", |s| {
        write_open(&format!("/proc/{}/mem", s.targets.victim))
    }),
    ("read /proc/pid/environ", |s| {
        std::fs::read(format!("/proc/{}/environ", s.targets.victim)).map(drop)
    }),
    ("signal another", |s| {
        call(libc::SYS_kill, [s.victim(), 0, 0, 0, 0, 0]).map(drop)
    }),
    ("signal another's thread", |s| {
        call(libc::SYS_tgkill, [s.victim(), s.victim(), 0, 0, 0, 0]).map(drop)
    }),
    ("unshare", |_| {
        call(
            libc::SYS_unshare,
            [libc::CLONE_NEWUTS.into(), 0, 0, 0, 0, 0],
        )
        .map(drop)
    }),
    ("setns", set_namespace),
    ("read /etc/shadow", |_| {
        std::fs::read("/etc/shadow").map(drop)
    }),
    ("read /proc/net/tcp", |_| {
        std::fs::read("/proc/net/tcp").map(drop)
    }),
    ("read outside", |s| {
        std::fs::read(s.targets.outside.join("secret")).map(drop)
    }),
    ("write outside", |s| {
        std::fs::write(s.targets.outside.join("leak"), &s.token)
    }),
    ("write /tmp", |_| {
        std::fs::write("/tmp/bailiwick-attack", "x")
            .and_then(|()| std::fs::remove_file("/tmp/bailiwick-attack"))
    }),
    ("list /", |_| std::fs::read_dir("/").map(drop)),
    ("truncate outside", |s| {
        call(
            libc::SYS_truncate,
            [
                path(&s.targets.outside.join("secret")).as_ptr() as i64,
                6,
                0,
                0,
                0,
                0,
            ],
        )
        .map(drop)
    }),
    ("truncate while reading", truncating_read),
    ("through a planted link", |s| {
        std::fs::read(s.targets.data.join("planted")).map(drop)
    }),
    ("make a symbolic link", |s| {
        std::os::unix::fs::symlink("/etc/shadow", s.targets.data.join("made"))
    }),
    ("make a hard link in", |s| {
        std::fs::hard_link(
            s.targets.outside.join("secret"),
            s.targets.data.join("linked"),
        )
    }),
    ("rename out", rename_out),
    ("make a socket file", |s| make_node(s, libc::S_IFSOCK)),
    ("make a pipe", |s| make_node(s, libc::S_IFIFO)),
    ("open by handle", open_by_handle),
    ("bpf", |_| {
        call(
            libc::SYS_bpf,
            [
                0,
                address(&[2_u32, 4, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
                72,
                0,
                0,
                0,
            ],
        )
        .map(close)
    }),
    ("perf_event_open", |_| {
        call(
            libc::SYS_perf_event_open,
            [
                address(&[
                    1_u32, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                    0, 0, 0, 0, 0, 0, 0, 0,
                ]),
                0,
                -1,
                -1,
                0,
                0,
            ],
        )
        .map(close)
    }),
    ("userfaultfd", |_| {
        call(libc::SYS_userfaultfd, [1, 0, 0, 0, 0, 0]).map(close)
    }),
    ("keyctl", |_| {
        call(libc::SYS_keyctl, [0, -3, 0, 0, 0, 0]).map(drop)
    }),
    ("message queue", |_| {
        call(libc::SYS_msgget, [0, 0o600, 0, 0, 0, 0])
            .and_then(|id| call(libc::SYS_msgctl, [id, 0, 0, 0, 0, 0]))
            .map(drop)
    }),
    ("shared memory", |_| {
        call(libc::SYS_shmget, [0, 4096, 0o600, 0, 0, 0])
            .and_then(|id| call(libc::SYS_shmctl, [id, 0, 0, 0, 0, 0]))
            .map(drop)
    }),
    ("posix message queue", |_| {
        call(
            libc::SYS_mq_open,
            [c"bailiwick".as_ptr() as i64, 0o102, 0o600, 0, 0, 0],
        )
        .and_then(|queue| {
            close(queue);
            call(
                libc::SYS_mq_unlink,
                [c"bailiwick".as_ptr() as i64, 0, 0, 0, 0, 0],
            )
            .map(drop)
        })
    }),
    ("inotify", |_| {
        call(libc::SYS_inotify_init1, [0; 6]).map(close)
    }),
    ("fanotify", |_| {
        call(libc::SYS_fanotify_init, [0; 6]).map(close)
    }),
    ("mount", |_| {
        call(
            libc::SYS_mount,
            [
                c"none".as_ptr() as i64,
                c"/nowhere".as_ptr() as i64,
                c"tmpfs".as_ptr() as i64,
                0,
                0,
                0,
            ],
        )
        .map(drop)
    }),
    ("chroot", |_| {
        call(libc::SYS_chroot, [c"/".as_ptr() as i64, 0, 0, 0, 0, 0]).map(drop)
    }),
    ("pivot_root", |_| {
        call(
            libc::SYS_pivot_root,
            [
                c"/nowhere".as_ptr() as i64,
                c"/nowhere".as_ptr() as i64,
                0,
                0,
                0,
                0,
            ],
        )
        .map(drop)
    }),
    ("quotactl", |_| {
        call(libc::SYS_quotactl, [-1, 0, 0, 0, 0, 0]).map(drop)
    }),
    ("load a module", |_| {
        call(libc::SYS_finit_module, [-1, 0, 0, 0, 0, 0]).map(drop)
    }),
    ("kexec", |_| {
        call(libc::SYS_kexec_load, [0, 99, 0, 0xffff, 0, 0]).map(drop)
    }),
    ("type into a terminal", |_| {
        call(libc::SYS_ioctl, [0, 0x5412, c"x".as_ptr() as i64, 0, 0, 0]).map(drop)
    }),
    ("executable memory", |_| {
        map(libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC).map(drop)
    }),
    ("memory made executable", |_| {
        map(libc::PROT_READ | libc::PROT_WRITE)
            .and_then(|page| call(libc::SYS_mprotect, [page, 4096, 5, 0, 0, 0]))
            .map(drop)
    }),
    ("personality", |_| {
        call(libc::SYS_personality, [0x0040_0000, 0, 0, 0, 0, 0]).map(drop)
    }),
    ("another filter", |_| {
        call(
            libc::SYS_seccomp,
            [
                1,
                0,
                address(&(1_u64, address(&[6_u16, 0, 0, 0x7fff]))),
                0,
                0,
                0,
            ],
        )
        .map(drop)
    }),
    ("dumpable again", |_| {
        call(
            libc::SYS_prctl,
            [libc::PR_SET_DUMPABLE.into(), 1, 0, 0, 0, 0],
        )
        .map(drop)
    }),
    ("silence the trip-wire", |_| {
        call(libc::SYS_rt_sigaction, [libc::SIGSYS.into(), 0, 0, 8, 0, 0]).map(drop)
    }),
    ("x32 socket", |_| {
        call(libc::SYS_socket | 0x4000_0000, [2, 1, 0, 0, 0, 0]).map(close)
    }),
    ("pipe to nowhere", |_| {
        let mut pair = [0_i32; 2];
        call(libc::SYS_pipe2, [address_mut(&mut pair), 0, 0, 0, 0, 0]).map(close_pair(pair))
    }),
];
