//! Whether a value can fit two schemas.

use serde_json::Value;

use super::Object;
use super::kinds::Kinds;
use super::place::Place;
use super::reference;

/// How deep it is looked.
const DEPTH: usize = 12;

/// What is known around two alternatives.
#[derive(Clone, Copy)]
pub(super) struct Around<'s> {
    /// The whole schema, in which references are followed.
    pub(super) root: &'s Value,
    /// The types that the value can have at all.
    pub(super) kinds: Kinds,
    /// The schema that has the alternatives: its `required` holds for both.
    pub(super) parent: Option<&'s Object>,
}

impl Around<'_> {
    /// Whether it is certain that no value fits both `a` and `b`.
    pub(super) fn are_apart(&self, a: &Value, b: &Value) -> bool {
        self.apart(a, b, DEPTH)
    }

    fn apart(&self, a: &Value, b: &Value, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        if a == &Value::Bool(false) || b == &Value::Bool(false) {
            return true;
        }
        let common = self
            .kinds
            .and(self.kinds_of(a, depth))
            .and(self.kinds_of(b, depth));
        if common.is_none() {
            return true;
        }
        let (Some(a), Some(b)) = (self.object(a), self.object(b)) else {
            return false;
        };
        if let (Some(a), Some(b)) = (values(a), values(b)) {
            return !a.iter().any(|a| b.iter().any(|b| same(a, b)));
        }
        if self.split(a, b, depth) || self.split(b, a, depth) {
            return true;
        }
        if common.is_within(Kinds::NUMBER) {
            return is_below(a, b) || is_below(b, a);
        }
        common.is_within(Kinds::OBJECT) && self.differ_in_a_property(a, b, depth)
    }

    /// Whether the parts of `a` are apart from `b`.
    fn split(&self, a: &Object, b: &Object, depth: usize) -> bool {
        let whole = Value::Object(b.clone());
        let parts = |name: &str| a.get(name).and_then(Value::as_array);
        if parts("allOf").is_some_and(|all| all.iter().any(|a| self.apart(a, &whole, depth))) {
            return true;
        }
        let every = |name: &str| {
            parts(name).is_some_and(|all| all.iter().all(|a| self.apart(a, &whole, depth)))
        };
        if every("anyOf") || every("oneOf") {
            return true;
        }
        // A reference with other keywords beside it.
        let target = a.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|text| reference::follow(self.root, text, &Place::ROOT).ok());
        target.is_some_and(|(_, target)| self.apart(target, &whole, depth))
    }

    /// Whether a property that both or one of them require is never the same in both.
    fn differ_in_a_property(&self, a: &Object, b: &Object, depth: usize) -> bool {
        let lists =
            [Some(a), Some(b), self.parent].map(|schema| schema?.get("required")?.as_array());
        let mut names = lists
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(Value::as_str);
        let inner = Around {
            kinds: Kinds::ALL,
            parent: None,
            ..*self
        };
        names.any(|name| match (property(a, name), property(b, name)) {
            (Some(a), Some(b)) => inner.apart(a, b, depth),
            _ => false,
        })
    }

    /// The types that fit `schema`; more than these never do.
    fn kinds_of(&self, schema: &Value, depth: usize) -> Kinds {
        let Value::Object(own) = schema else {
            return if schema == &Value::Bool(false) {
                Kinds::NONE
            } else {
                Kinds::ALL
            };
        };
        let mut kinds = Kinds::declared(own);
        if let Some(values) = values(own) {
            let all = values.iter().map(|value| Kinds::of_value(value));
            kinds = kinds.and(all.fold(Kinds::NONE, Kinds::or));
        }
        let Some(depth) = depth.checked_sub(1) else {
            return kinds;
        };
        let target = own.get("$ref").and_then(Value::as_str);
        if let Some((_, target)) =
            target.and_then(|text| reference::follow(self.root, text, &Place::ROOT).ok())
        {
            kinds = kinds.and(self.kinds_of(target, depth));
        }
        for name in ["anyOf", "oneOf"] {
            if let Some(Value::Array(parts)) = own.get(name) {
                let parts = parts.iter().map(|part| self.kinds_of(part, depth));
                kinds = kinds.and(parts.fold(Kinds::NONE, Kinds::or));
            }
        }
        if let Some(Value::Array(parts)) = own.get("allOf") {
            let parts = parts.iter().map(|part| self.kinds_of(part, depth));
            kinds = parts.fold(kinds, Kinds::and);
        }
        kinds
    }

    /// The schema as an object, behind a reference that stands alone.
    fn object<'v>(&'v self, schema: &'v Value) -> Option<&'v Object> {
        let mut own = schema.as_object()?;
        for _ in 0..DEPTH {
            let Some(Value::String(text)) = own.get("$ref").filter(|_| own.len() == 1) else {
                break;
            };
            let (_, target) = reference::follow(self.root, text, &Place::ROOT).ok()?;
            own = target.as_object()?;
        }
        Some(own)
    }
}

