//! The program itself, started for a test, and stopped with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bailiwick::config::DEMO;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Request, Response};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bailiwick");
/// Longest start, on a machine that has much else to do.
const START: Duration = Duration::from_secs(60);

/// A running server with a data folder of its own.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    watchdog: Child,
    home: Home,
    pub(crate) address: SocketAddr,
    /// The key of an application.
    pub(crate) key: String,
}

/// The folder of a server: what outlives it.
#[derive(Debug)]
pub(crate) struct Home {
    dir: TempDir,
    /// Changes to the demo configuration, or none: then the server runs with `--demo`.
    edits: Vec<(String, String)>,
    log: &'static str,
}

impl Home {
    /// A home for a server with the demo configuration.
    pub(crate) fn demo() -> Self {
        Self::edited(&[])
    }

    /// A home for a server with the demo configuration in which texts were replaced by others.
    pub(crate) fn edited(edits: &[(&str, &str)]) -> Self {
        for (from, _) in edits {
            assert!(
                DEMO.contains(from),
                "the demo configuration has no {from:?}"
            );
        }
        let owned = |text: &&str| (*text).to_owned();
        Self {
            dir: tempfile::tempdir().unwrap(),
            edits: edits.iter().map(|(a, b)| (owned(a), owned(b))).collect(),
            log: "info",
        }
    }

    /// The same with another log filter.
    pub(crate) fn logging(mut self, filter: &'static str) -> Self {
        self.log = filter;
        self
    }

    /// Replaces one more text of the configuration, as it is by now.
    pub(crate) fn edit(&mut self, from: &str, to: &str) {
        self.edits.push((from.to_owned(), to.to_owned()));
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// What the server wrote to standard output and standard error.
    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("output")).unwrap()
    }

    /// The command that starts the server, `--listen` left to the caller.
    pub(crate) fn command(&self) -> Command {
        let mut command = program();
        command.arg("serve").arg("--data-dir").arg(self.data());
        if self.edits.is_empty() {
            command.arg("--demo");
        } else {
            let edit = |text: String, (from, to): &(String, String)| text.replacen(from, to, 1);
            let config = self.edits.iter().fold(DEMO.to_owned(), edit);
            let path = self.dir.path().join("node.toml");
            std::fs::write(&path, config).unwrap();
            command.arg("--config").arg(path);
        }
        command.env("BAILIWICK_LOG", self.log);
        command
    }

    /// Starts the server, and waits until it takes requests.
    pub(crate) fn start(self) -> Server {
        let mut command = self.command();
        command.args(["--listen", "127.0.0.1:0"]);
        self.start_by(command)
    }

    /// Starts the server by `command`.
    pub(crate) fn start_by(self, mut command: Command) -> Server {
        let key = self.key();
        let announced = self.data().join("listen.addr");
        let _ = std::fs::remove_file(&announced);
        let output = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("output"))
            .unwrap();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let watchdog = watch(child.id(), self.dir.path());
        let began = Instant::now();
        let address = loop {
            if let Ok(text) = std::fs::read_to_string(&announced) {
                break text.trim().parse().unwrap();
            }
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the server ended with {status}:\n{}", self.output());
            }
            assert!(began.elapsed() < START, "no start:\n{}", self.output());
            pause(20);
        };
        let key = key.unwrap_or_else(|| {
            let text = std::fs::read_to_string(self.data().join("demo-app.key"));
            text.unwrap().trim().to_owned()
        });
        Server {
            child,
            watchdog,
            home: self,
            address,
            key,
        }
    }

    /// A key for a server that makes none by itself.
    fn key(&self) -> Option<String> {
        if self.edits.is_empty() {
            return None;
        }
        let kept = self.dir.path().join("app.key");
        if let Ok(key) = std::fs::read_to_string(&kept) {
            return Some(key);
        }
        std::fs::create_dir_all(self.data()).unwrap();
        let key = create_key(&self.data(), "test-app", &["app"]);
        std::fs::write(kept, &key).unwrap();
        Some(key)
    }
}

