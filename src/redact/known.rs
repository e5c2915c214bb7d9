//! What is known of a request's people: searched for in every text of it.
//!
//! The declared values of the records are known from the start; what recognisers find in a text is
//! known from there on, so that a name introduced once ("my name is Ada Byron") is found in every
//! later message without its introduction. Texts are searched in one pass over the words of a folded copy
//! ([`Folded`], [`Lookup`]), numbers by their digits, dates by their day; names also with a slip or an
//! inflected ending ([`Similar`]).
//!
//! A *subject* is one person, company or value; several terms can mean it ("Anna Müller",
//! "Müller, Anna", "A. Müller", "Anna"). A part that two subjects share means neither: it gets a
//! placeholder of its own.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::types::{Entity, Jurisdiction};

use super::aliases::{Alias, aliases};
use super::error::RedactError;
use super::evidence;
use super::fold::{Folded, fold};
use super::lookup::Lookup;
use super::readable::Readable;
use super::recogniser::{
    Regions, canonical_phone, dates, is_number_alone, phone_start, short_form,
};
use super::similar::Similar;
use super::span::{Candidate, Evidence};
use super::text::Text;
use super::words::is_common;

/// Most terms to search for.
const MAX_TERMS: usize = 50_000;

/// Values and names, and what to search for.
#[derive(Debug)]
pub(super) struct Known {
    regions: Arc<Regions>,
    pub(super) countries: Vec<Jurisdiction>,
    subjects: Vec<Subject>,
    by_key: HashMap<(Entity, String), usize>,
    /// Each term's number in `terms`.
    numbered: HashMap<Arc<str>, usize>,
    terms: Vec<Term>,
    lookup: Lookup,
    similar: Similar,
    /// All ways to dial a phone number and other numbers of digits only, and whose they are.
    numbers: HashMap<Number, usize>,
    /// Of how many digits they are, one bit for each.
    lengths: u32,
    births: HashMap<(u16, u8, u8), usize>,
}

/// How many digits a number has, and its value.
type Number = (usize, u64);

/// How many digits a number that is looked for may have.
const DIGITS: Range<usize> = 5..20;

/// A term and all that it may mean.
struct Term {
    form: Arc<str>,
    meanings: Vec<Meaning>,
    /// What of them is meant, once somebody asked: everybody of one name would be gone through each time that it stands
    /// in a text.
    meant: OnceCell<Option<Meant>>,
}

/// The one subject that is meant, none where two share the term; what it is; and whether the term is all of it.
type Meant = (Option<usize>, Entity, bool);

impl std::fmt::Debug for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Term({} meanings)", self.meanings.len())
    }
}

/// One person, company or value. Shows nothing.
struct Subject {
    entity: Entity,
    key: String,
    full: String,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Subject({})", self.entity)
    }
}

/// What a term may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meaning {
    subject: usize,
    /// Whether the term is the whole value, or a form that only it has.
    whole: bool,
}

/// What a find stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Equal for all ways of writing one value.
    pub(super) key: String,
    /// The whole value, where the find may be a part of it.
    pub(super) full: Option<String>,
}

impl Known {
    pub(super) fn new(regions: Arc<Regions>, countries: Vec<Jurisdiction>) -> Self {
        Self {
            regions,
            countries,
            subjects: Vec::new(),
            by_key: HashMap::new(),
            numbered: HashMap::new(),
            terms: Vec::new(),
            lookup: Lookup::default(),
            similar: Similar::default(),
            numbers: HashMap::new(),
            lengths: 0,
            births: HashMap::new(),
        }
    }

    /// Adds a value that is `entity` as a whole; whether it was new.
    pub(super) fn learn(&mut self, entity: Entity, value: &str) -> Result<bool, RedactError> {
        let value = value.trim();
        if value.chars().count() < 2 {
            return Ok(false);
        }
        let slot = (entity, self.normalised(entity, value));
        if slot.1.is_empty() || self.by_key.contains_key(&slot) {
            return Ok(false);
        }
        // "Herr Müller" and then "Müller" again: a part of somebody is nobody new.
        if entity == Entity::Person && !fold(value).contains(' ') && self.is_person(value) {
            return Ok(false);
        }
        let subject = self.subjects.len();
        self.subjects.push(Subject {
            entity,
            key: slot.1.clone(),
            full: value.to_owned(),
        });
        self.by_key.insert(slot, subject);
        for Alias {
            form,
            whole,
            entity: own,
        } in aliases(entity, value)
        {
            let meant = if own == entity {
                subject
            } else {
                self.subject_for(own, &form)
            };
            if own == Entity::Person && !form.contains(' ') && !is_common(&form) {
                self.similar.add(&form);
            }
            self.add_meaning(
                form,
                Meaning {
                    subject: meant,
                    whole,
                },
            );
        }
        match entity {
            Entity::Phone => self.learn_phone(value, subject),
            Entity::DateOfBirth => {
                let text = Text::new(value, &[]);
                for reading in dates(&text).iter().flat_map(|d| &d.readings) {
                    self.births.entry(*reading).or_insert(subject);
                }
            }
            Entity::Card
            | Entity::DrivingLicence
            | Entity::Identifier
            | Entity::Imei
            | Entity::NationalId
            | Entity::Passport => {
                let compact: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
                if compact.len() >= 6 {
                    self.add_number(&compact, subject);
                }
            }
            _ => {}
        }
        if self.terms.len() > MAX_TERMS {
            return Err(RedactError::TooManyTerms { limit: MAX_TERMS });
        }
        Ok(true)
    }

