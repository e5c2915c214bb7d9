//! Cases: a call, and what a right answer holds. One JSON object per line.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::types::Name;

/// The most cases of a file.
const MAX_CASES: usize = 10_000;

/// One call of a use case and what is known of a right answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the report calls it.
    pub id: String,
    /// The use case.
    pub use_case: Name,
    /// Its variables, as `bailiwick.variables` of a request.
    pub variables: Map<String, Json>,
    /// What the answer must say.
    pub facts: Vec<Fact>,
    /// What it must not say: internal values, false conclusions.
    #[serde(default)]
    pub forbidden: Vec<String>,
    /// How it must look.
    #[serde(default)]
    pub format: Format,
}

/// Something that the answer must say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What the report calls it.
    pub name: String,
    /// Ways of saying it; one is enough.
    pub any_of: Vec<String>,
}

/// How an answer must look.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Format {
    /// The most words.
    pub max_words: Option<usize>,
    /// The fewest sentences.
    pub min_sentences: Option<usize>,
    /// Texts that must stand in it: labels, a greeting.
    pub must_contain: Vec<String>,
    /// How it starts.
    pub must_start_with: Option<String>,
}

/// Why a file of cases can't be used. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// Two cases of one name.
    #[error("line {line}: there is a case `{id}` already")]
    Duplicate {
        /// The second one's line.
        line: usize,
        /// The name.
        id: String,
    },
    /// No cases.
    #[error("there are no cases")]
    Empty,
    /// A fact that can't be missed.
    #[error("line {line}: the fact `{fact}` has an empty spelling, or none")]
    EmptyFact {
        /// The case's line.
        line: usize,
        /// The fact.
        fact: String,
    },
    /// Not a case.
    #[error("line {line} is no case")]
    Line {
        /// Which.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// A case that every answer passes.
    #[error("line {line}: the case names no facts")]
    NoFacts {
        /// Which.
        line: usize,
    },
    /// Too many cases.
    #[error("there are more than {limit} cases")]
    TooMany {
        /// The limit.
        limit: usize,
    },
}

/// Reads cases, one JSON object per line; blank lines are skipped.
///
/// # Errors
///
/// [`CasesError`] names the line.
pub fn read_cases(text: &str) -> Result<Vec<Case>, CasesError> {
    let mut cases = Vec::new();
    let mut ids = BTreeSet::new();
    for (line, text) in (1..).zip(text.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        let case: Case =
            serde_json::from_str(text).map_err(|source| CasesError::Line { line, source })?;
        check(&case, line)?;
        if !ids.insert(case.id.clone()) {
            return Err(CasesError::Duplicate { line, id: case.id });
        }
        cases.push(case);
        if cases.len() > MAX_CASES {
            return Err(CasesError::TooMany { limit: MAX_CASES });
        }
    }
    if cases.is_empty() {
        return Err(CasesError::Empty);
    }
    Ok(cases)
}

fn check(case: &Case, line: usize) -> Result<(), CasesError> {
    if case.facts.is_empty() {
        return Err(CasesError::NoFacts { line });
    }
    let empty = |fact: &&Fact| {
        fact.any_of.is_empty()
            || fact
                .any_of
                .iter()
                .any(|spelling| spelling.trim().is_empty())
    };
    match case.facts.iter().find(empty) {
        Some(fact) => Err(CasesError::EmptyFact {
            line,
            fact: fact.name.clone(),
        }),
        None => Ok(()),
    }
}

impl Case {
    /// Every value of the variables, in order: what an answer may know.
    pub fn input(&self) -> String {
        let mut out = String::new();
        for value in self.variables.values() {
            collect(value, &mut out);
        }
        out
    }
}

/// Appends the values in `json`; what Salesforce says about records is not part of them.
fn collect(json: &Json, out: &mut String) {
    let mut add = |text: &str| {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(text);
    };
    match json {
        Json::String(text) => add(text),
        Json::Number(number) => add(&number.to_string()),
        Json::Array(items) => items.iter().for_each(|item| collect(item, out)),
        Json::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "attributes" | "totalSize" | "done"))
            .for_each(|(_, value)| collect(value, out)),
        Json::Bool(_) | Json::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crm::Catalogue;

    const SHIPPED: &str = include_str!("../../../tests/eval/cases.jsonl");

    #[test]
    fn bad_files_are_refused_by_line() {
        let case = |id: &str, facts: &str| {
            format!(r#"{{"id":"{id}","use_case":"x","variables":{{"a":"b"}},"facts":[{facts}]}}"#)
        };
        let fact = r#"{"name":"f","any_of":["b"]}"#;
        for (text, expected) in [
            (String::new(), "there are no cases"),
            ("{}".to_owned(), "line 1 is no case"),
            (case("a", ""), "line 1: the case names no facts"),
            (
                case("a", r#"{"name":"f","any_of":[" "]}"#),
                "line 1: the fact `f` has an empty spelling, or none",
            ),
            (
                format!("{}\n\n{}", case("a", fact), case("a", fact)),
                "line 3: there is a case `a` already",
            ),
        ] {
            assert_eq!(read_cases(&text).unwrap_err().to_string(), expected);
        }
        assert_eq!(read_cases(&case("a", fact)).unwrap()[0].input(), "b");
    }

    #[test]
    fn the_shipped_cases_are_sound() {
        let cases = read_cases(SHIPPED).unwrap();
        let catalogue = Catalogue::load(None, false).unwrap();
        let mut used = BTreeSet::new();
        for case in &cases {
            let id = &case.id;
            let known = catalogue.find(case.use_case.as_str(), None);
            assert!(known.is_some(), "{id}: no use case {}", case.use_case);
            used.insert(case.use_case.as_str());
            let input = case.input().to_lowercase();
            assert!(case.facts.len() >= 3, "{id}: too few facts");
            for fact in &case.facts {
                let said = fact
                    .any_of
                    .iter()
                    .any(|s| input.contains(&s.to_lowercase()));
                assert!(said, "{id}: the input does not say `{}`", fact.name);
            }
        }
        assert!(cases.len() >= 30);
        let all: BTreeSet<&str> = catalogue.iter().map(|own| own.name().as_str()).collect();
        assert_eq!(used, all, "a use case has no case");
    }
}
