//! Finds personal data in a whole request and replaces it.
//!
//! Texts are read in order. What a recogniser finds in one is known from there on ([`Known::learn`]),
//! so a name that was introduced once is found again where nothing introduces it, and a client that
//! sends the history back gets the same placeholders: every text is replaced with what the texts
//! before it taught, and nothing that comes later changes it. A use case's inputs are read
//! together, because their order means nothing; texts to embed are replaced each on its own,
//! so that a text's vector doesn't depend on its neighbours.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::config::CustomPattern;
use crate::crm::{Body, Input, InputValue, Minimised, Origin};
use crate::types::{Digest, Entity, Jurisdiction, Sensitive, TenantSalt};

use super::error::RedactError;
use super::fields;
use super::join::join;
use super::known::{Identity, Known};
use super::names::{NameFind, NameFinder};
use super::placeholder::{Label, typed};
use super::recogniser::{self, Recogniser, Regions};
use super::resolve::resolve;
use super::span::{Candidate, Decision, Evidence, Span, THRESHOLD};
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

/// How a redactor is set up.
#[derive(Clone, Debug, Default)]
pub struct RedactorOptions {
    /// Countries whose local formats are likely, the likeliest first: the node's own, its neighbours.
    pub countries: Vec<Jurisdiction>,
    /// Identifiers of the operator's own.
    pub custom: Vec<CustomPattern>,
    /// The recogniser of names in free text; `None`: only patterns and records find.
    pub names: Option<Arc<NameFinder>>,
}

