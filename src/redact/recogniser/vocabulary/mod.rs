//! Words of closed lists: weekdays and months, peoples and creeds, states.
//!
//! One pass looks up the words of a text for the recognisers of points in time, nationalities and states. What they
//! find rests on words alone, so it gives way to whatever else was found in the same place.

mod around;
mod scan;
mod table;
#[cfg(test)]
mod tests;

pub(super) use self::around::Beside;
pub(super) use self::scan::{Plain, Word, scan, tagged_at};
pub(super) use self::table::{Language, Topic};

use super::super::error::RedactError;
use super::super::resolve::give_way;
use super::super::span::{Candidate, Evidence};
use super::super::text::Text;
use super::{Recogniser, country, moment, nationality};
use crate::types::Entity;

/// Finds points in time, nationalities and states.
#[derive(Debug)]
pub(super) struct Vocabulary;

/// A find that rests on words of a closed list.
pub(super) const fn worded(range: std::ops::Range<usize>, entity: Entity, score: f32) -> Candidate {
    Candidate {
        evidence: Evidence::Words,
        ..Candidate::pattern(range, entity, score)
    }
}

impl Recogniser for Vocabulary {
    fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
        let words = scan(text.str);
        let first = found.len();
        moment::find(text, &words, found);
        nationality::find(text, &words, found);
        country::find(text, &words, found);
        if found.len() > first {
            give_way(found);
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// One of the three alone.
    #[derive(Debug)]
    pub(in super::super) struct Worded(
        pub(in super::super) fn(&Text<'_>, &[Word], &mut Vec<Candidate>),
    );

    impl Recogniser for Worded {
        fn find(&self, text: &Text<'_>, found: &mut Vec<Candidate>) -> Result<(), RedactError> {
            (self.0)(text, &scan(text.str), found);
            Ok(())
        }
    }
}
