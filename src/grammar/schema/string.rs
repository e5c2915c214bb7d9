//! Strings.

use serde_json::{Value, json};

use crate::grammar::error::{GrammarError, Reason};

use super::Object;
use super::format::Format;
use super::limit;
use super::pattern;
use super::place::Place;
use super::walk::Walk;

/// Keywords of strings.
pub(super) const KEYWORDS: [&str; 4] = ["minLength", "maxLength", "pattern", "format"];

impl Walk<'_> {
    /// The strings of `schema`.
    pub(super) fn string(
        &mut self,
        schema: &Object,
        place: &Place<'_>,
    ) -> Result<Value, GrammarError> {
        let mut out = Object::new();
        out.insert("type".to_owned(), json!("string"));
        for name in ["minLength", "maxLength"] {
            if let Some(n) = count(schema, name, place)? {
                out.insert(name.to_owned(), json!(n));
            }
        }
        let own = match schema.get("pattern") {
            None => None,
            Some(Value::String(own)) => Some(self.pattern(own, &place.of("pattern"))?),
            Some(_) => return Err(place.of("pattern").invalid("a regular expression")),
        };
        let format = match schema.get("format") {
            Some(Value::String(name)) => match self.placeholders().format(name) {
                Format::Comment => None,
                Format::Refused => return Err(place.of("format").unsupported(Reason::Format)),
                Format::Pattern(pattern) => Some(pattern),
            },
            _ => None,
        };
        match (own, format) {
            (None, None) => {}
            (Some(one), None) | (None, Some(one)) => {
                out.insert("pattern".to_owned(), json!(one));
            }
            (Some(own), Some(format)) => {
                out.insert("pattern".to_owned(), json!(own));
                let format = json!({"type": "string", "pattern": format});
                return Ok(self.all_of(vec![Value::Object(out), format]));
            }
        }
        Ok(Value::Object(out))
    }

    /// A regular expression of the schema in the engine's syntax.
    pub(super) fn pattern(&self, own: &str, place: &Place<'_>) -> Result<String, GrammarError> {
        if own.len() > limit::PATTERN_BYTES {
            return Err(super::too_large(
                place.pointer(),
                "bytes",
                limit::PATTERN_BYTES,
            ));
        }
        let translated = pattern::translate(own);
        let translated = translated.filter(|pattern| regex::Regex::new(pattern).is_ok());
        translated.ok_or_else(|| place.unsupported(Reason::Pattern))
    }
}

/// The value of a keyword that is a count.
pub(super) fn count(
    schema: &Object,
    name: &'static str,
    place: &Place<'_>,
) -> Result<Option<u64>, GrammarError> {
    let Some(value) = schema.get(name) else {
        return Ok(None);
    };
    let place = place.of(name);
    let whole = value.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0);
    let n = value.as_u64().or_else(|| {
        // `2.0` is 2 in JSON Schema.
        whole.and_then(|n| format!("{n:.0}").parse().ok())
    });
    let n = n.ok_or_else(|| place.invalid("a whole number of at least 0"))?;
    if n > limit::COUNT {
        return Err(GrammarError::TooHigh {
            pointer: place.pointer(),
            limit: limit::COUNT,
        });
    }
    Ok(Some(n))
}
