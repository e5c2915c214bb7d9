//! From what was written to what holds.

use std::net::SocketAddr;
use std::time::Duration;

use crate::types::Name;

use super::checked::{
    AdaptersConfig, AuditConfig, ChatPolicy, Config, EgressMode, EngineConfig, Exposure,
    FilesConfig, HeldConfig, JobsConfig, JurisdictionRule, LimitsConfig, LogFormat, ModelsConfig,
    MoreModel, NodeConfig, OnDeadline, ResidencyConfig, SandboxConfig, ServerConfig,
    TelemetryConfig,
};
use super::raw::{
    RawAdapters, RawAudit, RawChat, RawConfig, RawEgress, RawEngine, RawExposure, RawFiles,
    RawHeld, RawJobs, RawLimits, RawLogFormat, RawModels, RawMoreModel, RawNode, RawOnDeadline,
    RawResidency, RawSandbox, RawServer, RawTelemetry,
};
use super::screen::ScreenRules;
use super::{ConfigError, Environment, drafts, redaction, screen, wire};

pub(super) const MIB: usize = 1024 * 1024;
/// Most memory that a setting may give: 4 TiB.
pub(super) const MAX_MEMORY_MIB: usize = 4_194_304;
/// Numbers of cores are below this: the system's own sets have no more.
const MAX_CORES: usize = 1024;
/// Most models that write answers, beside the chat model.
const MAX_MORE_MODELS: usize = 32;

pub(super) fn resolve(raw: RawConfig, env: &Environment) -> Result<Config, ConfigError> {
    let node = node(raw.node, env)?;
    Ok(Config {
        adapters: adapters(raw.adapters, &node)?,
        node,
        server: server(raw.server, env)?,
        models: models(raw.models, &raw.engine, env)?,
        engine: engine(&raw.engine)?,
        prompts_dir: raw.prompts.dir,
        residency: residency(raw.residency)?,
        redaction: redaction::resolve(raw.redaction)?,
        limits: limits(&raw.limits)?,
        screen: screen::resolve(raw.screen)
            .map_err(|fault| redaction::in_table("screen", &fault))?,
        chat: chat(raw.chat)?,
        jobs: jobs(&raw.jobs)?,
        files: files(&raw.files)?,
        held: held(&raw.held)?,
        audit: audit(&raw.audit)?,
        sandbox: sandbox(&raw.sandbox)?,
        telemetry: telemetry(raw.telemetry, env),
    })
}

fn node(raw: RawNode, env: &Environment) -> Result<NodeConfig, ConfigError> {
    Ok(NodeConfig {
        name: raw.name.ok_or_else(|| {
            missing(
                "node.name",
                "give this node a name, such as `name = \"de-1\"`",
            )
        })?,
        jurisdiction: raw.jurisdiction.ok_or_else(|| {
            missing(
                "node.jurisdiction",
                "say where this node stands, such as `jurisdiction = \"DE\"`",
            )
        })?,
        data_dir: env.data_dir.clone().or(raw.data_dir).ok_or_else(|| {
            missing(
                "node.data_dir",
                "name the folder for the database and the audit log",
            )
        })?,
    })
}

fn server(raw: RawServer, env: &Environment) -> Result<ServerConfig, ConfigError> {
    let listen = env
        .listen
        .clone()
        .or(raw.listen)
        .unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listen: SocketAddr = listen.parse().map_err(|_| {
        invalid(
            "server.listen",
            "write an address and a port, such as `127.0.0.1:8080` or `[::1]:8080`",
        )
    })?;
    let exposure = match raw.exposure {
        Some(RawExposure::PlaintextBehindTlsProxy) => Exposure::PlaintextBehindTlsProxy,
        Some(RawExposure::LoopbackOnly) | None => Exposure::LoopbackOnly,
    };
    if exposure == Exposure::LoopbackOnly && !listen.ip().is_loopback() {
        return Err(invalid(
            "server.listen",
            "requests would cross the network in clear: bind a loopback address, or say \
             `exposure = \"plaintext-behind-tls-proxy\"` where TLS ends in front of the server",
        ));
    }
    Ok(ServerConfig {
        listen,
        exposure,
        max_body_bytes: within("server.max_body_kib", raw.max_body_kib, 4096, 1..=262_144)? * 1024,
        max_json_depth: within("server.max_json_depth", raw.max_json_depth, 64, 8..=120)?,
        max_connections: within(
            "server.max_connections",
            raw.max_connections,
            512,
            1..=65_536,
        )?,
        header_timeout: seconds("server.header_timeout_s", raw.header_timeout_s, 10, 1..=300)?,
        body_timeout: seconds("server.body_timeout_s", raw.body_timeout_s, 30, 1..=3600)?,
        request_timeout: seconds(
            "server.request_timeout_s",
            raw.request_timeout_s,
            110,
            1..=86_400,
        )?,
        drain_timeout: seconds("server.drain_timeout_s", raw.drain_timeout_s, 30, 0..=3600)?,
        on_deadline: match raw.on_deadline {
            Some(RawOnDeadline::Error) => OnDeadline::Error,
            Some(RawOnDeadline::Length) | None => OnDeadline::Length,
        },
        key_headers: wire::key_headers(raw.key_headers)?,
        cors_origins: wire::origins(raw.cors_origins.unwrap_or_default())?,
    })
}

