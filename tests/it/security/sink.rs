//! The place where everything that leaves would arrive: real listeners, in the test's own process.
#![expect(
    clippy::disallowed_types,
    reason = "the sink is the other end of connections"
)]

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::attacks::{AttackTargets, TOKEN};

/// Collects the tokens that arrive. Its threads end with the test's process.
pub(crate) struct Sink {
    arrived: Arc<Mutex<BTreeSet<String>>>,
    pub(crate) targets: AttackTargets,
    victim: Child,
}

impl Sink {
    /// Listens on every kind of address, and starts a victim: a process with a connection to steal.
    pub(crate) fn start(folder: &Path) -> Self {
        let arrived = Arc::new(Mutex::new(BTreeSet::new()));
        let tcp4 = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp4.local_addr().unwrap().port();
        let streams = |arrived: &Arc<_>, listener: TcpListener| {
            let arrived = Arc::clone(arrived);
            thread::spawn(move || {
                listener
                    .incoming()
                    .flatten()
                    .for_each(|stream| collect(&arrived, stream))
            });
        };
        streams(&arrived, tcp4);
        if let Ok(tcp6) = TcpListener::bind(("::1", port)) {
            streams(&arrived, tcp6);
        }
        for address in ["127.0.0.1", "::1"] {
            if let Ok(udp) = UdpSocket::bind((address, port)) {
                datagrams(&arrived, move |buffer| udp.recv(buffer));
            }
        }
        let name = format!("bailiwick-sink-{}", port);
        let listeners = [
            UnixListener::bind(folder.join("stream")).unwrap(),
            UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap(),
        ];
        for listener in listeners {
            let arrived = Arc::clone(&arrived);
            thread::spawn(move || {
                listener
                    .incoming()
                    .flatten()
                    .for_each(|stream| collect(&arrived, stream))
            });
        }
        let unix = UnixDatagram::bind(folder.join("datagram")).unwrap();
        datagrams(&arrived, move |buffer| unix.recv(buffer));

        let outside = folder.join("outside");
        let data = folder.join("data");
        std::fs::create_dir_all(&outside).unwrap();
        std::fs::create_dir_all(&data).unwrap();
        std::fs::write(outside.join("secret"), "secret").unwrap();
        std::os::unix::fs::symlink(outside.join("secret"), data.join("planted")).unwrap();
        let victim = victim(port);
        let targets = AttackTargets {
            port,
            unix_stream: folder.join("stream"),
            unix_datagram: folder.join("datagram"),
            unix_abstract: name,
            victim: victim.id().cast_signed(),
            victim_address: writable_address(victim.id()),
            data,
            outside,
        };
        Self {
            arrived,
            targets,
            victim,
        }
    }

    /// The names of the attacks whose token arrived, after a moment for what is still under way.
    pub(crate) fn arrived(&self) -> BTreeSet<String> {
        pause(300);
        self.arrived.lock().unwrap().clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _gone = self.victim.kill();
        let _status = self.victim.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test waits for the kernel")]
pub(crate) fn pause(ms: u64) {
    thread::sleep(Duration::from_millis(ms));
}

fn collect<S: Read + Send + 'static>(arrived: &Arc<Mutex<BTreeSet<String>>>, mut stream: S) {
    let arrived = Arc::clone(arrived);
    thread::spawn(move || {
        let mut text = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut buffer) {
            text.extend_from_slice(&buffer[..n]);
            note(&arrived, &text);
        }
    });
}

fn datagrams(
    arrived: &Arc<Mutex<BTreeSet<String>>>,
    receive: impl Fn(&mut [u8]) -> io::Result<usize> + Send + 'static,
) {
    let arrived = Arc::clone(arrived);
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n) = receive(&mut buffer) {
            note(&arrived, &buffer[..n]);
        }
    });
}

fn note(arrived: &Mutex<BTreeSet<String>>, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        if let Some((_, name)) = line.split_once(TOKEN) {
            arrived.lock().unwrap().insert(name.trim().to_owned());
        }
    }
}

/// A process whose descriptor 0 is a connection to the sink.
#[expect(
    clippy::disallowed_methods,
    reason = "the victim is another program, and connected"
)]
fn victim(port: u16) -> Child {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut sleep = Command::new("sleep");
    sleep
        .arg("600")
        .stdin(Stdio::from(OwnedFd::from(stream)))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Where the victim's stack is: memory that a thief could read and write.
fn writable_address(pid: u32) -> u64 {
    pause(100);
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let stack = maps
        .lines()
        .find(|line| line.contains("[stack]"))
        .unwrap_or("0-1");
    let (_, rest) = stack.split_once('-').unwrap();
    let end = rest.split(' ').next().unwrap();
    u64::from_str_radix(end, 16)
        .unwrap_or(0x1000)
        .saturating_sub(64)
}
