//! What becomes of finds: modes, thresholds and lists, of a node, of plain chat and of a use case.
//!
//! The same table stands in `[redaction]`, in `[chat.redaction]` and in the `[redaction]` of a use case's file. What the
//! narrower one says of a kind holds; lists add up, and a deny list prevails over every allow list.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::types::{Entity, Mode};

use super::checked::CustomPattern;

/// Most entries of one list.
const MAX_ENTRIES: usize = 64;
/// Most texts of one list, all entries together.
const MAX_TEXTS: usize = 1_000;
/// Longest text of a list in bytes.
const MAX_TEXT: usize = 256;

/// Modes, thresholds and lists as they are written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawRules {
    /// What becomes of each kind.
    pub modes: BTreeMap<Entity, Mode>,
    /// The least score that counts, for each kind.
    pub thresholds: BTreeMap<Entity, f32>,
    /// What is let through.
    pub allow: Vec<RawListed>,
    /// What is taken for personal in any case.
    pub deny: Vec<RawListed>,
}

/// An entry of a list as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawListed {
    /// What it is about: in an allow list every kind without it, in a deny list `IDENTIFIER`.
    pub entity: Option<Entity>,
    /// Whole texts, in any case.
    #[serde(default)]
    pub texts: Vec<String>,
    /// A regular expression.
    pub pattern: Option<String>,
}

/// What is wrong with rules, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFault {
    /// The key, within its table.
    pub key: String,
    /// What is wrong.
    pub problem: String,
}

/// Modes, thresholds and lists, checked. Shows nothing of the lists.
#[derive(Clone, Default)]
pub struct RedactionRules {
    modes: BTreeMap<Entity, Mode>,
    thresholds: BTreeMap<Entity, f32>,
    allow: Vec<Allowed>,
    deny: Option<Denied>,
}

#[derive(Clone)]
struct Allowed {
    entity: Option<Entity>,
    texts: HashSet<String>,
    pattern: Option<Regex>,
}

#[derive(Clone)]
struct Denied {
    texts: AhoCorasick,
    /// By the number of the text.
    entities: Vec<Entity>,
    patterns: Vec<(Entity, Regex)>,
}

impl RedactionRules {
    /// Checks what was written.
    ///
    /// # Errors
    ///
    /// [`RuleFault`] names the key.
    pub fn new(raw: RawRules) -> Result<Self, RuleFault> {
        for (entity, threshold) in &raw.thresholds {
            if !(0.0..=1.0).contains(threshold) {
                let key = format!("thresholds.{entity}");
                return Err(fault(&key, "a threshold is a number from 0 to 1"));
            }
        }
        check_bounds("allow", &raw.allow)?;
        check_bounds("deny", &raw.deny)?;
        let allow = raw.allow.into_iter().map(|listed| {
            // The whole find must fit.
            let whole = |pattern: &String| compile("allow", &format!("^(?:{pattern})$"), pattern);
            Ok(Allowed {
                entity: listed.entity,
                texts: listed.texts.iter().map(|text| plain(text)).collect(),
                pattern: listed.pattern.as_ref().map(whole).transpose()?,
            })
        });
        let allow = allow.collect::<Result<_, RuleFault>>()?;
        Ok(Self {
            modes: raw.modes,
            thresholds: raw.thresholds,
            allow,
            deny: Denied::new(&raw.deny)?,
        })
    }

    /// What becomes of a kind, where these rules say so.
    pub fn mode(&self, entity: Entity) -> Option<Mode> {
        self.modes.get(&entity).copied()
    }

    /// The least score that counts for a kind, where these rules say so.
    pub fn threshold(&self, entity: Entity) -> Option<f32> {
        self.thresholds.get(&entity).copied()
    }

    /// Whether every find counts as it is: there are no thresholds and no allow lists.
    pub fn judge_nothing(&self) -> bool {
        self.thresholds.is_empty() && self.allow.is_empty()
    }

