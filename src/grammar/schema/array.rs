//! Arrays.

use serde_json::{Value, json};

use crate::grammar::error::{GrammarError, Reason};

use super::Object;
use super::place::Place;
use super::string::count;
use super::walk::Walk;

/// Keywords of arrays.
pub(super) const KEYWORDS: [&str; 8] = [
    "items",
    "prefixItems",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "unevaluatedItems",
];

impl Walk<'_> {
    /// The arrays of `schema`.
    pub(super) fn array(
        &mut self,
        schema: &Object,
        place: &Place<'_>,
    ) -> Result<Value, GrammarError> {
        let mut out = Object::new();
        out.insert("type".to_owned(), json!("array"));
        let most = count(schema, "maxItems", place)?;
        for (name, n) in [
            ("minItems", count(schema, "minItems", place)?),
            ("maxItems", most),
        ] {
            if let Some(n) = n {
                out.insert(name.to_owned(), json!(n));
            }
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) && most.is_none_or(|most| most > 1)
        {
            return Err(place.of("uniqueItems").unsupported(Reason::Keyword));
        }
        let nothing_asked = schema.get("minContains").and_then(Value::as_u64) == Some(0)
            && !schema.contains_key("maxContains");
        if schema.contains_key("contains") && !nothing_asked {
            return Err(place.of("contains").unsupported(Reason::Keyword));
        }
        // Before 2020 the first items were an array under `items` and the rest under `additionalItems`.
        let (first, first_name, rest, rest_name) = match schema.get("items") {
            Some(Value::Array(first)) => (
                Some(first),
                "items",
                schema.get("additionalItems"),
                "additionalItems",
            ),
            rest => {
                let first = match schema.get("prefixItems") {
                    None => None,
                    Some(Value::Array(first)) => Some(first),
                    Some(_) => return Err(place.of("prefixItems").invalid("a list of schemas")),
                };
                (first, "prefixItems", rest, "items")
            }
        };
        if let Some(first) = first {
            let place = place.of(first_name);
            let mut all = Vec::with_capacity(first.len());
            for (at, item) in first.iter().enumerate() {
                all.push(self.schema(item, &place.of(&at.to_string()))?);
            }
            out.insert("prefixItems".to_owned(), Value::Array(all));
        }
        let rest = match (rest, schema.get("unevaluatedItems")) {
            (Some(rest), _) => Some(self.schema(rest, &place.of(rest_name))?),
            (None, None | Some(Value::Bool(true))) => None,
            (None, Some(_)) if Self::applies_more(schema) => {
                return Err(place.of("unevaluatedItems").unsupported(Reason::Context));
            }
            (None, Some(rest)) => Some(self.schema(rest, &place.of("unevaluatedItems"))?),
        };
        if let Some(rest) = rest.or_else(|| self.any_other()) {
            out.insert("items".to_owned(), rest);
        }
        Ok(Value::Object(out))
    }
}
