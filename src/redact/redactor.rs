//! Finds personal data in a whole request and replaces it.
//!
//! Texts are read in order. What a recogniser finds in one is known from there on ([`Known::learn`]),
//! so a name that was introduced once is found again where nothing introduces it, and a client that
//! sends the history back gets the same placeholders: every text is replaced with what the texts
//! before it taught, and nothing that comes later changes it. A use case's inputs are read
//! together, because their order means nothing; texts to embed are replaced each on its own,
//! so that a text's vector doesn't depend on its neighbours.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::config::{CustomPattern, RedactionRules, Screening};
use crate::crm::{Body, Minimised, Origin};
use crate::types::{Entity, Jurisdiction, Sensitive, TenantSalt};

use super::conversation::Conversation;
use super::error::RedactError;
use super::fields;
use super::known::Known;
use super::names::NameFinder;
use super::pseudonym::PseudonymKey;
use super::recogniser::{self, Recognisers, Regions};
use super::resolve::resolve;
use super::rules::Rules;
use super::screen::Screener;
use super::span::{Candidate, Decision, Span, THRESHOLD};
use super::surrogate::Surrogates;
use super::work::Work;
use super::{Restorer, Vault};

/// Most text of one request in bytes.
const MAX_TEXT: usize = 8 * 1024 * 1024;

/// Whose pseudonyms those are of texts that are nobody's.
pub(super) const UNSCOPED: TenantSalt = TenantSalt(0);

/// How a redactor is set up.
#[derive(Clone, Debug, Default)]
pub struct RedactorOptions {
    /// Countries whose local formats are likely, the likeliest first: the node's own, its neighbours.
    pub countries: Vec<Jurisdiction>,
    /// Identifiers of the operator's own.
    pub custom: Vec<CustomPattern>,
    /// The recogniser of names in free text; `None`: only patterns and records find.
    pub names: Option<Arc<NameFinder>>,
    /// What becomes of finds, where nothing narrower says so.
    pub rules: Arc<RedactionRules>,
    /// What becomes of finds in plain chat, in texts to embed and in texts that come to be masked.
    pub chat: Arc<RedactionRules>,
    /// The key of hashes and surrogates.
    pub key: PseudonymKey,
}

/// All recognisers, compiled once.
#[derive(Debug)]
pub struct Redactor {
    pub(super) recognisers: Recognisers,
    /// Those that find secrets.
    secrets: Recognisers,
    pub(super) regions: Arc<Regions>,
    pub(super) countries: Vec<Jurisdiction>,
    pub(super) names: Option<Arc<NameFinder>>,
    rules: Arc<RedactionRules>,
    pub(super) chat: Arc<RedactionRules>,
    pub(super) key: PseudonymKey,
}

/// A request whose personal data are placeholders. Only [`Redactor::redact`] makes one:
///
/// ```compile_fail
/// let forged = bailiwick::redact::Redacted::default();
/// ```
///
/// ```compile_fail
/// use bailiwick::{crm::Body, redact::Redacted};
/// let forged = Redacted { body: Body::Texts(Vec::new()), origin: unreachable!() };
/// ```
#[derive(Debug)]
pub struct Redacted {
    body: Body,
    origin: Origin,
    counts: BTreeMap<Entity, u32>,
    placeholders: Vec<String>,
}

impl Redacted {
    /// The content, with placeholders.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// What goes with the content.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How many different values of each kind were replaced.
    pub fn counts(&self) -> &BTreeMap<Entity, u32> {
        &self.counts
    }

    /// The placeholders that stand in the content (`[PERSON_1]`), sorted by kind and number.
    pub fn placeholders(&self) -> &[String] {
        &self.placeholders
    }

    #[cfg(test)]
    pub(crate) fn for_test(minimised: Minimised) -> Self {
        let (body, origin) = minimised.into_parts();
        Self {
            body,
            origin,
            counts: BTreeMap::new(),
            placeholders: Vec::new(),
        }
    }
}