/// All recognisers, compiled once.
#[derive(Debug)]
pub struct Redactor {
    recognisers: Vec<Box<dyn Recogniser>>,
    regions: Arc<Regions>,
    countries: Vec<Jurisdiction>,
    names: Option<Arc<NameFinder>>,
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
            recognisers: recogniser::all(&regions, &options.custom)?,
            regions,
            countries: options.countries,
            names: options.names,
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
        let mut work = self.work(fields::countries_of(&body, &self.countries), salt);
        work.find_names_of(&body)?;
        if let Body::UseCase { inputs, .. } = &body {
            for (entity, value) in fields::declared(inputs) {
                work.known.learn(entity, &value)?;
            }
            work.known.refresh()?;
            for text in fields::free_texts(inputs) {
                work.read_ahead(text)?;
            }
        }
        let body = work.body(body)?;
        let Work { vault, .. } = work;
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
        let mut found = self.unscoped().candidates(text)?;
        let kept: Vec<_> = found.extract_if(.., |c| c.is_kept()).collect();
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
        let mut found = self.unscoped().candidates(text)?;
        let masked = found.iter().filter(|c| !c.is_kept()).cloned();
        let stands = spans(&resolve(masked.collect()));
        found.sort_by_key(|c| (c.range.start, c.range.end));
        found.dedup();
        let decision = |c: Candidate| {
            let kept = c.is_kept() && c.score >= THRESHOLD;
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
            work: self.unscoped(),
        }
    }

    /// As [`Redactor::conversation`], for the tenant `salt`: the names in texts that come again are remembered for it.
    pub fn conversation_of(&self, salt: TenantSalt) -> Conversation<'_> {
        Conversation {
            work: self.work(self.countries.clone(), Some(salt)),
        }
    }

    fn unscoped(&self) -> Work<'_> {
        self.work(self.countries.clone(), None)
    }

    fn work(&self, countries: Vec<Jurisdiction>, salt: Option<TenantSalt>) -> Work<'_> {
        Work {
            salt,
            names: Arc::default(),
            noting: None,
            redactor: self,
            known: Known::new(Arc::clone(&self.regions), countries),
            vault: Vault::new(),
            learnt: 0,
            read: HashMap::new(),
            only: None,
        }
    }

    fn redact_texts(
        &self,
        texts: &[Sensitive<String>],
        origin: Origin,
    ) -> Result<(Redacted, Vault), RedactError> {
        let mut masked = Vec::with_capacity(texts.len());
        let mut counts: BTreeMap<Entity, u32> = BTreeMap::new();
        let salt = Some(origin.salt());
        let mut all = self.work(Vec::new(), salt);
        all.find_names(
            &texts
                .iter()
                .map(|text| text.expose().as_str())
                .collect::<Vec<_>>(),
        )?;
        let names = all.names;
        for text in texts {
            let mut work = self.work(self.countries.clone(), salt);
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

/// Texts that belong together, masked one after the other; see [`Redactor::conversation`].
#[derive(Debug)]
pub struct Conversation<'r> {
    work: Work<'r>,
}

impl Conversation<'_> {
    /// Declares a value that is `entity` as a whole: it is looked for, in all its forms, in every text that
    /// follows.
    ///
    /// # Errors
    ///
    /// [`RedactError::TooManyTerms`].
    pub fn declare(&mut self, entity: Entity, value: &str) -> Result<(), RedactError> {
        self.work.known.learn(entity, value)?;
        self.work.known.refresh()
    }

    /// Lets the model of names read `texts`, which will follow, together: that is faster than one by one.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`].
    pub fn look_ahead(&mut self, texts: &[&str]) -> Result<(), RedactError> {
        check_size(texts.iter().map(|text| text.len()).sum())?;
        self.work.find_names(texts)
    }

    /// Replaces these kinds only from here on; what is declared of other kinds is not looked for.
    pub fn keep_to(&mut self, only: BTreeSet<Entity>) {
        self.work.only = Some(only);
    }

    /// Declares several values at once; see [`Conversation::declare`].
    ///
    /// # Errors
    ///
    /// [`RedactError::TooManyTerms`].
    pub fn declare_all<'v>(
        &mut self,
        values: impl IntoIterator<Item = (Entity, &'v str)>,
    ) -> Result<(), RedactError> {
        for (entity, value) in values {
            let wanted = self.work.only.as_ref();
            if wanted.is_none_or(|only| only.contains(&entity)) {
                self.work.known.learn(entity, value)?;
            }
        }
        self.work.known.refresh()
    }

    /// As [`Conversation::mask`], each span with the placeholder that stands for it.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`].
    pub fn mask_marked(
        &mut self,
        text: &str,
    ) -> Result<(String, Vec<(Span, String)>), RedactError> {
        check_size(text.len())?;
        let found = self.work.find(text)?;
        let masked = self.work.replace(text, &found)?;
        let mut marked = Vec::with_capacity(found.len());
        for candidate in found {
            let (Some(entity), Some(value)) = (candidate.entity, text.get(candidate.range.clone()))
            else {
                continue;
            };
            let placeholder = self.work.put(Some(entity), value, candidate.subject)?;
            let span = Span {
                range: candidate.range,
                entity,
                score: candidate.score,
            };
            marked.push((span, placeholder));
        }
        Ok((masked, marked))
    }

    /// Masks the next text, and gives the spans of what was found in it.
    ///
    /// # Errors
    ///
    /// [`RedactError`], as [`Redactor::redact`].
    pub fn mask(&mut self, text: &str) -> Result<(String, Vec<Span>), RedactError> {
        check_size(text.len())?;
        let found = self.work.find(text)?;
        Ok((self.work.replace(text, &found)?, spans(&found)))
    }

    /// Masks a text, and gives all that was replaced in it, what only looked like a placeholder too.
    #[cfg(test)]
    pub(super) fn replaced(&mut self, text: &str) -> (String, Vec<std::ops::Range<usize>>) {
        let found = self.work.find(text).unwrap();
        let masked = self.work.replace(text, &found).unwrap();
        (masked, found.into_iter().map(|c| c.range).collect())
    }

    /// How many different values were replaced so far.
    pub fn values(&self) -> usize {
        self.work.vault.len()
    }

    /// How many different values of each kind were replaced so far.
    pub fn counts(&self) -> BTreeMap<Entity, u32> {
        self.work.vault.counts()
    }

    /// The values behind the placeholders.
    pub fn into_vault(self) -> Vault {
        self.work.vault
    }
}

