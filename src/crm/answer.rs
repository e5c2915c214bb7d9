//! The plan of an answer: what the use case writes itself, and where and how freely the model does.
//!
//! A use case's file lists the parts of its answers (`[[answer]]`). Each has a text, a template over the
//! inputs like all others, and after it perhaps a place that the model fills: `free`, with `facts` that
//! occur in the input only, by a `quote` of whole sentences from named fields, or by a `choice` of one of a
//! list of words. A part that finds nothing to quote is left out, and so is one after the first whose text comes
//! out empty. An `optional` part is there if the model wants it.

use std::fmt;

use crate::types::Grounding;

use super::sentence::sentences;
use super::{Input, InputValue};

/// A place that the model fills.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteSpec {
    /// What the part is called, in what is said about an answer.
    pub name: Option<String>,
    /// How freely.
    pub grounding: Grounding,
    /// Whether the model may leave the part out.
    pub optional: bool,
    /// The most sentences; `None`: it ends when the model ends it, and a quote is of one.
    pub sentences: Option<u32>,
    /// The fewest sentences of a quote, where there are so many; `None`: as many as the most.
    pub least: Option<u32>,
    /// What stands between two quoted sentences.
    pub joiner: String,
    /// What stands after it.
    pub end: String,
    /// Paths of the fields that can be quoted.
    pub from: Vec<String>,
    /// Only sentences that hold one of these are quoted; empty: all.
    pub containing: Vec<String>,
    /// The words of a choice.
    pub of: Vec<String>,
}

impl WriteSpec {
    /// The model's own words to the end of the answer.
    pub(super) fn whole(grounding: Grounding) -> Self {
        Self {
            name: None,
            grounding,
            optional: false,
            sentences: None,
            least: None,
            joiner: String::new(),
            end: String::new(),
            from: Vec::new(),
            containing: Vec::new(),
            of: Vec::new(),
        }
    }
}

/// The plan of one answer, for its inputs.
#[derive(Clone, PartialEq)]
pub struct Outline {
    /// The parts, in order.
    pub parts: Vec<OutlinePart>,
    /// Every value that the model may know of.
    pub known: Vec<String>,
}

/// A part of an answer.
#[derive(Clone, PartialEq)]
pub struct OutlinePart {
    /// What it is called.
    pub name: Option<String>,
    /// What stands there.
    pub text: String,
    /// What the model writes after it.
    pub write: Option<Write>,
    /// What stands after that.
    pub end: String,
    /// Whether the model may leave it out.
    pub optional: bool,
}

/// What the model writes at one place.
#[derive(Clone, PartialEq)]
pub enum Write {
    /// Its own words with facts of the input, at most so many sentences.
    Facts(Option<u32>),
    /// Its own words, at most so many sentences.
    Free(Option<u32>),
    /// Sentences of the input.
    Quote(Quotable),
    /// One of these words.
    Choice(Vec<String>),
}

/// What can be quoted at one place. A sentence that stands in the answer already doesn't come again.
#[derive(Clone, PartialEq)]
pub struct Quotable {
    /// The fewest sentences, where there are so many.
    pub least: usize,
    /// The most.
    pub most: usize,
    /// What stands between two of them.
    pub joiner: String,
    /// The sentences, in their order; never empty.
    pub sentences: Vec<String>,
    /// The path of the field that each is of; empty where it is of no field.
    pub fields: Vec<String>,
}

/// Says how much it is, and nothing of what it says.
impl fmt::Debug for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outline")
            .field("parts", &self.parts)
            .field("known", &self.known.len())
            .finish()
    }
}

impl fmt::Debug for OutlinePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutlinePart")
            .field("write", &self.write)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Quotable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quotable")
            .field("sentences", &self.sentences.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Facts(_) => "Facts",
            Self::Free(_) => "Free",
            Self::Quote(_) => "Quote",
            Self::Choice(_) => "Choice",
        })
    }
}

