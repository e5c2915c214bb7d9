//! What an answer may say: its parts, the input's facts, the placeholders that exist.

use std::fmt;

use crate::crm::{Outline, OutlinePart, Quotable, Write, sentences_of};
use crate::types::Grounding;

/// The most sentences that an answer to a conversation quotes.
const MAX_QUOTED: usize = 20;

/// The plan of an answer after its start; with no parts, the start is all of it. Holds redacted text: placeholders, no people.
#[derive(Clone, PartialEq)]
pub struct Guide {
    parts: Vec<OutlinePart>,
    known: Vec<String>,
    placeholders: Vec<String>,
}

impl Guide {
    /// The plan of `outline`, and the text that the answer starts with: all that comes before what the model decides.
    pub fn new(outline: Outline, placeholders: Vec<String>) -> (Self, String) {
        let (mut start, mut parts) = (String::new(), Vec::new());
        for mut part in outline.parts {
            if parts.is_empty() && !part.optional {
                start.push_str(&std::mem::take(&mut part.text));
            }
            if part.write.is_some() || !part.text.is_empty() {
                parts.push(part);
            }
        }
        let guide = Self {
            parts,
            known: outline.known,
            placeholders,
        };
        (guide, start)
    }

    /// An answer in the model's own words, in which only `placeholders` can stand.
    pub(super) fn free(placeholders: Vec<String>) -> Self {
        Self {
            parts: vec![OutlinePart {
                name: None,
                text: String::new(),
                write: Some(Write::Free(None)),
                end: String::new(),
                optional: false,
            }],
            known: Vec::new(),
            placeholders,
        }
    }

    /// An answer that is kept to the `texts` of a conversation.
    pub(super) fn grounded(
        grounding: Grounding,
        texts: Vec<String>,
        placeholders: Vec<String>,
    ) -> Self {
        let write = match grounding {
            Grounding::Facts => Write::Facts(None),
            Grounding::Free | Grounding::Choice => Write::Free(None),
            Grounding::Quote => {
                let sentences = sentences_of(&texts);
                Write::Quote(Quotable {
                    least: 1,
                    most: MAX_QUOTED,
                    joiner: " ".to_owned(),
                    fields: vec![String::new(); sentences.len()],
                    sentences,
                })
            }
        };
        let mut guide = Self::free(placeholders);
        if let Some(part) = guide.parts.first_mut() {
            part.write = Some(write);
        }
        guide.known = texts;
        guide
    }

    /// The sentences of what the model may know of.
    pub fn sentences(&self) -> Vec<String> {
        sentences_of(&self.known)
    }

    /// Whether all of the answer is in the model's own words.
    pub fn is_free(&self) -> bool {
        let [only] = self.parts.as_slice() else {
            return false;
        };
        only.write == Some(Write::Free(None)) && only.text.is_empty() && only.end.is_empty()
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[OutlinePart] {
        &self.parts
    }

    /// The use case's own texts among the parts, one after the other.
    pub fn template(&self) -> String {
        let texts = self.parts.iter().flat_map(|part| {
            let place = part.write.as_ref().map_or("", |_| " ");
            [part.text.as_str(), place, part.end.as_str()]
        });
        texts.collect()
    }

    /// Every value that the model may know of.
    pub fn known(&self) -> &[String] {
        &self.known
    }

    /// The placeholders of the prompt (`[PERSON_1]`).
    pub fn placeholders(&self) -> &[String] {
        &self.placeholders
    }
}

/// Says how much it is, and nothing of what it says.
impl fmt::Debug for Guide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guide")
            .field("parts", &self.parts.len())
            .field("known", &self.known.len())
            .field("placeholders", &self.placeholders.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_before_the_first_place_start_the_answer() {
        let part = |text: &str, write: Option<Write>, optional| OutlinePart {
            name: None,
            text: text.to_owned(),
            write,
            end: String::new(),
            optional,
        };
        let facts = || Some(Write::Facts(Some(1)));
        let must = |text: &str, write| part(text, write, false);
        let may = |text: &str| part(text, facts(), true);
        type Row = (Vec<OutlinePart>, &'static str, Vec<OutlinePart>);
        let rows: [Row; 5] = [
            (vec![must("", facts())], "", vec![must("", facts())]),
            (
                vec![
                    must("Dear ", None),
                    must("Ada, ", facts()),
                    must(" Bye", None),
                    must(".", None),
                ],
                "Dear Ada, ",
                vec![must("", facts()), must(" Bye", None), must(".", None)],
            ),
            (
                vec![must("a", facts()), must("b", facts())],
                "a",
                vec![must("", facts()), must("b", facts())],
            ),
            (
                vec![must("a", None), may("b"), must("c", None)],
                "a",
                vec![may("b"), must("c", None)],
            ),
            (vec![must("all", None)], "all", vec![]),
        ];
        for (parts, start, expected) in rows {
            let outline = Outline {
                parts,
                known: Vec::new(),
            };
            let (guide, found) = Guide::new(outline, Vec::new());
            assert_eq!(found, start);
            assert!(guide.parts == expected, "{start}");
        }
    }
}