impl Redactor {
    /// Compiles the recognisers.
    ///
    /// # Errors
    ///
    /// [`RedactError::Pattern`] when one of our own patterns is broken, [`RedactError::Custom`] when one of the
    /// operator's is.
    pub fn new(options: RedactorOptions) -> Result<Self, RedactError> {
        let regions = Arc::new(Regions::load());
        Ok(Self {
            recognisers: recogniser::all(&regions, &options.custom)?.into(),
            secrets: recogniser::secrets().into(),
            regions,
            countries: options.countries,
            names: options.names,
            rules: options.rules,
            chat: options.chat,
            key: options.key,
        })
    }

    /// The recogniser of names; `None`: only patterns and records find.
    pub fn names(&self) -> Option<&NameFinder> {
        self.names.as_deref()
    }

    /// Replaces all personal data of a request by placeholders.
    ///
    /// # Errors
    ///
    /// [`RedactError`]; the request must then go no further.
    pub fn redact(&self, minimised: Minimised) -> Result<(Redacted, Vault), RedactError> {
        let (body, origin) = minimised.into_parts();
        check_size(fields::bytes_of(&body))?;
        let salt = Some(origin.salt());
        if let Body::Texts(texts) = body {
            return self.redact_texts(&texts, origin);
        }
        let own = match &body {
            Body::UseCase { use_case, .. } => use_case.redaction(),
            Body::Chat(_) | Body::Text(_) | Body::Texts(_) => &self.chat,
        };
        let countries = fields::countries_of(&body, &self.countries);
        let mut work = self.work(countries, own, salt);
        work.find_names_of(&body)?;
        if let Body::UseCase { inputs, .. } = &body {
            for (entity, value) in fields::declared(inputs) {
                work.declare(entity, &value)?;
            }
            work.known.refresh()?;
            for text in fields::free_texts(inputs) {
                work.read_ahead(text)?;
            }
        }
        let body = work.body(body)?;
        let vault = work.into_vault();
        let (counts, placeholders) = (vault.counts(), vault.placeholders());
        Ok((
            Redacted {
                body,
                origin,
                counts,
                placeholders,
            },
            vault,
        ))
    }

    /// What is found in a text that comes with no record, also what stays in it: sorted, without overlaps.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`].
    pub fn scan(&self, text: &str) -> Result<Vec<Span>, RedactError> {
        check_size(text.len())?;
        let mut work = self.plain_work(None);
        let mut found = work.candidates(text)?;
        let kept: Vec<_> = found.extract_if(.., |c| work.rules.is_kept(c)).collect();
        let mut stands = resolve(found);
        // What stays in the text is told where nothing covers it.
        let covers = |c: &Candidate, stands: &[Candidate]| {
            let next = stands.partition_point(|s| s.range.end <= c.range.start);
            stands
                .get(next)
                .is_some_and(|s| s.range.start < c.range.end)
        };
        let bare = resolve(kept).into_iter().filter(|c| !covers(c, &stands));
        let bare: Vec<_> = bare.collect();
        stands.extend(bare);
        stands.sort_by_key(|c| c.range.start);
        Ok(spans(&stands))
    }

    /// Everything that was found in a text that comes with no record, in order, and what became of it.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`].
    pub fn explain(&self, text: &str) -> Result<Vec<Decision>, RedactError> {
        check_size(text.len())?;
        let mut work = self.plain_work(None);
        let mut found = work.candidates(text)?;
        let masked = found.iter().filter(|c| !work.rules.is_kept(c)).cloned();
        let stands = spans(&resolve(masked.collect()));
        found.sort_by_key(|c| (c.range.start, c.range.end));
        found.dedup();
        let rules = &work.rules;
        let decision = |c: Candidate| {
            let kept = rules.is_kept(&c) && c.score >= THRESHOLD;
            let covering = stands
                .get(stands.partition_point(|s| s.range.end <= c.range.start))
                .filter(|s| c.score >= THRESHOLD && s.range.start <= c.range.start);
            Some(Decision {
                source: c.source,
                evidence: c.evidence,
                masked: covering.cloned(),
                kept: kept && covering.is_none(),
                span: Span {
                    entity: c.entity?,
                    range: c.range,
                    score: c.score,
                },
            })
        };
        Ok(found.into_iter().filter_map(decision).collect())
    }

