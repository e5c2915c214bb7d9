//! Finds of the recogniser of names grow over what others found right beside them: a first name that a greeting gave
//! away and the surname after it are one person, a street and the town behind it one address.

use std::ops::Range;

use crate::types::Entity;

use super::defaults::is_kept;
use super::span::{Candidate, Evidence, THRESHOLD};
use super::text::Text;

/// Longest address that finds are joined to, in bytes.
const MAX_ADDRESS: usize = 200;
/// Longest name.
const MAX_NAME: usize = 80;

/// Lets the model's finds among `found` grow over their neighbours of the same kind.
pub(super) fn join(text: &Text<'_>, found: &mut [Candidate]) {
    for family in [Family::Person, Family::Address] {
        let mut parts: Vec<usize> = (0..found.len())
            .filter(|index| found.get(*index).is_some_and(|c| family.has(c)))
            .collect();
        if !parts.iter().any(|index| is_of_model(found, *index)) {
            continue;
        }
        parts.sort_by_key(|index| found.get(*index).map(|c| (c.range.start, c.range.end)));
        let mut rest = &parts[..];
        while let Some(chain) = family.chain(text, found, rest) {
            let (joined, later) = rest.split_at(chain.0);
            grow(found, joined, &chain.1, family);
            rest = later;
        }
    }
}

/// Takes out the dates of the model that are told by words, too, where what they have beyond those holds no number: the
/// words know where a date begins and ends.
pub(super) fn prefer_words(text: &Text<'_>, found: &mut Vec<Candidate>) {
    let is_date = |c: &Candidate| c.entity == Some(Entity::DateTime) && c.score >= THRESHOLD;
    let told = found
        .iter()
        .filter(|c| is_date(c) && c.evidence == Evidence::Words);
    let mut told: Vec<_> = told.map(|c| c.range.clone()).collect();
    if told.is_empty() {
        return;
    }
    told.sort_by_key(|range| range.start);
    found.retain(|c| {
        if !is_date(c) || c.evidence != Evidence::Model {
            return true;
        }
        let first = told.partition_point(|range| range.end <= c.range.start);
        let own = told.get(first..).unwrap_or_default();
        let count = own.partition_point(|range| range.start < c.range.end);
        let mut from = c.range.start;
        let mut numbers = false;
        for range in own.get(..count).unwrap_or_default() {
            numbers |= has_digit(text.slice(from..range.start.max(from)));
            from = range.end;
        }
        numbers |= has_digit(text.slice(from.min(c.range.end)..c.range.end));
        count == 0 || numbers
    });
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

/// Kinds whose finds side by side are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Person,
    Address,
}

impl Family {
    fn has(self, candidate: &Candidate) -> bool {
        let kept = candidate
            .entity
            .is_some_and(|entity| is_kept(entity, candidate.evidence));
        candidate.score >= THRESHOLD
            && !kept
            && match self {
                Self::Person => candidate.entity == Some(Entity::Person),
                Self::Address => {
                    matches!(candidate.entity, Some(Entity::Address | Entity::Location))
                }
            }
    }

    /// Whether what stands between two finds joins them.
    fn is_joined_by(self, between: &str) -> bool {
        let lines = between.matches('\n').count();
        match self {
            // Between two names there is a space; a comma is between two people.
            Self::Person => matches!(between, " " | "\u{a0}" | "-"),
            Self::Address => {
                between.len() <= 4
                    && lines <= 1
                    && !between.is_empty()
                    && between.chars().all(|c| c == ',' || c.is_whitespace())
            }
        }
    }

    /// How many of `rest` hang together from its first on, and what they cover.
    fn chain(
        self,
        text: &Text<'_>,
        found: &[Candidate],
        rest: &[usize],
    ) -> Option<(usize, Range<usize>)> {
        let mut hull = found.get(*rest.first()?)?.range.clone();
        let mut members = 1;
        let longest = match self {
            Self::Person => MAX_NAME,
            Self::Address => MAX_ADDRESS,
        };
        for index in rest.get(1..)? {
            let next = &found.get(*index)?.range;
            let touches =
                next.start < hull.end || self.is_joined_by(text.slice(hull.end..next.start));
            if !touches || next.end.saturating_sub(hull.start) > longest {
                break;
            }
            hull.end = hull.end.max(next.end);
            members += 1;
        }
        Some((members, hull))
    }
}

