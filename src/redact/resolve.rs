//! What becomes of finds that overlap: together they are one span, and the strongest names it.
//!
//! Finds that overlap, directly or through others between them, are replaced by *one* placeholder that
//! covers all of them: whatever was found is masked to its last letter, and a placeholder never ends up
//! inside, or half over, another one. What the span is called says the find that covers the whole of it,
//! or, where none does, the strongest. The order of strength: proven by check digits or grammar > value of a
//! record > read by the model of names > shape > words of a list; then the higher score; then the longer; then the earlier.
//!
//! Different readings of one number are another matter (which groups of digits belong to the phone
//! number?): there the recogniser that made them keeps the best ([`best_readings`]), and only that
//! comes here. And a date that rests on words of a list alone gives way wherever it overlaps a find of another
//! kind ([`give_way`]): it neither names nor widens that.

use std::cmp::Ordering;

use super::span::{Candidate, Evidence, THRESHOLD};
use crate::types::Entity;

/// The spans that stand for `found`, sorted by place, without overlaps; they cover every find that
/// passes the threshold.
pub(super) fn resolve(mut found: Vec<Candidate>) -> Vec<Candidate> {
    found.retain(counts);
    found.sort_by_key(|c| c.range.start);
    let mut stands: Vec<Candidate> = Vec::with_capacity(found.len());
    let mut rest = &found[..];
    while let Some((first, _)) = rest.split_first() {
        let mut hull = first.range.clone();
        let mut members = 0;
        for next in rest {
            if next.range.start >= hull.end {
                break;
            }
            hull.end = hull.end.max(next.range.end);
            members += 1;
        }
        let (cluster, others) = rest.split_at(members);
        // Text that only looks like a placeholder names nothing that is personal.
        let rank = |c: &Candidate| (c.entity.is_none(), c.range != hull);
        let strongest = cluster
            .iter()
            .min_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| order(a, b)));
        stands.extend(strongest.map(|named| Candidate {
            // A stretch that is more than the value means nobody's value any more.
            subject: named.subject.filter(|_| {
                named.range == hull
                    || has_parts(named) && cluster.iter().all(|c| c.subject == named.subject)
            }),
            range: hull,
            ..named.clone()
        }));
        rest = others;
    }
    stands
}

/// Of finds that are readings of one and the same number, keeps the strongest wherever two overlap.
pub(super) fn best_readings(found: &mut Vec<Candidate>, from: usize) {
    let mut readings = found.split_off(from.min(found.len()));
    readings.sort_by(order);
    let mut taken: std::collections::BTreeMap<usize, Candidate> = std::collections::BTreeMap::new();
    for reading in readings {
        let before = taken.range(..reading.range.end).next_back();
        if before.is_none_or(|(_, other)| other.range.end <= reading.range.start) {
            taken.insert(reading.range.start, reading);
        }
    }
    found.extend(taken.into_values());
}

/// Takes out what rests on words of a list alone: a date where something of another kind overlaps it, anything else
/// where that covers it.
pub(super) fn give_way(found: &mut Vec<Candidate>) {
    let words = |c: &Candidate| c.evidence == Evidence::Words;
    if !found.iter().any(words) {
        return;
    }
    let others = found.iter().filter(|c| !words(c) && counts(c));
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut all: Vec<_> = others
        .map(|c| (place(c.range.start), place(c.range.end), c.entity))
        .collect();
    all.sort_unstable_by_key(|(start, end, _)| u64::from(*start) << 32 | u64::from(*end));
    for entity in [
        Entity::DateTime,
        Entity::Nationality,
        Entity::Location,
        Entity::Title,
    ] {
        let yields = |c: &Candidate| words(c) && c.entity == Some(entity);
        if !found.iter().any(yields) {
            continue;
        }
        let others = all.iter().filter(|(_, _, own)| *own != Some(entity));
        let mut others: Vec<_> = others.map(|(start, end, _)| (*start, *end)).collect();
        // Where the farthest of all that start up to there ends.
        let mut farthest = 0;
        for (_, end) in &mut others {
            farthest = farthest.max(*end);
            *end = farthest;
        }
        found.retain(|c| {
            if !yields(c) {
                return true;
            }
            let (starts, ends) = match entity {
                Entity::DateTime => (c.range.end, c.range.start + 1),
                _ => (c.range.start + 1, c.range.end),
            };
            let (starts, ends) = (place(starts), place(ends));
            let behind = others.partition_point(|(start, _)| *start < starts);
            let last = behind.checked_sub(1).and_then(|last| others.get(last));
            last.is_none_or(|(_, end)| *end < ends)
        });
    }
}

