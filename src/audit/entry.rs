//! What an entry says. Nothing of what a record, a prompt or an answer holds can be put in: only names,
//! counts, times, digests and verdicts.
//!
//! An entry is one line of JSON with a fixed order of keys and no floating-point numbers, so the same
//! entry is always the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use crate::types::{
    DataClass, Digest, Entity, EntryId, FinishReason, Jurisdiction, KeyId, Name, RequestId,
    Sensitive, Timestamp, TokenUsage,
};

/// Most names of fields in one entry; the rest are counted.
pub const MAX_NAMES: usize = 64;
/// Most data subjects in one entry; the rest are counted.
pub const MAX_SUBJECTS: usize = 64;
/// Longest name of a field in an entry, in bytes; what is longer is cut.
const MAX_NAME: usize = 256;
/// Longest purpose or legal basis in an entry, in bytes; what is longer is cut.
const MAX_TEXT: usize = 2048;

/// What is known when work starts.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The request.
    pub request: RequestId,
    /// The key that asks.
    pub key: KeyId,
    /// The key's name.
    pub key_name: Name,
    /// The endpoint, by name.
    pub endpoint: &'static str,
    /// The use case, or `chat` or `embeddings`.
    pub use_case: Name,
    /// Its version; 0 where there is no file behind it.
    pub use_case_version: u32,
    /// The digest of its file.
    pub use_case_digest: Option<Digest>,
    /// What the data are processed for, as the use case declares it.
    pub purpose: String,
    /// On which legal basis, as the use case declares it.
    pub legal_basis: String,
    /// The model that is asked.
    pub model: Name,
    /// The digest of its weights.
    pub model_digest: Digest,
    /// Where the node stands.
    pub node_jurisdiction: Jurisdiction,
    /// Where the records come from, and which rule let them in.
    pub residency: BTreeSet<Residence>,
    /// The classes of the fields that the use case may read.
    pub classes: BTreeSet<DataClass>,
    /// Names of the fields that the use case may read.
    pub fields: Vec<String>,
    /// Identifiers of the records. Only digests of them are written, each under a key of its own that
    /// can be erased.
    pub subjects: Vec<Sensitive<String>>,
}

/// A jurisdiction that was found, and the rule that decided on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Residence {
    /// Where a record comes from; `None`: unknown.
    pub jurisdiction: Option<Jurisdiction>,
    /// The rule that decided.
    pub rule: Name,
}

/// How work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nobody said: the request was dropped without a word.
    Abandoned,
    /// An answer was given.
    Answered,
    /// The client went away.
    Cancelled,
    /// The server failed.
    Failed,
    /// The server was stopped.
    Interrupted,
    /// The request was turned down after it was admitted.
    Refused,
}

impl Verdict {
    /// The name in entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Answered => "answered",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Refused => "refused",
        }
    }
}

/// What is known when work ends.
#[derive(Clone, Debug)]
pub struct Closing {
    /// How it ended.
    pub verdict: Verdict,
    /// The HTTP status; 0 where none was sent.
    pub status: u16,
    /// The error's code, where it ended in one.
    pub error: Option<&'static str>,
    /// Why the generation ended.
    pub finish: Option<FinishReason>,
    /// What it cost.
    pub usage: TokenUsage,
    /// Placeholders in the answer that were put back.
    pub restored: u32,
    /// Placeholders in the answer that stand for nothing.
    pub unknown_placeholders: u32,
    /// How often each rule of screening was broken.
    pub screened: BTreeMap<&'static str, u32>,
    /// How long it took.
    pub timings: ClosingTimings,
}

impl Closing {
    /// A closing with nothing but a verdict and a status.
    pub fn new(verdict: Verdict, status: u16) -> Self {
        Self {
            verdict,
            status,
            error: None,
            finish: None,
            usage: TokenUsage::default(),
            restored: 0,
            unknown_placeholders: 0,
            screened: BTreeMap::new(),
            timings: ClosingTimings::default(),
        }
    }
}

