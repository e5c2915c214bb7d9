//! A text's pieces in windows that the model takes.
//!
//! Windows begin and end between words where they can, and share pieces with their neighbours; a piece's logits come from
//! the window in which it stands farthest from the border. The model is trained and tested with the same rules.

use std::ops::Range;

use super::words::Word;

/// The windows of a text, and which of them each piece counts in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Windows {
    /// Their pieces, by number.
    pub(super) all: Vec<Range<usize>>,
    /// For each piece, the number of its window.
    pub(super) owners: Vec<u32>,
}

impl Windows {
    /// Cuts the pieces of `words` into windows of at most `room` that share `overlap` or a few more.
    pub(super) fn of(words: &[Word], room: usize, overlap: usize) -> Self {
        let total = words.last().map_or(0, |word| word.pieces.end);
        let mut all: Vec<Range<usize>> = Vec::new();
        let mut start = 0;
        while start < total {
            let mut end = total.min(start + room);
            if end < total
                && let Some(border) = border_before(words, end)
                && border > start + overlap
            {
                end = border;
            }
            let from = start;
            all.push(from..end);
            if end == total {
                break;
            }
            start = (end - overlap.min(end - from - 1)).max(from + 1);
            if let Some(border) = border_before(words, start)
                && border > from
            {
                start = border;
            }
        }
        let owners = owners(&all, total);
        Self { all, owners }
    }
}

/// The last border between words at or before the piece `at`.
fn border_before(words: &[Word], at: usize) -> Option<usize> {
    let after = words.partition_point(|word| word.pieces.start <= at);
    let word = words.get(after.checked_sub(1)?)?;
    Some(word.pieces.start)
}

fn owners(windows: &[Range<usize>], total: usize) -> Vec<u32> {
    let mut best: Vec<(usize, u32)> = vec![(0, 0); total];
    for (number, window) in (1_u32..).zip(windows) {
        for piece in window.clone() {
            // The text's own ends are no borders.
            let left = if window.start > 0 {
                piece - window.start
            } else {
                total
            };
            let right = if window.end < total {
                window.end - 1 - piece
            } else {
                total
            };
            let distance = left.min(right) + 1;
            if let Some(best) = best.get_mut(piece)
                && distance > best.0
            {
                *best = (distance, number);
            }
        }
    }
    best.into_iter()
        .map(|(_, number)| number.saturating_sub(1))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(lengths: &[usize]) -> Vec<Word> {
        let mut at = 0;
        let word = |length: &usize| {
            let pieces = at..at + length;
            at += length;
            Word {
                range: pieces.clone(),
                pieces,
                case: 0,
            }
        };
        lengths.iter().map(word).collect()
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "a list of one window")]
    fn windows_are_cut_between_words() {
        for (lengths, room, overlap, windows, owners) in [
            (&[1, 1, 1][..], 4, 2, &[0..3][..], &[0, 0, 0][..]),
            (&[], 4, 2, &[], &[]),
            // The piece in the middle of what is shared goes to the former.
            (&[1; 8], 5, 2, &[0..5, 3..8], &[0, 0, 0, 0, 1, 1, 1, 1]),
            // Words are not cut.
            (&[1, 1, 3, 1], 5, 1, &[0..5, 2..6], &[0, 0, 0, 0, 1, 1]),
            (&[1, 1, 1, 3], 4, 1, &[0..3, 2..6], &[0, 0, 0, 1, 1, 1]),
            // But for one that is longer than a window.
            (
                &[9],
                4,
                2,
                &[0..4, 2..6, 4..8, 6..9],
                &[0, 0, 0, 1, 1, 2, 2, 3, 3],
            ),
        ] {
            let found = Windows::of(&words(lengths), room, overlap);
            assert_eq!(found.all, windows, "{lengths:?}");
            assert_eq!(found.owners, owners, "{lengths:?}");
        }
    }

    proptest! {
        #[test]
        fn every_piece_counts_in_the_better_of_its_windows(
            lengths in prop::collection::vec(1_usize..9, 0..60),
            room in 6_usize..30,
            part in 0_usize..=3,
        ) {
            let total = lengths.iter().sum::<usize>();
            let found = Windows::of(&words(&lengths), room, room * part / 6);
            prop_assert_eq!(found.owners.len(), total);
            prop_assert_eq!(found.all.last().map_or(0, |last| last.end), total);
            for pair in found.all.windows(2) {
                prop_assert!(pair[0].start < pair[1].start && pair[1].start <= pair[0].end);
            }
            for window in &found.all {
                prop_assert!(window.len() <= room && !window.is_empty());
            }
            let distance = |window: &Range<usize>, piece: usize| {
                let left = if window.start > 0 { piece - window.start } else { total };
                let right = if window.end < total { window.end - 1 - piece } else { total };
                left.min(right)
            };
            for (piece, owner) in found.owners.iter().enumerate() {
                let own = &found.all[*owner as usize];
                prop_assert!(own.contains(&piece));
                let holds = found.all.iter().filter(|window| window.contains(&piece));
                let best = holds.map(|window| distance(window, piece)).max();
                prop_assert_eq!(Some(distance(own, piece)), best);
            }
        }
    }
}
