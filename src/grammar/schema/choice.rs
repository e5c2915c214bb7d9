//! Keywords that combine schemas, or list values.

use serde_json::{Value, json};

use crate::grammar::error::{GrammarError, Reason};

use super::Object;
use super::disjoint::{Around, same};
use super::kinds::Kinds;
use super::limit;
use super::place::Place;
use super::walk::{Walk, is_writable};

/// Most alternatives of one keyword.
const MAX_ALTERNATIVES: usize = 200;

impl Walk<'_> {
    /// What a value must fit besides `schema`'s own assertions, which leave the types `kinds`.
    pub(super) fn combined(
        &mut self,
        schema: &Object,
        kinds: Kinds,
        place: &Place<'_>,
    ) -> Result<Vec<Value>, GrammarError> {
        let mut parts = Vec::new();
        if let Some(text) = schema.get("$ref") {
            parts.push(self.reference(text, &place.of("$ref"))?);
        }
        for (at, (inner, place)) in list(schema, "allOf", place)?.iter().enumerate() {
            parts.push(self.schema(inner, &place.of(&at.to_string()))?);
        }
        if let Some(inner) = schema.get("not") {
            parts.extend(self.complement(schema, inner, kinds, &place.of("not"))?);
        }
        self.dependents(schema, kinds, place, &mut parts)?;
        if schema.contains_key("anyOf") {
            let alternatives = list(schema, "anyOf", place)?;
            parts.push(self.alternatives(&alternatives)?);
        }
        if schema.contains_key("oneOf") {
            let alternatives = list(schema, "oneOf", place)?;
            parts.push(self.one_of(schema, kinds, &alternatives, &place.of("oneOf"))?);
        }
        Ok(parts)
    }

    fn alternatives(&mut self, all: &[(&Value, Place<'_>)]) -> Result<Value, GrammarError> {
        let mut out = Vec::with_capacity(all.len());
        for (at, (inner, place)) in all.iter().enumerate() {
            out.push(self.schema(inner, &place.of(&at.to_string()))?);
        }
        Ok(Self::any_of(out))
    }

    /// `oneOf` is `anyOf` where no value fits two.
    fn one_of(
        &mut self,
        schema: &Object,
        kinds: Kinds,
        all: &[(&Value, Place<'_>)],
        place: &Place<'_>,
    ) -> Result<Value, GrammarError> {
        let around = Around {
            root: self.root(),
            kinds,
            parent: Some(schema),
        };
        let apart = all.iter().enumerate().all(|(at, (a, _))| {
            let mut others = all.iter().skip(at + 1);
            others.all(|(b, _)| around.are_apart(a, b))
        });
        if apart {
            return self.alternatives(all);
        }
        // "One of these properties": each with the others absent.
        let names: Option<Vec<&str>> = all.iter().map(|(inner, _)| requires_one(inner)).collect();
        match names {
            Some(names) if kinds.is_within(Kinds::OBJECT) => {
                let one = |name: &&str| {
                    let absent = names.iter().filter(|other| *other != name);
                    let absent: Object = absent
                        .map(|other| ((*other).to_owned(), json!(false)))
                        .collect();
                    json!({"type": "object", "properties": absent, "required": [name]})
                };
                let unique = names
                    .iter()
                    .filter(|name| names.iter().filter(|other| other == name).count() == 1);
                let written = json!({"anyOf": unique.map(one).collect::<Vec<_>>()});
                self.schema(&written, place)
            }
            _ => Err(place.unsupported(Reason::Overlap)),
        }
    }

    /// What is left when `inner` must not fit.
    fn complement(
        &mut self,
        schema: &Object,
        inner: &Value,
        kinds: Kinds,
        place: &Place<'_>,
    ) -> Result<Option<Value>, GrammarError> {
        let inner = match inner {
            Value::Bool(true) => return Ok(Some(json!(false))),
            Value::Bool(false) => return Ok(None),
            Value::Object(inner) => inner,
            _ => return Err(place.invalid("an object, `true` or `false`")),
        };
        let asked: Vec<&str> = inner
            .keys()
            .map(String::as_str)
            .filter(|key| Self::restricts(key))
            .collect();
        match asked.as_slice() {
            [] => Ok(Some(json!(false))),
            ["type"] => {
                let not = inner.get("type").and_then(Kinds::of_keyword);
                let not = not.ok_or_else(|| place.of("type").invalid("a type"))?;
                let left = Kinds::ALL.without(not);
                if left.meets(Kinds::NUMBER) && !Kinds::NUMBER.is_within(left) {
                    return Err(place.unsupported(Reason::Keyword));
                }
                self.base(&Object::new(), left, place).map(Some)
            }
            // Listed values are taken out of a list beside it.
            ["enum" | "const"] if schema.contains_key("enum") => Ok(None),
            ["required"] | ["type", "required"] | ["required", "type"]
                if kinds.is_within(Kinds::OBJECT)
                    && Kinds::declared(inner).meets(Kinds::OBJECT) =>
            {
                let names = inner.get("required").and_then(Value::as_array);
                let names = names.into_iter().flatten().filter_map(Value::as_str);
                let lacks = |name: &str| {
                    let absent: Object = [(name.to_owned(), json!(false))].into_iter().collect();
                    json!({"type": "object", "properties": absent})
                };
                let written: Vec<Value> = names.map(lacks).collect();
                self.schema(&json!({"anyOf": written}), place).map(Some)
            }
            _ => Err(place.unsupported(Reason::Keyword)),
        }
    }

    /// "If this property is there, then …": without the property, or with the rest.
    fn dependents(
        &mut self,
        schema: &Object,
        kinds: Kinds,
        place: &Place<'_>,
        parts: &mut Vec<Value>,
    ) -> Result<(), GrammarError> {
        if !kinds.meets(Kinds::OBJECT) {
            return Ok(());
        }
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            let place = place.of(keyword);
            let rules = match schema.get(keyword) {
                None => continue,
                Some(Value::Object(rules)) => rules,
                Some(_) => return Err(place.invalid("an object")),
            };
            for (name, rule) in rules {
                let place = place.of(name);
                let then = match rule {
                    Value::Array(names) => json!({"type": "object", "required": names}),
                    Value::String(other) => json!({"type": "object", "required": [other]}),
                    Value::Bool(true) => continue,
                    rule => rule.clone(),
                };
                let absent: Object = [(name.clone(), json!(false))].into_iter().collect();
                let mut written = vec![json!({"type": "object", "properties": absent}), then];
                if !kinds.is_within(Kinds::OBJECT) {
                    let other = json!(["null", "boolean", "number", "string", "array"]);
                    written.push(json!({"type": other}));
                }
                parts.push(self.schema(&json!({"anyOf": written}), &place)?);
            }
        }
        Ok(())
    }

    /// The listed values of `schema` that are of the types `kinds`; `None` where it lists none.
    pub(super) fn listed(
        &self,
        schema: &Object,
        kinds: Kinds,
        place: &Place<'_>,
    ) -> Result<Option<Value>, GrammarError> {
        let mut values: Vec<&Value> = match (schema.get("const"), schema.get("enum")) {
            (None, None) => return Ok(None),
            (Some(value), None) => vec![value],
            (own, Some(Value::Array(values))) => {
                let fits = |value: &&Value| own.is_none_or(|own| same(own, value));
                values.iter().filter(fits).collect()
            }
            (_, Some(_)) => return Err(place.of("enum").invalid("a list of values")),
        };
        if let Some(Value::Object(not)) = schema.get("not") {
            let not = |value: &Value| {
                let listed = not.get("enum").and_then(Value::as_array);
                not.len() == 1
                    && (not.get("const").is_some_and(|not| same(not, value))
                        || listed.is_some_and(|all| all.iter().any(|not| same(not, value))))
            };
            values.retain(|value| !not(value));
        }
        values.retain(|value| Kinds::of_value(value).is_within(kinds));
        if values.len() > limit::VALUES {
            let place = place.of("enum");
            return Err(super::too_large(place.pointer(), "values", limit::VALUES));
        }
        let place = place.of(if schema.contains_key("enum") {
            "enum"
        } else {
            "const"
        });
        for value in &values {
            writable(value, &place)?;
        }
        Ok(Some(match values.as_slice() {
            [] => json!(false),
            values => json!({"enum": values}),
        }))
    }

    /// What fits one of `alternatives`, which are rewritten.
    pub(super) fn any_of(mut alternatives: Vec<Value>) -> Value {
        alternatives.retain(|inner| inner != &json!(false));
        if alternatives.iter().any(|inner| inner == &json!(true)) {
            return json!(true);
        }
        match alternatives.len() {
            0 => json!(false),
            1 => alternatives.swap_remove(0),
            _ => json!({"anyOf": alternatives}),
        }
    }
}

/// The schemas under a keyword that has a list of them, and the keyword's place.
fn list<'s, 'p>(
    schema: &'s Object,
    keyword: &'static str,
    place: &'p Place<'p>,
) -> Result<Vec<(&'s Value, Place<'p>)>, GrammarError> {
    let place = place.of(keyword);
    match schema.get(keyword) {
        None => Ok(Vec::new()),
        Some(Value::Array(all)) if all.len() > MAX_ALTERNATIVES => Err(super::too_large(
            place.pointer(),
            "alternatives",
            MAX_ALTERNATIVES,
        )),
        Some(Value::Array(all)) => Ok(all.iter().map(|inner| (inner, place)).collect()),
        Some(_) => Err(place.invalid("a list of schemas")),
    }
}

/// The one property that a schema requires, if it does nothing else.
fn requires_one(schema: &Value) -> Option<&str> {
    let schema = schema.as_object()?;
    let mut asked = schema.keys().filter(|key| Walk::restricts(key));
    let fits = |key: &String| key == "required" || key == "type" && schema[key] == "object";
    match schema.get("required")?.as_array()?.as_slice() {
        [Value::String(name)] if asked.all(fits) => Some(name),
        _ => None,
    }
}

/// Whether a listed value can be written exactly.
fn writable(value: &Value, place: &Place<'_>) -> Result<(), GrammarError> {
    match value {
        Value::Number(number) => super::number::exact(number, place).map(|_| ()),
        Value::String(text) if !is_writable(text) => Err(place.unsupported(Reason::Keyword)),
        Value::Array(all) => all.iter().try_for_each(|value| writable(value, place)),
        Value::Object(all) => all.iter().try_for_each(|(name, value)| {
            if is_writable(name) {
                writable(value, place)
            } else {
                Err(place.unsupported(Reason::Keyword))
            }
        }),
        _ => Ok(()),
    }
}
