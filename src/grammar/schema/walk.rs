//! The way through a schema.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::grammar::error::{GrammarError, Reason};

use super::format::Placeholders;
use super::kinds::Kinds;
use super::limit;
use super::place::Place;
use super::{Object, Part};
use super::{array, number, object, reference, string};

/// Keywords that restrict, and that nothing here enforces.
const UNSUPPORTED: [&str; 5] = [
    "$dynamicRef",
    "$recursiveRef",
    "extends",
    "disallow",
    "divisibleBy",
];
/// Keywords that combine schemas, or list values.
const COMBINING: [&str; 10] = [
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "enum",
    "const",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
];
/// White space between the parts of a value, so that no model goes on with it for ever.
const BLANKS: &str = r"[ \t]{1,2}|\r?\n[ \t]{0,40}";
/// What a backslash may stand before. `\u` is left out, or a name could be written in ways that the engine
/// does not tell apart; all characters but control characters stand for themselves.
const ESCAPES: &str = "nrbtf\\\"";

/// The definition of any value.
const ANY: &str = "#/$defs/any";

/// One way through a schema.
pub(super) struct Walk<'s> {
    root: &'s Value,
    placeholders: &'s Placeholders,
    /// Before the names of definitions.
    prefix: &'s str,
    /// Whether "any value" is the engine's own, in which numbers may have exponents.
    engines_any: bool,
    /// Whether schemas are merged.
    merged: bool,
    /// What references lead to, by pointer, and its number.
    targets: BTreeMap<String, usize>,
    pending: Vec<(String, &'s Value)>,
    n_schemas: usize,
    n_steps: usize,
}

impl<'s> Walk<'s> {
    pub(super) const fn new(
        root: &'s Value,
        placeholders: &'s Placeholders,
        prefix: &'s str,
        engines_any: bool,
    ) -> Self {
        Self {
            root,
            placeholders,
            prefix,
            engines_any,
            merged: false,
            targets: BTreeMap::new(),
            pending: Vec::new(),
            n_schemas: 0,
            n_steps: 0,
        }
    }

    /// The whole schema rewritten.
    pub(super) fn run(mut self) -> Result<Part, GrammarError> {
        let root = self.schema(self.root, &Place::ROOT)?;
        if root == json!(false) {
            return Err(GrammarError::Unsatisfiable);
        }
        let mut definitions = Object::new();
        while let Some((pointer, target)) = self.pending.pop() {
            let rewritten = self.schema(target, &Place::at(&pointer))?;
            definitions.insert(self.name(&pointer), rewritten);
        }
        if self.merged && self.n_steps > 1 {
            // The engine's common multiple of several has no bound.
            return Err(GrammarError::TooComplex);
        }
        Ok(Part { root, definitions })
    }

