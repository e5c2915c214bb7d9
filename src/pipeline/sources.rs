//! Where what an answer quotes comes from.

use crate::crm::{OutlinePart, Write};
use crate::redact::Restorer;
use crate::types::Sensitive;

/// What an answer may quote, as its caller reads it.
#[derive(Debug)]
pub struct Sources {
    /// Bytes of the answer that are written before the first part.
    start: usize,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    name: Option<String>,
    text: Sensitive<String>,
    joiner: String,
    /// What can be quoted, and the field that it is of.
    sentences: Vec<(Sensitive<String>, String)>,
}

/// A quoted sentence: where it stands in the answer and what it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name of the part of the answer.
    pub part: Option<String>,
    /// The path of the field.
    pub field: String,
    /// The place of its first character in the answer.
    pub start: usize,
    /// The place after its last.
    pub end: usize,
}

impl Sources {
    /// What `parts` may quote, with the values that `restorer` puts back; `None` where nothing is quoted.
    pub(super) fn new(
        parts: &[OutlinePart],
        start: &str,
        restorer: Option<&Restorer>,
    ) -> Option<Self> {
        let restorer = restorer.map(Restorer::apart);
        let shown = |text: &str| match &restorer {
            None => text.to_owned(),
            Some(own) => {
                let mut own = own.again();
                let mut out = own.push(text);
                out.push_str(&own.finish());
                out
            }
        };
        let quoting = parts.iter().filter_map(|part| {
            let Some(Write::Quote(quote)) = &part.write else {
                return None;
            };
            let pairs = quote.sentences.iter().zip(&quote.fields);
            let sentences: Vec<_> = pairs
                .filter(|(_, field)| !field.is_empty())
                .map(|(own, field)| (Sensitive::new(shown(own)), field.clone()))
                .collect();
            (!sentences.is_empty()).then(|| Part {
                name: part.name.clone(),
                text: Sensitive::new(shown(&part.text)),
                joiner: quote.joiner.clone(),
                sentences,
            })
        });
        let parts: Vec<Part> = quoting.collect();
        let start = shown(start).len();
        (!parts.is_empty()).then_some(Self { start, parts })
    }

    /// What `answer`, which is whole, quotes.
    pub fn of(&self, answer: &str) -> Vec<Source> {
        let mut found = Vec::new();
        let mut at = self.start.min(answer.len());
        for part in &self.parts {
            let text = part.text.expose();
            let mut from = at;
            // The text may stand in what was written before it, too; then no sentence follows.
            while let Some(begins) = answer.get(from..).and_then(|rest| rest.find(text.as_str())) {
                let mut here = from + begins + text.len();
                let before = found.len();
                while let Some((sentence, field)) = part.starting(answer.get(here..)) {
                    found.push(Source {
                        part: part.name.clone(),
                        field: field.to_owned(),
                        start: chars(answer, here),
                        end: chars(answer, here + sentence.len()),
                    });
                    at = here + sentence.len();
                    match answer
                        .get(at..)
                        .and_then(|rest| rest.strip_prefix(part.joiner.as_str()))
                    {
                        Some(_) => here = at + part.joiner.len(),
                        None => break,
                    }
                }
                if found.len() > before || text.is_empty() {
                    break;
                }
                from += begins + text.len();
            }
        }
        found
    }
}

impl Part {
    /// The longest sentence that `rest` starts with, and its field.
    fn starting(&self, rest: Option<&str>) -> Option<(&str, &str)> {
        let rest = rest?;
        let fits = self
            .sentences
            .iter()
            .filter(|own| rest.starts_with(own.0.expose().as_str()));
        let longest = fits.max_by_key(|own| own.0.expose().len())?;
        Some((longest.0.expose(), &longest.1))
    }
}

/// How many characters stand before the byte `at`.
fn chars(text: &str, at: usize) -> usize {
    text.get(..at).map_or(0, |before| before.chars().count())
}

#[cfg(test)]
mod tests {
    use crate::crm::Quotable;

    use super::*;

    fn part(name: &str, text: &str, sentences: &[(&str, &str)]) -> OutlinePart {
        OutlinePart {
            name: Some(name.to_owned()),
            text: text.to_owned(),
            write: Some(Write::Quote(Quotable {
                least: 1,
                most: 2,
                joiner: "\" \"".to_owned(),
                sentences: sentences.iter().map(|own| own.0.to_owned()).collect(),
                fields: sentences.iter().map(|own| own.1.to_owned()).collect(),
            })),
            end: "\"".to_owned(),
            optional: true,
        }
    }

    #[test]
    fn quotes_are_found_where_they_stand() {
        let sentences = [
            ("Größe 12 leaks.", "case.Description"),
            ("Größe 12 leaks. Wants: \"no", "case.Description"),
            ("Call me.", "case.Comment"),
        ];
        let parts = [
            part("problem", "", &sentences),
            part("wish", "\nWants: \"", &sentences),
        ];
        let sources = Sources::new(&parts, "Case é: \"", None).unwrap();
        let row = |part: &str, field: &str, start, end| Source {
            part: Some(part.to_owned()),
            field: field.to_owned(),
            start,
            end,
        };
        let description = |part: &str, start, end| row(part, "case.Description", start, end);
        for (answer, expected) in [
            (
                "Case é: \"Größe 12 leaks.\"\nWants: \"Call me.\"",
                vec![
                    description("problem", 9, 24),
                    row("wish", "case.Comment", 34, 42),
                ],
            ),
            (
                "Case é: \"Größe 12 leaks.\" \"Call me.\"\n",
                vec![
                    description("problem", 9, 24),
                    row("problem", "case.Comment", 27, 35),
                ],
            ),
            ("Case é: \"Other words\"\nWants: \"more\"", vec![]),
            ("Case", vec![]),
        ] {
            assert_eq!(sources.of(answer), expected, "{answer}");
        }
        let mut plain = part("own", "x", &sentences);
        plain.write = Some(Write::Facts(None));
        assert!(Sources::new(&[plain], "", None).is_none());
    }
}