/// How long the parts of a request took; written in whole milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClosingTimings {
    /// Before the first step.
    pub queue: Duration,
    /// Until the first token.
    pub first_token: Duration,
    /// Until the end.
    pub total: Duration,
}

/// What becomes known between opening and closing; written with the closing, also when the request is
/// dropped before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    pub(super) entities: BTreeMap<Entity, u32>,
    pub(super) fields_read: Vec<String>,
    pub(super) fields_dropped: u64,
    pub(super) dropped_names: Vec<String>,
    pub(super) prompt_digest: Option<Digest>,
    pub(super) client_digest: Option<Digest>,
}

/// Something that has no end of its own.
#[derive(Clone, Debug)]
pub enum Event {
    /// An adapter of the chat model was loaded or unloaded while the node ran.
    AdapterChange {
        /// The request that asked for it.
        request: RequestId,
        /// Whose key it was.
        key: KeyId,
        /// What was done.
        change: &'static str,
        /// The adapter.
        name: Name,
        /// The digest of its weights.
        digest: Digest,
    },
    /// Something was done with an answer that a rule of screening held.
    Held(HeldEvent),
    /// A key was made, retired or revoked.
    KeyChange {
        /// When.
        at: Timestamp,
        /// What was done.
        change: &'static str,
        /// The key.
        key: KeyId,
        /// Its name.
        name: Name,
    },
    /// A request was refused before it was admitted.
    Refusal(RefusalEvent),
    /// The sandbox tried its ways out.
    SelfTest {
        /// Whether every way was closed.
        passed: bool,
        /// How many were tried.
        attempts: u32,
        /// Names of those that were open.
        open: Vec<std::borrow::Cow<'static, str>>,
    },
    /// The server started to serve.
    Start {
        /// The program's version.
        version: &'static str,
        /// How egress is closed.
        egress: &'static str,
        /// The models and the digests of their weights.
        models: Vec<(Name, Digest)>,
    },
    /// The server stopped of its own accord.
    Stop,
    /// A data subject's key was erased; which one, nobody can tell any more.
    SubjectErased,
}

/// What became of an answer that a rule of screening held. Never what it says.
#[derive(Clone, Debug)]
pub struct HeldEvent {
    /// What was done: `held`, `not-kept`, `seen`, `released`, `refused`, `not-decided`, `fetched`, `expired`.
    pub change: &'static str,
    /// The request that did it; `None`: time did.
    pub request: Option<RequestId>,
    /// Who did it, by key and name.
    pub by: Option<(KeyId, Name)>,
    /// The held answer's identifier.
    pub held: String,
    /// Who asked for the answer.
    pub asked_by: String,
    /// With which request.
    pub asked_in: String,
    /// The use case.
    pub use_case: String,
    /// The rules that the answer broke.
    pub rules: Vec<String>,
    /// Why it was released or refused: the words of whoever decided, masked as any text is.
    pub reason: Option<String>,
}

/// A refusal, or several alike.
#[derive(Clone, Debug)]
pub struct RefusalEvent {
    /// The request; `None` for a summary of several.
    pub request: Option<RequestId>,
    /// The key that asked; `None`: nobody known.
    pub key: Option<KeyId>,
    /// The endpoint, by name.
    pub endpoint: &'static str,
    /// The use case.
    pub use_case: Option<Name>,
    /// Why, in one word.
    pub reason: &'static str,
    /// The rule that decided.
    pub rule: Option<Name>,
    /// The variable that held the record.
    pub variable: Option<String>,
    /// The record's jurisdiction, where it is known and was the reason.
    pub jurisdiction: Option<Jurisdiction>,
    /// The classes that may not be processed here.
    pub classes: BTreeSet<DataClass>,
    /// How many refusals this entry stands for.
    pub count: u64,
    /// When the first of them was, for a summary.
    pub since: Option<Timestamp>,
}