    fn add_meaning(&mut self, form: String, meaning: Meaning) {
        let next = self.terms.len();
        let number = *self.numbered.entry(form.into()).or_insert_with_key(|form| {
            self.lookup.add(form, next);
            self.terms.push(Term {
                form: Arc::clone(form),
                meanings: Vec::new(),
                meant: OnceCell::new(),
            });
            next
        });
        if let Some(term) = self.terms.get_mut(number)
            && !term.meanings.iter().any(|m| m.subject == meaning.subject)
        {
            term.meanings.push(meaning);
            term.meant.take();
        }
    }

    /// Looks for a number of digits from here on; not for anything else.
    fn add_number(&mut self, digits: &str, subject: usize) {
        if let Some(number) = number_of(digits) {
            self.lengths |= 1 << number.0;
            self.numbers.entry(number).or_insert(subject);
        }
    }

    fn meanings(&self, form: &str) -> Option<&[Meaning]> {
        let term = self.terms.get(*self.numbered.get(form)?)?;
        Some(&term.meanings)
    }

    /// Makes what was learnt ready for searching.
    pub(super) fn refresh(&mut self) -> Result<(), RedactError> {
        self.lookup.refresh()
    }

    /// Adds what is known and stands in `text`; `readable` keeps what was made of the text for the next time.
    pub(super) fn find(
        &self,
        text: &Text<'_>,
        readable: &OnceCell<Readable>,
        found: &mut Vec<Candidate>,
    ) {
        let first = found.len();
        if !self.terms.is_empty() {
            let readable = readable.get_or_init(|| Readable::of(text.str));
            self.lookup.find(readable, |number, at| {
                let term = self.terms.get(number);
                let judged = term.and_then(|term| self.judge(text, &readable.folded, term, &at));
                found.extend(judged);
            });
            Self::join_parts(text, found, first);
            if !self.similar.is_empty() {
                self.find_similar(text, readable, found);
            }
        }
        self.find_numbers(text, found);
        if !self.births.is_empty() {
            for date in dates(text) {
                let known = date.readings.iter().find_map(|day| self.births.get(day));
                if let Some(subject) = known {
                    let entity = Entity::DateOfBirth;
                    found.push(record(date.range.clone(), entity, 0.95, Some(*subject)));
                }
            }
        }
    }

    /// Names with a slip or an ending, together with the known ones right beside them: nobody's for
    /// certain, so without a subject.
    fn find_similar(&self, text: &Text<'_>, readable: &Readable, found: &mut Vec<Candidate>) {
        let (folded, all) = (&readable.folded, readable.words());
        // The same wherever a word stands.
        let resembling = readable
            .spellings()
            .map(|word| self.similar.resembles(word));
        let resembling: Vec<Option<usize>> = resembling.collect();
        let resembles = |at: usize| {
            let word = all.get(at)?;
            *resembling.get(word.spelling())?
        };
        let mut next = 0;
        for at in 0..all.len() {
            let Some(letters) = resembles(at) else {
                continue;
            };
            if at < next {
                continue;
            }
            let belongs = |at: usize| {
                resembles(at).is_some()
                    || readable
                        .word(at)
                        .is_some_and(|word| self.is_person_part(word) && !is_common(word))
            };
            let joined = |at: usize| {
                let pair = all.get(at).zip(all.get(at + 1));
                let between =
                    pair.and_then(|(a, b)| folded.text.get(a.range().end..b.range().start));
                matches!(between, Some(" " | "-"))
            };
            let mut from = at;
            while from > next && joined(from - 1) && belongs(from - 1) {
                from -= 1;
            }
            next = at + 1;
            while joined(next - 1) && belongs(next) {
                next += 1;
            }
            let Some(whole) = all.get(from).zip(all.get(next - 1)) else {
                continue;
            };
            let Some(whole) = folded.original(&(whole.0.range().start..whole.1.range().end)) else {
                continue;
            };
            let supported = next - from > 1 || {
                let is_part = |word: &str| self.is_person_part(word);
                let here = all.get(at).and_then(|word| folded.original(&word.range()));
                here.zip(readable.word(at)).is_some_and(|(here, word)| {
                    evidence::of_slip(text.str, &here, word, letters, is_part)
                })
            };
            if supported {
                found.push(record(whole, Entity::Person, 0.7, None));
            }
        }
    }

