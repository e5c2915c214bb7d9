//! What an answer may say: its parts, the input's facts, the placeholders that exist.

use std::fmt;

use crate::crm::{Outline, OutlinePart, Write};

/// The plan of an answer after its start; with no parts, the start is all of it. Holds redacted text: placeholders, no people.
#[derive(Clone, PartialEq)]
pub struct Guide {
    parts: Vec<GuidePart>,
    known: Vec<String>,
    placeholders: Vec<String>,
}

/// A part of an answer.
#[derive(Clone, PartialEq)]
pub enum GuidePart {
    /// This, word for word.
    Text(String),
    /// What the model writes.
    Write(Write),
}

impl Guide {
    /// The plan of `outline`, and the text that the answer starts with.
    pub fn new(outline: Outline, placeholders: Vec<String>) -> (Self, String) {
        let (mut start, mut parts) = (String::new(), Vec::new());
        for OutlinePart { text, write } in outline.parts {
            match parts.last_mut() {
                None => start.push_str(&text),
                Some(GuidePart::Text(last)) => last.push_str(&text),
                Some(GuidePart::Write(_)) => parts.push(GuidePart::Text(text)),
            }
            parts.extend(write.map(GuidePart::Write));
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
            parts: vec![GuidePart::Write(Write::Free(None))],
            known: Vec::new(),
            placeholders,
        }
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[GuidePart] {
        &self.parts
    }

    /// The use case's own texts among the parts, one after the other.
    pub fn template(&self) -> String {
        let texts = self.parts.iter().map(|part| match part {
            GuidePart::Text(text) => text.as_str(),
            GuidePart::Write(_) => " ",
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

impl fmt::Debug for GuidePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Write(_) => "Write",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_before_the_first_place_start_the_answer() {
        let part = |text: &str, write| OutlinePart {
            text: text.to_owned(),
            write,
        };
        let facts = || Write::Facts(Some(1));
        let text = |text: &str| GuidePart::Text(text.to_owned());
        type Row = (Vec<OutlinePart>, &'static str, Vec<GuidePart>);
        let rows: [Row; 4] = [
            (
                vec![part("", Some(facts()))],
                "",
                vec![GuidePart::Write(facts())],
            ),
            (
                vec![
                    part("Dear ", None),
                    part("Ada, ", Some(facts())),
                    part(" Bye", None),
                    part(".", None),
                ],
                "Dear Ada, ",
                vec![GuidePart::Write(facts()), text(" Bye.")],
            ),
            (
                vec![part("a", Some(facts())), part("b", Some(facts()))],
                "a",
                vec![
                    GuidePart::Write(facts()),
                    text("b"),
                    GuidePart::Write(facts()),
                ],
            ),
            (vec![part("all", None)], "all", vec![]),
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
