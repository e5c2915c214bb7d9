//! From logits to labels: the best sequence that the labels' rules allow (Viterbi 1967).

use crate::types::Entity;

use super::NamesError;

/// What a word is in a find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// In none.
    Outside,
    /// The first word of one.
    Begin(Entity),
    /// A further word of one.
    Inside(Entity),
}

/// A word's label, and how probable it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Labelled {
    pub(super) tag: Tag,
    pub(super) probability: f32,
}

/// The labels of a model, and what is added to their logits.
#[derive(Debug)]
pub(super) struct Labels {
    tags: Vec<Tag>,
    bias: Vec<f32>,
    /// For each label the labels that it may follow; none of its own kind must stand before the first word.
    after: Vec<Vec<usize>>,
}

impl Labels {
    /// Reads `O`, `B-PERSON`, `I-PERSON`, ….
    pub(super) fn new(names: &[String], bias: &[f32]) -> Result<Self, NamesError> {
        let tag = |name: &String| -> Option<Tag> {
            let entity = |name: &str| name.parse::<Entity>().ok();
            match name.split_once('-') {
                None if name == "O" => Some(Tag::Outside),
                Some(("B", kind)) => entity(kind).map(Tag::Begin),
                Some(("I", kind)) => entity(kind).map(Tag::Inside),
                _ => None,
            }
        };
        let tags: Vec<Tag> = names
            .iter()
            .map(tag)
            .collect::<Option<_>>()
            .ok_or(NamesError::Labels)?;
        let once = |tag: &Tag| tags.iter().filter(|other| *other == tag).count() == 1;
        let begun = |tag: &Tag| match tag {
            Tag::Inside(entity) => tags.contains(&Tag::Begin(*entity)),
            Tag::Outside | Tag::Begin(_) => true,
        };
        if !tags.contains(&Tag::Outside) || !tags.iter().all(|tag| once(tag) && begun(tag)) {
            return Err(NamesError::Labels);
        }
        let after = |tag: &Tag| match tag {
            Tag::Inside(entity) => (0..tags.len())
                .filter(|other| {
                    let other = tags.get(*other);
                    [Tag::Begin(*entity), Tag::Inside(*entity)]
                        .iter()
                        .any(|fits| other == Some(fits))
                })
                .collect(),
            Tag::Outside | Tag::Begin(_) => (0..tags.len()).collect(),
        };
        Ok(Self {
            after: tags.iter().map(after).collect(),
            bias: bias.to_vec(),
            tags,
        })
    }

    /// How many labels there are.
    pub(super) const fn len(&self) -> usize {
        self.tags.len()
    }

    /// The labels of words whose logits are `rows`, word by word.
    pub(super) fn decode<'l>(&self, rows: impl Iterator<Item = &'l [f32]>) -> Vec<Labelled> {
        let n = self.tags.len();
        let mut best: Vec<f32> = Vec::new();
        let mut probabilities: Vec<f32> = Vec::new();
        // For each word and label, the label before it.
        let mut before: Vec<usize> = Vec::new();
        for row in rows {
            let scores = self.log_probabilities(row);
            probabilities.extend(scores.iter().map(|score| score.exp()));
            let mut next = vec![f32::NEG_INFINITY; n];
            for (label, (next, score)) in next.iter_mut().zip(&scores).enumerate() {
                let allowed = self.after.get(label).map(Vec::as_slice).unwrap_or_default();
                let strongest = if best.is_empty() {
                    // A text starts with no find open.
                    let starts = !matches!(self.tags.get(label), Some(Tag::Inside(_)));
                    starts.then_some((0, 0.0))
                } else {
                    allowed
                        .iter()
                        .filter_map(|from| Some((*from, *best.get(*from)?)))
                        .reduce(|a, b| if b.1 > a.1 { b } else { a })
                };
                let (from, sum) = strongest.unwrap_or((0, f32::NEG_INFINITY));
                *next = sum + score;
                before.push(from);
            }
            best = next;
        }
        let last = best
            .iter()
            .enumerate()
            .reduce(|a, b| if b.1 > a.1 { b } else { a });
        let Some((mut label, _)) = last else {
            return Vec::new();
        };
        let mut found = Vec::with_capacity(before.len() / n);
        for word in (0..before.len() / n).rev() {
            found.push(Labelled {
                tag: self.tags.get(label).copied().unwrap_or(Tag::Outside),
                probability: probabilities.get(word * n + label).copied().unwrap_or(0.0),
            });
            label = before.get(word * n + label).copied().unwrap_or(0);
        }
        found.reverse();
        found
    }

    fn log_probabilities(&self, row: &[f32]) -> Vec<f32> {
        let mut scores: Vec<f32> = row.iter().zip(&self.bias).map(|(x, b)| x + b).collect();
        scores.resize(self.tags.len(), f32::NEG_INFINITY);
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = scores.iter().map(|score| (score - largest).exp()).sum();
        let whole = largest + sum.ln();
        scores.iter_mut().for_each(|score| *score -= whole);
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(names: &[&str]) -> Result<Labels, NamesError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Labels::new(&names, &vec![0.0; names.len()])
    }

    #[test]
    fn the_best_allowed_sequence_wins() {
        let labels = labels(&["O", "B-PERSON", "I-PERSON", "B-ADDRESS", "I-ADDRESS"]).unwrap();
        for (rows, expected) in [
            (&[][..], &[][..]),
            (
                &[[0., 5., 0., 0., 0.], [0., 0., 5., 0., 0.]],
                &["B-PERSON", "I-PERSON"],
            ),
            // Nothing can go on at the start of a text.
            (&[[0., 1., 5., 0., 0.]], &["B-PERSON"]),
            // Nor in another kind: one of both words gives way, the one that is less sure.
            (
                &[[0., 5., 0., 4., 0.], [0., 0., 0., 0., 3.]],
                &["B-ADDRESS", "I-ADDRESS"],
            ),
            (
                &[[0., 5., 0., 1., 0.], [1., 0., 0., 0., 3.]],
                &["B-PERSON", "O"],
            ),
            (&[[5., 0., 0., 0., 0.]; 3], &["O", "O", "O"]),
            (
                &[[0., 5., 0., 0., 0.], [0., 5., 0., 0., 0.]],
                &["B-PERSON", "B-PERSON"],
            ),
        ] {
            let found: Vec<_> = labels
                .decode(rows.iter().map(|row| &row[..]))
                .iter()
                .map(|labelled| match labelled.tag {
                    Tag::Outside => "O".to_owned(),
                    Tag::Begin(entity) => format!("B-{entity}"),
                    Tag::Inside(entity) => format!("I-{entity}"),
                })
                .collect();
            assert_eq!(found, expected, "{rows:?}");
        }
    }

    #[test]
    fn probabilities_count_the_bias() {
        let names = ["O", "B-PERSON"].map(str::to_owned);
        let labels = Labels::new(&names, &[0.0, 3.0_f32.ln()]).unwrap();
        let found = labels.decode([&[0.5, 0.5][..]].into_iter());
        assert_eq!(found[0].tag, Tag::Begin(Entity::Person));
        assert!((found[0].probability - 0.75).abs() < 1e-6);
    }

    #[test]
    fn labels_have_to_make_sense() {
        for names in [
            &["B-PERSON"][..],
            &["O", "I-PERSON"],
            &["O", "B-PERSON", "B-PERSON"],
            &["O", "B-PEOPLE"],
            &["O", "PERSON"],
            &[],
        ] {
            assert!(labels(names).is_err(), "{names:?}");
        }
    }
}