/// Keys that digests are made with.
#[derive(Debug)]
pub(super) struct SubjectDigests {
    pub(super) digests: Vec<Digest>,
    pub(super) omitted: usize,
}

/// Where and when an entry stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) index: u64,
    pub(super) time: Timestamp,
    pub(super) node: &'a Name,
}

/// Every entry begins like this; `kind` says how it goes on.
#[derive(Serialize)]
struct Line<'a, B: Serialize> {
    v: u8,
    index: u64,
    time: String,
    node: &'a Name,
    kind: &'static str,
    #[serde(flatten)]
    body: B,
}

#[derive(Serialize)]
struct NamedDigest<'a> {
    name: &'a Name,
    digest: Digest,
}

#[derive(Serialize)]
struct UseCaseLine<'a> {
    name: &'a Name,
    version: u32,
    digest: Option<Digest>,
}

#[derive(Serialize)]
struct OpenLine<'a> {
    request: String,
    key: &'a KeyId,
    key_name: &'a Name,
    endpoint: &'static str,
    use_case: UseCaseLine<'a>,
    purpose: &'a str,
    legal_basis: &'a str,
    model: NamedDigest<'a>,
    jurisdiction: Jurisdiction,
    residency: &'a BTreeSet<Residence>,
    classes: &'a BTreeSet<DataClass>,
    fields: Vec<&'a str>,
    fields_omitted: usize,
    subjects: &'a [Digest],
    subjects_omitted: usize,
}

#[derive(Serialize)]
struct CloseLine<'a> {
    opens: EntryId,
    request: String,
    verdict: Verdict,
    status: u16,
    error: Option<&'static str>,
    finish: Option<FinishReason>,
    tokens: TokenUsage,
    entities: &'a BTreeMap<Entity, u32>,
    placeholders_restored: u32,
    placeholders_unknown: u32,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    screened: &'a BTreeMap<&'static str, u32>,
    fields_read: Vec<&'a str>,
    fields_dropped: u64,
    dropped_names: Vec<&'a str>,
    prompt_digest: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_digest: Option<Digest>,
    queue_ms: u64,
    first_token_ms: u64,
    total_ms: u64,
}

#[derive(Serialize)]
struct HeldLine<'a> {
    request: Option<String>,
    key: Option<&'a KeyId>,
    key_name: Option<&'a Name>,
    change: &'static str,
    held: &'a str,
    asked_by: &'a str,
    asked_in: &'a str,
    use_case: &'a str,
    rules: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct RefusalLine<'a> {
    request: Option<String>,
    key: Option<&'a KeyId>,
    endpoint: &'static str,
    use_case: Option<&'a Name>,
    reason: &'static str,
    rule: Option<&'a Name>,
    variable: Option<&'a str>,
    record_jurisdiction: Option<Jurisdiction>,
    classes: &'a BTreeSet<DataClass>,
    count: u64,
    since: Option<String>,
}

/// The bytes of an entry without its line end.
type Encoded = Result<Vec<u8>, serde_json::Error>;