/// Whether parts of the value, one over the other, are still the value: "Herr Weber" and "Weber, Anna" are,
/// while `11 11 11`, where 1111 is known, is another number.
fn has_parts(candidate: &Candidate) -> bool {
    matches!(
        candidate.entity,
        Some(Entity::Address | Entity::Organisation | Entity::Person)
    )
}

fn counts(candidate: &Candidate) -> bool {
    candidate.score >= THRESHOLD && candidate.range.start < candidate.range.end
}

/// The stronger first.
fn order(a: &Candidate, b: &Candidate) -> Ordering {
    b.evidence
        .cmp(&a.evidence)
        .then_with(|| b.score.total_cmp(&a.score))
        .then_with(|| b.range.len().cmp(&a.range.len()))
        .then_with(|| a.range.start.cmp(&b.range.start))
        .then_with(|| a.entity.cmp(&b.entity))
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use super::super::span::Evidence;
    use super::*;

    fn record(range: Range<usize>) -> Candidate {
        Candidate {
            evidence: Evidence::Record,
            subject: Some(7),
            ..Candidate::pattern(range, Entity::Person, 0.9)
        }
    }

    fn number(range: Range<usize>) -> Candidate {
        Candidate {
            entity: Some(Entity::Phone),
            ..record(range)
        }
    }

    fn model(range: Range<usize>) -> Candidate {
        Candidate {
            evidence: Evidence::Model,
            ..Candidate::pattern(range, Entity::Location, 0.6)
        }
    }

    fn shape(range: Range<usize>, score: f32) -> Candidate {
        Candidate::pattern(range, Entity::Phone, score)
    }

    fn typed(range: Range<usize>) -> Candidate {
        Candidate {
            entity: None,
            ..Candidate::checked(range, Entity::Email, 1.0)
        }
    }

    #[test]
    fn the_order_is_as_documented() {
        use Entity::{Email, Location, Person, Phone};
        let email = || Candidate::checked(5..20, Email, 0.9);
        for (found, stands) in [
            // What covers the whole names it, however weak.
            (vec![shape(0..30, 0.6), email()], vec![(0..30, Phone, None)]),
            (vec![email(), record(0..25)], vec![(0..25, Person, Some(7))]),
            (vec![email(), record(5..9)], vec![(5..20, Email, None)]),
            // Two that cover it: the stronger.
            (vec![email(), record(5..20)], vec![(5..20, Email, None)]),
            (
                vec![shape(0..9, 0.9), record(0..9)],
                vec![(0..9, Person, Some(7))],
            ),
            // What the model of names reads beats a shape, and gives way to a record.
            (
                vec![shape(0..9, 0.9), model(0..9)],
                vec![(0..9, Location, None)],
            ),
            (
                vec![model(0..9), record(0..9)],
                vec![(0..9, Person, Some(7))],
            ),
            // None covers it: the strongest, stretched, and nobody's any more.
            (vec![email(), record(18..25)], vec![(5..25, Email, None)]),
            (
                vec![shape(0..6, 0.5), record(4..9)],
                vec![(0..9, Person, None)],
            ),
            // Unless all of it is his.
            (
                vec![record(0..6), record(4..9)],
                vec![(0..9, Person, Some(7))],
            ),
            (
                vec![shape(0..6, 0.9), record(4..9)],
                vec![(0..9, Person, None)],
            ),
            // A number that is found twice, one over the other, is another number.
            (
                vec![number(0..9), number(5..14)],
                vec![(0..14, Phone, None)],
            ),
            (
                vec![number(0..14), number(5..14)],
                vec![(0..14, Phone, Some(7))],
            ),
            // A chain is one span.
            (
                vec![record(0..6), shape(4..12, 0.6), record(10..14)],
                vec![(0..14, Person, None)],
            ),
            // Side by side is no overlap.
            (
                vec![record(4..9), record(0..4)],
                vec![(0..4, Person, Some(7)), (4..9, Person, Some(7))],
            ),
            (vec![shape(0..4, 0.4)], vec![]),
            // What a user typed that looks like a placeholder gives way, whatever it covers.
            (
                vec![typed(0..9), shape(6..12, 0.6)],
                vec![(0..12, Phone, None)],
            ),
            (
                vec![typed(0..12), shape(6..9, 0.6)],
                vec![(0..12, Phone, None)],
            ),
        ] {
            let got: Vec<_> = resolve(found.clone())
                .into_iter()
                .map(|c| (c.range, c.entity.unwrap(), c.subject))
                .collect();
            assert_eq!(got, stands, "{found:?}");
        }
    }

    fn words(range: Range<usize>, entity: Entity) -> Candidate {
        Candidate {
            evidence: Evidence::Words,
            ..Candidate::pattern(range, entity, 0.9)
        }
    }

    #[test]
    fn words_give_way_to_other_kinds() {
        use Entity::{DateTime, Location};
        for (found, left) in [
            (vec![words(0..9, DateTime), shape(4..6, 0.5)], vec![1]),
            (vec![words(0..9, DateTime), shape(4..6, 0.4)], vec![0, 1]),
            (vec![words(4..9, DateTime), shape(0..30, 0.9)], vec![1]),
            (vec![words(0..9, DateTime), shape(9..12, 0.9)], vec![0, 1]),
            (
                vec![shape(0..40, 0.9), shape(2..4, 0.9), words(30..35, DateTime)],
                vec![0, 1],
            ),
            (vec![words(0..9, Location), model(0..5)], vec![0, 1]),
            (vec![words(0..9, Location), shape(0..5, 0.9)], vec![0, 1]),
            (vec![words(0..9, Location), shape(0..9, 0.9)], vec![1]),
            (vec![words(0..9, DateTime), model(0..5)], vec![1]),
            (
                vec![words(0..9, DateTime), words(0..9, Location)],
                vec![0, 1],
            ),
            (vec![words(0..9, DateTime), typed(8..20)], vec![1]),
        ] {
            let mut got = found.clone();
            give_way(&mut got);
            let left: Vec<_> = left.into_iter().map(|at| found[at].clone()).collect();
            assert_eq!(got, left, "{found:?}");
        }
    }

    #[test]
    fn of_readings_the_best_stays() {
        let mut found = vec![
            record(0..50),
            shape(0..9, 0.6),
            shape(0..12, 0.8),
            shape(9..20, 0.7),
        ];
        best_readings(&mut found, 1);
        assert_eq!(found, [record(0..50), shape(0..12, 0.8)]);
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let tiers = [
            Evidence::Pattern,
            Evidence::Model,
            Evidence::Record,
            Evidence::Checksum,
        ];
        let one = (0_usize..90, 1_usize..15, 0_usize..4, 0_u8..11);
        prop::collection::vec(one, 0..40).prop_map(move |raw| {
            let candidate = |(start, len, tier, score): (usize, usize, usize, u8)| Candidate {
                evidence: tiers[tier],
                ..shape(start..start + len, f32::from(score) / 10.0)
            };
            raw.into_iter().map(candidate).collect()
        })
    }

    proptest! {
        #[test]
        fn no_overlaps_sorted_and_all_covered(found in candidates()) {
            let stands = resolve(found.clone());
            for pair in stands.windows(2) {
                prop_assert!(pair[0].range.end <= pair[1].range.start);
            }
            let counted: Vec<_> = found.iter().filter(|c| c.score >= THRESHOLD).collect();
            for one in &counted {
                let covers = |s: &Candidate| s.range.start <= one.range.start && one.range.end <= s.range.end;
                prop_assert_eq!(stands.iter().filter(|s| covers(s)).count(), 1);
            }
            // Nothing is masked that nobody found.
            for at in stands.iter().flat_map(|s| s.range.clone()) {
                prop_assert!(counted.iter().any(|c| c.range.contains(&at)));
            }
        }
    }
}
