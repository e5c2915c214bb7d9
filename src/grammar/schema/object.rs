//! Objects.

use serde_json::{Value, json};

use crate::grammar::error::{GrammarError, Reason};

use super::Object;
use super::limit;
use super::pattern;
use super::place::Place;
use super::string::count;
use super::walk::{Walk, is_writable};

/// Keywords of objects that are rewritten here.
pub(super) const KEYWORDS: [&str; 8] = [
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "unevaluatedProperties",
];

/// Most optional properties of which at least one must be there: each makes an alternative.
const MAX_AT_LEAST_ONE: usize = 24;

/// An object's parts, rewritten.
#[derive(Clone, Default)]
struct Parts {
    properties: Object,
    patterns: Object,
    /// Other properties; `None` where they may be anything.
    others: Option<Value>,
    required: Vec<String>,
}

/// Which names properties may have.
enum Names<'s> {
    All,
    Listed(Vec<&'s str>),
    /// Those that the regular expression, in the engine's syntax, matches.
    Matching(String),
}

impl Walk<'_> {
    /// The objects of `schema`.
    pub(super) fn object(
        &mut self,
        schema: &Object,
        place: &Place<'_>,
    ) -> Result<Value, GrammarError> {
        let mut parts = Parts {
            required: required(schema, place)?,
            ..Parts::default()
        };
        if let Some(properties) = schema.get("properties") {
            let place = place.of("properties");
            for (name, inner) in members(properties, &place)? {
                let place = place.of(name);
                if !is_writable(name) {
                    return Err(place.unsupported(Reason::Keyword));
                }
                let inner = self.schema(inner, &place)?;
                parts.properties.insert(name.clone(), inner);
            }
        }
        self.patterns(schema, &mut parts, place)?;
        parts.others = self.others(schema, place)?;
        if let Some(names) = schema.get("propertyNames") {
            self.names(names, &mut parts, &place.of("propertyNames"))?;
        }
        self.counted(schema, parts, place)
    }

    fn patterns(
        &mut self,
        schema: &Object,
        parts: &mut Parts,
        place: &Place<'_>,
    ) -> Result<(), GrammarError> {
        let Some(patterns) = schema.get("patternProperties") else {
            return Ok(());
        };
        let place = place.of("patternProperties");
        for (own, inner) in members(patterns, &place)? {
            let place = place.of(own);
            let inner = self.schema(inner, &place)?;
            // A pattern for one name is that property.
            match pattern::literal(own) {
                Some(name) => {
                    let both = match parts.properties.get(name) {
                        Some(declared) => self.all_of(vec![declared.clone(), inner]),
                        None => inner,
                    };
                    parts.properties.insert(name.to_owned(), both);
                }
                None => {
                    let translated = self.pattern(own, &place)?;
                    parts.patterns.insert(translated, inner);
                }
            }
        }
        Ok(())
    }

    /// What all other properties are; `None` for anything.
    fn others(
        &mut self,
        schema: &Object,
        place: &Place<'_>,
    ) -> Result<Option<Value>, GrammarError> {
        let unevaluated = schema.get("unevaluatedProperties");
        match (schema.get("additionalProperties"), unevaluated) {
            (Some(Value::Bool(true)), _) | (None, None | Some(Value::Bool(true))) => Ok(None),
            (Some(others), _) => self
                .schema(others, &place.of("additionalProperties"))
                .map(Some),
            (None, Some(_)) if Self::applies_more(schema) => Err(place
                .of("unevaluatedProperties")
                .unsupported(Reason::Context)),
            (None, Some(others)) => self
                .schema(others, &place.of("unevaluatedProperties"))
                .map(Some),
        }
    }

    /// Keeps the names of properties to `propertyNames`.
    fn names(
        &mut self,
        names: &Value,
        parts: &mut Parts,
        place: &Place<'_>,
    ) -> Result<(), GrammarError> {
        let names = self.allowed_names(names, place)?;
        let fits: Box<dyn Fn(&str) -> bool> = match &names {
            Names::All => return Ok(()),
            Names::Listed(listed) => {
                let listed = listed.clone();
                Box::new(move |name| listed.contains(&name))
            }
            Names::Matching(pattern) => {
                let matching = regex::Regex::new(pattern);
                let matching = matching.map_err(|_| place.unsupported(Reason::Pattern))?;
                Box::new(move |name| matching.is_match(name))
            }
        };
        if !parts.patterns.is_empty() {
            return Err(place.unsupported(Reason::Context));
        }
        for (name, inner) in &mut parts.properties {
            if !fits(name) {
                *inner = json!(false);
            }
        }
        let others = parts.others.replace(json!(false));
        let others = others.unwrap_or_else(|| self.any());
        match names {
            Names::All => {}
            Names::Listed(listed) => {
                for name in listed {
                    if !parts.properties.contains_key(name) {
                        parts.properties.insert(name.to_owned(), others.clone());
                    }
                }
            }
            Names::Matching(pattern) => {
                parts.patterns.insert(pattern, others);
            }
        }
        Ok(())
    }

    fn allowed_names<'n>(
        &self,
        names: &'n Value,
        place: &Place<'_>,
    ) -> Result<Names<'n>, GrammarError> {
        let names = match names {
            Value::Bool(true) => return Ok(Names::All),
            Value::Bool(false) => return Ok(Names::Listed(Vec::new())),
            Value::Object(names) => names,
            _ => return Err(place.invalid("an object, `true` or `false`")),
        };
        let asked: Vec<&str> = names
            .keys()
            .map(String::as_str)
            .filter(|key| Walk::restricts(key))
            .collect();
        let only = |allowed: &[&str]| asked.iter().all(|key| allowed.contains(key));
        if names.get("type").is_some_and(|kind| kind != "string") {
            return Err(place.of("type").unsupported(Reason::Context));
        }
        if only(&["type"]) {
            return Ok(Names::All);
        }
        let strings = |values: &'n [Value]| values.iter().filter_map(Value::as_str).collect();
        match (names.get("enum"), names.get("const"), names.get("pattern")) {
            (Some(Value::Array(listed)), None, None) if only(&["type", "enum"]) => {
                Ok(Names::Listed(strings(listed)))
            }
            (None, Some(name), None) if only(&["type", "const"]) => {
                Ok(Names::Listed(strings(std::slice::from_ref(name))))
            }
            (None, None, Some(Value::String(own))) if only(&["type", "pattern"]) => {
                let place = place.of("pattern");
                self.pattern(own, &place).map(Names::Matching)
            }
            (None, None, None) if only(&["type", "minLength", "maxLength"]) => {
                let least = count(names, "minLength", place)?.unwrap_or(0);
                let most = count(names, "maxLength", place)?;
                let most = most.map(|n| n.to_string()).unwrap_or_default();
                Ok(Names::Matching(format!("^(?s:.){{{least},{most}}}$")))
            }
            _ => Err(place.unsupported(Reason::Context)),
        }
    }

    /// The object with its number of properties bounded.
    fn counted(
        &mut self,
        schema: &Object,
        parts: Parts,
        place: &Place<'_>,
    ) -> Result<Value, GrammarError> {
        let least = count(schema, "minProperties", place)?.unwrap_or(0);
        let most = count(schema, "maxProperties", place)?;
        let refuse = |name| Err(place.of(name).unsupported(Reason::PropertyCount));
        let n_required = u64::try_from(parts.required.len()).unwrap_or(u64::MAX);
        let possible = |(_, inner): &(&String, &Value)| **inner != json!(false);
        let optional: Vec<String> = parts
            .properties
            .iter()
            .filter(possible)
            .map(|(name, _)| name.clone())
            .filter(|name| !parts.required.contains(name))
            .collect();
        let n_optional = u64::try_from(optional.len()).unwrap_or(u64::MAX);
        let closed = parts.others == Some(json!(false)) && parts.patterns.is_empty();
        let mut bounds = Object::new();
        if let Some(most) = most
            && !(closed && most >= n_required.saturating_add(n_optional))
        {
            if !optional.is_empty() && most > n_required {
                return refuse("maxProperties");
            }
            bounds.insert("maxProperties".to_owned(), json!(most));
        }
        if least <= n_required {
            return Ok(self.assembled(parts, bounds));
        }
        // Of other properties the same may come twice, which a reader takes for one.
        if least - n_required > 1 || optional.len() > MAX_AT_LEAST_ONE {
            return refuse("minProperties");
        }
        let mut alternatives = Vec::with_capacity(optional.len() + 1);
        for name in &optional {
            let mut with = parts.clone();
            with.required.push(name.clone());
            alternatives.push(self.assembled(with, bounds.clone()));
        }
        if !closed {
            let mut without = parts;
            for name in &optional {
                without.properties.insert(name.clone(), json!(false));
            }
            bounds.insert("minProperties".to_owned(), json!(least));
            alternatives.push(self.assembled(without, bounds));
        }
        Ok(Self::any_of(alternatives))
    }

    fn assembled(&mut self, parts: Parts, bounds: Object) -> Value {
        let mut out = Object::new();
        out.insert("type".to_owned(), json!("object"));
        if !parts.properties.is_empty() {
            out.insert("properties".to_owned(), Value::Object(parts.properties));
        }
        if !parts.patterns.is_empty() {
            out.insert(
                "patternProperties".to_owned(),
                Value::Object(parts.patterns),
            );
        }
        if let Some(others) = parts.others.or_else(|| self.any_other()) {
            out.insert("additionalProperties".to_owned(), others);
        }
        if !parts.required.is_empty() {
            out.insert("required".to_owned(), json!(parts.required));
        }
        out.extend(bounds);
        Value::Object(out)
    }
}

