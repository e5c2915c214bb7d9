//! The whole pipeline in this process, for commands that put records of their own through it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use crate::config::{Config, DEMO, Environment, JurisdictionRule};
use crate::crm::Catalogue;
use crate::formats::Manifests;
use crate::policy::{Keyring, NewKey, Principal, Role};
use crate::telemetry;
use crate::types::{DataClass, JurisdictionSet, Name};

use super::node::{Node, catalogue, check_folders};

/// The name in the audit log of who asks.
const CALLER: &str = "evaluation";

/// Which node, and where its traces go.
#[derive(Debug, clap::Args)]
pub(super) struct OfflineArgs {
    /// The configuration that names the model [default: the demo configuration] [env: BAILIWICK_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where database and audit log of the run are kept [default: `eval` in the configuration's data folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// A node that nobody else asks.
pub(super) struct Offline {
    pub(super) node: Node,
    pub(super) principal: Arc<Principal>,
    config: Config,
    _telemetry: telemetry::TelemetryGuard,
}

impl Offline {
    /// Opens the node of `args`; for `lessons`, with what an adapter is needed for, but without the adapter.
    pub(super) fn open(args: &OfflineArgs, lessons: bool) -> anyhow::Result<Self> {
        let mut config = settings(args)?;
        if lessons {
            // What the adapter is trained for is there before it.
            config.adapters.shipped = false;
        }
        // Until the process ends: while it lives, no panic prints its message.
        let telemetry = telemetry::init(&config.telemetry)?;
        check_folders(&config)?;
        let manifests = Manifests::shipped_and(config.models.manifests_dir.as_deref())?;
        let catalogue = match lessons {
            true => Catalogue::load(config.prompts_dir.as_deref(), true)?,
            false => catalogue(&config)?,
        };
        let mut key = None;
        let node = Node::start(&config, &manifests, catalogue, |keyring| {
            key = Some(principal(keyring)?);
            Ok(())
        })?;
        Ok(Self {
            node,
            principal: key.context("no key was made")?,
            config,
            _telemetry: telemetry,
        })
    }

    /// Runs `work`, then closes the node: what was recorded is durable.
    pub(super) fn run<T>(
        &self,
        work: impl AsyncFnOnce(&Node, &Arc<Principal>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let node = &self.node;
            let done = work(node, &self.principal).await;
            for engine in node.pipeline.generators().engines() {
                engine.shutdown();
                engine.stopped().await;
            }
            node.pipeline.gate().flush().await?;
            node.audit.shutdown().await?;
            done
        })
    }

    /// Where the run's audit log is.
    pub(super) fn data_dir(&self) -> &Path {
        &self.config.node.data_dir
    }
}

/// The node's settings, but for what would get in the way: records come from everywhere and at any rate, and
/// their traces stay apart.
fn settings(args: &OfflineArgs) -> anyhow::Result<Config> {
    let env = Environment::read();
    let mut config = match args.config.as_ref().or(env.config.as_ref()) {
        Some(file) => Config::load(file, &env)?,
        None => Config::parse(DEMO, "the demo configuration", &env)?,
    };
    config.engine.saved_prefix_bytes = 0;
    config.node.data_dir = match &args.data_dir {
        Some(dir) => dir.clone(),
        None => config.node.data_dir.join("eval"),
    };
    config.residency.rules = vec![JurisdictionRule {
        name: CALLER.parse()?,
        from: JurisdictionSet::everywhere(),
        unknown: true,
        allow: DataClass::ALL.iter().copied().collect(),
        refer_to: None,
    }];
    config.limits.requests_per_minute = u32::MAX;
    config.models.embeddings = None;
    config.telemetry.filter = "warn".to_owned();
    Ok(config)
}

/// A caller for this run; the keys of earlier ones are revoked.
fn principal(keyring: &Keyring) -> anyhow::Result<Arc<Principal>> {
    let name: Name = CALLER.parse()?;
    for record in keyring.list()? {
        if record.name == name && record.revoked.is_none() {
            keyring.revoke(&record.id)?;
        }
    }
    let (_, key) = keyring.create(NewKey {
        name,
        roles: vec![Role::App],
        expires: None,
        use_cases: None,
    })?;
    Ok(keyring.authenticate(key.expose())?)
}
