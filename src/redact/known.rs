//! What is known of a request's people: searched for in every text of it.
//!
//! The declared values of the records are known from the start; what recognisers find in a text is
//! known from there on, so that a name introduced once ("my name is Ada Byron") is found in every
//! later message without its introduction. Texts are searched in one pass over a folded copy
//! ([`Folded`]), numbers by their digits, dates by their day.
//!
//! A *subject* is one person, company or value; several terms can mean it ("Anna Müller",
//! "Müller, Anna", "A. Müller", "Anna"). A part that two subjects share means neither: it gets a
//! placeholder of its own.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::types::{Entity, Jurisdiction};

use super::aliases::{Alias, aliases};
use super::error::RedactError;
use super::evidence;
use super::fold::{Folded, fold};
use super::recogniser::{Regions, canonical_phone, dates, phone_start, short_form};
use super::span::{Candidate, Evidence};
use super::text::{Text, is_word};

/// Most terms to search for.
const MAX_TERMS: usize = 50_000;

/// Values and names, and what to search for.
#[derive(Debug)]
pub(super) struct Known {
    regions: Arc<Regions>,
    pub(super) countries: Vec<Jurisdiction>,
    subjects: Vec<Subject>,
    by_key: HashMap<(Entity, String), usize>,
    terms: HashMap<String, Vec<Meaning>>,
    /// The pattern numbers of `search`.
    patterns: Vec<String>,
    search: Option<AhoCorasick>,
    /// All ways to dial a phone number and other numbers of digits only, and whose they are.
    numbers: HashMap<String, usize>,
    births: Vec<((u16, u8, u8), usize)>,
    stale: bool,
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
            terms: HashMap::new(),
            patterns: Vec::new(),
            search: None,
            numbers: HashMap::new(),
            births: Vec::new(),
            stale: false,
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
        if entity == Entity::Person
            && !fold(value).contains(' ')
            && self.person_of(&fold(value)).is_some()
        {
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
            let meanings = self.terms.entry(form).or_default();
            if !meanings.iter().any(|m| m.subject == meant) {
                meanings.push(Meaning {
                    subject: meant,
                    whole,
                });
            }
        }
        match entity {
            Entity::Phone => self.learn_phone(value, subject),
            Entity::DateOfBirth => {
                let found = dates(&Text::new(value, &[]));
                self.births.extend(
                    found
                        .iter()
                        .flat_map(|d| &d.readings)
                        .map(|reading| (*reading, subject)),
                );
            }
            Entity::Card
            | Entity::DrivingLicence
            | Entity::Identifier
            | Entity::Imei
            | Entity::NationalId
            | Entity::Passport => {
                let compact: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
                if compact.len() >= 6 && compact.bytes().all(|b| b.is_ascii_digit()) {
                    self.numbers.entry(compact).or_insert(subject);
                }
            }
            _ => {}
        }
        self.stale = true;
        if self.terms.len() > MAX_TERMS {
            return Err(RedactError::TooManyTerms { limit: MAX_TERMS });
        }
        Ok(true)
    }

    /// Builds the search anew if something was learnt.
    pub(super) fn refresh(&mut self) -> Result<(), RedactError> {
        if !self.stale {
            return Ok(());
        }
        self.patterns = self.terms.keys().cloned().collect();
        self.patterns.sort_unstable();
        let built = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&self.patterns);
        self.search = Some(built.map_err(|_| RedactError::Search)?);
        self.stale = false;
        Ok(())
    }

    /// Adds what is known and stands in `text`.
    pub(super) fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) {
        if let Some(search) = &self.search {
            let folded = Folded::of(text.str);
            for hit in search.find_overlapping_iter(&folded.text) {
                let hit = hit.pattern().as_usize()..hit.end();
                found.extend(
                    self.patterns
                        .get(hit.start)
                        .and_then(|term| self.judge(text, &folded, term, hit.end)),
                );
            }
        }
        self.find_numbers(text, found);
        if !self.births.is_empty() {
            for date in dates(text) {
                let known = self
                    .births
                    .iter()
                    .find(|(day, _)| date.readings.contains(day));
                if let Some((_, subject)) = known {
                    found.push(record(
                        date.range,
                        Entity::DateOfBirth,
                        0.95,
                        Some(*subject),
                    ));
                }
            }
        }
    }

    /// What `value`, found as `entity`, stands for; `subject` where the record layer found it.
    pub(super) fn identity(&self, entity: Entity, value: &str, subject: Option<usize>) -> Identity {
        let key = self.normalised(entity, value);
        let subject = subject
            .or_else(|| self.by_key.get(&(entity, key.clone())).copied())
            .or_else(|| {
                (entity == Entity::Person)
                    .then(|| self.person_of(&fold(value)))
                    .flatten()
            });
        match subject
            .and_then(|s| self.subjects.get(s))
            .filter(|s| s.entity == entity)
        {
            Some(subject) => Identity {
                key: subject.key.clone(),
                full: Some(subject.full.clone()),
            },
            None => Identity { key, full: None },
        }
    }

    /// A term that ends at `end` of the folded text, if it stands there as a word and means something.
    fn judge(&self, text: &Text<'_>, folded: &Folded, term: &str, end: usize) -> Option<Candidate> {
        let at = end.checked_sub(term.len())?..end;
        if !is_bounded(&folded.text, &at, term) {
            return None;
        }
        let meanings = self.terms.get(term)?;
        let (subject, entity, whole) = self.meaning(meanings)?;
        let range = folded.original(&at)?;
        let supported = match entity {
            Entity::Person => {
                evidence::of_person(text.str, &range, term, |word| self.is_person_part(word))
            }
            Entity::Location | Entity::Organisation => evidence::of_place(text.str, &range, term),
            _ => true,
        };
        let score = match (whole, term.contains(' ')) {
            (true, _) => 0.95,
            (false, true) => 0.9,
            (false, false) => 0.8,
        };
        supported.then(|| record(range, entity, score, subject))
    }

    /// The one subject that is meant; none where two share the term.
    fn meaning(&self, meanings: &[Meaning]) -> Option<(Option<usize>, Entity, bool)> {
        let entity_of = |m: &Meaning| self.subjects.get(m.subject).map(|s| s.entity);
        // A person's name is also the name of a mailbox or a company: the person comes first.
        let entity = meanings
            .iter()
            .filter_map(entity_of)
            .max_by_key(|e| (*e == Entity::Person, *e != Entity::Identifier))?;
        let same: Vec<_> = meanings
            .iter()
            .filter(|m| entity_of(m) == Some(entity))
            .collect();
        let wholes: Vec<_> = same.iter().filter(|m| m.whole).collect();
        Some(match (&wholes[..], &same[..]) {
            ([one], _) => (Some(one.subject), entity, true),
            ([], [one]) => (Some(one.subject), entity, false),
            (wholes, _) => (None, entity, !wholes.is_empty()),
        })
    }

    fn is_person_part(&self, folded: &str) -> bool {
        let is_person = |m: &Meaning| {
            self.subjects
                .get(m.subject)
                .is_some_and(|s| s.entity == Entity::Person)
        };
        self.terms
            .get(folded)
            .is_some_and(|meanings| meanings.iter().any(is_person))
    }

    /// The one person that `folded` means.
    fn person_of(&self, folded: &str) -> Option<usize> {
        let (subject, entity, _) = self.meaning(self.terms.get(folded)?)?;
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
        for way in ways.into_iter().filter(|w| w.len() >= 5) {
            self.numbers.entry(way).or_insert(subject);
        }
    }

    fn find_numbers(&self, text: &Text<'_>, found: &mut Vec<Candidate>) {
        if self.numbers.is_empty() {
            return;
        }
        for run in &text.runs {
            for (from, to, range) in run.windows(5..20) {
                let Some(subject) = self.numbers.get(&run.digits(text.str, from, to)) else {
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
            Entity::CryptoWallet | Entity::Secret => value.to_owned(),
            Entity::SalesforceId => short_form(value).to_owned(),
            Entity::DateOfBirth => {
                let reading = dates(&Text::new(value, &[]))
                    .first()
                    .and_then(|d| d.readings.first().copied());
                reading.map_or_else(|| fold(value), |(y, m, d)| format!("{y:04}-{m:02}-{d:02}"))
            }
            Entity::Url => value.trim_end_matches('/').to_owned(),
            Entity::Person => {
                let folded = fold(value);
                super::aliases::without_titles(&folded).unwrap_or(folded)
            }
            Entity::Address
            | Entity::Age
            | Entity::Coordinates
            | Entity::Email
            | Entity::Identifier
            | Entity::IpAddress
            | Entity::Location
            | Entity::Organisation => fold(value),
        }
    }
}

fn record(range: Range<usize>, entity: Entity, score: f32, subject: Option<usize>) -> Candidate {
    Candidate {
        evidence: Evidence::Record,
        subject,
        ..Candidate::pattern(range, entity, score)
    }
}

/// Whether a term stands as a word; a genitive "s" may follow a single long one ("Müllers Bestellung").
fn is_bounded(text: &str, at: &Range<usize>, term: &str) -> bool {
    // Scripts without blanks between words have no borders to check.
    let joins = |c: char| is_word(c) && c < '\u{2e80}';
    let before = text.get(..at.start).and_then(|t| t.chars().next_back());
    let mut after = text.get(at.end..).unwrap_or("").chars();
    let first_word = term.chars().next().is_some_and(is_word);
    let last_word = term.chars().next_back().is_some_and(is_word);
    if first_word && before.is_some_and(joins) {
        return false;
    }
    match after.next() {
        Some('s')
            if term.len() >= 4
                && !term.ends_with('s')
                && !term.contains(' ')
                && term.bytes().all(|b| !b.is_ascii_digit()) =>
        {
            !after.next().is_some_and(joins)
        }
        Some('s') if term.contains(' ') && last_word => !after.next().is_some_and(joins),
        Some(c) => !(last_word && joins(c)),
        None => true,
    }
}