    /// Parts of one person's name side by side ("Karl Müller" of "Jürgen Karl Müller") are one find.
    fn join_parts(text: &Text<'_>, found: &mut Vec<Candidate>, first: usize) {
        let is_part = |c: &&Candidate| c.entity == Some(Entity::Person) && c.subject.is_some();
        let new = found.get(first..).unwrap_or_default();
        let mut parts: Vec<_> = new.iter().filter(is_part).cloned().collect();
        parts.sort_by_key(|c| (c.range.start, std::cmp::Reverse(c.range.end)));
        let mut joined: Option<Candidate> = None;
        for part in parts {
            match &mut joined {
                Some(last) if part.range.start < last.range.end => {}
                Some(last)
                    if last.subject == part.subject
                        && matches!(
                            text.slice(last.range.end..part.range.start),
                            " " | "-" | "\u{a0}"
                        ) =>
                {
                    last.range.end = part.range.end;
                    found.push(last.clone());
                }
                _ => joined = Some(part),
            }
        }
    }

    /// What `value`, found as `entity`, stands for; `subject` where the record layer found it.
    pub(super) fn identity(&self, entity: Entity, value: &str, subject: Option<usize>) -> Identity {
        let key = || self.normalised(entity, value);
        let of_subject = |subject: usize| {
            let own = self.subjects.get(subject);
            own.filter(|own| own.entity == entity).map(|own| Identity {
                key: own.key.clone(),
                full: Some(own.full.clone()),
            })
        };
        if let Some(subject) = subject {
            let unknown = || Identity {
                key: key(),
                full: None,
            };
            return of_subject(subject).unwrap_or_else(unknown);
        }
        let slot = (entity, key());
        let by_name = || {
            let person = entity == Entity::Person;
            person.then(|| self.person_of(&fold(value))).flatten()
        };
        let subject = self.by_key.get(&slot).copied().or_else(by_name);
        subject.and_then(of_subject).unwrap_or(Identity {
            key: slot.1,
            full: None,
        })
    }

    /// A term that stands at `at` of the folded text, if it means something there.
    fn judge(
        &self,
        text: &Text<'_>,
        folded: &Folded,
        term: &Term,
        at: &Range<usize>,
    ) -> Option<Candidate> {
        let (subject, entity, whole) = self.meant(term)?;
        let range = folded.original(at)?;
        let form = &*term.form;
        let supported = match entity {
            Entity::Person => {
                evidence::of_person(text.str, &range, form, |word| self.is_person_part(word))
            }
            Entity::Location | Entity::Organisation => evidence::of_place(text.str, &range, form),
            _ => true,
        };
        let score = match (whole, form.contains(' ')) {
            (true, _) => 0.95,
            (false, true) => 0.9,
            (false, false) => 0.8,
        };
        supported.then(|| record(range, entity, score, subject))
    }

    fn meant(&self, term: &Term) -> Option<Meant> {
        *term.meant.get_or_init(|| self.meaning(&term.meanings))
    }

    fn meaning(&self, meanings: &[Meaning]) -> Option<Meant> {
        let entity_of = |m: &Meaning| self.subjects.get(m.subject).map(|s| s.entity);
        // A person's name is also the name of a mailbox or a company: the person comes first.
        let entity = meanings
            .iter()
            .filter_map(entity_of)
            .max_by_key(|e| (*e == Entity::Person, *e != Entity::Identifier))?;
        let same = || meanings.iter().filter(|m| entity_of(m) == Some(entity));
        let wholes = || same().filter(|m| m.whole);
        let whole = wholes().next().is_some();
        let subject = match whole {
            true => only(wholes()),
            false => only(same()),
        };
        Some((subject, entity, whole))
    }

    fn is_person_part(&self, folded: &str) -> bool {
        let is_person = |m: &Meaning| {
            self.subjects
                .get(m.subject)
                .is_some_and(|s| s.entity == Entity::Person)
        };
        self.meanings(folded)
            .is_some_and(|meanings| meanings.iter().any(is_person))
    }

    /// Whether `value` already means one person: a name, or a part of one.
    pub(super) fn is_person(&self, value: &str) -> bool {
        self.person_of(&fold(value)).is_some()
    }

