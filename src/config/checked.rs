//! The checked settings.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::types::{DataClass, Digest, Entity, Jurisdiction, JurisdictionSet, KvFormat, Name};

use super::rules::RedactionRules;
use super::screen::{ScreenConfig, ScreenRules};

/// Everything that a node is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who and where this node is.
    pub node: NodeConfig,
    /// The HTTP listener.
    pub server: ServerConfig,
    /// Which models, and where their files are.
    pub models: ModelsConfig,
    /// The engine.
    pub engine: EngineConfig,
    /// Use cases beside the shipped ones: a folder of `*.toml`; `None` for the shipped ones alone.
    pub prompts_dir: Option<PathBuf>,
    /// What may be processed here.
    pub residency: ResidencyConfig,
    /// What redaction finds beyond what it knows itself.
    pub redaction: RedactionConfig,
    /// What answers may carry out.
    pub screen: ScreenConfig,
    /// How callers are bounded.
    pub limits: LimitsConfig,
    /// Plain chat, with no use case.
    pub chat: ChatPolicy,
    /// Adapters of the chat model.
    pub adapters: AdaptersConfig,
    /// Background jobs.
    pub jobs: JobsConfig,
    /// Uploaded files.
    pub files: FilesConfig,
    /// Answers that wait for a second person.
    pub held: HeldConfig,
    /// The audit log.
    pub audit: AuditConfig,
    /// The process's own cage.
    pub sandbox: SandboxConfig,
    /// Logs.
    pub telemetry: TelemetryConfig,
}

/// `[node]`
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The node's name: in the audit log's origin and in statements.
    pub name: Name,
    /// Where it stands.
    pub jurisdiction: Jurisdiction,
    /// The folder that holds all state: database, audit log, keys. The one writable place.
    pub data_dir: PathBuf,
}

/// Who may reach the listener without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Only a loopback address may be bound.
    LoopbackOnly,
    /// Any address: the operator says in words that TLS ends in front of the server.
    PlaintextBehindTlsProxy,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether anything but loopback may be bound.
    pub exposure: Exposure,
    /// Longest request body in bytes.
    pub max_body_bytes: usize,
    /// Deepest JSON nesting in a request.
    pub max_json_depth: usize,
    /// Most connections at a time.
    pub max_connections: usize,
    /// Time for the request's head to arrive.
    pub header_timeout: Duration,
    /// Time for the request's body to arrive.
    pub body_timeout: Duration,
    /// Time for the whole answer; a generation ends with `length` then.
    pub request_timeout: Duration,
    /// Time for running requests to end after SIGTERM.
    pub drain_timeout: Duration,
    /// What a caller gets whose deadline has come.
    pub on_deadline: OnDeadline,
    /// Headers that may hold a key beside `authorization`, in order; lower case.
    pub key_headers: Vec<String>,
    /// The origins whose pages a browser may let call this server; empty: none.
    pub cors_origins: Vec<String>,
}

/// What a caller gets whose deadline has come before its answer was complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDeadline {
    /// What there is, with `finish_reason: length`.
    #[default]
    Length,
    /// An error, 504; a stream that has begun ends as with `Length`.
    Error,
}

/// `[models]`
#[derive(Clone, Debug)]
pub struct ModelsConfig {
    /// The folder with one sub-folder per model.
    pub dir: PathBuf,
    /// Manifests beside the shipped ones: a folder of `*.toml`.
    pub manifests_dir: Option<PathBuf>,
    /// The chat model's manifest.
    pub chat: Name,
    /// What drafts for the chat model; `None`: look-up alone.
    pub draft: Option<DraftConfig>,
    /// The embedding model's manifest; `None`: no embeddings here.
    pub embeddings: Option<Name>,
    /// Other names under which clients may ask for a model (`gpt-4o-mini = "smollm2-135m-instruct"`).
    pub aliases: BTreeMap<String, Name>,
    /// Other models that write answers, for those who ask for them by name.
    pub more: Vec<MoreModel>,
    /// Bytes that the models that write answers may take together, with their caches; `None`: whatever they take.
    pub memory_bytes: Option<u64>,
}

/// `[[models.more]]`
#[derive(Clone, Debug)]
pub struct MoreModel {
    /// Its manifest.
    pub name: Name,
    /// Loaded at the start, and never unloaded.
    pub stays: bool,
    /// Unloaded when nobody has used it for so long; `None`: only when another model needs its room.
    pub idle_unload: Option<Duration>,
    /// Bytes for its keys and values.
    pub kv_cache_bytes: usize,
    /// What drafts for it; `None`: look-up alone.
    pub draft: Option<DraftConfig>,
}