/// The members of an object of schemas.
fn members<'s>(
    value: &'s Value,
    place: &Place<'_>,
) -> Result<impl Iterator<Item = (&'s String, &'s Value)>, GrammarError> {
    let object = value
        .as_object()
        .ok_or_else(|| place.invalid("an object of schemas"))?;
    if object.len() > limit::PROPERTIES {
        return Err(super::too_large(
            place.pointer(),
            "properties",
            limit::PROPERTIES,
        ));
    }
    Ok(object.iter())
}

/// The names under `required`, each once.
fn required(schema: &Object, place: &Place<'_>) -> Result<Vec<String>, GrammarError> {
    let place = place.of("required");
    let listed = match schema.get("required") {
        None => return Ok(Vec::new()),
        Some(Value::Array(listed)) => listed,
        Some(_) => return Err(place.invalid("a list of names")),
    };
    if listed.len() > limit::PROPERTIES {
        return Err(super::too_large(
            place.pointer(),
            "names",
            limit::PROPERTIES,
        ));
    }
    let mut names: Vec<String> = Vec::with_capacity(listed.len());
    for name in listed {
        let name = name
            .as_str()
            .ok_or_else(|| place.invalid("a list of names"))?;
        if !is_writable(name) {
            return Err(place.unsupported(Reason::Keyword));
        }
        if !names.iter().any(|own| own == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}