    /// Whether a find of `entity` that reads `text` is let through.
    pub fn allows(&self, entity: Entity, text: &str) -> bool {
        if self.allow.is_empty() {
            return false;
        }
        let own = plain(text);
        let about = |listed: &&Allowed| listed.entity.is_none_or(|listed| listed == entity);
        self.allow.iter().filter(about).any(|listed| {
            let fits = |pattern: &Regex| pattern.is_match(text);
            listed.texts.contains(&own) || listed.pattern.as_ref().is_some_and(fits)
        })
    }

    /// Calls `each` with what of `text` is denied, and what it is taken for.
    pub fn denied(&self, text: &str, mut each: impl FnMut(Range<usize>, Entity)) {
        let Some(deny) = &self.deny else {
            return;
        };
        for hit in deny.texts.find_iter(text) {
            let entity = deny.entities.get(hit.pattern().as_usize());
            if let Some(entity) = entity.filter(|_| is_alone(text, &hit.range())) {
                each(hit.range(), *entity);
            }
        }
        for (entity, pattern) in &deny.patterns {
            for hit in pattern.find_iter(text).filter(|hit| !hit.is_empty()) {
                each(hit.range(), *entity);
            }
        }
    }

    /// Whether there is a deny list.
    pub const fn denies(&self) -> bool {
        self.deny.is_some()
    }
}

impl fmt::Debug for RedactionRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactionRules")
            .field("modes", &self.modes)
            .field("thresholds", &self.thresholds)
            .field("allow", &self.allow.len())
            .field("deny", &self.deny.is_some())
            .finish()
    }
}

impl Denied {
    fn new(raw: &[RawListed]) -> Result<Option<Self>, RuleFault> {
        if raw.is_empty() {
            return Ok(None);
        }
        let (mut texts, mut entities, mut patterns) = (Vec::new(), Vec::new(), Vec::new());
        for listed in raw {
            let entity = listed.entity.unwrap_or(Entity::Identifier);
            for text in &listed.texts {
                texts.push(text.trim());
                entities.push(entity);
            }
            if let Some(pattern) = &listed.pattern {
                patterns.push((entity, compile("deny", pattern, pattern)?));
            }
        }
        let texts = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(texts)
            .map_err(|_| fault("deny", "its texts are too long together"))?;
        Ok(Some(Self {
            texts,
            entities,
            patterns,
        }))
    }
}

fn check_bounds(key: &str, list: &[RawListed]) -> Result<(), RuleFault> {
    let texts = || list.iter().flat_map(|listed| &listed.texts);
    if list.len() > MAX_ENTRIES || texts().count() > MAX_TEXTS {
        return Err(fault(
            key,
            "at most 64 entries and 1000 texts in all of them",
        ));
    }
    if texts().any(|text| text.trim().is_empty() || text.len() > MAX_TEXT) {
        return Err(fault(key, "a text has 1 to 256 bytes"));
    }
    let says = |listed: &RawListed| !listed.texts.is_empty() || listed.pattern.is_some();
    if !list.iter().all(says) {
        return Err(fault(key, "an entry needs `texts` or a `pattern`"));
    }
    Ok(())
}

/// Compiles `pattern` within the bounds of all patterns; `written` is what messages and bounds are about.
fn compile(key: &str, pattern: &str, written: &str) -> Result<Regex, RuleFault> {
    check_pattern(written).map_err(|problem| fault(key, problem))?;
    let built = RegexBuilder::new(pattern)
        .size_limit(CustomPattern::MAX_COMPILED)
        .build();
    built.map_err(|_| fault(key, "`pattern` does not compile"))
}

/// What is wrong with a pattern of the operator's, if anything is.
pub(super) fn check_pattern(pattern: &str) -> Result<(), String> {
    if pattern.len() > CustomPattern::MAX_PATTERN {
        return Err("`pattern` has over 1024 bytes".to_owned());
    }
    let compiled = RegexBuilder::new(pattern)
        .size_limit(CustomPattern::MAX_COMPILED)
        .build();
    match compiled {
        Ok(regex) if regex.is_match("") => {
            Err("`pattern` matches the empty text, so it matches everywhere".to_owned())
        }
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => {
            Err("`pattern` grows too big; use fewer or smaller repetitions".to_owned())
        }
        Err(error) => Err(format!("`pattern` does not compile: {error}")),
    }
}

