//! `bailiwick serve`: from the settings to a closed, proven, serving process.
//!
//! The order matters. One thread binds the socket and gives up its rights; then files are opened, threads
//! start and models load, all inside the cage; then the system-call filters close over every thread; then
//! the ways out are tried; and only then the first request is read.

mod announced;
mod demo;
mod running;

use std::path::PathBuf;

use anyhow::Context as _;

use crate::config::{Config, DEMO, Environment};
use crate::formats::Manifests;
use crate::http::Bound;
use crate::sandbox::{self, Confined, Plan, Stdio};
use crate::telemetry;

use super::node::{Node, catalogue, check_folders};

/// `bailiwick serve`
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// The configuration file [env: BAILIWICK_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Run the demo configuration and write a key for an app and one for an administrator into the data folder
    #[arg(long, conflicts_with = "config")]
    pub demo: bool,
    /// Listen here instead of where the configuration says; with port 0 the system chooses one, and the file
    /// listen.addr in the data folder says which once the server is ready
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Find by patterns and records alone, without the model of names
    #[arg(long)]
    pub no_ner: bool,
    /// Keep all state here instead of where the configuration says
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// A server that is about to take requests: for what an embedding program or a test wants to do then.
#[derive(Debug)]
pub struct Ready {
    /// Where it listens.
    pub address: std::net::SocketAddr,
}

/// Serves until SIGTERM or SIGINT.
pub(super) fn run(args: &ServeArgs) -> anyhow::Result<()> {
    let config = settings(args)?;
    serve(&config, args.demo, |_| {})
}

/// Reads the settings that `args` name.
///
/// # Errors
///
/// What is wrong with them.
pub fn settings(args: &ServeArgs) -> anyhow::Result<Config> {
    let mut env = Environment::read();
    env.listen = args.listen.clone().or(env.listen);
    env.data_dir = args.data_dir.clone().or(env.data_dir);
    let mut config = if args.demo {
        Config::parse(DEMO, "the demo configuration", &env)?
    } else {
        let file = args.config.clone().or_else(|| env.config.clone());
        let file =
            file.context("no configuration: --config FILE, or --demo to try the server out")?;
        Config::load(&file, &env)?
    };
    config.redaction.names.enabled &= !args.no_ner;
    Ok(config)
}

/// Serves until SIGTERM or SIGINT; calls `on_ready` once, when the process is closed and listens. Must be
/// called while the process has one thread.
///
/// # Errors
///
/// Why the server could not start, or could not go on.
pub fn serve(config: &Config, demo: bool, on_ready: impl FnOnce(Ready)) -> anyhow::Result<()> {
    // Until the process ends: while it lives, no panic prints its message.
    let _telemetry = telemetry::init(&config.telemetry)?;
    let manifests = Manifests::shipped_and(config.models.manifests_dir.as_deref())?;
    let catalogue = catalogue(config)?;
    check_folders(config)?;
    let bound = Bound::new(&config.server)?;
    let confined = confine(config, &bound)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let node = Node::start(config, &manifests, catalogue, |keyring| {
        let dir = &config.node.data_dir;
        // Only now: until the lock was taken, another server could have been the file's owner.
        announced::Announced::clear(dir);
        if demo {
            demo::keys(keyring, dir)
        } else {
            Ok(())
        }
    })?;
    runtime.block_on(running::serve(node, config, bound, confined, on_ready))
}

fn confine(config: &Config, bound: &Bound) -> anyhow::Result<Confined> {
    let mut read_only = vec![config.models.dir.clone()];
    read_only.extend(config.prompts_dir.clone());
    read_only.extend(config.models.manifests_dir.clone());
    // Within the data folder it may come later.
    let adapters = &config.adapters.dir;
    if !adapters.starts_with(&config.node.data_dir) {
        read_only.push(adapters.clone());
    }
    let names = &config.redaction.names;
    read_only.extend(names.model.clone().filter(|_| names.enabled));
    read_only.extend(config.screen.canaries.clone());
    let plan = Plan {
        egress: config.sandbox.egress,
        read_only,
        read_write: vec![config.node.data_dir.clone()],
        keep: vec![bound.descriptor()],
        stdio: Stdio::ReplaceSockets,
        max_open_files: u64::try_from(config.server.max_connections)
            .unwrap_or(u64::MAX)
            .saturating_add(256),
    };
    Ok(sandbox::confine(&plan)?)
}