    /// The one person that `folded` means.
    fn person_of(&self, folded: &str) -> Option<usize> {
        let (subject, entity, _) = self.meaning(self.meanings(folded)?)?;
        subject.filter(|_| entity == Entity::Person)
    }

    fn subject_for(&mut self, entity: Entity, form: &str) -> usize {
        let next = self.subjects.len();
        let subject = *self.by_key.entry((entity, form.to_owned())).or_insert(next);
        if subject == next {
            self.subjects.push(Subject {
                entity,
                key: form.to_owned(),
                full: form.to_owned(),
            });
        }
        subject
    }

    fn learn_phone(&mut self, value: &str, subject: usize) {
        let canonical = canonical_phone(&self.regions, &self.countries, value);
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        let mut ways = vec![digits];
        if let Some(number) = canonical.strip_prefix('+') {
            ways.extend([
                number.to_owned(),
                format!("00{number}"),
                format!("011{number}"),
            ]);
            let national = self.regions.without_code(number);
            if national.len() >= 7 {
                ways.extend([
                    format!("0{national}"),
                    format!("1{national}"),
                    format!("8{national}"),
                    national.to_owned(),
                ]);
                // "+49 (0)30 …"
                let code = number.strip_suffix(national).unwrap_or("");
                ways.push(format!("{code}0{national}"));
            }
        }
        for way in ways.iter().filter(|w| w.len() >= 5) {
            self.add_number(way, subject);
        }
    }

    fn find_numbers(&self, text: &Text<'_>, found: &mut Vec<Candidate>) {
        if self.numbers.is_empty() {
            return;
        }
        for run in text.runs() {
            for (from, to, range) in run.windows(DIGITS) {
                let known = |digits: &str| {
                    let asked = self.lengths >> digits.len() & 1 == 1;
                    let number = asked.then(|| number_of(digits)).flatten()?;
                    self.numbers.get(&number)
                };
                let Some(subject) = known(&run.digits(text.str, from, to)) else {
                    continue;
                };
                let Some(entity) = self.subjects.get(*subject).map(|s| s.entity) else {
                    continue;
                };
                let range = if entity == Entity::Phone {
                    phone_start(text, &range)..range.end
                } else {
                    range
                };
                found.push(record(range, entity, 0.95, Some(*subject)));
            }
        }
    }

    /// The form in which two ways of writing one value are equal.
    fn normalised(&self, entity: Entity, value: &str) -> String {
        let alphanumeric = |value: &str| {
            value
                .chars()
                .filter(|c| c.is_alphanumeric())
                .collect::<String>()
        };
        match entity {
            // More than a number is another text to put back.
            Entity::Phone if !is_number_alone(value) => value.to_owned(),
            Entity::Phone => canonical_phone(&self.regions, &self.countries, value),
            Entity::Bic
            | Entity::Card
            | Entity::DrivingLicence
            | Entity::Iban
            | Entity::Imei
            | Entity::LicencePlate
            | Entity::MacAddress
            | Entity::NationalId
            | Entity::Passport
            | Entity::VatNumber => alphanumeric(value).to_uppercase(),
            // Upper and lower case are different secrets.
            // A slash more or less is another text to put back.
            Entity::CryptoWallet | Entity::Secret | Entity::Url => value.to_owned(),
            Entity::SalesforceId => short_form(value).to_owned(),
            Entity::DateOfBirth => {
                let text = Text::new(value, &[]);
                let reading = dates(&text)
                    .first()
                    .and_then(|d| d.readings.first().copied());
                reading.map_or_else(|| fold(value), |(y, m, d)| format!("{y:04}-{m:02}-{d:02}"))
            }
            Entity::Person => {
                let folded = fold(value);
                super::aliases::without_titles(&folded).unwrap_or(folded)
            }
            Entity::Address
            | Entity::Age
            | Entity::Coordinates
            | Entity::DateTime
            | Entity::Email
            | Entity::Identifier
            | Entity::IpAddress
            | Entity::Location
            | Entity::Nationality
            | Entity::Organisation
            | Entity::Title => fold(value),
        }
    }
}

/// Whom all of `meanings` mean, if it is one.
fn only<'m>(mut meanings: impl Iterator<Item = &'m Meaning>) -> Option<usize> {
    let first = meanings.next()?;
    meanings.next().is_none().then_some(first.subject)
}

/// The number that `digits` are, if it may be looked for.
fn number_of(digits: &str) -> Option<Number> {
    let sound = DIGITS.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    Some((digits.len(), digits.parse().ok().filter(|_| sound)?))
}

fn record(range: Range<usize>, entity: Entity, score: f32, subject: Option<usize>) -> Candidate {
    Candidate {
        evidence: Evidence::Record,
        subject,
        source: "records",
        ..Candidate::pattern(range, entity, score)
    }
}
