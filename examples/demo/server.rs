//! The server's program, built and started as anybody would start it.
#![expect(
    clippy::disallowed_methods,
    reason = "the server and its tools are other processes, and the demo waits for them"
)]

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::client::Client;

/// Longest time until the server takes requests.
const START: Duration = Duration::from_secs(60);
/// Longest time until the server has ended.
const END: Duration = Duration::from_secs(60);

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Mutex<Option<Child>>,
    pub(crate) pid: u32,
    pub(crate) client: Client,
    pub(crate) program: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) ready_after: Duration,
}

/// Builds `bailiwick` beside this program, in the same profile; with this program, or what both depend on
/// would be built a second time with other features.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    // target/PROFILE/examples/demo
    let folder = here.parent().and_then(Path::parent);
    let program = folder.context("no build folder")?.join("bailiwick");
    let cargo = bailiwick_fetch::environment("CARGO").unwrap_or_else(|| "cargo".into());
    let profile = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    let built = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "build",
            "--package",
            "bailiwick",
            "--bin",
            "bailiwick",
            "--example",
            "demo",
            "--profile",
            profile,
        ])
        .stdout(Stdio::null())
        .status()
        .context("cargo can't be started")?;
    ensure!(
        built.success() && program.is_file(),
        "cargo could not build the server"
    );
    Ok(program)
}

impl Server {
    /// Starts the demo configuration and waits until it takes requests. What it logs goes to `log`.
    pub(crate) fn start(
        program: PathBuf,
        listen: SocketAddr,
        models_dir: &Path,
        data_dir: PathBuf,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let address = free_address(listen)?;
        let started = Instant::now();
        let mut child = Command::new(&program)
            .args(["serve", "--demo", "--listen", &address.to_string()])
            .arg("--data-dir")
            .arg(&data_dir)
            .env("BAILIWICK_MODELS_DIR", models_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log)?)
            .spawn()
            .with_context(|| format!("{} can't be started", program.display()))?;
        let mut client = Client {
            address,
            key: String::new(),
        };
        while !client.is_ready() {
            let ended = child.try_wait()?;
            if ended.is_some() || started.elapsed() > START {
                let _gone = child.kill();
                let said = fs::read_to_string(log).unwrap_or_default();
                bail!("the server did not start:\n{}", said.trim());
            }
            thread::sleep(Duration::from_millis(5));
        }
        let ready_after = started.elapsed();
        let key = fs::read_to_string(data_dir.join("demo-app.key"))?;
        client.key = key.trim().to_owned();
        Ok(Self {
            pid: child.id(),
            child: Mutex::new(Some(child)),
            client,
            program,
            data_dir,
            ready_after,
        })
    }

    /// Asks it to end, as a service manager would, and waits. `None`: it was stopped before.
    pub(crate) fn stop(&self) -> anyhow::Result<Option<ExitStatus>> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut child) = child.take() else {
            return Ok(None);
        };
        // The shell's own `kill`: there is always one.
        let signal = format!("kill -TERM {}", child.id());
        Command::new("sh")
            .args(["-c", &signal])
            .stderr(Stdio::null())
            .status()?;
        let asked = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if asked.elapsed() > END {
                let _gone = child.kill();
                bail!("the server did not end when it was asked to");
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The JSON that one of the program's tools prints.
    pub(crate) fn tool(&self, args: &[&str]) -> anyhow::Result<Value> {
        let text = self.tool_text(args)?;
        Ok(serde_json::from_str(&text)?)
    }

    /// What one of the program's tools prints. It may end in an error that its output explains.
    pub(crate) fn tool_text(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(&self.program).args(args).output()?;
        ensure!(
            !output.stdout.is_empty(),
            "`bailiwick {}`: {}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// The wanted address, or another port where that one is taken.
fn free_address(wanted: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(wanted)
        .or_else(|_| TcpListener::bind(SocketAddr::new(wanted.ip(), 0)))
        .with_context(|| format!("no port is free at {}", wanted.ip()))?;
    Ok(listener.local_addr()?)
}

/// Waits a moment for something that comes by itself.
pub(crate) fn pause() {
    thread::sleep(Duration::from_millis(250));
}