/// `draft` and `draft_kv_cache_mib` of `[models]` and of `[[models.more]]`: a smaller model that drafts for a larger one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftConfig {
    /// Its manifest.
    pub name: Name,
    /// Bytes for its keys and values.
    pub kv_cache_bytes: usize,
}

/// `[engine]`
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Threads that compute.
    pub threads: usize,
    /// Cores that they stay on, by the system's numbers; empty: the system decides.
    pub cores: Vec<usize>,
    /// Bytes for keys and values of all sequences.
    pub kv_cache_bytes: usize,
    /// How they are kept.
    pub kv_cache_format: KvFormat,
    /// Tokens per cache block.
    pub block_tokens: usize,
    /// Most new tokens in one step, prompts and decodes together.
    pub max_batch_tokens: usize,
    /// Most sequences in one step.
    pub max_sequences: usize,
    /// Most requests that wait; one more is refused with 429.
    pub queue_limit: usize,
    /// Longest wait before the first step.
    pub queue_timeout: Duration,
    /// Longest context in tokens; `None`: the model's.
    pub max_context: Option<usize>,
    /// Whether prompts that begin alike are computed once, for each caller apart.
    pub prefix_cache: bool,
    /// Most bytes of what the prefix cache holds that are kept, sealed, while the node is down, of each model that
    /// stays; 0: nothing is.
    pub saved_prefix_bytes: usize,
    /// Whether answers are drafted from what they copy.
    pub speculation: bool,
}

/// `[residency]`: what may be processed on this node.
#[derive(Clone, Debug)]
pub struct ResidencyConfig {
    /// Dotted field paths that may hold a record's country, in order of precedence, per record
    /// (`Contact.MailingCountryCode`); values are codes or English country names.
    pub fields: Vec<String>,
    /// The rules, in order; the first whose `from` holds the record's jurisdiction decides.
    pub rules: Vec<JurisdictionRule>,
}

/// `[[residency.rule]]`
#[derive(Clone, Debug)]
pub struct JurisdictionRule {
    /// The name that refusals and audit entries show.
    pub name: Name,
    /// The records' jurisdictions that the rule is about.
    pub from: JurisdictionSet,
    /// Whether the rule is also about records whose jurisdiction is unknown.
    pub unknown: bool,
    /// The classes that may be processed here; empty: none.
    pub allow: BTreeSet<DataClass>,
    /// The base URL of the node to call instead, for the refusal.
    pub refer_to: Option<String>,
}

/// `[redaction]`
#[derive(Clone, Debug, Default)]
pub struct RedactionConfig {
    /// Identifiers of the operator's own, in order.
    pub custom: Vec<CustomPattern>,
    /// The recogniser of names in free text.
    pub names: NamesConfig,
    /// What becomes of finds, where nothing narrower says so.
    pub rules: Arc<RedactionRules>,
}

/// `[redaction.names]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamesConfig {
    /// Whether names are looked for with a model.
    pub enabled: bool,
    /// The folder of a model of the operator's own; `None`: the one that is part of the program.
    pub model: Option<PathBuf>,
    /// Threads that compute; `None`: two, or one where there is no more.
    pub threads: Option<usize>,
    /// The longest that the texts of one request may take before the request is refused.
    pub time_limit: Duration,
    /// Bytes for what was found before.
    pub cache_bytes: usize,
}

impl Default for NamesConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            model: None,
            threads: None,
            time_limit: Duration::from_secs(60),
            cache_bytes: 8 << 20,
        }
    }
}

/// `[[redaction.custom]]`: an order number, a loyalty card, an employee number.
#[derive(Clone, Debug)]
pub struct CustomPattern {
    /// The name that errors and explanations show.
    pub name: Name,
    /// The regular expression; compiles within [`CustomPattern::MAX_COMPILED`].
    pub pattern: String,
    /// What a match is.
    pub entity: Entity,
    /// The check that a match must pass.
    pub checksum: Option<Checksum>,
    /// Words near a match that make it sure, lower case.
    pub words: Vec<String>,
    /// The score without such words, 0 to 1; below 0.5 a match counts only next to them.
    pub score: f32,
}

