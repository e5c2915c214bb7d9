//! Any JSON Schema to the few keywords that are enforced exactly.
//!
//! What the grammar engine would take loosely, or not at all, is written another way here or refused:
//!
//! | in the schema | written as |
//! |---|---|
//! | no `type` | one alternative for each type |
//! | `oneOf` | `anyOf`, where no value can fit two alternatives |
//! | `not` | its complement, where that is a list of types or an absent property |
//! | `dependentRequired`, `dependentSchemas`, `dependencies` | "without the property, or with the rest" |
//! | `propertyNames` | `patternProperties` or `properties` |
//! | `format` | the regular expression of the format, or a placeholder that fits |
//! | `pattern` | the same in the engine's own syntax ([`pattern`]) |
//! | `items` and `additionalItems` of older versions | `prefixItems` and `items` |
//! | `$ref` | a numbered definition; only what is reached is kept |
//! | numbers without bounds | numbers up to ±10^18 without an exponent |
//!
//! A keyword that restricts is honoured or refused whatever version of JSON Schema is declared; a keyword
//! that no version knows is a comment, as JSON Schema has it.

mod array;
mod choice;
mod disjoint;
mod finite;
mod format;
mod kinds;
mod number;
mod object;
mod pattern;
mod place;
mod reference;
mod string;
mod walk;

use serde_json::Value;

use super::error::GrammarError;

use self::format::Placeholders;
use self::walk::Walk;

/// A schema as JSON Schema has it: an object or `true` or `false`.
type Object = serde_json::Map<String, Value>;

/// Bounds of what is read. A schema within them compiles within a second or is refused.
mod limit {
    /// Bytes of a schema.
    pub(super) const BYTES: usize = 256 << 10;
    /// Schemas within schemas.
    pub(super) const DEPTH: usize = 64;
    /// Schemas in all.
    pub(super) const SCHEMAS: usize = 8_000;
    /// Properties of one object.
    pub(super) const PROPERTIES: usize = 1_000;
    /// Values of one `enum`.
    pub(super) const VALUES: usize = 2_000;
    /// Bytes of one regular expression.
    pub(super) const PATTERN_BYTES: usize = 2_000;
    /// Repetitions in a regular expression.
    pub(super) const REPETITIONS: u32 = 1_000;
    /// A length, or a count of items or properties.
    pub(super) const COUNT: u64 = 1_000_000;
}

/// The definitions behind the parts of a grammar, and what else it needs.
#[derive(Debug, Default)]
pub(super) struct Definitions(Object);

/// A rewritten schema and the definitions that it refers to.
#[derive(Debug)]
pub(super) struct Part {
    root: Value,
    definitions: Object,
}

impl Definitions {
    /// Takes the definitions of `part`; the rest of it stands wherever in the grammar.
    pub(super) fn add(&mut self, part: Part) -> Value {
        self.0.extend(part.definitions);
        part.root
    }

    /// The whole schema with `root` at its top.
    pub(super) fn close(mut self, root: Value) -> Value {
        self.0.insert("any".to_owned(), walk::any_value());
        let mut out = match root {
            Value::Object(out) => out,
            any => [("anyOf".to_owned(), Value::Array(vec![any]))]
                .into_iter()
                .collect(),
        };
        out.insert("$defs".to_owned(), Value::Object(self.0));
        out.insert("x-guidance".to_owned(), walk::options());
        Value::Object(out)
    }
}

/// How "any value" is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnyValue {
    /// Out in full, with numbers as they are elsewhere. Where two such are merged, compiling fails.
    Written,
    /// As the engine has it: numbers may have exponents.
    Engines,
}

/// The schema that has the same values as `schema`, in the keywords that are enforced. Each of the
/// `placeholders` may stand for a string of the format it fits.
pub(super) fn rewrite(
    schema: &Value,
    placeholders: &[String],
    any: AnyValue,
) -> Result<Value, GrammarError> {
    let mut all = Definitions::default();
    let root = all.add(part(schema, placeholders, "", any)?);
    Ok(all.close(root))
}

/// The same as a part of a larger grammar, in which the names of definitions start with `prefix`.
pub(super) fn part(
    schema: &Value,
    placeholders: &[String],
    prefix: &str,
    any: AnyValue,
) -> Result<Part, GrammarError> {
    if schema.to_string().len() > limit::BYTES {
        return Err(too_large(String::new(), "bytes", limit::BYTES));
    }
    let placeholders = Placeholders::new(placeholders);
    let walk = Walk::new(schema, &placeholders, prefix, any == AnyValue::Engines);
    finite::prune(walk.run()?)
}

fn too_large(pointer: String, what: &'static str, limit: usize) -> GrammarError {
    GrammarError::TooLarge {
        pointer,
        what,
        limit: u64::try_from(limit).unwrap_or(u64::MAX),
    }
}
