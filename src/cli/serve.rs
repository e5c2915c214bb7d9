//! `bailiwick serve`: from the settings to a closed, proven, serving process.
//!
//! The order matters. One thread binds the socket and gives up its rights; then files are opened, threads
//! start and models load, all inside the cage; then the system-call filters close over every thread; then
//! the ways out are tried; and only then the first request is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use candle_core::Device;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::audit::{AuditLog, Event};
use crate::config::{Config, DEMO, Environment};
use crate::crm::Catalogue;
use crate::engine::Engine;
use crate::formats::{Manifests, VerifiedModel, verify};
use crate::http::{App, Bound};
use crate::model::encoder::TextEncoder;
use crate::pipeline::{Embeddings, ModelFacts, Parts, Pipeline};
use crate::policy::{Gate, GateSettings, Keyring, NewKey, Role};
use crate::prompt::PromptBuilder;
use crate::redact::{Redactor, RedactorOptions};
use crate::sandbox::{self, Confined, Plan, Stdio};
use crate::store::{Secrets, Store};
use crate::telemetry::{self, Metrics, names};
use crate::tokenizer::{ChatModel, Tokenizer};
use crate::types::{Name, SharedClock, SystemClock};

/// Requests that may compute embeddings or wait for their turn.
const EMBEDDING_PLACES: usize = 64;

/// `bailiwick serve`
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// The configuration file [env: BAILIWICK_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Run the demo configuration and write a key for an app and one for an administrator into the data folder
    #[arg(long, conflicts_with = "config")]
    pub demo: bool,
    /// Listen here instead of where the configuration says
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
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
    serve(config, args.demo, |_| {})
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
    if args.demo {
        return Ok(Config::parse(DEMO, "the demo configuration", &env)?);
    }
    let file = args.config.clone().or_else(|| env.config.clone());
    let file = file.context("no configuration: --config FILE, or --demo to try the server out")?;
    Ok(Config::load(&file, &env)?)
}

/// Serves until SIGTERM or SIGINT; calls `on_ready` once, when the process is closed and listens. Must be
/// called while the process has one thread.
///
/// # Errors
///
/// Why the server could not start, or could not go on.
pub fn serve(config: Config, demo: bool, on_ready: impl FnOnce(Ready)) -> anyhow::Result<()> {
    // Held to the end: while it lives, a panic's message, which may quote a text, is not printed.
    let _telemetry = telemetry::init(&config.telemetry)?;
    let manifests = Manifests::shipped_and(config.models.manifests_dir.as_deref())?;
    let catalogue = Catalogue::load(config.prompts_dir.as_deref())?;
    make_data_dir(&config.node.data_dir)?;
    if !config.models.dir.is_dir() {
        bail!(
            "the models' folder {} does not exist: run `bailiwick-fetch {}`",
            config.models.dir.display(),
            config.models.chat
        );
    }
    let bound = Bound::new(&config.server)?;
    let confined = confine(&config, &bound)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let node = Node::start(&config, demo, &manifests, catalogue)?;
    runtime.block_on(node.serve(&config, bound, confined, on_ready))
}

fn make_data_dir(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir);
    made.with_context(|| format!("cannot make the data folder {}", dir.display()))
}

