//! Schemas that no finite value fits: an object that must hold one of its own kind, and so on for ever.
//!
//! The engine would start such a value and never end it. They are found among the rewritten definitions
//! and replaced by `false`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::grammar::error::GrammarError;

use super::{Object, Part};

/// Rounds in which definitions are looked at; each finds at least one more.
const MAX_ROUNDS: usize = 100;

/// Takes what never ends out of `part`.
pub(super) fn prune(mut part: Part) -> Result<Part, GrammarError> {
    let mut known: BTreeSet<String> = BTreeSet::from(["any".to_owned()]);
    let mut rounds = 0;
    loop {
        let before = known.len();
        // Chains are followed from either end.
        let forward = part.definitions.iter();
        for (name, schema) in forward.clone().chain(forward.rev()) {
            if !known.contains(name) && has_end(schema, &known) {
                known.insert(name.clone());
            }
        }
        if known.len() == before {
            break;
        }
        rounds += 1;
        if rounds > MAX_ROUNDS {
            return Err(GrammarError::TooComplex);
        }
    }
    if !has_end(&part.root, &known) {
        return Err(GrammarError::Unsatisfiable);
    }
    part.definitions.retain(|name, _| known.contains(name));
    drop_endless(&mut part.root, &known);
    for (_, schema) in &mut part.definitions {
        drop_endless(schema, &known);
    }
    Ok(part)
}

/// The definition that a rewritten reference names.
fn target(schema: &Object) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// Whether some finite value may fit, given the definitions of which that is `known`.
fn has_end(schema: &Value, known: &BTreeSet<String>) -> bool {
    let Value::Object(own) = schema else {
        return schema != &json!(false);
    };
    if let Some(name) = target(own) {
        return known.contains(name);
    }
    let list = |name: &str| own.get(name).and_then(Value::as_array);
    if let Some(all) = list("allOf") {
        return all.iter().all(|part| has_end(part, known));
    }
    if let Some(all) = list("anyOf") {
        return all.iter().any(|part| has_end(part, known));
    }
    let required = list("required").into_iter().flatten();
    let properties = own.get("properties");
    let mut needed = required.filter_map(|name| properties?.get(name.as_str()?));
    if !needed.all(|property| has_end(property, known)) {
        return false;
    }
    let least = own.get("minItems").and_then(Value::as_u64).unwrap_or(0);
    let least = usize::try_from(least).unwrap_or(usize::MAX);
    let first = list("prefixItems").map_or(&[][..], Vec::as_slice);
    let rest = own.get("items").filter(|_| least > first.len());
    let mut items = first.iter().take(least).chain(rest);
    items.all(|item| has_end(item, known))
}

/// Puts `false` for references to what is not `known`.
fn drop_endless(schema: &mut Value, known: &BTreeSet<String>) {
    match schema {
        Value::Object(own) => {
            if target(own).is_some_and(|name| !known.contains(name)) {
                *schema = json!(false);
                return;
            }
            for (name, inner) in own {
                // Listed values are no schemas.
                if name != "enum" {
                    drop_endless(inner, known);
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|inner| drop_endless(inner, known)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::schema::AnyValue;

    fn part(schema: &Value) -> Result<Part, GrammarError> {
        crate::grammar::schema::part(schema, &[], "", AnyValue::Written)
    }

    #[test]
    fn what_never_ends_is_taken_out() {
        for (schema, expected) in [
            (json!({"$ref": "#"}), false),
            (
                json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}),
                false,
            ),
            (
                json!({"type": "array", "items": {"$ref": "#"}, "minItems": 1}),
                false,
            ),
            (json!({"type": "array", "items": {"$ref": "#"}}), true),
            (json!({"anyOf": [{"$ref": "#"}, {"type": "null"}]}), true),
            (
                json!({"type": "object", "properties": {"a": {"$ref": "#"}}}),
                true,
            ),
        ] {
            let made = part(&schema);
            let expected = if expected {
                None
            } else {
                Some(GrammarError::Unsatisfiable)
            };
            assert_eq!(made.err(), expected, "{schema}");
        }
        let looped = json!({
            "$defs": {"l": {"type": "object", "properties": {"a": {"$ref": "#/$defs/l"}}, "required": ["a"]}},
            "anyOf": [{"$ref": "#/$defs/l"}, {"type": "null"}]
        });
        let part = part(&looped).unwrap();
        assert_eq!(part.root, json!({"anyOf": [false, {"type": "null"}]}));
        assert!(part.definitions.is_empty());
    }
}
