//! The gate: everything that is decided before a request is read, in one order, and written down.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::audit::{AuditError, AuditLog, Closing, Event, OpenEntry, Opening, RefusalEvent};
use crate::config::{ChatPolicy, LimitsConfig, NodeConfig, ResidencyConfig};
use crate::types::{
    DataClass, EntryId, FieldValue, Jurisdiction, JurisdictionSet, Name, ParseNameError, Record,
    RequestId, Sensitive, SharedClock,
};

use super::limits::{Limits, Permit, Rate};
use super::refusal::NotAllowed;
use super::refusal_log::RefusalLog;
use super::residency::{Residency, Verdict};
use super::terms::{CHAT, EMBEDDINGS, FILES, REDACTION, TOKENS};
use super::{Ask, Callers, Principal, Refusal, Role, Terms};

/// Fields whose values identify a data subject; `Id` is every record's own.
const SUBJECT_FIELDS: [&str; 5] = ["Id", "ContactId", "AccountId", "LeadId", "WhoId"];
/// Most data subjects that are collected from a request. The entry holds fewer and counts the rest.
const MAX_SUBJECTS: usize = 1024;

/// The settings that the gate is made from.
#[derive(Clone, Copy, Debug)]
pub struct GateSettings<'a> {
    /// Where the node stands.
    pub node: &'a NodeConfig,
    /// What may be processed here.
    pub residency: &'a ResidencyConfig,
    /// How callers are bounded.
    pub limits: &'a LimitsConfig,
    /// Plain chat and embeddings.
    pub chat: &'a ChatPolicy,
}

/// Decides who gets in.
#[derive(Debug)]
pub struct Gate {
    node: Jurisdiction,
    chat_allowed: bool,
    chat: Name,
    embeddings: Name,
    redaction: Name,
    tokens: Name,
    files: Name,
    residency: Residency,
    limits: Arc<Limits>,
    audit: Arc<AuditLog>,
    refusals: RefusalLog,
}

/// A request that got in: allowed, resident, within its limits, and in the audit log. The next stage takes
/// it as its proof; only [`Gate::admit`] makes one.
///
/// ```
/// fn reads(admitted: &bailiwick::policy::Admitted) -> bailiwick::types::RequestId {
///     admitted.request()
/// }
/// ```
///
/// Its fields are its own, so nobody else can build one:
///
/// ```compile_fail,E0616
/// fn reads(admitted: &bailiwick::policy::Admitted) -> bailiwick::types::RequestId {
///     admitted.request
/// }
/// ```
///
/// nor can one come from nothing or from a text:
///
/// ```compile_fail,E0277
/// fn from_nothing() -> bailiwick::policy::Admitted {
///     Default::default()
/// }
/// ```
///
/// ```compile_fail,E0277
/// fn from_text(text: &str) -> Option<bailiwick::policy::Admitted> {
///     serde_json::from_str(text).ok()
/// }
/// ```
#[derive(Debug)]
#[must_use = "the request is recorded as abandoned when this is dropped"]
pub struct Admitted {
    principal: Arc<Principal>,
    request: RequestId,
    terms: Terms,
    verdict: Verdict,
    rate: Rate,
    entry: OpenEntry,
    _permit: Permit,
}

impl Gate {
    /// A gate with these settings that writes to `audit`.
    ///
    /// # Errors
    ///
    /// None that settings can cause: the names that it parses are its own.
    pub fn new(
        settings: &GateSettings<'_>,
        audit: Arc<AuditLog>,
        clock: SharedClock,
    ) -> Result<Self, ParseNameError> {
        let node = settings.node.jurisdiction;
        Ok(Self {
            node,
            chat_allowed: settings.chat.allow,
            chat: CHAT.parse()?,
            embeddings: EMBEDDINGS.parse()?,
            redaction: REDACTION.parse()?,
            tokens: TOKENS.parse()?,
            files: FILES.parse()?,
            residency: Residency::new(
                settings.residency,
                node,
                "no-rule".parse()?,
                "use-case".parse()?,
            ),
            limits: Limits::new(settings.limits, Arc::clone(&clock)),
            audit,
            refusals: RefusalLog::new(clock),
        })
    }

