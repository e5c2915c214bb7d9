//! The real server in a child process, with a thread inside that takes orders.
//!
//! The test binary starts itself again: [`child`] does nothing unless an environment variable says so. It
//! forks, to have one thread, and runs [`bailiwick::cli::serve::serve`]. Orders and reports are files in
//! the data folder, the one place that both sides reach.
#![expect(unsafe_code, reason = "the child forks, to have one thread")]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the client and the child process"
)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use bailiwick::cli::serve;
use bailiwick::config::{Config, DEMO, EgressMode, Environment};
use bailiwick::sandbox::{self, Plan};

use super::attacks::{AttackTargets, Outcome, run_all};
use super::sink::pause;

const VARIABLE: &str = "BAILIWICK_TEST_SERVER";
/// Exit status of a child whose server did not start; the reason is in its log.
pub(super) const NOT_STARTED: i32 = 3;

/// What kind of process the child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mode {
    /// A server without a sandbox, by the operator's words: the control.
    Open,
    /// A server in its sandbox.
    Closed,
    /// A closed process that makes one 32-bit call.
    Foreign,
}

/// The kernel under the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kernel {
    /// This machine's.
    Own,
    /// One that has no Landlock.
    WithoutLandlock,
}

#[derive(Serialize, Deserialize)]
struct Orders {
    mode: Mode,
    kernel: Kernel,
    targets: AttackTargets,
}

/// Something to do inside the serving process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Try everything; the port is the other end of a connection that may be destroyed.
    Attack(u16),
    /// Panic in a thread, with a message that nobody may read.
    Panic,
    /// Try the ways out, as the server does by itself.
    SelfTest,
    /// Say how many attempts the trip-wire counted.
    Trips,
}

/// What the panic says.
pub(super) const PANIC_WORDS: &str = "jane.roe@example.com";

const ORDER: &str = "test-order";
const REPORT: &str = "test-report";

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
        let code = std::panic::catch_unwind(|| run(&orders)).unwrap_or(1);
        // SAFETY: ends this process without the harness's exit functions.
        unsafe { libc::_exit(code) }
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

fn run(orders: &Orders) -> i32 {
    // SAFETY: takes numbers only. The server must not outlive a test that fails.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    if orders.kernel == Kernel::WithoutLandlock {
        forget_landlock();
    }
    if orders.mode == Mode::Foreign {
        let plan = plan(EgressMode::Enforced);
        assert!(sandbox::close(&plan).unwrap().is_enforced());
        foreign_call();
    }
    let data = orders.targets.data.clone();
    let served = serve::serve(&config(orders), true, |ready| {
        let ready = format!("\n@READY {} {}\n", ready.address.port(), std::process::id());
        std::io::stdout().write_all(ready.as_bytes()).unwrap();
        std::thread::spawn(move || obey(&data, &orders_of(&data)));
    });
    match served {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "not served: {error:#}");
            NOT_STARTED
        }
    }
}

fn orders_of(data: &Path) -> PathBuf {
    data.join(ORDER)
}

/// The demo configuration, with what the tests need to see in less time.
fn config(orders: &Orders) -> Config {
    let env = Environment {
        listen: Some("127.0.0.1:0".to_owned()),
        data_dir: Some(orders.targets.data.clone()),
        ..Environment::read()
    };
    let mut config = Config::parse(DEMO, "the demo configuration", &env).unwrap();
    config.sandbox.self_test_interval = Duration::from_millis(500);
    config.audit.segment_bytes = 16 << 10;
    if orders.mode == Mode::Open {
        config.sandbox.egress = EgressMode::Unenforced;
    }
    config
}

/// A plan that keeps nothing.
pub(super) fn plan(egress: EgressMode) -> Plan {
    Plan {
        egress,
        read_only: Vec::new(),
        read_write: Vec::new(),
        keep: Vec::new(),
        stdio: sandbox::Stdio::ReplaceSockets,
        max_open_files: 1024,
    }
}

/// From here on the kernel answers as one that was built without Landlock.
fn forget_landlock() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
    let calls = [
        libc::SYS_landlock_create_ruleset,
        libc::SYS_landlock_add_rule,
        libc::SYS_landlock_restrict_self,
    ];
    let filter = SeccompFilter::new(
        calls.into_iter().map(|call| (call, Vec::new())).collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
        TargetArch::try_from(std::env::consts::ARCH).unwrap(),
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    seccompiler::apply_filter(&program).unwrap();
}

