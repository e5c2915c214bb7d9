//! One request in work: texts are read, what they give away is learnt, and what was found is replaced.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::crm::{Body, Input, InputValue};
use crate::types::{Digest, Entity, Mode, Sensitive, TenantSalt};

use super::Vault;
use super::error::RedactError;
use super::join::{join, prefer_words};
use super::known::{Identity, Known};
use super::mask::mask;
use super::names::NameFind;
use super::placeholder::{Label, typed};
use super::redactor::{Redactor, UNSCOPED};
use super::resolve::{give_way, resolve};
use super::rules::Rules;
use super::span::{Candidate, Evidence};
use super::surrogate::{Surrogates, Wanted};
use super::text::Text;
use super::titled::titles;

/// Most finds in one text.
const MAX_SPANS: usize = 100_000;
/// Most values that are learnt from texts; what is found beyond them is replaced, but not looked for elsewhere.
const MAX_LEARNT: usize = 2_000;
/// Least score of the model of names with which a name is looked for elsewhere: a word that is taken for a name once
/// would be taken for it everywhere.
const SURE_NAME: f32 = 0.9;
/// Longest name of the model that is looked for elsewhere, in bytes.
const MAX_NAME: usize = 80;

/// One request in work.
#[derive(Debug)]
pub(super) struct Work<'r> {
    pub(super) redactor: &'r Redactor,
    pub(super) known: Known,
    pub(super) vault: Vault,
    pub(super) learnt: usize,
    /// What the recognisers found in texts that were read ahead, by the texts' digests.
    pub(super) read: HashMap<Digest, Vec<Candidate>>,
    pub(super) rules: Rules,
    /// Whose texts they are.
    pub(super) salt: Option<TenantSalt>,
    /// Invented values; `None` where no kind gets any.
    pub(super) surrogates: Option<Surrogates>,
    /// What the model of names found in texts that went through it together, by the texts' digests.
    pub(super) names: Arc<Names>,
    /// Where texts are only to be noted: those seen so far.
    pub(super) noting: Option<Vec<String>>,
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
    pub(super) fn find_names_of(&mut self, body: &Body) -> Result<(), RedactError> {
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
    pub(super) fn find_names(&mut self, texts: &[&str]) -> Result<(), RedactError> {
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
    pub(super) fn names_in(&self, text: &str) -> Result<Arc<[NameFind]>, RedactError> {
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

    pub(super) fn body(&mut self, body: Body) -> Result<Body, RedactError> {
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
        // "Germany" and "monday" are names of properties, too.
        found.retain(|candidate| {
            candidate.evidence != Evidence::Words && !self.rules.is_kept(candidate)
        });
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
    pub(super) fn read_ahead(&mut self, text: &str) -> Result<(), RedactError> {
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
            let new = patterns.get_mut(first..).unwrap_or_default();
            if !new.is_empty() {
                let name = recogniser.name();
                new.iter_mut().for_each(|candidate| candidate.source = name);
            }
        }
        if asked == Asked::All {
            let names = self.names_in(text.str)?;
            patterns.extend(names.iter().map(|find| Candidate {
                evidence: Evidence::Model,
                source: "Names",
                ..Candidate::pattern(find.range(), find.entity, find.score)
            }));
            prefer_words(text, &mut patterns);
            join(text, &mut patterns);
        }
        self.rules.denied(text.str, &mut patterns);
        Ok(patterns)
    }

    /// Finds, learns from what was found, and looks once more for what was learnt.
    pub(super) fn candidates(&mut self, text: &str) -> Result<Vec<Candidate>, RedactError> {
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
        let readable = OnceCell::new();
        self.known.find(&prepared, &readable, &mut all);
        check_count(all.len())?;
        titles(&prepared, &mut all);
        self.rules.retain(text, &mut all);
        give_way(&mut all);
        let masked = all
            .iter()
            .filter(|candidate| !self.rules.is_kept(candidate))
            .cloned();
        if !self.learn(text, &resolve(masked.collect()))? {
            return Ok(all);
        }
        self.known.find(&prepared, &readable, &mut patterns);
        check_count(patterns.len())?;
        titles(&prepared, &mut patterns);
        self.rules.retain(text, &mut patterns);
        give_way(&mut patterns);
        Ok(patterns)
    }

    /// Remembers what only its surroundings gave away; whether anything is new.
    fn learn(&mut self, text: &str, found: &[Candidate]) -> Result<bool, RedactError> {
        let mut new = false;
        // Values that nothing was to be learnt from, as long as nothing else was learnt.
        let mut settled: HashSet<(Entity, &str)> = HashSet::new();
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
                && settled.insert((entity, value))
                && !(entity == Entity::Person && self.known.is_person(value))
                && self.known.learn(entity, value)?
            {
                settled.clear();
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