fn fault(key: &str, problem: impl Into<String>) -> RuleFault {
    RuleFault {
        key: key.to_owned(),
        problem: problem.into(),
    }
}

/// In lower case, white space as single blanks.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// Whether no word goes on at the ends of `range`.
fn is_alone(text: &str, range: &Range<usize>) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let joined =
        |a: Option<char>, b: Option<char>| a.is_some_and(is_word) && b.is_some_and(is_word);
    let before = text.get(..range.start).and_then(|s| s.chars().next_back());
    let after = text.get(range.end..).and_then(|s| s.chars().next());
    let own = text.get(range.clone()).unwrap_or("");
    !joined(before, own.chars().next()) && !joined(own.chars().next_back(), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Result<RedactionRules, RuleFault> {
        RedactionRules::new(toml::from_str(text).unwrap())
    }

    #[test]
    fn modes_and_thresholds_are_read() {
        let own =
            rules("modes = { PERSON = \"surrogate\" }\nthresholds = { PHONE = 0.8 }").unwrap();
        assert_eq!(own.mode(Entity::Person), Some(Mode::Surrogate));
        assert_eq!(own.mode(Entity::Email), None);
        assert_eq!(own.threshold(Entity::Phone), Some(0.8));
    }

    #[test]
    fn an_allow_list_lets_whole_finds_through() {
        let own = rules(
            "[[allow]]\nentity = \"EMAIL\"\ntexts = [\"Help@example.com\"]\n[[allow]]\npattern = 'KD-[0-9]+'",
        )
        .unwrap();
        for (entity, text, allowed) in [
            (Entity::Email, "help@EXAMPLE.com", true),
            (Entity::Person, "help@example.com", false),
            (Entity::Email, "xhelp@example.com", false),
            (Entity::Identifier, "KD-12", true),
            (Entity::Phone, "KD-12", true),
            (Entity::Identifier, "KD-12 x", false),
        ] {
            assert_eq!(own.allows(entity, text), allowed, "{entity} {text}");
        }
    }

    #[test]
    fn a_deny_list_finds_words_and_patterns() {
        let own = rules(
            "[[deny]]\ntexts = [\"Falcon\", \"Falcon Nine\"]\n[[deny]]\nentity = \"PERSON\"\npattern = 'agent [A-Z]'",
        )
        .unwrap();
        let text = "falcon nine met agent Q, no Falconer, in FALCON.";
        let mut found = Vec::new();
        own.denied(text, |range, entity| {
            found.push((text[range].to_owned(), entity))
        });
        let expected = [
            ("falcon nine", Entity::Identifier),
            ("FALCON", Entity::Identifier),
            ("agent Q", Entity::Person),
        ];
        let expected: Vec<_> = expected
            .map(|(text, entity)| (text.to_owned(), entity))
            .into();
        assert_eq!(found, expected);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, key, says) in [
            ("thresholds = { PHONE = 2.0 }", "thresholds.PHONE", "0 to 1"),
            ("[[allow]]\npattern = '['", "allow", "does not compile"),
            ("[[deny]]\npattern = 'x*'", "deny", "empty text"),
            ("[[deny]]\npattern = '(?:a{500}){500}'", "deny", "too big"),
            ("[[deny]]\nentity = \"PERSON\"", "deny", "needs `texts`"),
            ("[[deny]]\ntexts = [\" \"]", "deny", "1 to 256"),
        ] {
            let fault = rules(text).unwrap_err();
            assert_eq!(fault.key, key, "{text}");
            assert!(fault.problem.contains(says), "{text}: {}", fault.problem);
        }
    }
}