fn obey(data: &Path, orders: &Path) {
    loop {
        pause(10);
        let Ok(text) = fs::read_to_string(orders) else {
            continue;
        };
        let Ok(order) = serde_json::from_str(&text) else {
            continue;
        };
        fs::remove_file(orders).unwrap();
        let report = match order {
            Order::Attack(bait) => {
                let targets: AttackTargets =
                    serde_json::from_slice(&fs::read(data.join("targets")).unwrap()).unwrap();
                json!(run_all(&targets, Some(bait)))
            }
            Order::Panic => {
                let panicked = std::thread::spawn(|| panic!("{PANIC_WORDS}")).join();
                json!(panicked.is_err())
            }
            Order::SelfTest => json!(sandbox::self_test()),
            Order::Trips => json!(sandbox::trips().total),
        };
        fs::write(data.join("report-being-written"), report.to_string()).unwrap();
        fs::rename(data.join("report-being-written"), data.join(REPORT)).unwrap();
    }
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

/// Starts a child of this kind; what it logs goes to the file `log` beside the data folder.
pub(super) fn start(mode: Mode, kernel: Kernel, targets: &AttackTargets) -> Child {
    let orders = Orders {
        mode,
        kernel,
        targets: targets.clone(),
    };
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "security::server::child", "--nocapture"])
        .env(VARIABLE, serde_json::to_string(&orders).unwrap())
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(log_of(targets)).unwrap())
        .spawn()
        .unwrap()
}

pub(super) fn log_of(targets: &AttackTargets) -> PathBuf {
    targets.data.with_file_name("log")
}

/// A server that takes requests and orders.
pub(super) struct Server {
    child: Child,
    port: u16,
    pub(super) pid: u32,
    pub(super) data: PathBuf,
    pub(super) key: String,
}

impl Server {
    pub(super) fn start(mode: Mode, kernel: Kernel, targets: &AttackTargets) -> Self {
        fs::write(
            targets.data.join("targets"),
            serde_json::to_string(targets).unwrap(),
        )
        .unwrap();
        let mut child = start(mode, kernel, targets);
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let ready = lines.find_map(|line| line.strip_prefix("@READY ").map(str::to_owned));
        let log = || fs::read_to_string(log_of(targets)).unwrap_or_default();
        let ready = ready.unwrap_or_else(|| panic!("it does not start:\n{}", log()));
        let (port, pid) = ready.split_once(' ').unwrap();
        let (port, pid) = (port.parse().unwrap(), pid.parse().unwrap());
        std::thread::spawn(move || lines.for_each(drop));
        let data = targets.data.clone();
        let key = fs::read_to_string(data.join("demo-app.key")).unwrap();
        Self {
            child,
            port,
            pid,
            key: key.trim().to_owned(),
            data,
        }
    }

    /// A connection.
    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).unwrap();
        stream
    }

    /// Sends a request; the answer can be read from the stream.
    pub(super) fn send(&self, key: &str, method: &str, path: &str, body: &Value) -> TcpStream {
        let mut stream = self.connect();
        let body = body.to_string();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        stream
    }

    /// The status and the body of an answer.
    pub(super) fn ask(&self, key: &str, method: &str, path: &str, body: &Value) -> (u16, String) {
        let mut stream = self.send(key, method, path, body);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{answer}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    /// A short case, answered by the model: the text of the answer.
    pub(super) fn answer(&self) -> String {
        let (status, body) = self.ask(&self.key, "POST", "/v1/chat/completions", &chat(8, false));
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        let content = body["choices"][0]["message"]["content"].as_str().unwrap();
        content.to_owned()
    }

    /// Has something done inside the serving process.
    pub(super) fn order<T: serde::de::DeserializeOwned>(&self, order: Order) -> T {
        let report = self.data.join(REPORT);
        let written = self.data.with_file_name("order");
        fs::write(&written, serde_json::to_string(&order).unwrap()).unwrap();
        fs::rename(written, orders_of(&self.data)).unwrap();
        for _ in 0..600 {
            pause(50);
            if let Ok(text) = fs::read_to_string(&report) {
                fs::remove_file(&report).unwrap();
                return serde_json::from_str(&text).unwrap();
            }
        }
        panic!("{order:?} was not carried out");
    }

    pub(super) fn attack(&self) -> Vec<Outcome> {
        // A connection that may be destroyed. The server must have accepted it before the attack.
        let bait = self.connect();
        pause(200);
        self.order(Order::Attack(bait.local_addr().unwrap().port()))
    }

    pub(super) fn terminate(&self) {
        // SAFETY: takes numbers only; the server is the child of our child.
        unsafe { libc::kill(self.pid.cast_signed(), libc::SIGTERM) };
    }

    /// Its exit status.
    pub(super) fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A case of a customer in Germany, with an answer of at most so many tokens.
pub(super) fn chat(max_tokens: u32, stream: bool) -> Value {
    json!({
        "model": "default",
        "stream": stream,
        "max_tokens": max_tokens,
        "bailiwick": {"use_case": "case-summary", "variables": {"case": {
            "attributes": {"type": "Case"},
            "Subject": "Kettle leaks",
            "Description": "Erika Muster wrote that her new kettle leaks. She asks for a refund.",
            "Contact": {"Name": "Erika Muster", "MailingCountryCode": "DE"},
        }}},
    })
}