/// Joins rendered texts and what is declared to be written after them.
pub(super) fn outline(
    specs: &[Option<WriteSpec>],
    texts: Vec<String>,
    inputs: &[Input],
) -> Outline {
    let mut quotable = quotable(specs, inputs);
    let values = inputs.iter().flat_map(|input| input.value.fields());
    let mut known: Vec<String> = values.map(|field| field.text.expose().clone()).collect();
    // The use case's own texts put amounts beside their currencies.
    known.extend(texts.iter().filter(|text| !text.is_empty()).cloned());
    let mut parts = Vec::new();
    for (at, (spec, text)) in specs.iter().zip(texts).enumerate() {
        let write = spec.as_ref().and_then(|spec| match spec.grounding {
            Grounding::Facts => Some(Write::Facts(spec.sentences)),
            Grounding::Free => Some(Write::Free(spec.sentences)),
            Grounding::Choice => Some(Write::Choice(spec.of.clone())),
            Grounding::Quote => {
                let sentences = quotable.get_mut(at).map(std::mem::take);
                let sentences = sentences.filter(|own| !own.is_empty())?;
                let count = |n: Option<u32>| n.and_then(|n| usize::try_from(n).ok());
                let most = count(spec.sentences).unwrap_or(1);
                Some(Write::Quote(Quotable {
                    least: count(spec.least).unwrap_or(most),
                    most,
                    joiner: spec.joiner.clone(),
                    fields: sentences.iter().map(|own| own.1.clone()).collect(),
                    sentences: sentences.into_iter().map(|own| own.0).collect(),
                }))
            }
        });
        let nothing_to_write = spec.is_some() && write.is_none();
        if nothing_to_write || text.is_empty() && (at > 0 || write.is_none()) {
            continue;
        }
        let spec = spec.as_ref();
        parts.push(OutlinePart {
            name: spec.and_then(|spec| spec.name.clone()),
            text,
            write,
            end: spec.map(|spec| spec.end.clone()).unwrap_or_default(),
            optional: spec.is_some_and(|spec| spec.optional),
        });
    }
    Outline { parts, known }
}

/// The sentences for each place. One that holds the words that a place asks for belongs to the first such
/// place; the others can go to any place that asks for no words.
fn quotable(specs: &[Option<WriteSpec>], inputs: &[Input]) -> Vec<Vec<(String, String)>> {
    let mut found: Vec<Vec<(String, String)>> = vec![Vec::new(); specs.len()];
    let mut taken: Vec<String> = Vec::new();
    for picky in [true, false] {
        for (spec, own) in specs.iter().zip(&mut found) {
            let Some(spec) = spec else { continue };
            if spec.grounding != Grounding::Quote || spec.containing.is_empty() == picky {
                continue;
            }
            for path in &spec.from {
                for sentence in texts_at(inputs, path).into_iter().flat_map(sentences) {
                    let mut known = taken.iter().chain(own.iter().map(|own| &own.0));
                    if !known.any(|own| own == sentence) && holds(sentence, &spec.containing) {
                        own.push((sentence.to_owned(), path.clone()));
                        if picky {
                            taken.push(sentence.to_owned());
                        }
                    }
                }
            }
        }
    }
    found
}

/// Whether one of `cues` starts at the start of a word, in any case.
fn holds(sentence: &str, cues: &[String]) -> bool {
    let lower = sentence.to_lowercase();
    // A cue that is a sign, like "?", stands anywhere.
    let starts = |at: usize| {
        !lower[..at].ends_with(char::is_alphanumeric)
            || !lower[at..].starts_with(char::is_alphanumeric)
    };
    cues.is_empty()
        || cues.iter().any(|cue| {
            let cue = cue.to_lowercase();
            lower.match_indices(&cue).any(|(at, _)| starts(at))
        })
}