    pub(super) const fn root(&self) -> &'s Value {
        self.root
    }

    pub(super) const fn placeholders(&self) -> &'s Placeholders {
        self.placeholders
    }

    /// The schema `value`, rewritten.
    pub(super) fn schema(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<Value, GrammarError> {
        self.n_schemas += 1;
        if self.n_schemas > limit::SCHEMAS {
            return Err(super::too_large(String::new(), "schemas", limit::SCHEMAS));
        }
        if place.depth() > 2 * limit::DEPTH {
            return Err(super::too_large(place.pointer(), "levels", limit::DEPTH));
        }
        match value {
            Value::Bool(true) => Ok(self.any()),
            Value::Bool(false) => Ok(json!(false)),
            Value::Object(schema) => self.keywords(schema, place),
            _ => Err(place.invalid("an object, `true` or `false`")),
        }
    }

    fn keywords(&mut self, schema: &Object, place: &Place<'_>) -> Result<Value, GrammarError> {
        if let Some(keyword) = UNSUPPORTED.iter().find(|key| schema.contains_key(**key)) {
            return Err(place.of(keyword).unsupported(Reason::Keyword));
        }
        if schema.contains_key("if") && (schema.contains_key("then") || schema.contains_key("else"))
        {
            return Err(place.of("if").unsupported(Reason::Keyword));
        }
        let kinds = match schema.get("type") {
            None => Kinds::ALL,
            Some(kind) => Kinds::of_keyword(kind)
                .ok_or_else(|| place.of("type").invalid("a type, or a list of types"))?,
        };
        let listed = self.listed(schema, kinds, place)?;
        let asserts = schema.keys().any(|key| Self::is_assertion(key));
        let mut parts = self.combined(schema, kinds, place)?;
        if asserts || listed.is_none() && kinds != Kinds::ALL {
            parts.insert(0, self.base(schema, kinds, place)?);
        }
        parts.extend(listed);
        Ok(self.all_of(parts))
    }

    /// The values of the types `kinds` that fit the assertions of `schema`.
    pub(super) fn base(
        &mut self,
        schema: &Object,
        kinds: Kinds,
        place: &Place<'_>,
    ) -> Result<Value, GrammarError> {
        let mut alternatives = Vec::new();
        if Kinds::OBJECT.is_within(kinds) {
            alternatives.push(self.object(schema, place)?);
        }
        if Kinds::ARRAY.is_within(kinds) {
            alternatives.push(self.array(schema, place)?);
        }
        if Kinds::STRING.is_within(kinds) {
            alternatives.push(self.string(schema, place)?);
        }
        if kinds.meets(Kinds::NUMBER) {
            self.n_steps += usize::from(schema.contains_key("multipleOf"));
            let integer = !Kinds::NUMBER.is_within(kinds);
            alternatives.push(number::rewrite(schema, integer, place)?);
        }
        if Kinds::BOOLEAN.is_within(kinds) {
            alternatives.push(json!({"type": "boolean"}));
        }
        if Kinds::NULL.is_within(kinds) {
            alternatives.push(json!({"type": "null"}));
        }
        Ok(Self::any_of(alternatives))
    }

    /// What fits all `parts`, which are rewritten.
    pub(super) fn all_of(&mut self, mut parts: Vec<Value>) -> Value {
        let any = self.any();
        parts.retain(|part| part != &any && part != &json!(true));
        if parts.contains(&json!(false)) {
            return json!(false);
        }
        match parts.len() {
            0 => any,
            1 => parts.swap_remove(0),
            _ => {
                self.merged = true;
                // Two recursive "any value" would be merged for ever; one says it for all.
                parts.iter_mut().skip(1).for_each(leave_open);
                json!({"allOf": parts})
            }
        }
    }

    /// Any value.
    pub(super) fn any(&self) -> Value {
        if self.engines_any {
            json!(true)
        } else {
            json!({"$ref": ANY})
        }
    }

    /// Any value, where the engine's own notion of it stands unless it is written.
    pub(super) fn any_other(&self) -> Option<Value> {
        (!self.engines_any).then(|| self.any())
    }

    pub(super) fn reference(
        &mut self,
        text: &Value,
        place: &Place<'_>,
    ) -> Result<Value, GrammarError> {
        let text = text.as_str().ok_or_else(|| place.invalid("a reference"))?;
        let (pointer, target) = reference::follow(self.root, text, place)?;
        if !self.targets.contains_key(&pointer) {
            self.targets.insert(pointer.clone(), self.targets.len());
            self.pending.push((pointer.clone(), target));
        }
        Ok(json!({"$ref": format!("#/$defs/{}", self.name(&pointer))}))
    }

    fn name(&self, pointer: &str) -> String {
        let number = self.targets.get(pointer).copied().unwrap_or_default();
        format!("{}d{number}", self.prefix)
    }

    /// Whether `keyword` restricts values.
    pub(super) fn restricts(keyword: &str) -> bool {
        Self::is_assertion(keyword)
            || COMBINING.contains(&keyword)
            || UNSUPPORTED.contains(&keyword)
            || matches!(keyword, "type" | "if")
    }

    /// Whether `schema` applies other schemas to the same value.
    pub(super) fn applies_more(schema: &Object) -> bool {
        let applies = |key: &str| !matches!(key, "enum" | "const" | "not" | "dependentRequired");
        let mut keys = COMBINING.iter().filter(|key| applies(key));
        keys.any(|key| schema.contains_key(*key))
    }

    fn is_assertion(keyword: &str) -> bool {
        object::KEYWORDS.contains(&keyword)
            || array::KEYWORDS.contains(&keyword)
            || string::KEYWORDS.contains(&keyword)
            || number::KEYWORDS.contains(&keyword)
    }
}

/// Leaves "any value" in `schema`, which is rewritten, to what it is merged with.
fn leave_open(schema: &mut Value) {
    match schema {
        Value::Object(own) => {
            if own.get("$ref").is_some_and(|target| target == ANY) {
                *schema = json!(true);
                return;
            }
            for (name, inner) in own {
                if name != "enum" {
                    leave_open(inner);
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(leave_open),
        _ => {}
    }
}

/// How the engine writes what a schema does not say.
pub(super) fn options() -> Value {
    json!({"whitespace_pattern": BLANKS, "json_allowed_escapes": ESCAPES})
}

/// Any value, with numbers as [`number`] has them.
pub(super) fn any_value() -> Value {
    let any = json!({"$ref": ANY});
    let number = number::rewrite(&Object::new(), false, &Place::ROOT).unwrap_or(json!(false));
    json!({"anyOf": [
        {"type": "object", "additionalProperties": any},
        {"type": "array", "items": any},
        {"type": "string"},
        number,
        {"type": "boolean"},
        {"type": "null"},
    ]})
}

/// Whether `text` can be written with [`ESCAPES`].
pub(super) fn is_writable(text: &str) -> bool {
    let escaped = |c: char| matches!(c, '\n' | '\r' | '\t' | '\x08' | '\x0C');
    text.chars().all(|c| escaped(c) || !c.is_ascii_control())
}