    /// The terms of plain chat: no records, no classes, any caller. Whether it is allowed, `admit` decides.
    pub fn chat_terms(&self) -> Terms {
        plain_terms(&self.chat)
    }

    /// The terms of embeddings, as those of plain chat.
    pub fn embeddings_terms(&self) -> Terms {
        plain_terms(&self.embeddings)
    }

    /// The terms of masking and restoring for a caller that has its own model. Records may come with the
    /// texts: their personal fields are read, so residency decides on them.
    pub fn redaction_terms(&self) -> Terms {
        Terms {
            classes: BTreeSet::from([DataClass::Personal]),
            ..plain_terms(&self.redaction)
        }
    }

    /// The terms of tokenising.
    pub fn tokens_terms(&self) -> Terms {
        plain_terms(&self.tokens)
    }

    /// The terms of keeping files. A file has no jurisdiction of its own: it stays here, and what it says comes
    /// to a model only within a request, which is admitted on its own terms.
    pub fn files_terms(&self) -> Terms {
        plain_terms(&self.files)
    }

    /// Lets a request in, or says why not. In this order: may the caller do this; may the records be
    /// processed here; is the caller within its limits; is the entry durable. Refusals are written to the
    /// audit log too, in summary when they come in floods.
    ///
    /// # Errors
    ///
    /// [`Refusal`]. A refusal that can't be recorded is still a refusal.
    pub async fn admit(&self, ask: Ask<'_>) -> Result<Admitted, Refusal> {
        self.write_summaries(false).await?;
        match self.check(&ask) {
            Ok((verdict, permit, rate)) => self.open(ask, verdict, permit, rate).await,
            Err(refusal) => {
                let event = refusal_event(&ask, &refusal);
                if let Some(event) = self.refusals.note(event) {
                    // It stays refused whether or not the log takes it.
                    let _unrecorded = self.audit.record(Event::Refusal(event)).await;
                }
                Err(refusal)
            }
        }
    }

    /// Records that somebody without a good key was turned away at `endpoint`.
    pub async fn record_unauthenticated(&self, request: RequestId, endpoint: &'static str) {
        let event = RefusalEvent {
            request: Some(request),
            key: None,
            endpoint,
            use_case: None,
            reason: "unauthenticated",
            rule: None,
            variable: None,
            jurisdiction: None,
            classes: BTreeSet::new(),
            count: 1,
            since: None,
        };
        if let Some(event) = self.refusals.note(event) {
            let _unrecorded = self.audit.record(Event::Refusal(event)).await;
        }
    }

