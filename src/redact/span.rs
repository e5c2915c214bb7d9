//! What a recogniser found.

use std::ops::Range;

use crate::types::Entity;

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

/// What a find rests on; a stronger ground wins over a weaker one wherever two finds overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// A shape, with or without words around it that speak for it.
    Pattern,
    /// A value that a record of the request declares, or that was found earlier in the conversation.
    Record,
    /// Check digits or a complete grammar prove it.
    Checksum,
}

/// A find before overlaps are resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
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
}

/// The least score that counts.
pub const THRESHOLD: f32 = 0.5;

impl Candidate {
    /// A find that rests on a shape.
    pub const fn pattern(range: Range<usize>, entity: Entity, score: f32) -> Self {
        Self {
            range,
            entity: Some(entity),
            score,
            evidence: Evidence::Pattern,
            subject: None,
        }
    }

    /// A find that check digits or a complete grammar prove.
    pub const fn checked(range: Range<usize>, entity: Entity, score: f32) -> Self {
        Self {
            range,
            entity: Some(entity),
            score,
            evidence: Evidence::Checksum,
            subject: None,
        }
    }
}
