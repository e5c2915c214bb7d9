//! What a recogniser found.

use std::ops::Range;

use crate::types::Entity;

use super::defaults::is_kept;

/// A stretch of text that is personal data; resolved spans never overlap and are sorted.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Byte offsets in the original text, on character borders.
    pub range: Range<usize>,
    /// What it is.
    pub entity: Entity,
    /// How sure, from 0 to 1.
    pub score: f32,
}

impl Span {
    /// The offsets of sorted spans of `text` in Unicode code points.
    pub fn in_code_points(spans: &[Self], text: &str) -> Vec<Range<usize>> {
        let (mut byte, mut point) = (0, 0);
        let mut at = |offset: usize| {
            let between = text.get(byte..offset);
            point += between.map_or(0, |between| between.chars().count());
            byte = offset;
            point
        };
        spans
            .iter()
            .map(|span| at(span.range.start)..at(span.range.end))
            .collect()
    }
}

/// What a find rests on; a stronger ground wins over a weaker one wherever two finds overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Words of a closed list: months, peoples, states. Dates that are found so are kept.
    Words,
    /// A shape, with or without words around it that speak for it.
    Pattern,
    /// The model of the recogniser of names read it so. Organisations, dates and titles that it finds are kept.
    Model,
    /// A value that a record of the request declares, or that was found elsewhere in the conversation.
    Record,
    /// Check digits or a complete grammar prove it.
    Checksum,
}

/// A find, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What was found.
    pub span: Span,
    /// Which recogniser found it, or `records`.
    pub source: &'static str,
    /// What it rests on.
    pub evidence: Evidence,
    /// What stands for it in the masked text; `None` where its score is too low, or it is kept.
    pub masked: Option<Span>,
    /// Whether it stays in the text though it is sure enough: see [`Evidence::Model`].
    pub kept: bool,
}

/// A find before overlaps are resolved.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::redact) struct Candidate {
    /// Byte offsets in the original text, on character borders.
    pub range: Range<usize>,
    /// What it is; `None`: text that only looks like a placeholder.
    pub entity: Option<Entity>,
    /// How sure, from 0 to 1; below [`THRESHOLD`] it is dropped.
    pub score: f32,
    /// What it rests on.
    pub evidence: Evidence,
    /// The subject of the records that it names, if the record layer found it.
    pub subject: Option<usize>,
    /// Who found it; filled in by whoever asked.
    pub source: &'static str,
}

/// The least score that counts.
pub(in crate::redact) const THRESHOLD: f32 = 0.5;

impl Candidate {
    /// Whether it stays in the text.
    pub(in crate::redact) fn is_kept(&self) -> bool {
        self.entity
            .is_some_and(|entity| is_kept(entity, self.evidence))
    }

    /// A find that rests on a shape.
    pub(in crate::redact) const fn pattern(
        range: Range<usize>,
        entity: Entity,
        score: f32,
    ) -> Self {
        Self {
            range,
            entity: Some(entity),
            score,
            evidence: Evidence::Pattern,
            subject: None,
            source: "",
        }
    }

    /// A find that check digits or a complete grammar prove.
    pub(in crate::redact) const fn checked(
        range: Range<usize>,
        entity: Entity,
        score: f32,
    ) -> Self {
        Self {
            range,
            entity: Some(entity),
            score,
            evidence: Evidence::Checksum,
            subject: None,
            source: "",
        }
    }
}
