//! The settings as they are written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::types::{
    DataClass, Digest, Entity, Jurisdiction, JurisdictionSet, KvFormat, Mode, Name,
};

use super::checked::Checksum;
use super::rules::{RawListed, RawRules};
use super::screen::{RawNodeScreen, RawScreen};

macro_rules! sections {
    ($($(#[$doc:meta])* struct $name:ident { $($field:ident : $ty:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Default, Deserialize)]
            #[serde(deny_unknown_fields, default)]
            pub(super) struct $name { $(pub(super) $field: Option<$ty>,)* }
        )*
    };
}

/// The whole file. Every key may be missing here; [`super::resolve`] decides what that means.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    pub(super) node: RawNode,
    pub(super) server: RawServer,
    pub(super) models: RawModels,
    pub(super) engine: RawEngine,
    pub(super) prompts: RawPrompts,
    pub(super) residency: RawResidency,
    pub(super) redaction: RawRedaction,
    pub(super) screen: RawNodeScreen,
    pub(super) limits: RawLimits,
    pub(super) chat: RawChat,
    pub(super) adapters: RawAdapters,
    pub(super) jobs: RawJobs,
    pub(super) files: RawFiles,
    pub(super) held: RawHeld,
    pub(super) audit: RawAudit,
    pub(super) sandbox: RawSandbox,
    pub(super) telemetry: RawTelemetry,
}

sections! {
    /// `[node]`
    struct RawNode { name: Name, jurisdiction: Jurisdiction, data_dir: PathBuf, }
    /// `[server]`
    struct RawServer {
        listen: String, exposure: RawExposure, max_body_kib: usize, max_json_depth: usize,
        max_connections: usize, header_timeout_s: u64, body_timeout_s: u64, request_timeout_s: u64,
        drain_timeout_s: u64, on_deadline: RawOnDeadline, key_headers: Vec<String>,
        cors_origins: Vec<String>,
    }
    /// `[models]`
    struct RawModels {
        chat: Name, embeddings: Name, dir: PathBuf, manifests_dir: PathBuf,
        aliases: BTreeMap<String, Name>, memory_mib: usize, more: Vec<RawMoreModel>,
        draft: Name, draft_kv_cache_mib: usize,
    }
    /// `[engine]`
    struct RawEngine {
        threads: usize, cores: Vec<usize>, kv_cache_mib: usize, kv_cache_format: KvFormat,
        block_tokens: usize,
        max_batch_tokens: usize, max_sequences: usize, queue_limit: usize, queue_timeout_s: u64,
        max_context: usize, prefix_cache: bool, saved_prefix_mib: usize, speculation: bool,
    }
    /// `[prompts]`
    struct RawPrompts { dir: PathBuf, }
    /// `[residency]`
    struct RawResidency { fields: Vec<String>, rule: Vec<RawRule>, }
    /// `[redaction]`
    struct RawRedaction {
        custom: Vec<RawCustom>, names: RawNames, modes: BTreeMap<Entity, Mode>,
        thresholds: BTreeMap<Entity, f32>, allow: Vec<RawListed>, deny: Vec<RawListed>,
    }
    /// `[redaction.names]`
    struct RawNames {
        enabled: bool, model: PathBuf, threads: usize, time_limit_s: u64, cache_mib: usize,
    }
    /// `[limits]`
    struct RawLimits { concurrency: usize, requests_per_minute: u32, deadline_s: u64, }
    /// `[chat]`
    struct RawChat {
        allow: bool, restore: bool, max_tokens: u32, redaction: RawRules, screen: RawScreen,
    }
    /// `[jobs]`
    struct RawJobs { retention_minutes: u64, max_per_key: u32, max_mib: u64, timeout_minutes: u64, }
    /// `[adapters]`
    struct RawAdapters {
        shipped: bool, dir: PathBuf, load: BTreeMap<Name, Digest>, max_mib: usize,
    }
    /// `[files]`
    struct RawFiles { retention_days: u64, max_file_mib: usize, max_per_key: u32, max_mib: u64, }
    /// `[held]`
    struct RawHeld { retention_hours: u64, max_per_owner: u32, max_mib: u64, }
    /// `[audit]`
    struct RawAudit { segment_mib: u64, checkpoint_interval_s: u64, }
    /// `[sandbox]`
    struct RawSandbox { egress: RawEgress, self_test_interval_s: u64, }
    /// `[telemetry]`
    struct RawTelemetry { filter: String, format: RawLogFormat, vllm_names: bool, }
}

/// `[[models.more]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMoreModel {
    pub(super) name: Name,
    #[serde(default)]
    pub(super) stays: bool,
    pub(super) idle_unload_s: Option<u64>,
    pub(super) kv_cache_mib: Option<usize>,
    pub(super) draft: Option<Name>,
    pub(super) draft_kv_cache_mib: Option<usize>,
}

/// `[[residency.rule]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) name: Name,
    #[serde(default)]
    pub(super) from: JurisdictionSet,
    #[serde(default)]
    pub(super) unknown: bool,
    pub(super) allow: Vec<DataClass>,
    pub(super) refer_to: Option<String>,
}

/// `[[redaction.custom]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCustom {
    pub(super) name: Name,
    pub(super) pattern: String,
    pub(super) entity: Option<Entity>,
    pub(super) checksum: Option<Checksum>,
    #[serde(default)]
    pub(super) words: Vec<String>,
    pub(super) score: Option<f32>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawExposure {
    LoopbackOnly,
    PlaintextBehindTlsProxy,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawOnDeadline {
    Length,
    Error,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawEgress {
    Enforced,
    Unenforced,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawLogFormat {
    Json,
    Text,
}