fn check_size(bytes: usize) -> Result<(), RedactError> {
    if bytes > MAX_TEXT {
        return Err(RedactError::TooMuchText {
            bytes,
            limit: MAX_TEXT,
        });
    }
    Ok(())
}

fn spans(found: &[Candidate]) -> Vec<Span> {
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
    known: Known,
    vault: Vault,
    learnt: usize,
    /// What the recognisers found in texts that were read ahead, by the texts' digests.
    read: HashMap<Digest, Vec<Candidate>>,
    /// The kinds that are replaced; `None`: all.
    only: Option<BTreeSet<Entity>>,
    /// Whose texts they are.
    salt: Option<TenantSalt>,
    /// What the model of names found in texts that went through it together, by the texts' digests.
    names: Arc<Names>,
    /// Where texts are only to be noted: those seen so far.
    noting: Option<Vec<String>>,
}

/// Finds of the model of names by the digests of texts.
type Names = HashMap<Digest, Arc<[NameFind]>>;

impl Work<'_> {
    /// Looks for names in all texts of `body` together: short ones share a pass of the model.
    fn find_names_of(&mut self, body: &Body) -> Result<(), RedactError> {
        if self.redactor.names.is_none() {
            return Ok(());
        }
        // The same way through the body as masking takes, which then finds every text known.
        let mut noting = self.redactor.work(Vec::new(), None);
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
                        self.put(Some(entity), text.trim(), None)?
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

    /// As [`Self::text`] for a word of the application's own, such as a property's name: the model of names, which
    /// reads sentences, is not asked about it.
    pub(super) fn word(&mut self, word: &str) -> Result<String, RedactError> {
        if self.noting.is_some() {
            return Ok(word.to_owned());
        }
        let found = resolve(self.candidates_of(word, Asked::Patterns)?);
        self.replace(word, &found)
    }

    /// What is replaced in `text`, sorted, without overlaps.
    fn find(&mut self, text: &str) -> Result<Vec<Candidate>, RedactError> {
        let mut found = self.candidates(text)?;
        found.retain(|candidate| !candidate.is_kept());
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
        for recogniser in &self.redactor.recognisers {
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
        // Before anything is learnt or overlaps are resolved, so that what is let through hides nothing.
        if let Some(only) = &self.only {
            patterns.retain(|candidate| candidate.entity.is_none_or(|own| only.contains(&own)));
        }
        let mut all = patterns.clone();
        self.known.find(&prepared, &mut all);
        check_count(all.len())?;
        let masked = all.iter().filter(|candidate| !candidate.is_kept()).cloned();
        if !self.learn(text, &resolve(masked.collect()))? {
            return Ok(all);
        }
        self.known.find(&prepared, &mut patterns);
        check_count(patterns.len())?;
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

    fn replace(&mut self, text: &str, found: &[Candidate]) -> Result<String, RedactError> {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for candidate in found {
            let Some(value) = text.get(candidate.range.clone()) else {
                continue;
            };
            out.push_str(text.get(from..candidate.range.start).unwrap_or_default());
            out.push_str(&self.put(candidate.entity, value, candidate.subject)?);
            from = candidate.range.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        Ok(out)
    }

    /// The placeholder for `value`; `entity` is `None` for what only looks like a placeholder.
    fn put(
        &mut self,
        entity: Option<Entity>,
        value: &str,
        subject: Option<usize>,
    ) -> Result<String, RedactError> {
        let (label, identity) = match entity {
            Some(entity) => (
                Label::Entity(entity),
                self.known.identity(entity, value, subject),
            ),
            None => (
                Label::Text,
                Identity {
                    key: value.to_owned(),
                    full: None,
                },
            ),
        };
        self.vault
            .placeholder(label, identity, value)
            .map(|placeholder| placeholder.to_string())
    }
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