/// The values that a schema lists.
fn values(schema: &Object) -> Option<Vec<&Value>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(Value::Array(values))) => Some(values.iter().collect()),
        (None, _) => None,
    }
}

/// Equal as JSON Schema has it: 1 is 1.0.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// Whether the numbers of `a` are all below those of `b`.
fn is_below(a: &Object, b: &Object) -> bool {
    let bound = |schema: &Object, name: &str| schema.get(name).and_then(Value::as_f64);
    let flagged = |schema: &Object, name: &str| schema.get(name) == Some(&Value::Bool(true));
    let highs = [
        bound(a, "maximum").map(|n| (n, flagged(a, "exclusiveMaximum"))),
        bound(a, "exclusiveMaximum").map(|n| (n, true)),
    ];
    let lows = [
        bound(b, "minimum").map(|n| (n, flagged(b, "exclusiveMinimum"))),
        bound(b, "exclusiveMinimum").map(|n| (n, true)),
    ];
    highs.iter().flatten().any(|(high, open)| {
        lows.iter()
            .flatten()
            .any(|(low, shut)| high < low || high == low && (*open || *shut))
    })
}

/// What a property must be; `None` where that is not plain to see.
fn property<'v>(schema: &'v Object, name: &str) -> Option<&'v Value> {
    let own = schema.get("properties").and_then(|own| own.get(name));
    if own.is_some() || schema.contains_key("patternProperties") {
        return own;
    }
    schema.get("additionalProperties")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_can_fit_both_is_not_apart() {
        for (a, b, expected) in [
            (json!({"type": "string"}), json!({"type": "integer"}), true),
            (json!({"type": "number"}), json!({"type": "integer"}), false),
            (json!({"enum": ["a", 1]}), json!({"const": "b"}), true),
            (json!({"enum": [1]}), json!({"const": 1.0}), false),
            (json!({"enum": ["a"]}), json!({"type": "null"}), true),
            (json!({"enum": ["a"]}), json!({"minLength": 2}), false),
            (
                json!({"type": "integer", "maximum": 3}),
                json!({"type": "number", "minimum": 4}),
                true,
            ),
            (
                json!({"type": "integer", "maximum": 3}),
                json!({"type": "number", "minimum": 3}),
                false,
            ),
            (
                json!({"type": "integer", "maximum": 3}),
                json!({"type": "number", "exclusiveMinimum": 3}),
                true,
            ),
            (json!({"maximum": 3}), json!({"minimum": 4}), false),
            (
                json!({"type": "object", "properties": {"k": {"const": 1}}, "required": ["k"]}),
                json!({"type": "object", "properties": {"k": {"const": 2}}}),
                true,
            ),
            (
                json!({"type": "object", "properties": {"k": {"const": 1}}}),
                json!({"type": "object", "properties": {"k": {"const": 2}}}),
                false,
            ),
            (
                json!({"properties": {"k": {"const": 1}}, "required": ["k"]}),
                json!({"properties": {"k": {"const": 2}}, "required": ["k"]}),
                false,
            ),
            (
                json!({"type": "object", "required": ["k"]}),
                json!({"type": "object", "additionalProperties": false}),
                false,
            ),
            (
                json!({"type": "object", "properties": {"k": {"type": "null"}}, "required": ["k"]}),
                json!({"type": "object", "additionalProperties": false}),
                true,
            ),
            (json!({"$ref": "#/$defs/s"}), json!({"type": "null"}), true),
            (
                json!({"anyOf": [{"type": "null"}, {"type": "boolean"}]}),
                json!({"$ref": "#/$defs/s"}),
                true,
            ),
            (
                json!({"allOf": [{"enum": ["x"]}]}),
                json!({"enum": ["y"]}),
                true,
            ),
            (json!(false), json!(true), true),
            (
                json!({"$ref": "#/$defs/loop"}),
                json!({"type": "null"}),
                false,
            ),
        ] {
            let root =
                json!({"$defs": {"s": {"type": "string"}, "loop": {"$ref": "#/$defs/loop"}}});
            let around = Around {
                root: &root,
                kinds: Kinds::ALL,
                parent: None,
            };
            assert_eq!(around.are_apart(&a, &b), expected, "{a} {b}");
            assert_eq!(around.are_apart(&b, &a), expected, "{b} {a}");
        }
    }
}
