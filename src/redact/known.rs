//! What the records of a request say about people: searched for in every text of it.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use unicode_normalization::UnicodeNormalization as _;

use crate::crm::{Body, InputValue};
use crate::types::Entity;

use super::error::RedactError;
use super::span::{Candidate, Evidence};

/// Most terms to search for.
const MAX_TERMS: usize = 50_000;
/// Shortest part of a name or address that is searched for alone, in characters.
const MIN_PART: usize = 3;
/// Words in names that say nothing alone.
const TITLES: &[&str] = &["dr", "prof", "mr", "mrs", "ms", "miss", "herr", "frau", "mme", "sir", "von", "van", "der", "den", "del", "della", "the", "and"];
/// Given and family names that are ordinary English words: found alone only with a capital inside a sentence.
const COMMON: &[&str] = &["will", "mark", "rose", "may", "grace", "hope", "bill", "art", "frank", "grant", "case", "young", "long", "king", "page", "price", "reed", "rich", "sunny", "summer", "april", "june", "joy", "faith", "dawn", "ivy", "lane", "wood", "stone", "brown", "green", "white", "black", "gray"];

/// The values and what to search for.
#[derive(Debug, Default)]
pub(super) struct Known {
    search: Option<AhoCorasick>,
    /// Per pattern: the kind, and whether it needs a capital inside a sentence.
    patterns: Vec<(Entity, bool)>,
    /// (kind, normalised alias) → normalised whole value and its surface form; `None` where two differ.
    aliases: BTreeMap<(Entity, String), Option<(String, String)>>,
}

impl Known {
    pub(super) fn of(body: &Body) -> Result<Self, RedactError> {
        let mut values = Vec::new();
        if let Body::UseCase { inputs, .. } = body {
            inputs.iter().for_each(|input| collect(&input.value, &mut values));
        }
        let mut known = Self::default();
        let mut terms: BTreeMap<String, (Entity, bool)> = BTreeMap::new();
        for (entity, value) in values {
            for (alias, common) in aliases(entity, &value) {
                let slot = (entity, normalised(entity, &alias));
                let whole = (normalised(entity, &value), value.clone());
                let entry = known.aliases.entry(slot).or_insert_with(|| Some(whole.clone()));
                if entry.as_ref().is_some_and(|(key, _)| *key != whole.0) {
                    *entry = None;
                }
                for form in forms(&alias) {
                    terms.entry(form).or_insert((entity, common));
                }
            }
            if terms.len() > MAX_TERMS {
                return Err(RedactError::TooManyTerms { limit: MAX_TERMS });
            }
        }
        if !terms.is_empty() {
            let build = AhoCorasickBuilder::new()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::LeftmostLongest)
                .build(terms.keys());
            known.search = Some(build.map_err(|_| RedactError::Search)?);
            known.patterns = terms.into_values().collect();
        }
        Ok(known)
    }

    /// Adds what of the records stands in `text`.
    pub(super) fn find(&self, text: &str, found: &mut Vec<Candidate>) {
        let Some(search) = &self.search else {
            return;
        };
        for hit in search.find_iter(text) {
            let Some((entity, common)) = self.patterns.get(hit.pattern().as_usize()) else {
                continue;
            };
            let before = text.get(..hit.start()).and_then(|before| before.chars().next_back());
            let after = text.get(hit.end()..).and_then(|after| after.chars().next());
            if before.is_some_and(char::is_alphanumeric) || after.is_some_and(char::is_alphanumeric) {
                continue;
            }
            let capital = text.get(hit.range()).and_then(|value| value.chars().next()).is_some_and(char::is_uppercase);
            if *common && (!capital || starts_sentence(text, hit.start())) {
                continue;
            }
            found.push(Candidate { evidence: Evidence::Record, ..Candidate::pattern(hit.range(), *entity, 0.95) });
        }
    }

    /// The normalised form under which a value gets its placeholder, and what it is restored to: an alias
    /// that means one record value gets that one's.
    pub(super) fn identity(&self, entity: Entity, value: &str) -> (String, String) {
        let own = normalised(entity, value);
        match self.aliases.get(&(entity, own.clone())) {
            Some(Some((key, whole))) => (key.clone(), whole.clone()),
            _ => (own, value.to_owned()),
        }
    }
}