    /// Lets those in who run the node. Others' attempts are recorded as refusals.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotAllowed`].
    pub async fn admit_operator(
        &self,
        principal: &Principal,
        at: (RequestId, &'static str),
    ) -> Result<(), Refusal> {
        if principal.has(Role::Operator) || principal.has(Role::Admin) {
            return Ok(());
        }
        Err(self.refuse(principal, at, NotAllowed::Operator).await)
    }

    /// Lets those in who decide as a second person. Others' attempts are recorded as refusals.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotAllowed`].
    pub async fn admit_approver(
        &self,
        principal: &Principal,
        at: (RequestId, &'static str),
    ) -> Result<(), Refusal> {
        if principal.has(Role::Approver) {
            return Ok(());
        }
        Err(self.refuse(principal, at, NotAllowed::Approver).await)
    }

    /// Records that `principal` may not do what it tried, and gives the refusal.
    pub async fn refuse(
        &self,
        principal: &Principal,
        (request, endpoint): (RequestId, &'static str),
        reason: NotAllowed,
    ) -> Refusal {
        let refusal = Refusal::NotAllowed { reason };
        self.note(principal, (request, endpoint), &refusal).await;
        refusal
    }

    /// Records that `principal` was refused before it was known what it wants.
    async fn note(
        &self,
        principal: &Principal,
        (request, endpoint): (RequestId, &'static str),
        refusal: &Refusal,
    ) {
        let event = RefusalEvent {
            request: Some(request),
            key: Some(principal.key_id().clone()),
            endpoint,
            use_case: None,
            reason: refusal.reason(),
            rule: None,
            variable: None,
            jurisdiction: None,
            classes: BTreeSet::new(),
            count: 1,
            since: None,
        };
        if let Some(event) = self.refusals.note(event) {
            // It stays refused whether or not the log takes it.
            let _unrecorded = self.audit.record(Event::Refusal(event)).await;
        }
    }

    /// Counts a request that has no opening and closing entry of its own against its caller's limit.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooManyRequests`], [`Refusal::Concurrency`].
    pub fn count(&self, principal: &Principal) -> Result<Rate, Refusal> {
        let (mut permit, rate) = self.limits.take(principal.name())?;
        permit.keep();
        Ok(rate)
    }

    /// Takes one of the caller's places in flight for what comes before a request can be admitted: a body of many
    /// megabytes. It is not counted, and has to be given back first: what is admitted takes a place of its own. A
    /// refusal is recorded.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooManyRequests`], [`Refusal::Concurrency`].
    pub async fn place(
        &self,
        principal: &Principal,
        at: (RequestId, &'static str),
    ) -> Result<Permit, Refusal> {
        match self.limits.take(principal.name()) {
            Ok((permit, _)) => Ok(permit),
            Err(refusal) => {
                self.note(principal, at, &refusal).await;
                Err(refusal)
            }
        }
    }

    /// Records a change of what the node runs or keeps.
    ///
    /// # Errors
    ///
    /// [`AuditError`]: the change must not hold then.
    pub async fn record(&self, event: Event) -> Result<(), AuditError> {
        self.audit.record(event).await.map(|_| ())
    }

    /// Writes the summaries of refusals that are still being counted. Call it before the log is shut down.
    ///
    /// # Errors
    ///
    /// [`AuditError`].
    pub async fn flush(&self) -> Result<(), AuditError> {
        self.write_summaries(true).await
    }

    fn check(&self, ask: &Ask<'_>) -> Result<(Verdict, Permit, Rate), Refusal> {
        let plain = ask.terms.name == self.chat || ask.terms.name == self.embeddings;
        if plain && !self.chat_allowed {
            return Err(Refusal::ChatDisabled);
        }
        may_call(ask.principal, &ask.terms)?;
        let verdict = self.residency.decide(&ask.terms, &ask.records)?;
        let (permit, rate) = self.limits.take(ask.principal.name())?;
        Ok((verdict, permit, rate))
    }

    async fn open(
        &self,
        ask: Ask<'_>,
        verdict: Verdict,
        mut permit: Permit,
        rate: Rate,
    ) -> Result<Admitted, Refusal> {
        let terms = &ask.terms;
        let opening = Opening {
            request: ask.request,
            key: ask.principal.key_id().clone(),
            key_name: ask.principal.name().clone(),
            endpoint: ask.endpoint,
            use_case: terms.name.clone(),
            use_case_version: terms.version,
            use_case_digest: terms.digest,
            purpose: terms.purpose.clone(),
            legal_basis: terms.legal_basis.clone(),
            model: ask.model.clone(),
            model_digest: ask.model_digest,
            node_jurisdiction: self.node,
            residency: verdict.residences().clone(),
            classes: terms.classes.clone(),
            fields: terms.fields.clone(),
            subjects: subjects(&ask.records),
        };
        let entry = self.audit.open_entry(opening).await?;
        permit.keep();
        Ok(Admitted {
            principal: Arc::clone(ask.principal),
            request: ask.request,
            terms: ask.terms,
            verdict,
            rate,
            entry,
            _permit: permit,
        })
    }

    async fn write_summaries(&self, all: bool) -> Result<(), AuditError> {
        for summary in self.refusals.summaries(all) {
            self.audit.record(Event::Refusal(summary)).await?;
        }
        Ok(())
    }
}

impl Admitted {
    /// Who asks.
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// The request.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// The terms on which it runs.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Where the records come from, and which rules let them in.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The caller's limit and what is left of it.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// The open audit entry, to note counts in.
    pub fn audit_mut(&mut self) -> &mut OpenEntry {
        &mut self.entry
    }

    /// Where the opening stands in the audit log.
    pub fn entry_id(&self) -> EntryId {
        self.entry.id()
    }

    /// Ends the work: the entry is closed durably, and the place in flight is given back.
    ///
    /// # Errors
    ///
    /// [`AuditError`], as [`OpenEntry::close`] has it.
    pub async fn close(self, closing: Closing) -> Result<EntryId, AuditError> {
        self.entry.close(closing).await
    }

    /// Ends the work where nobody is left to hear of it: the client went away.
    pub fn close_detached(self, closing: Closing) {
        self.entry.close_detached(closing);
    }
}

fn may_call(principal: &Principal, terms: &Terms) -> Result<(), Refusal> {
    let use_case = || terms.name.clone();
    let reason = if !principal.has(Role::App) {
        NotAllowed::Role
    } else if !principal.may_call(&terms.name) {
        NotAllowed::Key {
            use_case: use_case(),
        }
    } else if !terms.callers.include(principal.name()) {
        NotAllowed::UseCase {
            use_case: use_case(),
        }
    } else {
        return Ok(());
    };
    Err(Refusal::NotAllowed { reason })
}

fn plain_terms(name: &Name) -> Terms {
    Terms {
        name: name.clone(),
        version: 0,
        digest: None,
        callers: Callers::All,
        classes: BTreeSet::new(),
        fields: Vec::new(),
        jurisdictions: JurisdictionSet::everywhere(),
        purpose: format!("plain {name}, as the operator allows it"),
        legal_basis: "as the caller has established it".to_owned(),
    }
}

/// Identifiers of the records and of the people and companies that they point to. Read after residency
/// has let the records in; only digests of them leave the audit writer.
fn subjects(records: &[(&str, &Record)]) -> Vec<Sensitive<String>> {
    let mut found = Vec::new();
    for (_, record) in records {
        add_subjects(record, &mut found);
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|subject| seen.insert(subject.clone()));
    found
}

fn add_subjects(record: &Record, found: &mut Vec<Sensitive<String>>) {
    for (name, value) in record.fields() {
        if found.len() >= MAX_SUBJECTS {
            return;
        }
        match value {
            FieldValue::Text(text) => {
                let names_one = SUBJECT_FIELDS.iter().any(|f| f.eq_ignore_ascii_case(name));
                if names_one && (1..=64).contains(&text.expose().len()) {
                    found.push(text.clone());
                }
            }
            FieldValue::Record(parent) => add_subjects(parent, found),
            FieldValue::Records(list) => list.iter().for_each(|child| add_subjects(child, found)),
            FieldValue::Null | FieldValue::Bool(_) | FieldValue::Number(_) => {}
        }
    }
}

fn refusal_event(ask: &Ask<'_>, refusal: &Refusal) -> RefusalEvent {
    let mut event = RefusalEvent {
        request: Some(ask.request),
        key: Some(ask.principal.key_id().clone()),
        endpoint: ask.endpoint,
        use_case: Some(ask.terms.name.clone()),
        reason: refusal.reason(),
        rule: None,
        variable: None,
        jurisdiction: None,
        classes: BTreeSet::new(),
        count: 1,
        since: None,
    };
    if let Refusal::Residency {
        rule,
        jurisdiction,
        variable,
        classes,
        ..
    } = refusal
    {
        event.rule = Some(rule.clone());
        event.jurisdiction = *jurisdiction;
        event.variable.clone_from(variable);
        event.classes.clone_from(classes);
    }
    event
}
