//! Which finds count, and what becomes of each.
//!
//! The order: thresholds; allow lists, unless a deny list names the find; kinds that are kept. All of that before overlaps
//! are resolved, so that what is let through hides nothing that is not.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::RedactionRules;
use crate::types::{Entity, Mode};

use super::forms;
use super::span::{Candidate, Evidence, THRESHOLD};

/// What finds of deny lists are explained with.
pub(super) const DENIED: &str = "deny list";
/// The rules of one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// The use case's or plain chat's.
    pub(super) own: Arc<RedactionRules>,
    /// The node's.
    pub(super) node: Arc<RedactionRules>,
    /// The kinds that are replaced; `None`: all.
    pub(super) only: Option<BTreeSet<Entity>>,
}

impl Rules {
    /// What becomes of a value that a record declares as a whole.
    pub(super) fn declared(&self, entity: Entity) -> Mode {
        self.said(entity).unwrap_or_default()
    }

    /// What becomes of a find.
    pub(super) fn mode(&self, found: &Candidate) -> Mode {
        let Some(entity) = found.entity else {
            return Mode::Placeholder;
        };
        let usual = if found.is_kept() {
            Mode::Keep
        } else {
            Mode::Placeholder
        };
        self.said(entity).unwrap_or(usual)
    }

    /// Whether a find stays in the text.
    pub(super) fn is_kept(&self, found: &Candidate) -> bool {
        self.mode(found) == Mode::Keep
    }

    fn said(&self, entity: Entity) -> Option<Mode> {
        self.own.mode(entity).or_else(|| self.node.mode(entity))
    }

    /// Whether values of some kind get surrogates.
    pub(super) fn have_surrogates(&self) -> bool {
        self.have(Mode::Surrogate)
    }

    /// Whether values of some kind get hashes.
    pub(super) fn hash(&self) -> bool {
        self.have(Mode::Hash)
    }

    fn have(&self, mode: Mode) -> bool {
        Entity::ALL
            .iter()
            .any(|entity| self.said(*entity) == Some(mode))
    }

    /// Adds what deny lists find in `text`.
    pub(super) fn denied(&self, text: &str, found: &mut Vec<Candidate>) {
        for rules in [&self.own, &self.node] {
            rules.denied(text, |range, entity| {
                found.push(Candidate {
                    evidence: Evidence::Record,
                    source: DENIED,
                    ..Candidate::pattern(range, entity, 1.0)
                });
            });
        }
    }

    /// Keeps of `found` what is to be replaced.
    pub(super) fn retain(&self, text: &str, found: &mut Vec<Candidate>) {
        if self.only.is_none() && self.own.judge_nothing() && self.node.judge_nothing() {
            return;
        }
        found.retain_mut(|candidate| {
            let Some(entity) = candidate.entity else {
                return true;
            };
            if candidate.source == forms::SOURCE {
                return true;
            }
            if self
                .only
                .as_ref()
                .is_some_and(|only| !only.contains(&entity))
            {
                return false;
            }
            let judged = candidate.evidence != Evidence::Record;
            let threshold = self.own.threshold(entity);
            if let Some(least) = threshold.or_else(|| self.node.threshold(entity))
                && judged
            {
                if candidate.score < least {
                    return false;
                }
                candidate.score = candidate.score.max(THRESHOLD);
            }
            let written = text.get(candidate.range.clone()).unwrap_or("");
            let allowed = |rules: &RedactionRules| rules.allows(entity, written);
            candidate.source == DENIED || !(allowed(&self.own) || allowed(&self.node))
        });
    }
}
