//! A node's parts, opened and joined in one place, for every command that runs the whole pipeline.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use tokio::sync::Semaphore;

use crate::audit::AuditLog;
use crate::config::Config;
use crate::crm::{Catalogue, CatalogueError};
use crate::formats::{Manifests, VerifiedModel, verify};
use crate::model::encoder::TextEncoder;
use crate::pipeline::{
    Adapters, Embeddings, Files, Held, Jobs, ModelFacts, Parts, Pipeline, SHIPPED_ADAPTER,
    VaultSeal,
};
use crate::policy::{Gate, GateSettings, Keyring};
use crate::redact::{Canaries, PseudonymKey, Redactor, RedactorOptions};
use crate::store::{Secrets, Store};
use crate::telemetry::Metrics;
use crate::tokenizer::Tokenizer;
use crate::types::{Name, SharedClock, SystemClock};

use super::{generators, names};

/// Requests that may compute embeddings or wait for their turn.
const EMBEDDING_PLACES: usize = 64;

/// The model that the shipped adapter is made for.
const ADAPTED_MODEL: &str = "smollm2-135m-instruct";

/// Everything that answers requests.
pub(super) struct Node {
    pub(super) clock: SharedClock,
    pub(super) audit: Arc<AuditLog>,
    pub(super) keyring: Keyring,
    pub(super) metrics: Metrics,
    pub(super) pipeline: Pipeline,
}

impl Node {
    /// Opens the state under the data folder, checks and loads the models, and joins the stages. `keys`
    /// has the folder's lock and sees the keyring before changes to it are written to the audit log as they come.
    pub(super) fn start(
        config: &Config,
        manifests: &Manifests,
        catalogue: Catalogue,
        keys: impl FnOnce(&Keyring) -> anyhow::Result<()>,
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
        let (jobs, files, held) = kept(config, &store, &secrets, &metrics, &clock)?;
        let keyring = Keyring::open(store, &secrets.pepper, Arc::clone(&clock))?;
        keys(&keyring)?;
        let keyring = keyring.watch(audit.clone())?;
        let audit = Arc::new(audit);
        let gate_settings = GateSettings {
            node: &config.node,
            residency: &config.residency,
            limits: &config.limits,
            chat: &config.chat,
        };
        let gate = Gate::new(&gate_settings, Arc::clone(&audit), Arc::clone(&clock))?;
        let (chat, generators, beside) = std::thread::scope(|scope| {
            let key = PseudonymKey::new(*secrets.pepper.derive("pseudonyms").expose());
            let beside = scope.spawn(|| Beside::open(config, manifests, key));
            let opened =
                generators::open(config, manifests, &secrets.sealed_root, (&clock, &metrics))?;
            let beside = beside
                .join()
                .map_err(|_| anyhow!("loading the embeddings model or the redactor panicked"))?;
            anyhow::Ok((opened.0, opened.1, beside?))
        })?;
        generators::check(&generators, &catalogue)?;
        let adapters = adapters(config, &chat, &catalogue)?;
        let canaries = config.screen.canaries.as_deref().map(Canaries::read);
        let canaries = canaries.transpose()?.unwrap_or_default();
        let pipeline = Pipeline::new(Parts {
            adapters,
            gate,
            catalogue,
            redactor: beside.redactor,
            generators,
            block_tokens: config.engine.block_tokens,
            embeddings: beside.embeddings,
            aliases: config.models.aliases.clone(),
            no_model: "none".parse()?,
            vaults: VaultSeal::new(&secrets.pepper),
            chat: config.chat.clone(),
            screen: config.screen.clone(),
            canaries: Arc::new(canaries),
            request_timeout: config.server.request_timeout,
            jobs,
            files,
            held,
            metrics: metrics.clone(),
            clock: Arc::clone(&clock),
        });
        if config.engine.prefix_cache {
            let n_tokens = pipeline.warm();
            tracing::debug!(
                n_tokens,
                "the starts of the use cases' prompts are computed"
            );
        }
        pipeline.prepare_grammars();
        Ok(Self {
            clock,
            audit,
            keyring,
            metrics,
            pipeline,
        })
    }
}

/// What is kept for callers: results of background jobs, files, and answers that wait for a second person.
fn kept(
    config: &Config,
    store: &Arc<Store>,
    secrets: &Secrets,
    metrics: &Metrics,
    clock: &SharedClock,
) -> anyhow::Result<(Jobs, Files, Held)> {
    let place = || (Arc::clone(store), secrets.sealed_root.clone());
    let with = || (metrics.clone(), Arc::clone(clock));
    let (counted, now) = with();
    let jobs = Jobs::open(place(), config.jobs.clone(), counted, now)?;
    let files = Files::open(place(), config.files.clone(), Arc::clone(clock))?;
    let (counted, now) = with();
    let held = Held::open(place(), config.held.clone(), counted, now)?;
    Ok((jobs, files, held))
}