fn models(
    raw: RawModels,
    engine: &RawEngine,
    env: &Environment,
) -> Result<ModelsConfig, ConfigError> {
    let aliases = raw.aliases.unwrap_or_default();
    if let Some(alias) = aliases
        .keys()
        .find(|alias| alias.is_empty() || alias.len() > 128)
    {
        return Err(invalid(
            &format!("models.aliases.{alias}"),
            "an alias has 1 to 128 bytes",
        ));
    }
    let memory = raw
        .memory_mib
        .map(|mib| within("models.memory_mib", Some(mib), mib, 1..=MAX_MEMORY_MIB))
        .transpose()?;
    let mut taken: Vec<Name> = raw.chat.iter().chain(&raw.embeddings).cloned().collect();
    let mut more = Vec::new();
    for own in raw.more.unwrap_or_default() {
        if taken.contains(&own.name) {
            let problem = format!("`{}` is named twice", own.name);
            return Err(invalid("models.more.name", &problem));
        }
        taken.push(own.name.clone());
        more.push(more_model(own, engine.kv_cache_mib)?);
    }
    if more.len() > MAX_MORE_MODELS {
        let problem = format!("at most {MAX_MORE_MODELS} models");
        return Err(invalid("models.more", &problem));
    }
    let chat = raw.chat.ok_or_else(|| {
        missing(
            "models.chat",
            "name the chat model, such as `chat = \"smollm2-135m-instruct\"`",
        )
    })?;
    let draft = drafts::resolve("models", raw.draft, raw.draft_kv_cache_mib)?;
    let all = std::iter::once((&chat, draft.as_ref()));
    let all = all.chain(more.iter().map(|own| (&own.name, own.draft.as_ref())));
    drafts::check(&all.collect::<Vec<_>>(), engine.speculation.unwrap_or(true))?;
    Ok(ModelsConfig {
        draft,
        more,
        memory_bytes: memory.and_then(|mib| u64::try_from(mib * MIB).ok()),
        dir: raw.dir.unwrap_or_else(|| env.default_models_dir()),
        manifests_dir: raw.manifests_dir,
        chat,
        embeddings: raw.embeddings,
        aliases,
    })
}

fn more_model(raw: RawMoreModel, kv_cache_mib: Option<usize>) -> Result<MoreModel, ConfigError> {
    if raw.stays && raw.idle_unload_s.is_some() {
        let problem = "belongs to a model that does not stay";
        return Err(invalid("models.more.idle_unload_s", problem));
    }
    let idle = raw.idle_unload_s.map(|seconds_| {
        let key = "models.more.idle_unload_s";
        seconds(key, Some(seconds_), seconds_, 1..=604_800)
    });
    let kv_cache = raw.kv_cache_mib.or(kv_cache_mib);
    let draft = drafts::resolve("models.more", raw.draft, raw.draft_kv_cache_mib)?;
    Ok(MoreModel {
        draft,
        name: raw.name,
        stays: raw.stays,
        idle_unload: idle.transpose()?,
        kv_cache_bytes: within(
            "models.more.kv_cache_mib",
            kv_cache,
            256,
            1..=MAX_MEMORY_MIB,
        )? * MIB,
    })
}

