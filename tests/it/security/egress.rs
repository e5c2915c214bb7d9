//! A serving process tries every way out; nothing may reach the sink, and it must still serve.
//!
//! The test starts itself again as that process: `child` does nothing unless told so by an environment
//! variable. A second child with no sandbox runs the same attacks and shows that they and the sink work.
#![expect(unsafe_code, reason = "the child forks, to have one thread")]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the client and the child process"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use bailiwick::config::EgressMode;
use bailiwick::sandbox::{self, Plan, SelfTest};

use super::attacks::{AttackTargets, Outcome, run_all};
use super::sink::{Sink, pause};

const VARIABLE: &str = "BAILIWICK_TEST_EGRESS";
const FEWEST_ATTACKS: usize = 45;
/// Attacks that get a token to the sink where nothing is closed, even without root's rights.
const FEWEST_ARRIVALS: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Mode {
    /// No sandbox: the control.
    Open,
    Closed,
    /// Closed, then one 32-bit call.
    Foreign,
}

#[derive(Serialize, Deserialize)]
struct Orders {
    mode: Mode,
    targets: AttackTargets,
}

#[test]
fn nothing_leaves_a_closed_process_and_it_still_serves() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(folder.path());
    let server = Server::start(Mode::Closed, &sink.targets);
    assert_eq!(server.ask("GET", "/work", ""), "worked");
    let first: SelfTest = serde_json::from_str(&server.ask("GET", "/self-test", "")).unwrap();
    assert!(first.passed(), "{first}");
    assert_eq!(
        server.ask("GET", "/trips", ""),
        "0",
        "serving and self-tests trip nothing"
    );

    let outcomes = server.attack();
    let open: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| outcome.refused.is_none())
        .collect();
    assert!(
        outcomes.len() >= FEWEST_ATTACKS,
        "{} attacks",
        outcomes.len()
    );
    assert!(open.is_empty(), "went through: {open:#?}");
    assert_eq!(
        sink.arrived(),
        <[String; 0]>::default().into(),
        "reached the sink"
    );
    assert_eq!(
        std::fs::read_dir(&sink.targets.outside).unwrap().count(),
        1,
        "files outside"
    );

    assert_eq!(server.ask("GET", "/work", ""), "worked");
    let trips: u64 = server.ask("GET", "/trips", "").parse().unwrap();
    assert!(trips >= 30, "{trips} attempts were counted");
    let view = sandbox::process(server.pid).unwrap();
    assert!(view.threads.all_covered(), "{}", view.threads);
    assert_eq!(server.stop(), Some(0), "ends cleanly on SIGTERM");
}

#[expect(clippy::print_stdout, reason = "says what this machine could not try")]
#[test]
fn the_same_attacks_work_where_nothing_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(folder.path());
    let server = Server::start(Mode::Open, &sink.targets);
    let outcomes = server.attack();
    let arrived = sink.arrived();
    let open = outcomes
        .iter()
        .filter(|outcome| outcome.refused.is_none())
        .count();
    println!(
        "without a sandbox: {} tokens arrived: {arrived:?}; {open} of {} went through",
        arrived.len(),
        outcomes.len()
    );
    for outcome in outcomes.iter().filter(|outcome| outcome.refused.is_some()) {
        println!("not possible here anyway: {outcome:?}");
    }
    assert!(arrived.len() >= FEWEST_ARRIVALS, "{arrived:?}");
    assert!(open > arrived.len(), "{open}");
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_32_bit_call_ends_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(folder.path());
    let mut child = start(Mode::Foreign, &sink.targets);
    assert_eq!(child.wait().unwrap().code(), Some(128 + libc::SIGSYS));
    assert!(sink.arrived().is_empty());
}

#[test]
fn a_trial_child_finds_every_way_closed() {
    let report = sandbox::probe();
    assert!(report.healthy(), "{report}");
    assert!(
        report
            .to_string()
            .contains("refused     socket INET stream (EPERM)"),
        "{report}"
    );
    let text = serde_json::to_string(&report).unwrap();
    assert!(text.contains("\"landlock_abi\""), "{text}");
}

#[test]
fn a_process_with_several_threads_is_refused() {
    // This very process: the test harness has threads.
    let plan = plan(Mode::Closed, Vec::new(), Vec::new());
    let error = sandbox::confine(&plan).unwrap_err();
    assert!(
        error.to_string().contains("threads exist already"),
        "{error}"
    );
}

#[test]
fn unenforced_is_said_and_changes_nothing() {
    let plan = plan(Mode::Open, Vec::new(), Vec::new());
    let enforcement = sandbox::close(&plan).unwrap();
    assert!(!enforcement.is_enforced());
    assert_eq!(enforcement.to_string(), "unenforced");
    assert!(
        !sandbox::self_test().passed(),
        "nothing is closed in the test's own process"
    );
}

/// Not a test: the process under test, when the variable says so.
#[test]
fn child() {
    let Ok(orders) = std::env::var(VARIABLE) else {
        return;
    };
    let orders: Orders = serde_json::from_str(&orders).unwrap();
    // SAFETY: the harness's other thread only waits; the child goes on with one thread, as a server starts.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let served = std::panic::catch_unwind(|| serve(&orders));
        // SAFETY: ends this process without the harness's exit functions.
        unsafe { libc::_exit(i32::from(served.is_err())) }
    }
    let mut status = 0;
    // SAFETY: waits for our own child; the pointer is to a live value.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    let code = if libc::WIFSIGNALED(status) {
        128 + libc::WTERMSIG(status)
    } else {
        libc::WEXITSTATUS(status)
    };
    #[expect(clippy::exit, reason = "the code is the answer")]
    std::process::exit(code);
}

