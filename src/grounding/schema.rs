//! `x-grounded` in JSON schemas: strings that quote the input, or say only its facts.
//!
//! `"x-grounded": "quote"` makes a string one of the input's sentences, or empty where none fits: that is an
//! `enum`, which the grammar enforces. `"x-grounded": "facts"` leaves the words to the model; the places of such
//! strings are found here, and [`super::json`] holds the model to the input there.

use serde_json::{Map, Value, json};

use crate::types::{GROUNDED, mentions_grounding};

use super::json::{Place, Step};

/// Schemas within schemas that are looked through.
const MAX_DEPTH: usize = 64;
/// Places of grounded strings.
const MAX_PLACES: usize = 1_000;

/// A schema with the sentences that its strings may quote, and the places of those that say facts.
#[derive(Clone, Debug, PartialEq)]
pub struct GroundedSchema {
    /// The schema for the grammar.
    pub schema: Value,
    /// Where strings say facts.
    pub(super) facts: Vec<Place>,
}

/// Why `x-grounded` can't be enforced. Names places, as JSON pointers into the schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroundedError {
    /// Not a value of the keyword.
    #[error("`{pointer}` must be \"quote\", \"facts\" or \"free\"")]
    Value {
        /// Where.
        pointer: String,
    },
    /// Something else than a string.
    #[error("`{pointer}` belongs beside `\"type\": \"string\"`")]
    Type {
        /// Where.
        pointer: String,
    },
    /// Strings at places without end.
    #[error(
        "`{pointer}`: a reference that leads back to itself can't hold strings with `x-grounded`"
    )]
    Recursive {
        /// Where.
        pointer: String,
    },
    /// More than is looked through.
    #[error("`x-grounded` stands at too many or too deep places")]
    TooLarge,
}

impl GroundedError {
    /// The place in the schema.
    pub fn pointer(&self) -> &str {
        match self {
            Self::Value { pointer } | Self::Type { pointer } | Self::Recursive { pointer } => {
                pointer
            }
            Self::TooLarge => "",
        }
    }
}

/// `schema` with `sentences` for its quotes.
///
/// # Errors
///
/// [`GroundedError`].
pub fn grounded_schema(
    schema: &Value,
    sentences: &[String],
) -> Result<GroundedSchema, GroundedError> {
    let mut out = schema.clone();
    quote(&mut out, sentences, &mut String::new(), 0)?;
    let mut search = Search {
        root: schema,
        within: Vec::new(),
        facts: Vec::new(),
    };
    search.look(schema, &Place::default(), "")?;
    Ok(GroundedSchema {
        schema: out,
        facts: search.facts,
    })
}

/// Puts the sentences where strings quote them.
fn quote(
    value: &mut Value,
    sentences: &[String],
    pointer: &mut String,
    depth: usize,
) -> Result<(), GroundedError> {
    if depth > 2 * MAX_DEPTH {
        return Err(GroundedError::TooLarge);
    }
    let len = pointer.len();
    match value {
        Value::Object(own) => {
            if let Some(kind) = own.get(GROUNDED) {
                let at = || format!("{pointer}/{GROUNDED}");
                let quotes = match kind.as_str() {
                    Some("quote") => true,
                    Some("facts" | "free") => false,
                    _ => return Err(GroundedError::Value { pointer: at() }),
                };
                let is_string = own.get("type").is_some_and(is_string);
                if !is_string {
                    return Err(GroundedError::Type { pointer: at() });
                }
                if quotes {
                    insert_enum(own, sentences);
                }
            }
            for (key, inner) in own.iter_mut() {
                // Values, not schemas.
                if matches!(key.as_str(), "enum" | "const" | "default" | "examples") {
                    continue;
                }
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                quote(inner, sentences, pointer, depth + 1)?;
                pointer.truncate(len);
            }
        }
        Value::Array(own) => {
            for (at, inner) in own.iter_mut().enumerate() {
                pointer.push_str(&format!("/{at}"));
                quote(inner, sentences, pointer, depth + 1)?;
                pointer.truncate(len);
            }
        }
        _ => {}
    }
    Ok(())
}

/// A string, or a string or null.
fn is_string(kind: &Value) -> bool {
    match kind {
        Value::String(kind) => kind == "string",
        Value::Array(kinds) => {
            kinds.contains(&json!("string"))
                && kinds.iter().all(|kind| kind == "string" || kind == "null")
        }
        _ => false,
    }
}

fn insert_enum(own: &mut Map<String, Value>, sentences: &[String]) {
    let may_be_null = own.get("type").is_some_and(Value::is_array);
    let mut values: Vec<Value> = vec![json!("")];
    values.extend(sentences.iter().map(|own| json!(own)));
    values.extend(may_be_null.then_some(Value::Null));
    own.insert("enum".to_owned(), Value::Array(values));
}

/// The way through a schema to its strings that say facts.
struct Search<'s> {
    root: &'s Value,
    /// The references that lead here.
    within: Vec<&'s str>,
    facts: Vec<Place>,
}

