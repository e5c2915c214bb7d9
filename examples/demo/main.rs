//! `cargo demo`: a German and an American case go through a real model on this machine.
//!
//! Fetches the models where they are missing, starts the server with the demo configuration and the
//! sandbox closed, and shows each step: what came in, what the model saw, what came back, what the audit
//! log says of it, and how little the process is able to do. Then it goes on serving. Whatever is claimed
//! on the screen is checked; where a check fails the program ends with an error.

mod client;
mod proof;
mod records;
mod screen;
mod server;
mod story;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, ensure};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::screen::{Ink, Screen};
use crate::server::Server;
use crate::story::Story;

/// Shows Bailiwick at work, then goes on serving until Ctrl-C.
#[derive(Clone, Debug, Parser)]
#[command(name = "demo")]
struct Args {
    /// End after the demonstration; the exit status says whether every check held
    #[arg(long)]
    once: bool,
    /// Serve here; another port is taken where this one is in use
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Keep the server's state and its log in this folder [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    let screen = Screen::new();
    let shown = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")
        .and_then(|runtime| {
            let shown = runtime.block_on(show(Args::parse(), screen));
            // After Ctrl-C the story may still wait for an answer.
            runtime.shutdown_background();
            shown
        });
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            screen.put(&format!("\n{}: {error:#}\n", screen.ink(Ink::Bad, "error")));
            ExitCode::FAILURE
        }
    }
}

async fn show(args: Args, screen: Screen) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let temporary = tempfile::Builder::new()
        .prefix("bailiwick-demo-")
        .tempdir()?;
    let folder = args
        .dir
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    let running: Arc<OnceLock<Server>> = Arc::default();
    let story = {
        let (args, running) = (args.clone(), Arc::clone(&running));
        tokio::task::spawn_blocking(move || tell(&args, screen, &folder, &running))
    };
    let told = tokio::select! {
        told = story => Some(told?),
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
    };
    let all_held = matches!(told, Some(Ok(())));
    if all_held && !args.once {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    let Some(server) = running.get() else {
        return told.unwrap_or(Ok(()));
    };
    screen.gap();
    screen.line("stopping …");
    let status = server.stop()?;
    told.unwrap_or(Ok(()))?;
    if let Some(status) = status {
        ensure!(status.success(), "the server ended with {status}");
    }
    proof::whole_log(server, screen)
}

/// From nothing to a told story; the server goes on running.
fn tell(
    args: &Args,
    screen: Screen,
    folder: &Path,
    running: &OnceLock<Server>,
) -> anyhow::Result<()> {
    let models_dir = story::models(screen)?;
    screen.heading("The server");
    screen.gap();
    let program = server::build()?;
    std::fs::create_dir_all(folder)?;
    let log = folder.join("server.log");
    let server = Server::start(program, args.listen, &models_dir, folder.join("data"), &log)?;
    let server = running.get_or_init(|| server);
    let mut story = Story::new(server, screen);
    story.introduce(&log);
    proof::sandbox(&mut story)?;
    let entry = story.case(&records::german())?;
    story.case(&records::american())?;
    story.refusal(&records::chinese())?;
    proof::audit_entry(&mut story, entry)?;
    story.next_steps()?;
    story.verdict(args.once)
}
