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
use crate::crm::{Body, Input, InputValue, Minimised, Origin};
use crate::types::{Digest, Entity, Jurisdiction, Mode, Sensitive, TenantSalt};

use super::conversation::Conversation;
use super::error::RedactError;
use super::fields;
use super::join::join;
use super::known::{Identity, Known};
use super::mask::mask;
use super::names::{NameFind, NameFinder};
use super::placeholder::{Label, typed};
use super::pseudonym::PseudonymKey;
use super::recogniser::{self, Recognisers, Regions};
use super::resolve::resolve;
use super::rules::Rules;
use super::screen::Screener;
use super::span::{Candidate, Decision, Evidence, Span, THRESHOLD};
use super::surrogate::{Surrogates, Wanted};
use super::text::Text;
use super::{Restorer, Vault};

/// Most text of one request in bytes.
const MAX_TEXT: usize = 8 * 1024 * 1024;
/// Most finds in one text.
const MAX_SPANS: usize = 100_000;
/// Least score of the model of names with which a name is looked for elsewhere: a word that is taken for a name once
/// would be taken for it everywhere.
const SURE_NAME: f32 = 0.9;
/// Longest name of the model that is looked for elsewhere, in bytes.
const MAX_NAME: usize = 80;
/// Most values that are learnt from texts; what is found beyond them is replaced, but not looked for elsewhere.
const MAX_LEARNT: usize = 2_000;

/// Whose pseudonyms those are of texts that are nobody's.
const UNSCOPED: TenantSalt = TenantSalt(0);

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
    recognisers: Recognisers,
    /// Those that find secrets.
    secrets: Recognisers,
    regions: Arc<Regions>,
    countries: Vec<Jurisdiction>,
    names: Option<Arc<NameFinder>>,
    rules: Arc<RedactionRules>,
    chat: Arc<RedactionRules>,
    key: PseudonymKey,
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

    fn work(
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

/// One request in work.
#[derive(Debug)]
pub(super) struct Work<'r> {
    redactor: &'r Redactor,
    pub(super) known: Known,
    pub(super) vault: Vault,
    learnt: usize,
    /// What the recognisers found in texts that were read ahead, by the texts' digests.
    read: HashMap<Digest, Vec<Candidate>>,
    pub(super) rules: Rules,
    /// Whose texts they are.
    salt: Option<TenantSalt>,
    /// Invented values; `None` where no kind gets any.
    surrogates: Option<Surrogates>,
    /// What the model of names found in texts that went through it together, by the texts' digests.
    names: Arc<Names>,
    /// Where texts are only to be noted: those seen so far.
    noting: Option<Vec<String>>,
}

/// Finds of the model of names by the digests of texts.
type Names = HashMap<Digest, Arc<[NameFind]>>;