fn engine(raw: &RawEngine) -> Result<EngineConfig, ConfigError> {
    let cores = cores(raw.cores.as_deref().unwrap_or_default())?;
    let threads = match cores.len() {
        0 => std::thread::available_parallelism().map_or(1, |n| n.get().min(64)),
        own => own,
    };
    let threads = within("engine.threads", raw.threads, threads, 1..=256)?;
    if !cores.is_empty() && threads > cores.len() {
        return Err(invalid(
            "engine.threads",
            "may not be over the number of `engine.cores`",
        ));
    }
    let max_batch_tokens = within(
        "engine.max_batch_tokens",
        raw.max_batch_tokens,
        256,
        1..=65_536,
    )?;
    let max_sequences = within("engine.max_sequences", raw.max_sequences, 32, 1..=4096)?;
    if max_sequences > max_batch_tokens {
        return Err(invalid(
            "engine.max_sequences",
            "may not be over `engine.max_batch_tokens`: each sequence needs a token",
        ));
    }
    let prefix_cache = raw.prefix_cache.unwrap_or(true);
    let saved_prefix_mib = within(
        "engine.saved_prefix_mib",
        raw.saved_prefix_mib,
        0,
        0..=65_536,
    )?;
    if saved_prefix_mib > 0 && !prefix_cache {
        return Err(invalid(
            "engine.saved_prefix_mib",
            "there is nothing to save without `engine.prefix_cache`",
        ));
    }
    Ok(EngineConfig {
        threads,
        cores,
        kv_cache_bytes: within(
            "engine.kv_cache_mib",
            raw.kv_cache_mib,
            256,
            1..=MAX_MEMORY_MIB,
        )? * MIB,
        kv_cache_format: raw.kv_cache_format.unwrap_or_default(),
        block_tokens: within("engine.block_tokens", raw.block_tokens, 32, 1..=1024)?,
        max_batch_tokens,
        max_sequences,
        queue_limit: within("engine.queue_limit", raw.queue_limit, 128, 0..=65_536)?,
        queue_timeout: seconds("engine.queue_timeout_s", raw.queue_timeout_s, 60, 1..=3600)?,
        max_context: raw
            .max_context
            .map(|tokens| within("engine.max_context", Some(tokens), tokens, 16..=1_048_576))
            .transpose()?,
        prefix_cache,
        saved_prefix_bytes: saved_prefix_mib * MIB,
        speculation: raw.speculation.unwrap_or(true),
    })
}

/// Cores by the system's numbers, each once. Which of them are there is found out at the start.
fn cores(raw: &[usize]) -> Result<Vec<usize>, ConfigError> {
    let mut cores = raw.to_vec();
    cores.sort_unstable();
    cores.dedup();
    if cores.len() < raw.len() {
        return Err(invalid("engine.cores", "a core is named twice"));
    }
    if cores.len() > 256 || cores.last().is_some_and(|core| *core >= MAX_CORES) {
        let problem = format!("at most 256 cores, with numbers below {MAX_CORES}");
        return Err(invalid("engine.cores", &problem));
    }
    Ok(cores)
}

