//! What becomes of a find where nobody said.

use crate::types::Entity;

use super::span::Evidence;

/// Whether a find stays in the text. What the model of names reads as an organisation, a date or a title is found and
/// shown, and stays, and so do dates and titles that words tell: a summary without dates is of no use, a company is no natural person, and a title alone is
/// nobody's. Records and other patterns find these only where they are personal.
pub(super) const fn is_kept(entity: Entity, evidence: Evidence) -> bool {
    match evidence {
        Evidence::Model => matches!(
            entity,
            Entity::DateTime | Entity::Organisation | Entity::Title
        ),
        Evidence::Words => matches!(entity, Entity::DateTime | Entity::Title),
        Evidence::Pattern | Evidence::Record | Evidence::Checksum => false,
    }
}