fn confine(config: &Config, bound: &Bound) -> anyhow::Result<Confined> {
    let mut read_only = vec![config.models.dir.clone()];
    read_only.extend(config.prompts_dir.clone());
    read_only.extend(config.models.manifests_dir.clone());
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

/// Everything that serves, started inside the cage.
struct Node {
    clock: SharedClock,
    audit: Arc<AuditLog>,
    keyring: Keyring,
    metrics: Metrics,
    engine: Engine,
    pipeline: Pipeline,
}

impl Node {
    fn start(
        config: &Config,
        demo: bool,
        manifests: &Manifests,
        catalogue: Catalogue,
    ) -> anyhow::Result<Self> {
        let clock = SystemClock::shared();
        let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
        let data_dir = &config.node.data_dir;
        let store = Arc::new(Store::open(data_dir)?);
        let secrets = Secrets::open(data_dir)?;
        let audit = AuditLog::open(
            &config.audit,
            data_dir,
            &config.node.name,
            Arc::clone(&store),
            &secrets,
            Arc::clone(&clock),
        )?;
        let keyring = Keyring::open(store, &secrets.pepper, Arc::clone(&clock))?;
        if demo {
            demo_key(&keyring, data_dir, "demo-app", Role::App)?;
            demo_key(&keyring, data_dir, "demo-admin", Role::Admin)?;
        }
        let keyring = keyring.watch(audit.clone())?;
        let audit = Arc::new(audit);
        let gate_settings = GateSettings {
            node: &config.node,
            residency: &config.residency,
            limits: &config.limits,
            chat: &config.chat,
        };
        let gate = Gate::new(&gate_settings, Arc::clone(&audit), Arc::clone(&clock))?;
        let chat = verify(
            &config.models.dir,
            manifests.find(config.models.chat.as_str())?,
        )?;
        let chat_model = Arc::new(ChatModel::open(&chat, Arc::clone(&clock))?);
        let engine = start_engine(config, &chat, &chat_model, &clock, &metrics)?;
        let embeddings = config
            .models
            .embeddings
            .as_ref()
            .map(|name| open_embeddings(config, manifests, name))
            .transpose()?;
        let pipeline = Pipeline::new(Parts {
            gate,
            catalogue,
            redactor: Redactor::new(RedactorOptions {
                countries: vec![config.node.jurisdiction],
            })?,
            prompts: PromptBuilder::new(chat_model),
            chat_model: facts(&chat, engine.max_context()),
            engine: engine.clone(),
            embeddings,
            aliases: config.models.aliases.clone(),
            chat: config.chat.clone(),
            request_timeout: config.server.request_timeout,
            metrics: metrics.clone(),
            clock: Arc::clone(&clock),
        });
        Ok(Self {
            clock,
            audit,
            keyring,
            metrics,
            engine,
            pipeline,
        })
    }

    async fn serve(
        self,
        config: &Config,
        bound: Bound,
        confined: Confined,
        on_ready: impl FnOnce(Ready),
    ) -> anyhow::Result<()> {
        // The signals' own socket pair is made here: the last one before the filters close.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let enforcement = confined.seal()?;
        let models = self
            .pipeline
            .models()
            .map(|model| (model.name.clone(), model.digest))
            .collect();
        let egress = if enforcement.is_enforced() {
            "enforced"
        } else {
            "unenforced"
        };
        self.audit
            .record(Event::Start {
                version: env!("CARGO_PKG_VERSION"),
                egress,
                models,
            })
            .await?;
        if enforcement.is_enforced() {
            self_test(&self.audit, &self.metrics).await?;
        } else {
            tracing::warn!("egress is not enforced, as the configuration says");
        }
        let stop = CancellationToken::new();
        let app = App::new(
            &config.server,
            (
                self.pipeline.clone(),
                self.keyring.clone(),
                self.metrics.clone(),
            ),
            Arc::clone(&self.clock),
            stop.clone(),
        );
        tracing::info!(address = %bound.address(), sandbox = %enforcement, "ready");
        on_ready(Ready {
            address: bound.address(),
        });
        let watch = {
            let (stop, interval) = (stop.clone(), config.sandbox.self_test_interval);
            let (audit, metrics) = (Arc::clone(&self.audit), self.metrics.clone());
            async move {
                loop {
                    tokio::select! {
                        _ = terminate.recv() => break Ok(()),
                        _ = interrupt.recv() => break Ok(()),
                        () = tokio::time::sleep(interval), if enforcement.is_enforced() => {
                            // A cage with a hole must not go on.
                            if let Err(error) = self_test(&audit, &metrics).await {
                                stop.cancel();
                                break Err(error);
                            }
                        }
                    }
                }
            }
        };
        let served = bound.serve(app.router(), &config.server, stop.clone());
        let (served, watched) = tokio::join!(served, async {
            let done = watch.await;
            tracing::info!("stopping: running requests may end");
            stop.cancel();
            done
        });
        self.engine.shutdown();
        let ended = tokio::time::timeout(config.server.drain_timeout, self.engine.stopped()).await;
        if ended.is_err() {
            self.engine.abort();
        }
        self.pipeline.gate().flush().await?;
        self.audit.record(Event::Stop).await?;
        self.audit.shutdown().await?;
        served?;
        watched
    }
}

async fn self_test(audit: &AuditLog, metrics: &Metrics) -> anyhow::Result<()> {
    let test = tokio::task::spawn_blocking(sandbox::self_test).await?;
    let passed = test.passed();
    let open: Vec<_> = test.open().map(|way| way.name.clone()).collect();
    metrics.count(names::SANDBOX_SELF_TESTS, 1, &[("passed", &passed)]);
    let attempts = u32::try_from(test.ways.len()).unwrap_or(u32::MAX);
    audit
        .record(Event::SelfTest {
            passed,
            attempts,
            open: open.clone(),
        })
        .await?;
    if !passed {
        bail!("the sandbox has a way out: {}", open.join(", "));
    }
    Ok(())
}

fn start_engine(
    config: &Config,
    chat: &VerifiedModel,
    chat_model: &ChatModel,
    clock: &SharedClock,
    metrics: &Metrics,
) -> anyhow::Result<Engine> {
    let (files, threads) = (chat.clone(), config.engine.threads);
    let factory = move || crate::model::load_chat(&files, &Device::Cpu, threads);
    let text = Arc::new(Arc::clone(chat_model.tokenizer()));
    Ok(Engine::start(
        &config.engine,
        factory,
        text,
        Arc::clone(clock),
        metrics.clone(),
    )?)
}

fn open_embeddings(
    config: &Config,
    manifests: &Manifests,
    name: &Name,
) -> anyhow::Result<Embeddings> {
    let files = verify(&config.models.dir, manifests.find(name.as_str())?)?;
    let encoder = TextEncoder::open(&files, &Device::Cpu)?;
    Ok(Embeddings {
        facts: facts(&files, encoder.max_tokens()),
        tokenizer: Arc::new(Tokenizer::open(&files)?),
        encoder: Arc::new(encoder),
        turn: Arc::new(Semaphore::new(1)),
        places: Arc::new(Semaphore::new(EMBEDDING_PLACES)),
    })
}

fn facts(files: &VerifiedModel, context: usize) -> ModelFacts {
    let manifest = files.manifest();
    ModelFacts {
        name: manifest.name.clone(),
        digest: files.digest(),
        context,
        licence: manifest.licence.spdx.clone(),
    }
}

/// Makes sure that `DIR/NAME.key` holds a valid key of this name.
fn demo_key(keyring: &Keyring, dir: &Path, name: &str, role: Role) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = dir.join(format!("{name}.key"));
    if let Ok(text) = std::fs::read_to_string(&path)
        && keyring.authenticate(text.trim()).is_ok()
    {
        return Ok(());
    }
    let name: Name = name.parse()?;
    for record in keyring.list()? {
        if record.name == name && record.revoked.is_none() {
            keyring.revoke(&record.id)?;
        }
    }
    let (_, key) = keyring.create(NewKey {
        name,
        roles: vec![role],
        expires: None,
        use_cases: None,
    })?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)?;
    writeln!(file, "{}", key.expose())?;
    Ok(())
}