fn is_of_model(found: &[Candidate], index: usize) -> bool {
    found
        .get(index)
        .is_some_and(|candidate| candidate.evidence == Evidence::Model)
}

/// Gives the surest of the model's finds in the chain the whole of it.
fn grow(found: &mut [Candidate], chain: &[usize], hull: &Range<usize>, family: Family) {
    let score = |index: &usize| found.get(*index).map_or(0.0, |candidate| candidate.score);
    let surest = chain
        .iter()
        .filter(|index| is_of_model(found, **index))
        .max_by(|a, b| score(a).total_cmp(&score(b)))
        .copied();
    // Two places side by side are an address only where something of them is one.
    let address = chain
        .iter()
        .filter_map(|index| found.get(*index))
        .any(|candidate| candidate.entity == Some(Entity::Address));
    if chain.len() < 2 || family == Family::Address && !address {
        return;
    }
    if let Some(candidate) = surest.and_then(|index| found.get_mut(index)) {
        candidate.range = hull.clone();
        if family == Family::Address {
            candidate.entity = Some(Entity::Address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds in `text`: `(part, entity, by the model)`; and the parts after joining, sorted and resolved.
    fn check(text: &str, finds: &[(&str, Entity, bool)], expected: &[(&str, Entity)]) {
        let mut found: Vec<_> = finds
            .iter()
            .map(|(part, entity, model)| {
                let at = text.find(part).unwrap();
                let pattern = Candidate::pattern(at..at + part.len(), *entity, 0.7);
                Candidate {
                    evidence: if *model {
                        Evidence::Model
                    } else {
                        Evidence::Pattern
                    },
                    ..pattern
                }
            })
            .collect();
        join(&Text::new(text, &[]), &mut found);
        let found: Vec<_> = super::super::resolve::resolve(found)
            .into_iter()
            .map(|c| (&text[c.range], c.entity.unwrap()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn words_know_where_a_date_ends() {
        let text = "bis 3.11. gebracht, hoje 14h, 5.5. in 3 km";
        let find = |part: &str, evidence| {
            let at = text.find(part).unwrap();
            Candidate {
                evidence,
                ..Candidate::pattern(at..at + part.len(), Entity::DateTime, 0.7)
            }
        };
        let words = ["3.11.", "hoje", "5.5."].map(|part| find(part, Evidence::Words));
        let model = ["bis 3.11. gebracht", "hoje 14h", "5.5.", "km"];
        let model = model.map(|part| find(part, Evidence::Model));
        let mut found = [&words[..], &model[..]].concat();
        prefer_words(&Text::new(text, &[]), &mut found);
        let left = [&words[..], &[model[1].clone(), model[3].clone()]].concat();
        assert_eq!(found, left);
    }

    #[test]
    fn neighbours_of_one_kind_are_one() {
        use Entity::{Address, Location, Organisation, Person};
        check(
            "Dear Anna Berger,",
            &[("Anna", Person, false), ("Berger", Person, true)],
            &[("Anna Berger", Person)],
        );
        check(
            "Anna, Berger",
            &[("Anna", Person, false), ("Berger", Person, true)],
            &[("Anna", Person), ("Berger", Person)],
        );
        check(
            "Anna\nBerger",
            &[("Anna", Person, false), ("Berger", Person, true)],
            &[("Anna", Person), ("Berger", Person)],
        );
        // Patterns alone are not this one's business.
        check(
            "Anna Berger",
            &[("Anna", Person, false), ("Berger", Person, false)],
            &[("Anna", Person), ("Berger", Person)],
        );
        check(
            "Weg 3, 89073 Ulm",
            &[("Weg 3", Address, false), ("89073 Ulm", Location, true)],
            &[("Weg 3, 89073 Ulm", Address)],
        );
        check(
            "Weg 3\n89073 Ulm",
            &[("Weg 3", Address, true), ("89073 Ulm", Location, true)],
            &[("Weg 3\n89073 Ulm", Address)],
        );
        check(
            "Ulm, Bonn",
            &[("Ulm", Location, true), ("Bonn", Location, true)],
            &[("Ulm", Location), ("Bonn", Location)],
        );
        // What stays in the text pulls nothing in.
        check(
            "Ulm Anna",
            &[("Ulm", Organisation, true), ("Anna", Person, true)],
            &[("Ulm", Organisation), ("Anna", Person)],
        );
    }
}