impl Place<'_> {
    pub(super) fn open(self, opening: &Opening, subjects: &SubjectDigests) -> Encoded {
        self.line(
            "open",
            OpenLine {
                request: opening.request.to_string(),
                key: &opening.key,
                key_name: &opening.key_name,
                endpoint: opening.endpoint,
                use_case: UseCaseLine {
                    name: &opening.use_case,
                    version: opening.use_case_version,
                    digest: opening.use_case_digest,
                },
                purpose: cut(&opening.purpose, MAX_TEXT),
                legal_basis: cut(&opening.legal_basis, MAX_TEXT),
                model: NamedDigest {
                    name: &opening.model,
                    digest: opening.model_digest,
                },
                jurisdiction: opening.node_jurisdiction,
                residency: &opening.residency,
                classes: &opening.classes,
                fields: first(&opening.fields),
                fields_omitted: opening.fields.len().saturating_sub(MAX_NAMES),
                subjects: &subjects.digests,
                subjects_omitted: subjects.omitted,
            },
        )
    }

    pub(super) fn close(
        self,
        opens: EntryId,
        request: RequestId,
        notes: &Notes,
        closing: &Closing,
    ) -> Encoded {
        self.line(
            "close",
            CloseLine {
                opens,
                request: request.to_string(),
                verdict: closing.verdict,
                status: closing.status,
                error: closing.error,
                finish: closing.finish,
                tokens: closing.usage,
                entities: &notes.entities,
                placeholders_restored: closing.restored,
                placeholders_unknown: closing.unknown_placeholders,
                screened: &closing.screened,
                fields_read: first(&notes.fields_read),
                fields_dropped: notes.fields_dropped,
                dropped_names: first(&notes.dropped_names),
                prompt_digest: notes.prompt_digest,
                client_digest: notes.client_digest,
                queue_ms: millis(closing.timings.queue),
                first_token_ms: millis(closing.timings.first_token),
                total_ms: millis(closing.timings.total),
            },
        )
    }

    pub(super) fn event(self, event: &Event) -> Encoded {
        #[derive(Serialize)]
        struct Empty {}
        #[derive(Serialize)]
        struct KeyLine<'a> {
            at: String,
            change: &'static str,
            key: &'a KeyId,
            key_name: &'a Name,
        }
        #[derive(Serialize)]
        struct SelfTestLine<'a> {
            passed: bool,
            attempts: u32,
            open: &'a [std::borrow::Cow<'static, str>],
        }
        #[derive(Serialize)]
        struct StartLine<'a> {
            version: &'static str,
            egress: &'static str,
            models: Vec<NamedDigest<'a>>,
        }
        match event {
            Event::AdapterChange {
                request,
                key,
                change,
                name,
                digest,
            } => self.adapter(*request, key, change, (name, *digest)),
            Event::KeyChange {
                at,
                change,
                key,
                name,
            } => self.line(
                "key",
                KeyLine {
                    at: at.to_string(),
                    change,
                    key,
                    key_name: name,
                },
            ),
            Event::Held(held) => self.line("held", held_line(held)),
            Event::Refusal(refusal) => self.line("refusal", refusal_line(refusal)),
            Event::SelfTest {
                passed,
                attempts,
                open,
            } => self.line(
                "self-test",
                SelfTestLine {
                    passed: *passed,
                    attempts: *attempts,
                    open,
                },
            ),
            Event::Start {
                version,
                egress,
                models,
            } => {
                let models = models.iter().map(|(name, digest)| NamedDigest {
                    name,
                    digest: *digest,
                });
                self.line(
                    "start",
                    StartLine {
                        version,
                        egress,
                        models: models.collect(),
                    },
                )
            }
            Event::Stop => self.line("stop", Empty {}),
            Event::SubjectErased => self.line("subject-erased", Empty {}),
        }
    }

    fn adapter(
        self,
        request: RequestId,
        key: &KeyId,
        change: &'static str,
        (name, digest): (&Name, Digest),
    ) -> Encoded {
        #[derive(Serialize)]
        struct AdapterLine<'a> {
            request: String,
            key: &'a KeyId,
            change: &'static str,
            adapter: NamedDigest<'a>,
        }
        let line = AdapterLine {
            request: request.to_string(),
            key,
            change,
            adapter: NamedDigest { name, digest },
        };
        self.line("adapter", line)
    }

    fn line(self, kind: &'static str, body: impl Serialize) -> Encoded {
        serde_json::to_vec(&Line {
            v: 1,
            index: self.index,
            time: self.time.to_string(),
            node: self.node,
            kind,
            body,
        })
    }
}

