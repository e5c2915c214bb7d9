//! Everything that serves, put together inside the cage.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use candle_core::Device;
use tokio::sync::Semaphore;

use crate::audit::AuditLog;
use crate::config::Config;
use crate::crm::Catalogue;
use crate::engine::Engine;
use crate::formats::{Manifests, VerifiedModel, verify};
use crate::model::encoder::TextEncoder;
use crate::pipeline::{Embeddings, ModelFacts, Parts, Pipeline};
use crate::policy::{Gate, GateSettings, Keyring, NewKey, Role};
use crate::prompt::PromptBuilder;
use crate::redact::{Redactor, RedactorOptions};
use crate::store::{Secrets, Store};
use crate::telemetry::Metrics;
use crate::tokenizer::{ChatModel, Tokenizer};
use crate::types::{Name, SharedClock, SystemClock};

use super::announced::Announced;

/// Requests that may compute embeddings or wait for their turn.
const EMBEDDING_PLACES: usize = 64;

/// Everything that serves, started inside the cage.
pub(super) struct Node {
    pub(super) clock: SharedClock,
    pub(super) audit: Arc<AuditLog>,
    pub(super) keyring: Keyring,
    pub(super) metrics: Metrics,
    pub(super) engine: Engine,
    pub(super) pipeline: Pipeline,
}

impl Node {
    pub(super) fn start(
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
        // Only now: until the lock was taken, another server could have been the file's owner.
        Announced::clear(data_dir);
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
        let (chat, chat_model, engine, beside) = std::thread::scope(|scope| {
            let beside = scope.spawn(|| Beside::open(config, manifests));
            let chat = verify(
                &config.models.dir,
                manifests.find(config.models.chat.as_str())?,
            )?;
            let chat_model = Arc::new(ChatModel::open(&chat, Arc::clone(&clock))?);
            let engine = start_engine(config, &chat, &chat_model, &clock, &metrics)?;
            let beside = beside
                .join()
                .map_err(|_| anyhow!("loading the embeddings model or the redactor panicked"))?;
            anyhow::Ok((chat, chat_model, engine, beside?))
        })?;
        let pipeline = Pipeline::new(Parts {
            gate,
            catalogue,
            redactor: beside.redactor,
            prompts: PromptBuilder::new(chat_model),
            chat_model: facts(&chat, engine.max_context()),
            engine: engine.clone(),
            embeddings: beside.embeddings,
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

/// What loads beside the chat model, on a thread of its own.
struct Beside {
    embeddings: Option<Embeddings>,
    redactor: Redactor,
}

impl Beside {
    fn open(config: &Config, manifests: &Manifests) -> anyhow::Result<Self> {
        let embeddings = config.models.embeddings.as_ref();
        Ok(Self {
            redactor: Redactor::new(RedactorOptions {
                countries: vec![config.node.jurisdiction],
                custom: config.redaction.custom.clone(),
            })?,
            embeddings: embeddings
                .map(|name| open_embeddings(config, manifests, name))
                .transpose()?,
        })
    }
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