/// Makes the data folder, for its owner alone, and says what to do where the models' folder is missing.
pub(super) fn check_folders(config: &Config) -> anyhow::Result<()> {
    make_data_dir(&config.node.data_dir)?;
    if !config.models.dir.is_dir() {
        bail!(
            "the models' folder {} does not exist: run `bailiwick-fetch {}`",
            config.models.dir.display(),
            config.models.chat
        );
    }
    Ok(())
}

fn make_data_dir(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir);
    made.with_context(|| format!("cannot make the data folder {}", dir.display()))
}

/// The use cases of a node: the shipped ones in the version for the shipped adapter where that serves.
pub(super) fn catalogue(config: &Config) -> Result<Catalogue, CatalogueError> {
    Catalogue::load(config.prompts_dir.as_deref(), adapted(config))
}

/// Whether the shipped adapter serves: it fits the default model alone.
fn adapted(config: &Config) -> bool {
    config.adapters.shipped && config.models.chat.as_str() == ADAPTED_MODEL
}

/// What loads beside the chat model, on a thread of its own.
struct Beside {
    embeddings: Option<Embeddings>,
    redactor: Redactor,
}

impl Beside {
    fn open(config: &Config, manifests: &Manifests, key: PseudonymKey) -> anyhow::Result<Self> {
        let embeddings = config.models.embeddings.as_ref();
        std::thread::scope(|scope| {
            let names = scope.spawn(|| names::open(&config.redaction.names));
            let embeddings = embeddings
                .map(|name| open_embeddings(config, manifests, name))
                .transpose()?;
            let names = names
                .join()
                .map_err(|_| anyhow!("loading the model of names panicked"))?;
            let redactor = Redactor::new(RedactorOptions {
                countries: vec![config.node.jurisdiction],
                custom: config.redaction.custom.clone(),
                names: names?,
                rules: Arc::clone(&config.redaction.rules),
                chat: Arc::clone(&config.chat.redaction),
                key,
            })?;
            Ok(Self {
                embeddings,
                redactor,
            })
        })
    }
}

fn open_embeddings(
    config: &Config,
    manifests: &Manifests,
    name: &Name,
) -> anyhow::Result<Embeddings> {
    let files = verify(&config.models.dir, manifests.find(name.as_str())?)?;
    let encoder = TextEncoder::open(&files, config.engine.threads)?;
    Ok(Embeddings {
        facts: facts(&files, encoder.max_tokens()),
        tokenizer: Arc::new(Tokenizer::open(&files)?),
        encoder: Arc::new(encoder),
        turn: Arc::new(Semaphore::new(1)),
        places: Arc::new(Semaphore::new(EMBEDDING_PLACES)),
    })
}

/// The adapters that are there from the start. A use case whose adapter is not among them would be refused with
/// every request, so the node says it now.
fn adapters(
    config: &Config,
    chat: &VerifiedModel,
    catalogue: &Catalogue,
) -> anyhow::Result<Adapters> {
    let own = &config.adapters;
    let models = [Some(&config.models.chat), config.models.embeddings.as_ref()];
    let more = config.models.more.iter().map(|own| &own.name);
    let models = models.into_iter().flatten().chain(more);
    let models = models.map(ToString::to_string);
    let taken = models.chain(config.models.aliases.keys().cloned());
    let adapters = Adapters::new(chat, (own.dir.clone(), own.max_bytes), taken.collect())?;
    if adapted(config) && !adapters.load_shipped(chat)? {
        bail!(
            "the adapter `{SHIPPED_ADAPTER}` is made for other weights than those of `{}` here: set \
             `adapters.shipped = false`",
            config.models.chat
        );
    }
    for (name, digest) in &own.load {
        let loaded = adapters.load(name, Some(*digest));
        loaded.with_context(|| format!("adapter `{name}` in {}", own.dir.display()))?;
    }
    for use_case in catalogue.iter() {
        if let Some(name) = use_case
            .adapter()
            .filter(|name| !own.load.contains_key(*name) && name.as_str() != SHIPPED_ADAPTER)
        {
            bail!(
                "use case `{}` needs the adapter `{name}`: name it in `adapters.load`",
                use_case.name()
            );
        }
    }
    Ok(adapters)
}

pub(super) fn facts(files: &VerifiedModel, context: usize) -> ModelFacts {
    let manifest = files.manifest();
    ModelFacts {
        name: manifest.name.clone(),
        digest: files.digest(),
        context,
        licence: manifest.licence.spdx.clone(),
        parent: None,
    }
}