fn residency(raw: RawResidency) -> Result<ResidencyConfig, ConfigError> {
    let fields = raw.fields.unwrap_or_default();
    if fields.len() > 64 {
        return Err(invalid("residency.fields", "at most 64 fields"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if let Some(field) = fields
        .iter()
        .find(|field| field.is_empty() || !field.chars().all(plain))
    {
        return Err(invalid(
            "residency.fields",
            &format!("`{field}` is no dotted path of field names"),
        ));
    }
    let mut rules: Vec<JurisdictionRule> = Vec::new();
    for rule in raw.rule.unwrap_or_default() {
        let key = format!("residency.rule `{}`", rule.name);
        if rules.iter().any(|known| known.name == rule.name) {
            return Err(invalid(&key, "another rule has this name"));
        }
        if rule.from.is_empty() && !rule.unknown {
            return Err(invalid(
                &key,
                "`from` is empty and `unknown` is not set, so the rule is about no record",
            ));
        }
        rules.push(JurisdictionRule {
            name: rule.name,
            from: rule.from,
            unknown: rule.unknown,
            allow: rule.allow.into_iter().collect(),
            refer_to: rule.refer_to,
        });
    }
    Ok(ResidencyConfig { fields, rules })
}

fn limits(raw: &RawLimits) -> Result<LimitsConfig, ConfigError> {
    Ok(LimitsConfig {
        concurrency: within("limits.concurrency", raw.concurrency, 16, 1..=65_536)?,
        requests_per_minute: within(
            "limits.requests_per_minute",
            raw.requests_per_minute,
            600,
            1..=10_000_000,
        )?,
        deadline: raw
            .deadline_s
            .map(|own| seconds("limits.deadline_s", Some(own), own, 1..=86_400))
            .transpose()?,
    })
}

fn chat(raw: RawChat) -> Result<ChatPolicy, ConfigError> {
    let screen = ScreenRules::new(&raw.screen.unwrap_or_default());
    Ok(ChatPolicy {
        redaction: redaction::rules_of("chat.redaction", raw.redaction.unwrap_or_default())?,
        screen: screen.map_err(|fault| redaction::in_table("chat.screen", &fault))?,
        allow: raw.allow.unwrap_or(false),
        restore: raw.restore.unwrap_or(true),
        max_tokens: within("chat.max_tokens", raw.max_tokens, 1024, 1..=1_048_576)?,
    })
}

fn adapters(raw: RawAdapters, node: &NodeConfig) -> Result<AdaptersConfig, ConfigError> {
    Ok(AdaptersConfig {
        shipped: raw.shipped.unwrap_or(true),
        dir: raw.dir.unwrap_or_else(|| node.data_dir.join("adapters")),
        load: raw.load.unwrap_or_default(),
        max_bytes: within("adapters.max_mib", raw.max_mib, 512, 1..=1_048_576)? * MIB,
    })
}

fn jobs(raw: &RawJobs) -> Result<JobsConfig, ConfigError> {
    let minutes = |key, value, default, most| {
        within(key, value, default, 1..=most).map(|minutes| Duration::from_secs(60 * minutes))
    };
    Ok(JobsConfig {
        retention: minutes("jobs.retention_minutes", raw.retention_minutes, 60, 43_200)?,
        max_per_key: within("jobs.max_per_key", raw.max_per_key, 64, 0..=100_000)?,
        max_bytes: within("jobs.max_mib", raw.max_mib, 64, 1..=1_048_576)? * 1024 * 1024,
        timeout: minutes("jobs.timeout_minutes", raw.timeout_minutes, 10, 1440)?,
    })
}

fn files(raw: &RawFiles) -> Result<FilesConfig, ConfigError> {
    let days = within("files.retention_days", raw.retention_days, 30, 1..=3650)?;
    let max_mib = within("files.max_mib", raw.max_mib, 256, 1..=1_048_576)?;
    Ok(FilesConfig {
        retention: Duration::from_secs(24 * 3600 * days),
        max_file_bytes: within("files.max_file_mib", raw.max_file_mib, 16, 1..=512)? * 1024 * 1024,
        max_per_key: within("files.max_per_key", raw.max_per_key, 256, 0..=10_000)?,
        max_bytes: max_mib * 1024 * 1024,
    })
}

fn held(raw: &RawHeld) -> Result<HeldConfig, ConfigError> {
    let hours = within("held.retention_hours", raw.retention_hours, 72, 1..=8760)?;
    Ok(HeldConfig {
        retention: Duration::from_secs(3600 * hours),
        max_per_owner: within("held.max_per_owner", raw.max_per_owner, 256, 0..=10_000)?,
        max_bytes: within("held.max_mib", raw.max_mib, 16, 1..=1_048_576)? * 1024 * 1024,
    })
}

fn audit(raw: &RawAudit) -> Result<AuditConfig, ConfigError> {
    Ok(AuditConfig {
        segment_bytes: within("audit.segment_mib", raw.segment_mib, 64, 1..=65_536)? * 1024 * 1024,
        checkpoint_interval: seconds(
            "audit.checkpoint_interval_s",
            raw.checkpoint_interval_s,
            10,
            1..=3600,
        )?,
    })
}

fn sandbox(raw: &RawSandbox) -> Result<SandboxConfig, ConfigError> {
    Ok(SandboxConfig {
        egress: match raw.egress {
            Some(RawEgress::Unenforced) => EgressMode::Unenforced,
            Some(RawEgress::Enforced) | None => EgressMode::Enforced,
        },
        self_test_interval: seconds(
            "sandbox.self_test_interval_s",
            raw.self_test_interval_s,
            60,
            1..=3600,
        )?,
    })
}

fn telemetry(raw: RawTelemetry, env: &Environment) -> TelemetryConfig {
    TelemetryConfig {
        filter: env
            .log
            .clone()
            .or(raw.filter)
            .unwrap_or_else(|| "info".to_owned()),
        format: match raw.format {
            Some(RawLogFormat::Text) => LogFormat::Text,
            Some(RawLogFormat::Json) | None => LogFormat::Json,
        },
        vllm_names: raw.vllm_names.unwrap_or(false),
    }
}

fn missing(key: &'static str, hint: &'static str) -> ConfigError {
    ConfigError::Missing { key, hint }
}

pub(super) fn invalid(key: &str, problem: &str) -> ConfigError {
    ConfigError::Invalid {
        key: key.to_owned(),
        problem: problem.to_owned(),
    }
}

pub(super) fn within<T: PartialOrd + std::fmt::Display + Copy>(
    key: &str,
    value: Option<T>,
    default: T,
    range: std::ops::RangeInclusive<T>,
) -> Result<T, ConfigError> {
    let value = value.unwrap_or(default);
    if range.contains(&value) {
        return Ok(value);
    }
    Err(invalid(
        key,
        &format!("{value} is not within {} to {}", range.start(), range.end()),
    ))
}

pub(super) fn seconds(
    key: &str,
    value: Option<u64>,
    default: u64,
    range: std::ops::RangeInclusive<u64>,
) -> Result<Duration, ConfigError> {
    within(key, value, default, range).map(Duration::from_secs)
}
