//! The command line: subcommands, one file each.

mod audit;
mod bench;
mod doctor;
mod drafts;
mod eval;
mod generators;
mod keys;
mod lessons;
mod models;
mod names;
mod node;
mod offline;
mod redact;
pub mod serve;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::config::{Config, Environment};
use crate::kernels::Level;

/// A sovereign local LLM inference server: CRM data, and the model that reads it, stay in one jurisdiction.
#[derive(Debug, Parser)]
#[command(name = "bailiwick", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify, show or export the audit log, also beside a running server
    Audit(audit::AuditCommand),
    /// Measure how fast a model reads and writes on this machine
    Bench(bench::BenchArgs),
    /// Show what this machine can enforce, and prove it in a child process
    Doctor(doctor::DoctorArgs),
    /// Measure how good the answers of this node's model are
    Eval(eval::EvalCommand),
    /// Create, list, revoke and rotate API keys, also beside a running server
    Keys(keys::KeysCommand),
    /// Turn marked records into what an adapter of the chat model learns from
    Lessons(lessons::LessonsArgs),
    /// Quantise a model of your own, or write its manifest
    Models(models::ModelsCommand),
    /// Replace personal data in standard input by placeholders
    Redact(redact::RedactArgs),
    /// Serve the OpenAI API
    Serve(serve::ServeArgs),
}

/// Where the state is: `--data-dir`, or the configuration's.
#[derive(Debug, clap::Args)]
struct DataDir {
    /// The node's data folder
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The configuration that names the data folder [env: BAILIWICK_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl DataDir {
    fn resolve(&self) -> anyhow::Result<PathBuf> {
        if let Some(dir) = &self.data_dir {
            return Ok(dir.clone());
        }
        let env = Environment::read();
        let file = self.config.clone().or_else(|| env.config.clone());
        let file = file.context("say which node: --data-dir DIR or --config FILE")?;
        Ok(Config::load(&file, &env)?.node.data_dir)
    }
}

/// Runs the program.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = limit_kernels().and_then(|()| match cli.command {
        Command::Audit(command) => audit::run(&command),
        Command::Bench(args) => bench::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Eval(command) => eval::run(&command),
        Command::Keys(command) => keys::run(&command),
        Command::Lessons(args) => lessons::run(&args),
        Command::Models(command) => models::run(&command),
        Command::Redact(args) => redact::run(&args),
        Command::Serve(args) => serve::run(&args).map(|()| ExitCode::SUCCESS),
    });
    done.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
        ExitCode::FAILURE
    })
}

/// Computes with the instructions that the environment lets us have.
fn limit_kernels() -> anyhow::Result<()> {
    if let Some(name) = Environment::read().kernels {
        Level::limit(&name).context("BAILIWICK_KERNELS")?;
    }
    Ok(())
}

/// Writes a line to standard output; a closed pipe is not an error.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