    /// Masks one text that comes with no record, and gives the spans of what was found, in the original text.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`].
    pub fn mask_text(&self, text: &str) -> Result<(String, Vec<Span>, Restorer), RedactError> {
        let mut conversation = self.conversation();
        let (masked, spans) = conversation.mask(text)?;
        Ok((masked, spans, conversation.into_vault().restorer()))
    }

    /// Masks what somebody who runs or watches the node remarks: by placeholders, whatever becomes of finds in requests.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`].
    pub fn mask_remark(&self, text: &str) -> Result<String, RedactError> {
        let mut conversation = self.conversation();
        let work = &mut conversation.work;
        work.surrogates = None;
        work.rules = Rules {
            own: Arc::default(),
            node: Arc::default(),
            only: None,
        };
        let (masked, _) = conversation.mask(text)?;
        Ok(masked)
    }

    /// Masks several texts that belong together, one after the other: one value, one placeholder.
    pub fn conversation(&self) -> Conversation<'_> {
        Conversation {
            work: self.plain_work(None),
        }
    }

    /// The same for a caller: its hashes and surrogates are its own, and the names in texts that come again are
    /// remembered for it.
    pub fn conversation_of(&self, caller: TenantSalt) -> Conversation<'_> {
        Conversation {
            work: self.plain_work(Some(caller)),
        }
    }

    /// Work on texts that no use case is about.
    fn plain_work(&self, salt: Option<TenantSalt>) -> Work<'_> {
        self.work(self.countries.clone(), &self.chat, salt)
    }

    pub(super) fn work(
        &self,
        countries: Vec<Jurisdiction>,
        own: &Arc<RedactionRules>,
        salt: Option<TenantSalt>,
    ) -> Work<'_> {
        let rules = Rules {
            own: Arc::clone(own),
            node: Arc::clone(&self.rules),
            only: None,
        };
        Work {
            surrogates: rules.have_surrogates().then(|| {
                let salt = salt.unwrap_or(UNSCOPED);
                Surrogates::new(self.key.clone(), salt, &countries)
            }),
            salt,
            names: Arc::default(),
            noting: None,
            rules,
            redactor: self,
            known: Known::new(Arc::clone(&self.regions), countries),
            vault: Vault::new(),
            learnt: 0,
            read: HashMap::new(),
        }
    }

    /// What the answers to `redacted`, whose values are in `vault`, are screened for; `None`: nothing.
    pub fn screener(
        &self,
        redacted: &Redacted,
        vault: &Vault,
        rules: Screening,
    ) -> Option<Screener> {
        let countries = fields::countries_of(&redacted.body, &self.countries);
        let recognisers = (&self.secrets, &self.recognisers);
        Screener::new(recognisers, countries, rules, &redacted.body, vault.forms())
    }

    fn redact_texts(
        &self,
        texts: &[Sensitive<String>],
        origin: Origin,
    ) -> Result<(Redacted, Vault), RedactError> {
        let mut masked = Vec::with_capacity(texts.len());
        let mut counts: BTreeMap<Entity, u32> = BTreeMap::new();
        let salt = Some(origin.salt());
        let mut all = self.work(Vec::new(), &self.chat, salt);
        all.find_names(
            &texts
                .iter()
                .map(|text| text.expose().as_str())
                .collect::<Vec<_>>(),
        )?;
        let names = all.names;
        for text in texts {
            let mut work = self.plain_work(salt);
            work.names = Arc::clone(&names);
            masked.push(work.text(text.expose())?.into());
            for (entity, count) in work.vault.counts() {
                *counts.entry(entity).or_default() += count;
            }
        }
        // Vectors restore to nothing, so there is nothing to remember.
        Ok((
            Redacted {
                body: Body::Texts(masked),
                origin,
                counts,
                placeholders: Vec::new(),
            },
            Vault::new(),
        ))
    }
}

pub(super) fn check_size(bytes: usize) -> Result<(), RedactError> {
    if bytes > MAX_TEXT {
        return Err(RedactError::TooMuchText {
            bytes,
            limit: MAX_TEXT,
        });
    }
    Ok(())
}

pub(super) fn spans(found: &[Candidate]) -> Vec<Span> {
    let span = |c: &Candidate| {
        c.entity.map(|entity| Span {
            range: c.range.clone(),
            entity,
            score: c.score,
        })
    };
    found.iter().filter_map(span).collect()
}