impl CustomPattern {
    /// Longest pattern in bytes.
    pub const MAX_PATTERN: usize = 1024;
    /// Largest compiled pattern in bytes.
    pub const MAX_COMPILED: usize = 256 * 1024;
    /// Most patterns.
    pub const MAX_COUNT: usize = 64;
}

/// A check over the letters and digits of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checksum {
    /// ISO/IEC 7812-1 annex B, digits only.
    Luhn,
    /// ISO 7064 mod 11,10, digits only.
    #[serde(rename = "mod-11-10")]
    Mod11To10,
    /// ISO 7064 mod 97-10 as in IBANs, without moving anything; letters count as 10 to 35.
    #[serde(rename = "mod-97-10")]
    Mod97To10,
    /// Verhoeff's, digits only.
    Verhoeff,
}

/// `[limits]`: per principal.
#[derive(Clone, Debug)]
pub struct LimitsConfig {
    /// Requests in flight at a time.
    pub concurrency: usize,
    /// Requests in any minute.
    pub requests_per_minute: u32,
    /// Time for each answer, where a request does not ask for less.
    pub deadline: Option<Duration>,
}

/// `[chat]`: the policy of plain chat and embeddings, with no use case.
#[derive(Clone, Debug)]
pub struct ChatPolicy {
    /// Whether plain chat is allowed at all.
    pub allow: bool,
    /// Whether placeholders in the answer are put back for the caller.
    pub restore: bool,
    /// Most tokens of an answer.
    pub max_tokens: u32,
    /// What becomes of finds.
    pub redaction: Arc<RedactionRules>,
    /// What an answer may carry out.
    pub screen: ScreenRules,
}

/// `[adapters]`: what can be added to the chat model.
#[derive(Clone, Debug)]
pub struct AdaptersConfig {
    /// Whether the program's own adapter serves the use cases that it is trained for, where it fits the chat model.
    pub shipped: bool,
    /// The folder that holds a folder for each.
    pub dir: PathBuf,
    /// Those that are there from the start, with the digest of their weights.
    pub load: BTreeMap<Name, Digest>,
    /// Most bytes of all that are loaded.
    pub max_bytes: usize,
}

/// `[jobs]`: responses that are made in the background and fetched later.
#[derive(Clone, Debug)]
pub struct JobsConfig {
    /// How long the result of a job is kept after its end.
    pub retention: Duration,
    /// Most jobs of one principal, running and kept; 0: no background jobs here.
    pub max_per_key: u32,
    /// Most bytes of kept results, of all principals together.
    pub max_bytes: u64,
    /// Time for one job; its answer ends with what there is then.
    pub timeout: Duration,
}

/// `[files]`: what callers upload to refer to later.
#[derive(Clone, Debug)]
pub struct FilesConfig {
    /// How long a file is kept where its owner says nothing, and at most.
    pub retention: Duration,
    /// Most bytes of one file.
    pub max_file_bytes: usize,
    /// Most files of one principal; 0: no files here.
    pub max_per_key: u32,
    /// Most bytes of files, of all principals together.
    pub max_bytes: u64,
}

/// `[held]`: answers that broke a rule whose action is `hold`, until a second person decides.
#[derive(Clone, Debug)]
pub struct HeldConfig {
    /// How long one waits, and how long a released one can be fetched.
    pub retention: Duration,
    /// Most answers of one principal that wait or can be fetched; 0: nothing is held, and such answers are stopped.
    pub max_per_owner: u32,
    /// Most bytes of held answers, of all principals together.
    pub max_bytes: u64,
}

/// `[audit]`
#[derive(Clone, Debug)]
pub struct AuditConfig {
    /// A segment file is closed when it has this many bytes.
    pub segment_bytes: u64,
    /// A checkpoint is signed at least this often while entries come.
    pub checkpoint_interval: Duration,
}

/// Whether the ways out are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EgressMode {
    /// The server starts only where nothing can leave, and has proved it.
    Enforced,
    /// Nothing is closed; logged, shown and part of every statement.
    Unenforced,
}

/// `[sandbox]`
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Whether the ways out are closed.
    pub egress: EgressMode,
    /// How often the self-test runs.
    pub self_test_interval: Duration,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For machines.
    Json,
    /// For people.
    Text,
}

/// `[telemetry]`
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// A filter as in `RUST_LOG`.
    pub filter: String,
    /// How lines are written.
    pub format: LogFormat,
    /// Whether metrics also have the names that vLLM's dashboards read.
    pub vllm_names: bool,
}