fn held_line(event: &HeldEvent) -> HeldLine<'_> {
    HeldLine {
        request: event.request.map(|request| request.to_string()),
        key: event.by.as_ref().map(|(key, _)| key),
        key_name: event.by.as_ref().map(|(_, name)| name),
        change: event.change,
        held: &event.held,
        asked_by: &event.asked_by,
        asked_in: &event.asked_in,
        use_case: &event.use_case,
        rules: &event.rules,
        reason: event.reason.as_deref().map(|text| cut(text, MAX_TEXT)),
    }
}

fn refusal_line(refusal: &RefusalEvent) -> RefusalLine<'_> {
    RefusalLine {
        request: refusal.request.map(|request| request.to_string()),
        key: refusal.key.as_ref(),
        endpoint: refusal.endpoint,
        use_case: refusal.use_case.as_ref(),
        reason: refusal.reason,
        rule: refusal.rule.as_ref(),
        variable: refusal.variable.as_deref(),
        record_jurisdiction: refusal.jurisdiction,
        classes: &refusal.classes,
        count: refusal.count,
        since: refusal.since.map(|since| since.to_string()),
    }
}

/// The names that an entry has room for.
fn first(names: &[String]) -> Vec<&str> {
    let names = names.iter().take(MAX_NAMES);
    names.map(|name| cut(name, MAX_NAME)).collect()
}

/// The beginning of `text`, at most `max` bytes of it.
fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form is part of the log's format: changing it breaks those who read exports.
    #[test]
    fn entries_have_one_form() {
        let node = "de-1".parse().unwrap();
        let place = Place {
            index: 7,
            time: Timestamp::from_millis(1_700_000_000_123),
            node: &node,
        };
        let request = RequestId::new(Timestamp::from_millis(0));
        let notes = Notes {
            entities: [(Entity::Email, 1), (Entity::Person, 2)].into(),
            fields_dropped: 3,
            dropped_names: vec!["x".repeat(300)],
            ..Notes::default()
        };
        let mut closing = Closing::new(Verdict::Answered, 200);
        closing.timings.total = Duration::from_micros(1_234_567);
        let line = place.close(EntryId(6), request, &notes, &closing).unwrap();
        let expected = format!(
            "{{\"v\":1,\"index\":7,\"time\":\"2023-11-14T22:13:20.123Z\",\"node\":\"de-1\",\"kind\":\"close\",\
             \"opens\":6,\"request\":\"{request}\",\"verdict\":\"answered\",\"status\":200,\"error\":null,\
             \"finish\":null,\"tokens\":{{\"prompt\":0,\"cached\":0,\"completion\":0}},\
             \"entities\":{{\"EMAIL\":1,\"PERSON\":2}},\"placeholders_restored\":0,\"placeholders_unknown\":0,\
             \"fields_read\":[],\"fields_dropped\":3,\"dropped_names\":[\"{}\"],\"prompt_digest\":null,\
             \"queue_ms\":0,\"first_token_ms\":0,\"total_ms\":1234}}",
            "x".repeat(256)
        );
        assert_eq!(String::from_utf8(line).unwrap(), expected);

        let held = Event::Held(HeldEvent {
            change: "refused",
            request: Some(request),
            by: Some((KeyId::parse("k1").unwrap(), "dpo".parse().unwrap())),
            held: "held_1".to_owned(),
            asked_by: "crm".to_owned(),
            asked_in: "req_1".to_owned(),
            use_case: "chat".to_owned(),
            rules: vec!["personal".to_owned()],
            reason: Some("not hers".to_owned()),
        });
        let line = String::from_utf8(place.event(&held).unwrap()).unwrap();
        let expected = format!(
            "\"kind\":\"held\",\"request\":\"{request}\",\"key\":\"k1\",\"key_name\":\"dpo\",\
             \"change\":\"refused\",\"held\":\"held_1\",\"asked_by\":\"crm\",\"asked_in\":\"req_1\",\
             \"use_case\":\"chat\",\"rules\":[\"personal\"],\"reason\":\"not hers\"}}"
        );
        assert!(line.ends_with(&expected), "{line}");
    }
}