impl Server {
    /// The one that tests share which change nothing that others see.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| Home::demo().start())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.data()
    }

    pub(crate) fn output(&self) -> String {
        self.home.output()
    }

    /// A key of the demo's administrator.
    pub(crate) fn admin_key(&self) -> String {
        let text = std::fs::read_to_string(self.data().join("demo-admin.key"));
        text.unwrap().trim().to_owned()
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        Request::get(path).key(&self.key).send(self.address)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        Request::post(path, body).key(&self.key).send(self.address)
    }

    /// A chat completion.
    pub(crate) fn chat(&self, body: &Value) -> Response {
        self.post("/v1/chat/completions", body)
    }

    /// The sum of a metric over its labels; 0 where it has not been counted.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").text();
        let values = text.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            let sound = rest.starts_with(['{', ' ']);
            sound.then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
        });
        values.sum()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the server to stop.
    pub(crate) fn terminate(&self) {
        signal("TERM", self.child.id());
    }

    /// Waits for the end; gives what is left.
    pub(crate) fn wait(mut self) -> (ExitStatus, Home) {
        let status = self.wait_at_most(Duration::from_secs(60));
        (status, self.into_home())
    }

    pub(crate) fn wait_at_most(&mut self, time: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                began.elapsed() < time,
                "the server goes on:\n{}",
                self.output()
            );
            pause(20);
        }
    }

    /// Kills it with no warning.
    pub(crate) fn kill(mut self) -> Home {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.into_home()
    }

    fn into_home(mut self) -> Home {
        let empty = Home::demo();
        std::mem::replace(&mut self.home, empty)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The watchdog first, while the process's number is surely this child's.
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that ends the server and removes its folder when the tests end without doing it: nobody drops
/// the shared server. It waits at a pipe that closes with this process.
fn watch(pid: u32, dir: &Path) -> Child {
    let script = "read _; kill -TERM \"$0\"; sleep 1; kill -KILL \"$0\"; rm -rf \"$1\"";
    Command::new("sh")
        .args(["-c", script, &pid.to_string()])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The program, with no settings from this process's environment but where the models are.
pub(crate) fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    for name in ["CONFIG", "DATA_DIR", "LISTEN", "LOG"] {
        command.env_remove(format!("BAILIWICK_{name}"));
    }
    command
}

/// Runs a subcommand on a data folder.
pub(crate) fn run(arguments: &[&str], data: &Path) -> Output {
    let mut command = program();
    command.args(arguments).arg("--data-dir").arg(data);
    command.output().unwrap()
}

/// Runs a subcommand that must succeed; what it printed.
pub(crate) fn run_well(arguments: &[&str], data: &Path) -> String {
    let output = run(arguments, data);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Makes a key for the roles, and gives it.
pub(crate) fn create_key(data: &Path, name: &str, roles: &[&str]) -> String {
    let mut arguments = vec!["keys", "create", name];
    for role in roles {
        arguments.extend(["--role", role]);
    }
    let text = run_well(&arguments, data);
    text.lines().last().unwrap().to_owned()
}

pub(crate) fn signal(name: &str, pid: u32) {
    let mut child = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .spawn()
        .unwrap();
    assert!(child.wait().unwrap().success());
}

pub(crate) fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// Waits until `done`, at most `seconds`.
pub(crate) fn wait_until(seconds: u64, what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        let waited = began.elapsed() > Duration::from_secs(seconds);
        assert!(!waited, "waited {seconds} s: {what}");
        pause(20);
    }
}

/// A plain conversation whose answer has exactly `tokens` tokens: the end tokens are ruled out.
pub(crate) fn long_chat(tokens: u32) -> Value {
    json!({
        "model": "default",
        "messages": [{"role": "user", "content": "Tell me about the sea."}],
        "max_tokens": tokens,
        "temperature": 0,
        "logit_bias": {"0": -100, "2": -100},
    })
}

/// A case of a customer in `country`.
pub(crate) fn case_of(country: &str) -> Value {
    json!({
        "attributes": {"type": "Case"},
        "CaseNumber": "00001042",
        "Subject": "Kettle leaks",
        "Status": "New",
        "Priority": "High",
        "Description": "Erika Muster wrote that the kettle she bought on 3 May leaks. She asks for a refund to \
                        DE89 3704 0044 0532 0130 00.",
        "Internal_Margin__c": 12.5,
        "Contact": {
            "attributes": {"type": "Contact"},
            "Name": "Erika Muster",
            "Email": "erika.muster@example.com",
            "MailingCountryCode": country,
        },
    })
}

/// The summary of a case as a request.
pub(crate) fn summary_of(case: &Value) -> Value {
    json!({
        "model": "default",
        "messages": [],
        "max_tokens": 24,
        "bailiwick": {"use_case": "case-summary", "explain": true, "variables": {"case": case}},
    })
}