fn collect(value: &InputValue, found: &mut Vec<(Entity, String)>) {
    match value {
        InputValue::Missing => {}
        InputValue::List(items) => items.iter().for_each(|item| collect(item, found)),
        InputValue::Object(fields) => fields.iter().for_each(|(_, value)| collect(value, found)),
        InputValue::Text(field) => {
            let text = field.text.expose().trim();
            if let Some(entity) = field.entity.filter(|_| text.chars().count() > 1) {
                found.push((entity, text.to_owned()));
            }
        }
    }
}

/// The value, and what of it may stand alone; with whether a part is an ordinary word.
fn aliases(entity: Entity, value: &str) -> Vec<(String, bool)> {
    let mut found = vec![(value.to_owned(), false)];
    let parts: Vec<&str> = value.split([' ', ',', '\n', '\r', '\t']).filter(|part| !part.is_empty()).collect();
    match entity {
        Entity::Person if parts.len() > 1 => {
            for part in &parts {
                let lower = part.trim_matches('.').to_lowercase();
                if lower.chars().count() >= MIN_PART && !TITLES.contains(&lower.as_str()) {
                    found.push(((*part).to_owned(), COMMON.contains(&lower.as_str())));
                }
            }
            if let (Some(first), Some(last)) = (parts.first(), parts.last()) {
                found.push((format!("{last}, {first}"), false));
                if let Some(initial) = first.chars().next() {
                    found.push((format!("{initial}. {last}"), false));
                }
            }
        }
        Entity::Address => {
            let lines = value.split(['\n', ',']).map(str::trim).filter(|line| line.chars().count() >= 6);
            found.extend(lines.map(|line| (line.to_owned(), false)));
            // The street without its number.
            let street = value.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_whitespace());
            if street.chars().count() >= 6 && street.len() < value.len() {
                found.push((street.to_owned(), false));
            }
        }
        _ => {}
    }
    found
}

/// The ways in which a term may be written; ASCII letters match in either case.
fn forms(term: &str) -> BTreeSet<String> {
    let spelled: String = term
        .chars()
        .map(|c| match c {
            'ä' => "ae".to_owned(),
            'ö' | 'ø' => "oe".to_owned(),
            'ü' => "ue".to_owned(),
            'Ä' => "Ae".to_owned(),
            'Ö' | 'Ø' => "Oe".to_owned(),
            'Ü' => "Ue".to_owned(),
            'ß' => "ss".to_owned(),
            'å' => "aa".to_owned(),
            other => other.to_string(),
        })
        .collect();
    [term.to_owned(), term.to_lowercase(), term.to_uppercase(), plain(term), spelled, term.nfd().collect()].into()
}

/// Letters without their marks.
fn plain(term: &str) -> String {
    term.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect()
}

/// The form in which two ways of writing one value are equal.
fn normalised(entity: Entity, value: &str) -> String {
    match entity {
        Entity::Phone | Entity::Card => value.chars().filter(char::is_ascii_digit).collect(),
        Entity::Iban | Entity::NationalId => {
            value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
        }
        Entity::Person => forms_key(value.trim_end_matches("'s").trim_end_matches("’s")),
        _ => forms_key(value),
    }
}

fn forms_key(value: &str) -> String {
    let lower = value.to_lowercase();
    let spelled: String = plain(&lower.replace('ä', "ae").replace(['ö', 'ø'], "oe").replace('ü', "ue").replace('ß', "ss"));
    spelled.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn starts_sentence(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default().trim_end();
    before.is_empty() || before.ends_with(['.', '!', '?', ':', '\n'])
}