impl Work<'_> {
    pub(super) fn into_vault(self) -> Vault {
        let mut vault = self.vault;
        if let Some(surrogates) = self.surrogates {
            vault.take_forms(surrogates.forms);
        }
        vault
    }

    /// Looks for names in all texts of `body` together: short ones share a pass of the model.
    fn find_names_of(&mut self, body: &Body) -> Result<(), RedactError> {
        if self.redactor.names.is_none() {
            return Ok(());
        }
        // The same way through the body as masking takes, which then finds every text known.
        let mut noting = self.redactor.work(Vec::new(), &self.redactor.chat, None);
        noting.noting = Some(Vec::new());
        noting.body(body.clone())?;
        let texts = noting.noting.unwrap_or_default();
        self.find_names(&texts.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Looks for names in `texts` together.
    fn find_names(&mut self, texts: &[&str]) -> Result<(), RedactError> {
        let Some(finder) = &self.redactor.names else {
            return Ok(());
        };
        let mut fresh: BTreeMap<Digest, &str> = BTreeMap::new();
        for text in texts {
            let digest = Digest::of(text.as_bytes());
            if !self.names.contains_key(&digest) {
                fresh.insert(digest, text);
            }
        }
        let texts: Vec<&str> = fresh.values().copied().collect();
        let found = finder.find(self.salt, &texts)?;
        let names = Arc::make_mut(&mut self.names);
        names.extend(fresh.into_keys().zip(found));
        Ok(())
    }

    /// What the model of names finds in `text`.
    fn names_in(&self, text: &str) -> Result<Arc<[NameFind]>, RedactError> {
        let Some(finder) = &self.redactor.names else {
            return Ok(Arc::default());
        };
        if !self.names.is_empty()
            && let Some(known) = self.names.get(&Digest::of(text.as_bytes()))
        {
            return Ok(Arc::clone(known));
        }
        let found = finder.find(self.salt, &[text])?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    fn body(&mut self, body: Body) -> Result<Body, RedactError> {
        Ok(match body {
            Body::Chat(chat) => Body::Chat(Box::new(self.chat(*chat)?)),
            Body::Text(text) => Body::Text(self.text(text.expose())?.into()),
            Body::Texts(texts) => {
                let mask = |text: Sensitive<String>| self.text(text.expose()).map(Sensitive::new);
                Body::Texts(texts.into_iter().map(mask).collect::<Result<_, _>>()?)
            }
            Body::UseCase { use_case, inputs } => {
                let mut masked = Vec::with_capacity(inputs.len());
                for Input { name, value } in inputs {
                    masked.push(Input {
                        name,
                        value: self.value(value)?,
                    });
                }
                Body::UseCase {
                    use_case,
                    inputs: masked,
                }
            }
        })
    }

    fn value(&mut self, value: InputValue) -> Result<InputValue, RedactError> {
        Ok(match value {
            InputValue::Missing => InputValue::Missing,
            InputValue::List(items) => InputValue::List(
                items
                    .into_iter()
                    .map(|item| self.value(item))
                    .collect::<Result<_, _>>()?,
            ),
            InputValue::Object(fields) => {
                let mut masked = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    masked.push((name, self.value(value)?));
                }
                InputValue::Object(masked)
            }
            InputValue::Text(mut field) => {
                let text = field.text.expose();
                let masked = match field.entity {
                    Some(_) if self.noting.is_some() => String::new(),
                    Some(entity) if !text.trim().is_empty() => {
                        let mode = self.rules.declared(entity);
                        self.put((Some(entity), text.trim(), None), mode, ("", ""))?
                    }
                    _ => self.text(text)?,
                };
                field.text = masked.into();
                InputValue::Text(field)
            }
        })
    }

    pub(super) fn text(&mut self, text: &str) -> Result<String, RedactError> {
        if let Some(noted) = &mut self.noting {
            noted.push(text.to_owned());
            return Ok(text.to_owned());
        }
        let found = self.find(text)?;
        self.replace(text, &found)
    }

    pub(super) fn declare(&mut self, entity: Entity, value: &str) -> Result<(), RedactError> {
        if let Some(surrogates) = &mut self.surrogates {
            surrogates.note(value);
        }
        self.known.learn(entity, value).map(drop)
    }

    /// As [`Self::text`] for a word of the application's own, such as a property's name: the model of names, which
    /// reads sentences, is not asked about it.
    pub(super) fn word(&mut self, word: &str) -> Result<String, RedactError> {
        if self.noting.is_some() {
            return Ok(word.to_owned());
        }
        let mut found = self.candidates_of(word, Asked::Patterns)?;
        found.retain(|candidate| !self.rules.is_kept(candidate));
        let found = resolve(found);
        self.replace(word, &found)
    }

    /// What is replaced in `text`, sorted, without overlaps.
    pub(super) fn find(&mut self, text: &str) -> Result<Vec<Candidate>, RedactError> {
        let mut found = self.candidates(text)?;
        found.retain(|candidate| !self.rules.is_kept(candidate));
        Ok(resolve(found))
    }

    /// Learns what `text` gives away, before any text is replaced.
    fn read_ahead(&mut self, text: &str) -> Result<(), RedactError> {
        let countries = self.known.countries.clone();
        // What patterns find depends on the text alone: they need not look again.
        let patterns = self.patterns(&Text::new(text, &countries), Asked::All)?;
        self.read.insert(Digest::of(text.as_bytes()), patterns);
        self.candidates(text).map(drop)
    }

    /// What the recognisers find, and what only looks like a placeholder.
    fn patterns(&self, text: &Text<'_>, asked: Asked) -> Result<Vec<Candidate>, RedactError> {
        let mut patterns = typed(text.str);
        for recogniser in &*self.redactor.recognisers {
            let first = patterns.len();
            recogniser.find(text, &mut patterns)?;
            let new = patterns.iter_mut().skip(first);
            new.for_each(|candidate| candidate.source = recogniser.name());
        }
        if asked == Asked::All {
            let names = self.names_in(text.str)?;
            patterns.extend(names.iter().map(|find| Candidate {
                evidence: Evidence::Model,
                source: "Names",
                ..Candidate::pattern(find.range(), find.entity, find.score)
            }));
            join(text, &mut patterns);
        }
        self.rules.denied(text.str, &mut patterns);
        Ok(patterns)
    }

    /// Finds, learns from what was found, and looks once more for what was learnt.
    fn candidates(&mut self, text: &str) -> Result<Vec<Candidate>, RedactError> {
        self.candidates_of(text, Asked::All)
    }

    fn candidates_of(&mut self, text: &str, asked: Asked) -> Result<Vec<Candidate>, RedactError> {
        let countries = self.known.countries.clone();
        let prepared = Text::new(text, &countries);
        let read = (!self.read.is_empty()).then(|| self.read.get(&Digest::of(text.as_bytes())));
        let mut patterns = match read.flatten() {
            Some(patterns) => patterns.clone(),
            None => self.patterns(&prepared, asked)?,
        };
        if let Some(surrogates) = &mut self.surrogates {
            surrogates.forms.find(text, &mut patterns);
            surrogates.note(text);
        }
        // Before anything is learnt or overlaps are resolved, so that what is let through hides nothing.
        self.rules.retain(text, &mut patterns);
        if self.rules.hash() {
            // Hashes that come back in an answer are nobody new.
            let own = self.redactor.key.find(self.salt.unwrap_or(UNSCOPED), text);
            patterns.retain(|candidate| {
                let at = own.partition_point(|range| range.end < candidate.range.end);
                let covers = |range: &std::ops::Range<usize>| range.start <= candidate.range.start;
                !own.get(at).is_some_and(covers)
            });
        }
        let mut all = patterns.clone();
        self.known.find(&prepared, &mut all);
        check_count(all.len())?;
        self.rules.retain(text, &mut all);
        let masked = all
            .iter()
            .filter(|candidate| !self.rules.is_kept(candidate))
            .cloned();
        if !self.learn(text, &resolve(masked.collect()))? {
            return Ok(all);
        }
        self.known.find(&prepared, &mut patterns);
        check_count(patterns.len())?;
        self.rules.retain(text, &mut patterns);
        Ok(patterns)
    }

    /// Remembers what only its surroundings gave away; whether anything is new.
    fn learn(&mut self, text: &str, found: &[Candidate]) -> Result<bool, RedactError> {
        let mut new = false;
        for candidate in found.iter().filter(|c| c.evidence != Evidence::Record) {
            let told_by_context = matches!(
                candidate.entity,
                Some(
                    Entity::Bic
                        | Entity::Card
                        | Entity::DateOfBirth
                        | Entity::DrivingLicence
                        | Entity::Identifier
                        | Entity::Imei
                        | Entity::LicencePlate
                        | Entity::NationalId
                        | Entity::Passport
                        | Entity::Person
                        | Entity::Phone
                        | Entity::SalesforceId
                        | Entity::Secret
                )
            );
            let unsure = candidate.evidence == Evidence::Model
                && (candidate.score < SURE_NAME || candidate.range.len() > MAX_NAME);
            // A PIN is a number that means something else elsewhere.
            let short = candidate.entity == Some(Entity::Secret) && candidate.range.len() < 8;
            if let (Some(entity), Some(value), true) = (
                candidate.entity,
                text.get(candidate.range.clone()),
                told_by_context && !short && !unsure,
            ) && self.learnt < MAX_LEARNT
                && !(entity == Entity::Person && self.known.is_person(value))
                && self.known.learn(entity, value)?
            {
                self.learnt += 1;
                new = true;
            }
        }
        self.known.refresh()?;
        Ok(new)
    }

    pub(super) fn replace(
        &mut self,
        text: &str,
        found: &[Candidate],
    ) -> Result<String, RedactError> {
        self.replaced(text, found, |_| {})
    }

    /// `text` with something else in place of each find; `each` hears what.
    pub(super) fn replaced(
        &mut self,
        text: &str,
        found: &[Candidate],
        mut each: impl FnMut(&str),
    ) -> Result<String, RedactError> {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for candidate in found {
            let Some(value) = text.get(candidate.range.clone()) else {
                each("");
                continue;
            };
            out.push_str(text.get(from..candidate.range.start).unwrap_or_default());
            let behind = text.get(candidate.range.end..).unwrap_or_default();
            let mode = self.rules.mode(candidate);
            let own = (candidate.entity, value, candidate.subject);
            let stand_in = self.put(own, mode, (&out, behind))?;
            each(&stand_in);
            out.push_str(&stand_in);
            from = candidate.range.end;
            if mode == Mode::Drop {
                from += close_gap(&mut out, behind);
            }
        }
        out.push_str(text.get(from..).unwrap_or_default());
        Ok(out)
    }

    /// What stands for a value between two texts; its entity is `None` for what only looks like a placeholder.
    fn put(
        &mut self,
        (entity, value, subject): (Option<Entity>, &str, Option<usize>),
        mode: Mode,
        around: (&str, &str),
    ) -> Result<String, RedactError> {
        let Some(entity) = entity else {
            let identity = Identity {
                key: value.to_owned(),
                full: None,
            };
            let placeholder = self.vault.placeholder(Label::Text, identity, value)?;
            return Ok(placeholder.to_string());
        };
        let identity = self.known.identity(entity, value, subject);
        let made = match mode {
            Mode::Drop => Some(String::new()),
            Mode::Hash => {
                let key = &self.redactor.key;
                let salt = self.salt.unwrap_or(UNSCOPED);
                Some(key.pseudonym(salt, entity, &identity.key))
            }
            Mode::Keep => return Ok(value.to_owned()),
            Mode::Mask => Some(mask(entity, value)),
            Mode::Placeholder => None,
            Mode::Surrogate => self.surrogate(entity, value, &identity, around),
        };
        if let Some(made) = made {
            self.vault.count(entity, identity.key)?;
            return Ok(made);
        }
        let label = Label::Entity(entity);
        // Beside surrogates, which go back as each was written, so do placeholders; people stay one.
        let identity = match mode {
            Mode::Surrogate if entity != Entity::Person => Identity {
                key: value.to_owned(),
                full: None,
            },
            _ => identity,
        };
        let placeholder = self.vault.placeholder(label, identity, value)?;
        Ok(placeholder.to_string())
    }

    fn surrogate(
        &mut self,
        entity: Entity,
        written: &str,
        identity: &Identity,
        (before, behind): (&str, &str),
    ) -> Option<String> {
        let from = super::context::floor(before, before.len().saturating_sub(24));
        self.surrogates.as_mut()?.of(Wanted {
            entity,
            written,
            key: &identity.key,
            full: identity.full.as_deref(),
            before: before.get(from..).unwrap_or(""),
            behind,
            canonical: &identity.key,
        })
    }
}

/// Repairs the space where something was dropped between `out` and `rest`: how much of `rest` goes too.
fn close_gap(out: &mut String, rest: &str) -> usize {
    let blank = |c: char| matches!(c, ' ' | '\u{a0}' | '\t');
    let gap: usize = rest
        .chars()
        .take_while(|c| blank(*c))
        .map(char::len_utf8)
        .sum();
    let behind = rest.get(gap..).unwrap_or("");
    let opens = out.is_empty() || out.ends_with([' ', '\u{a0}', '\t', '\n', '(', '[']);
    if behind.is_empty() || behind.starts_with(['.', ',', ';', ':', '!', '?', ')', ']', '\n', '\r'])
    {
        // Nothing is left for the blank in front to part.
        let kept = out.trim_end_matches(blank).len();
        out.truncate(kept);
        return gap;
    }
    if opens { gap } else { 0 }
}

/// Who is asked what a text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// Every recogniser.
    All,
    /// Those of patterns.
    Patterns,
}

fn check_count(found: usize) -> Result<(), RedactError> {
    if found > MAX_SPANS {
        return Err(RedactError::TooManySpans { limit: MAX_SPANS });
    }
    Ok(())
}