impl<'s> Search<'s> {
    fn look(
        &mut self,
        schema: &'s Value,
        place: &Place,
        pointer: &str,
    ) -> Result<(), GroundedError> {
        if place.len() > MAX_DEPTH || self.facts.len() > MAX_PLACES || self.within.len() > MAX_DEPTH
        {
            return Err(GroundedError::TooLarge);
        }
        let Value::Object(own) = schema else {
            return Ok(());
        };
        if own.get(GROUNDED).and_then(Value::as_str) == Some("facts") {
            self.facts.push(place.clone());
        }
        for (key, inner) in own {
            let at = format!("{pointer}/{key}");
            match (key.as_str(), inner) {
                ("properties", Value::Object(all)) => {
                    for (name, inner) in all {
                        self.look(
                            inner,
                            &place.then(Step::Key(name.clone())),
                            &format!("{at}/{name}"),
                        )?;
                    }
                }
                ("patternProperties", Value::Object(all)) => {
                    for inner in all.values() {
                        self.look(inner, &place.then(Step::Any), &at)?;
                    }
                }
                ("additionalProperties" | "items" | "additionalItems", inner) => {
                    self.look(inner, &place.then(Step::Any), &at)?;
                    for inner in inner.as_array().into_iter().flatten() {
                        self.look(inner, &place.then(Step::Any), &at)?;
                    }
                }
                ("prefixItems", Value::Array(all)) => {
                    for inner in all {
                        self.look(inner, &place.then(Step::Any), &at)?;
                    }
                }
                ("allOf" | "anyOf" | "oneOf", Value::Array(all)) => {
                    for inner in all {
                        self.look(inner, place, &at)?;
                    }
                }
                ("dependentSchemas", Value::Object(all)) => {
                    for inner in all.values() {
                        self.look(inner, place, &at)?;
                    }
                }
                ("$ref", Value::String(target)) => self.follow(target, place, &at)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn follow(&mut self, target: &'s str, place: &Place, at: &str) -> Result<(), GroundedError> {
        let found = target
            .strip_prefix('#')
            .and_then(|own| self.root.pointer(own));
        let Some(found) = found else {
            // The grammar refuses it.
            return Ok(());
        };
        if self.within.contains(&target) {
            return match mentions_grounding(found) {
                true => Err(GroundedError::Recursive {
                    pointer: at.to_owned(),
                }),
                false => Ok(()),
            };
        }
        self.within.push(target);
        let done = self.look(found, place, target);
        self.within.pop();
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences() -> Vec<String> {
        vec!["It leaks.".to_owned(), "Please call.".to_owned()]
    }

    #[test]
    fn quotes_become_lists_and_facts_are_found() {
        let schema = json!({
            "type": "object",
            "properties": {
                "why": {"type": "string", "x-grounded": "quote"},
                "who": {"type": ["string", "null"], "x-grounded": "quote", "maxLength": 40},
                "note": {"$ref": "#/$defs/note"},
                "steps": {"type": "array", "items": {"anyOf": [
                    {"type": "string", "x-grounded": "facts"},
                    {"type": "object", "properties": {"do": {"type": "string", "x-grounded": "facts"}}},
                ]}},
                "free": {"type": "string", "x-grounded": "free"},
            },
            "$defs": {"note": {"type": "string", "x-grounded": "facts"}},
        });
        let found = grounded_schema(&schema, &sentences()).unwrap();
        let own = &found.schema["properties"];
        assert_eq!(own["why"]["enum"], json!(["", "It leaks.", "Please call."]));
        assert_eq!(
            own["who"]["enum"],
            json!(["", "It leaks.", "Please call.", null])
        );
        assert_eq!(own["free"].get("enum"), None);
        let mut places: Vec<String> = found.facts.iter().map(|own| format!("{own:?}")).collect();
        places.sort();
        assert_eq!(places, ["/note", "/steps/*", "/steps/*/do"]);
    }

    #[test]
    fn mistakes_are_named() {
        let recursive = json!({
            "$ref": "#/$defs/a",
            "$defs": {"a": {"type": "object", "properties": {
                "x": {"type": "string", "x-grounded": "facts"}, "more": {"$ref": "#/$defs/a"},
            }}},
        });
        for (schema, expected) in [
            (
                json!({"x-grounded": "quotes", "type": "string"}),
                "/x-grounded",
            ),
            (json!({"x-grounded": 1, "type": "string"}), "/x-grounded"),
            (
                json!({"properties": {"a/b": {"x-grounded": "quote", "type": "integer"}}}),
                "/properties/a~1b/x-grounded",
            ),
            (json!({"x-grounded": "quote"}), "/x-grounded"),
            (recursive, "#/$defs/a/properties/more/$ref"),
        ] {
            let error = grounded_schema(&schema, &sentences()).unwrap_err();
            assert_eq!(error.pointer(), expected, "{error}");
        }
    }
}