/// The values at a declared path (`case.CaseComments[].CommentBody`).
fn texts_at<'a>(inputs: &'a [Input], path: &str) -> Vec<&'a str> {
    let mut steps = path.split('.').map(|step| step.trim_end_matches("[]"));
    let head = steps.next().unwrap_or_default();
    let mut values: Vec<&InputValue> = inputs
        .iter()
        .filter(|input| input.name == head)
        .map(|input| &input.value)
        .collect();
    for step in steps {
        values = values
            .into_iter()
            .flat_map(|value| match value {
                InputValue::List(items) => items.iter().collect(),
                other => vec![other],
            })
            .filter_map(|value| match value {
                InputValue::Object(parts) => parts
                    .iter()
                    .find(|(own, _)| own.eq_ignore_ascii_case(step))
                    .map(|(_, v)| v),
                InputValue::List(_) | InputValue::Missing | InputValue::Text(_) => None,
            })
            .collect();
    }
    values
        .into_iter()
        .flat_map(InputValue::fields)
        .map(|field| field.text.expose().as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::check::parse;
    use super::super::{Field, UseCase};
    use super::*;
    use crate::types::DataClass;

    const HEAD: &str = r#"
name = "probe"
version = 1
description = "A probe"
purpose = "Testing"
legal_basis = "None"
owner = "tests"

[inputs.case]
type = "Case"
fields = [
    { path = "Subject", class = "personal", required = true },
    { path = "Description", class = "personal" },
    { path = "Comments[].Body", class = "personal" },
]

[redaction]
restore = true

[template]
user = "{{ case.Subject }}"
"#;

    const PARTS: &str = r#"
[[answer]]
text = "Case: {{ case.Subject }}"

[[answer]]
text = " Says: "
write = "quote"
sentences = 2
from = ["case.Description", "case.Comments[].Body"]
end = "."

[[answer]]
name = "also"
text = " Also: "
write = "quote"
sentences = 3
least = 1
optional = true
from = ["case.Description"]

[[answer]]
text = " Wants: "
write = "quote"
from = ["case.Description"]
containing = ["please", "?"]

[[answer]]
text = "{% if case.Description %} Mood: {% endif %}"
write = "choice"
of = ["calm", "angry"]

[[answer]]
text = "{% if case.Description %} So{% endif %}"
write = "facts"
sentences = 1
"#;

    fn probe(parts: &str) -> Result<UseCase, String> {
        parse(&format!("{HEAD}{parts}"), "probe.toml").map_err(|error| error.to_string())
    }

    fn inputs(description: &str, comment: &str) -> Vec<Input> {
        let text = |name: &str, text: &str| {
            let field = Field {
                text: text.into(),
                class: DataClass::Personal,
                entity: None,
            };
            (name.to_owned(), InputValue::Text(field))
        };
        let description = match description {
            "" => ("Description".to_owned(), InputValue::Missing),
            own => text("Description", own),
        };
        let comments = vec![InputValue::Object(vec![text("Body", comment)])];
        let case = vec![
            text("Subject", "Kettle"),
            description,
            ("Comments".to_owned(), InputValue::List(comments)),
        ];
        vec![Input {
            name: "case".to_owned(),
            value: InputValue::Object(case),
        }]
    }

    #[test]
    fn sentences_go_where_their_words_are_asked_for() {
        let use_case = probe(PARTS).unwrap();
        let inputs = inputs(
            "It leaks badly now. Please send a new one!",
            "She called on Monday.",
        );
        let outline = use_case.outline(&inputs).unwrap();
        let field = |own: &str| match own {
            "She called on Monday." => "case.Comments[].Body",
            _ => "case.Description",
        };
        let quote = |(least, most), own: &[&str]| {
            Some(Write::Quote(Quotable {
                least,
                most,
                joiner: " ".to_owned(),
                sentences: own.iter().map(|own| (*own).to_owned()).collect(),
                fields: own.iter().map(|own| field(own).to_owned()).collect(),
            }))
        };
        let others = ["It leaks badly now.", "She called on Monday."];
        let moods = ["calm", "angry"].map(str::to_owned);
        let expected = [
            ("Case: Kettle", None, "", false),
            (" Says: ", quote((2, 2), &others), ".", false),
            (" Also: ", quote((1, 3), &others[..1]), "", true),
            (
                " Wants: ",
                quote((1, 1), &["Please send a new one!"]),
                "",
                false,
            ),
            (" Mood: ", Some(Write::Choice(moods.to_vec())), "", false),
            (" So", Some(Write::Facts(Some(1))), "", false),
        ];
        let found: Vec<(&str, Option<Write>, &str, bool)> = outline
            .parts
            .iter()
            .map(|part| {
                let text = part.text.as_str();
                (text, part.write.clone(), part.end.as_str(), part.optional)
            })
            .collect();
        assert!(found == expected, "{outline:?}");
        assert_eq!(outline.parts[2].name.as_deref(), Some("also"));
        assert_eq!(outline.known[0], "Kettle");
        assert!(outline.known.contains(&" Says: ".to_owned()));
    }

    #[test]
    fn parts_with_nothing_to_say_are_left_out() {
        let use_case = probe(PARTS).unwrap();
        let outline = use_case.outline(&inputs("", "")).unwrap();
        let texts: Vec<&str> = outline
            .parts
            .iter()
            .map(|part| part.text.as_str())
            .collect();
        assert_eq!(texts, ["Case: Kettle"]);
        let whole = probe("[output]\ngrounded = \"facts\"").unwrap();
        let outline = whole.outline(&inputs("", "")).unwrap();
        assert!(outline.parts.len() == 1 && outline.parts[0].write == Some(Write::Facts(None)));
    }

    #[test]
    fn mistakes_are_named() {
        for (parts, expected) in [
            (
                "[[answer]]\ntext = \"x\"",
                "leaves nothing for the model to write",
            ),
            (
                "[[answer]]\ntext = \"x\"\nwrite = \"quote\"",
                "a quote needs `from`",
            ),
            (
                "[[answer]]\ntext = \"x\"\nwrite = \"quote\"\nfrom = [\"case.Descriptio\"]",
                "quotes `case.Descriptio`, which is not declared",
            ),
            (
                "[[answer]]\ntext = \"x\"\nwrite = \"facts\"\nfrom = [\"case.Description\"]",
                "belong to `write = \"quote\"`",
            ),
            (
                "[[answer]]\nwrite = \"facts\"\n[[answer]]\nwrite = \"free\"",
                "every part but the first needs a `text`",
            ),
            (
                "[[answer]]\ntext = \"x\"\nwrite = \"facts\"\nsentences = 0",
                "`sentences` must be 1 to 20",
            ),
            ("[[answer]]\ntext = \"x\"\nsentences = 1", "need `write`"),
            ("[[answer]]\ntext = \"x\"\noptional = true", "need `write`"),
            (
                "[[answer]]\ntext = \"x\"\nwrite = \"choice\"",
                "a choice needs `of`",
            ),
            (
                "[[answer]]\ntext = \"x\"\nwrite = \"choice\"\nof = [\"a\", \"ab\"]",
                "`of` must hold words of which none starts like another",
            ),
            (
                "[[answer]]\ntext = \"x\"\nwrite = \"facts\"\nof = [\"a\", \"b\"]",
                "belongs to `write = \"choice\"`",
            ),
            (
                "[[answer]]\ntext = \"x\"\nwrite = \"facts\"\nleast = 1",
                "`least` belongs to `write = \"quote\"`",
            ),
            (
                "[[answer]]\ntext = \"x\"\nwrite = \"quote\"\nfrom = [\"case.Description\"]\nleast = 2",
                "`least` must be 1 to `sentences`",
            ),
            (
                "[[answer]]\ntext = \"{{ cas }}\"\nwrite = \"free\"",
                "uses `cas`, which is not declared",
            ),
            ("[output]\ngrounded = \"quote\"", "needs `[[answer]]` parts"),
        ] {
            let error = probe(parts).unwrap_err();
            assert!(error.contains(expected), "{parts}: {error}");
        }
    }
}