fn plan(mode: Mode, read_write: Vec<std::path::PathBuf>, keep: Vec<i32>) -> Plan {
    let egress = if mode == Mode::Open {
        EgressMode::Unenforced
    } else {
        EgressMode::Enforced
    };
    Plan {
        egress,
        read_only: Vec::new(),
        read_write,
        keep,
        stdio: sandbox::Stdio::ReplaceSockets,
        max_open_files: 1024,
    }
}

/// A small server that does what ours does: HTTP, SQLite, durable appends, threads that start late.
fn serve(orders: &Orders) {
    // SAFETY: takes numbers only. The server must not outlive a test that fails.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let data = orders.targets.data.clone();
    let confined = sandbox::confine(&plan(
        orders.mode,
        vec![data.clone()],
        vec![listener.as_raw_fd()],
    ))
    .unwrap();
    let database = rusqlite::Connection::open(data.join("state.db")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database
        .execute_batch("create table if not exists entry (n integer)")
        .unwrap();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async move {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let state = Shared {
            database: Arc::new(Mutex::new(database)),
            targets: orders.targets.clone(),
        };
        let router = Router::new()
            .route("/work", get(work))
            .route("/attack", post(attack))
            .route("/self-test", get(self_test))
            .route("/trips", get(async || sandbox::trips().total.to_string()))
            .with_state(state);
        let enforcement = confined.seal().unwrap();
        tracing::info!(%enforcement, "serving");
        if orders.mode == Mode::Foreign {
            foreign_call();
        }
        let ready = format!("\n@READY {port} {}\n", std::process::id());
        std::io::stdout().write_all(ready.as_bytes()).unwrap();
        std::io::stdout().flush().unwrap();
        let ended = async move {
            terminate.recv().await;
        };
        axum::serve(listener, router)
            .with_graceful_shutdown(ended)
            .await
            .unwrap();
    });
}

#[derive(Clone)]
struct Shared {
    database: Arc<Mutex<rusqlite::Connection>>,
    targets: AttackTargets,
}

async fn work(State(shared): State<Shared>) -> String {
    let work = move || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let data = &shared.targets.data;
        shared
            .database
            .lock()
            .unwrap()
            .execute("insert into entry values (1)", ())?;
        // A second connection, as readers open one.
        let reader = rusqlite::Connection::open(data.join("state.db"))?;
        let entries: i64 = reader.query_row("select count(*) from entry", (), |row| row.get(0))?;
        assert!(entries > 0);
        let mut log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(data.join("log"))?;
        writeln!(log, "{{}}")?;
        log.sync_data()?;
        std::fs::create_dir_all(data.join("segments"))?;
        std::fs::write(data.join("new"), "x")?;
        std::fs::rename(data.join("new"), data.join("segments/old"))?;
        assert!(std::fs::read_dir(data)?.count() > 2);
        std::fs::remove_file(data.join("segments/old"))?;
        let sums = std::thread::scope(|scope| {
            let sum = |n: usize| {
                scope.spawn(move || {
                    vec![1_u8; n << 22]
                        .iter()
                        .map(|x| u64::from(*x))
                        .sum::<u64>()
                })
            };
            [1, 2, 3].map(sum).map(|thread| thread.join().unwrap())
        });
        assert_eq!(sums[2], 3 << 22);
        Ok(())
    };
    let result = tokio::task::spawn_blocking(work).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    tracing::info!("worked");
    result.map_or_else(|error| format!("{error:?}"), |()| "worked".to_owned())
}

async fn attack(State(shared): State<Shared>, bait: String) -> String {
    let attacks = move || run_all(&shared.targets, bait.parse().ok());
    serde_json::to_string(&tokio::task::spawn_blocking(attacks).await.unwrap()).unwrap()
}

async fn self_test() -> String {
    serde_json::to_string(
        &tokio::task::spawn_blocking(sandbox::self_test)
            .await
            .unwrap(),
    )
    .unwrap()
}

/// `socket` by its i386 number through the 32-bit gate.
#[cfg(target_arch = "x86_64")]
fn foreign_call() {
    let result: i64;
    // SAFETY: the call takes numbers only; rbx, which the compiler keeps, is put back.
    unsafe {
        std::arch::asm!(
            "push rbx", "mov ebx, 2", "int 0x80", "pop rbx",
            inlateout("rax") 359_i64 => result, in("ecx") 1, in("edx") 0,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    panic!("a 32-bit call answered {result}");
}

#[cfg(not(target_arch = "x86_64"))]
fn foreign_call() {}

fn start(mode: Mode, targets: &AttackTargets) -> Child {
    let orders = serde_json::to_string(&Orders {
        mode,
        targets: targets.clone(),
    })
    .unwrap();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "security::egress::child", "--nocapture"])
        .env(VARIABLE, orders)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

struct Server {
    child: Child,
    port: u16,
    pid: u32,
}

impl Server {
    fn start(mode: Mode, targets: &AttackTargets) -> Self {
        let mut child = start(mode, targets);
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let ready = lines
            .find_map(|line| line.strip_prefix("@READY ").map(str::to_owned))
            .expect("it starts");
        let (port, pid) = ready.split_once(' ').unwrap();
        let (port, pid) = (port.parse().unwrap(), pid.parse().unwrap());
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port, pid }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{answer}"));
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        body.to_owned()
    }

    fn attack(&self) -> Vec<Outcome> {
        // A connection that may be destroyed. The server must have accepted it before the attack.
        let bait = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        pause(200);
        let port = bait.local_addr().unwrap().port();
        serde_json::from_str(&self.ask("POST", "/attack", &port.to_string())).unwrap()
    }

    fn stop(mut self) -> Option<i32> {
        // SAFETY: takes numbers only; the server is the child of our child.
        unsafe { libc::kill(self.pid.cast_signed(), libc::SIGTERM) };
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}
