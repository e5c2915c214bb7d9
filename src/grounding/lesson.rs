//! What an answer should have been, in tokens: for training adapters on the very choices that the mask leaves.

use crate::engine::TokenMask as _;
use crate::prompt::Guide;

use super::Masks;
use super::outline::{Goal, State, Way};
use super::vocabulary::Vocabulary;

/// A right answer after its start, with the end token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Its tokens.
    pub answer: Vec<u32>,
    /// Where there was a choice, in order. All other tokens are certain.
    pub decisions: Vec<Decision>,
}

/// A choice between tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The place of the right token in the answer.
    pub at: usize,
    /// The tokens that could have stood there too.
    pub others: Vec<u32>,
}

impl Masks {
    /// The answer that leads through `chosen`: for each part of `guide`, the places of the sentences (or of
    /// the word) in its list; empty where the part is left out. Fewer than the use case wants are right where
    /// fewer were chosen. `None` where no answer does, and where the model
    /// writes words of its own.
    pub fn lesson(&self, guide: &Guide, start: &str, chosen: &[Vec<usize>]) -> Option<Lesson> {
        let mut plan = Vec::new();
        for (part, own) in chosen.iter().enumerate().filter(|own| !own.1.is_empty()) {
            plan.push(Goal::Place(part));
            plan.extend(own.iter().map(|at| Goal::Sentence { part, at: *at }));
        }
        plan.push(Goal::End);
        // How many sentences an answer should have at least is the use case's wish; fewer may have been marked.
        let least = |part: usize, own: usize| own.min(chosen.get(part).map_or(0, Vec::len).max(1));
        let mut mask = self.outline_with(guide, start, 0.0, &least);
        let end = self.vocabulary.ends().first().copied()?;
        let (mut answer, mut decisions) = (Vec::new(), Vec::new());
        loop {
            let next = plan.get(mask.trail().len()).copied();
            let token = match mask.state() {
                State::End => break,
                State::Words { .. } => return None,
                State::Text {
                    tokens,
                    written,
                    goal,
                } if Some(*goal) == next => tokens.get(*written).copied()?,
                State::Text { .. } => return None,
                State::Ways(ways) => {
                    let way = ways.iter().find(|way| Some(way.goal) == next)?;
                    let right = first_token(&self.vocabulary, way).unwrap_or(end);
                    let mut logits = vec![0.0; self.vocabulary.tokenizer().vocabulary_size()];
                    mask.apply(&mut logits);
                    let possible = (0_u32..).zip(&logits).filter(|own| *own.1 == 0.0);
                    let others = possible.map(|own| own.0).filter(|own| *own != right);
                    let others: Vec<u32> = others.collect();
                    if !others.is_empty() {
                        let at = answer.len();
                        decisions.push(Decision { at, others });
                    }
                    right
                }
            };
            answer.push(token);
            mask.accept(token);
        }
        let ended = answer.last() == Some(&end);
        answer.extend((!ended).then_some(end));
        (mask.trail() == plan).then_some(Lesson { answer, decisions })
    }
}

/// The token with which `way` goes on; `None` at its end.
fn first_token(vocabulary: &Vocabulary, way: &Way) -> Option<u32> {
    let rest = std::str::from_utf8(&way.rest).ok();
    let whole = rest.and_then(|rest| vocabulary.encode(rest).first().copied());
    // In the middle of a character: the longest token that fits.
    whole.or_else(|| vocabulary.longest(&way.rest))
}

#[cfg(test)]
mod tests {
    use crate::crm::{Outline, OutlinePart, Quotable, Write};

    use super::super::tests::tokenizer;
    use super::*;

    #[test]
    fn the_right_way_is_told_from_the_others() {
        let tokenizer = tokenizer();
        let masks = Masks::new(std::sync::Arc::clone(&tokenizer));
        let quote = |(least, most)| {
            Write::Quote(Quotable {
                least,
                most,
                joiner: " ".to_owned(),
                sentences: ["It leaks.", "Größe 12.", "She is calm."]
                    .map(str::to_owned)
                    .to_vec(),
                fields: vec![String::new(); 3],
            })
        };
        let part = |text: &str, write, optional| OutlinePart {
            name: None,
            text: text.to_owned(),
            write: Some(write),
            end: "|".to_owned(),
            optional,
        };
        let moods = ["calm", "cross"].map(str::to_owned).to_vec();
        let outline = |least| Outline {
            parts: vec![
                part("Says: ", quote((least, 2)), false),
                part("Wants: ", quote((1, 1)), true),
                part("Mood: ", Write::Choice(moods.clone()), false),
            ],
            known: Vec::new(),
        };
        // What is chosen; what it reads as, and how many choices there were.
        type Row = (&'static [&'static [usize]], Option<(&'static str, usize)>);
        let rows: [Row; 7] = [
            (
                &[&[0], &[1], &[0]],
                Some(("It leaks.|Wants: Größe 12.|Mood: calm|", 5)),
            ),
            (
                &[&[0, 2], &[], &[1]],
                Some(("It leaks. She is calm.|Mood: cross|", 5)),
            ),
            (&[&[2], &[], &[1]], Some(("She is calm.|Mood: cross|", 5))),
            // Nothing is left of what may be quoted, in order, after the last sentence; none comes twice.
            (&[&[2, 0], &[], &[1]], None),
            (&[&[0], &[0], &[1]], None),
            (&[&[], &[0], &[1]], None),
            (&[&[0], &[1], &[]], None),
        ];
        // With a wish for two sentences, one that was marked alone is right all the same.
        let both = [1, 2].map(|least| rows.map(|row| (least, row)));
        for (least, (chosen, expected)) in both.into_iter().flatten() {
            let (guide, start) = Guide::new(outline(least), Vec::new());
            let chosen: Vec<Vec<usize>> = chosen.iter().map(|own| own.to_vec()).collect();
            let lesson = masks.lesson(&guide, &start, &chosen);
            let found = lesson.map(|lesson| {
                let (end, text) = lesson.answer.split_last().unwrap();
                assert_eq!(*end, 2);
                let bytes = text.iter().flat_map(|token| tokenizer.token_bytes(*token));
                let places: Vec<usize> = lesson.decisions.iter().map(|own| own.at).collect();
                assert!(
                    places.is_sorted() && lesson.decisions.iter().all(|own| !own.others.is_empty())
                );
                let text = String::from_utf8(bytes.copied().collect()).unwrap();
                (text, places.len())
            });
            let found = found.as_ref().map(|(text, n)| (text.as_str(), *n));
            assert_eq!(
                found.map(|own| own.0),
                expected.map(|own| own.0),
                "{chosen:?}"
            );
            assert!(found.is_none_or(|own| own.1 >= 3), "{found:?}");
        }
    }
}
