//! Schemas that are made to hurt: each is compiled or refused, soon.

use std::time::Duration;

use serde_json::{Value, json};

use super::{RandomModel, grammars};
use crate::types::{Clock as _, SystemClock};

/// Far more than any takes on a machine that does nothing else; a test machine does.
const SOON: Duration = Duration::from_secs(10);

fn nested(depth: usize, wrap: impl Fn(Value) -> Value) -> Value {
    (0..depth).fold(json!({"type": "null"}), |inner, _| wrap(inner))
}

/// Definitions that hang on each other in a row, `step` apart.
fn chain(n: usize, step: usize) -> Value {
    let defs: serde_json::Map<_, _> = (0..n)
        .map(|at| {
            let at = at * step % n;
            let next = if at + 1 == n {
                json!({"type": "null"})
            } else {
                json!({"$ref": format!("#/$defs/{}", at + 1)})
            };
            (
                at.to_string(),
                json!({"type": "array", "items": next, "minItems": 1}),
            )
        })
        .collect();
    json!({"$ref": "#/$defs/0", "$defs": defs})
}

fn hostile() -> Vec<(&'static str, Value)> {
    let many = |n: usize, value: Value| -> Value {
        (0..n)
            .map(|at| (format!("p{at}"), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let list = |n: usize, make: fn(usize) -> Value| Value::Array((0..n).map(make).collect());
    vec![
        (
            "deep properties",
            nested(
                60,
                |inner| json!({"type": "object", "properties": {"a": inner}}),
            ),
        ),
        (
            "deep anyOf",
            nested(60, |inner| json!({"anyOf": [inner, {"type": "string"}]})),
        ),
        (
            "deep arrays",
            nested(60, |inner| json!({"type": "array", "items": inner})),
        ),
        (
            "deep allOf",
            nested(50, |inner| json!({"allOf": [inner, {"minLength": 1}]})),
        ),
        (
            "allOf of anyOf",
            json!({"allOf": list(20, |at| json!({"anyOf": [{"minLength": at}, {"minimum": at}, {"required": [format!("p{at}")]}]}))}),
        ),
        ("doubling references", {
            let defs: serde_json::Map<_, _> = (0..40).map(|at| (format!("d{at}"), json!({"allOf": [{"$ref": format!("#/$defs/d{}", at + 1)}, {"$ref": format!("#/$defs/d{}", at + 1)}]}))).chain([("d40".to_owned(), json!({"type": "object"}))]).collect();
            json!({"$ref": "#/$defs/d0", "$defs": defs})
        }),
        ("a chain of references", chain(1_000, 1)),
        ("a shuffled chain", chain(1_009, 397)),
        ("a reference to itself", json!({"$ref": "#"})),
        (
            "two references in a ring",
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
        ),
        (
            "a ring with more beside it",
            json!({"allOf": [{"$ref": "#"}, {"type": "object"}]}),
        ),
        (
            "required recursion",
            json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}),
        ),
        (
            "merged recursion",
            json!({"$defs": {"t": {"type": "object", "properties": {"c": {"$ref": "#/$defs/t"}, "d": {}}}, "u": {"type": "object", "properties": {"c": {"$ref": "#/$defs/u"}, "d": {}}}}, "allOf": [{"$ref": "#/$defs/t"}, {"$ref": "#/$defs/u"}]}),
        ),
        (
            "1000 properties",
            json!({"type": "object", "properties": many(1000, json!({"type": "string"})), "additionalProperties": false}),
        ),
        (
            "1001 properties",
            json!({"type": "object", "properties": many(1001, json!({}))}),
        ),
        (
            "2000 values",
            json!({"enum": list(2000, |at| json!(format!("value {at}")))}),
        ),
        (
            "large counts",
            json!({"type": "array", "items": {"type": "array", "minItems": 999_999, "maxItems": 1_000_000}, "minItems": 999_999}),
        ),
        (
            "a count beyond",
            json!({"type": "array", "maxItems": 4_000_000_000_u64}),
        ),
        (
            "a long string",
            json!({"type": "string", "minLength": 1_000_000}),
        ),
        (
            "nested repetitions",
            json!({"type": "string", "pattern": "^((((a{1,1000}){1,1000}){1,1000}){1,1000}){1,1000}$"}),
        ),
        (
            "many states",
            json!({"type": "string", "pattern": "^(a|b)*a(a|b){500}$"}),
        ),
        (
            "overlapping repetitions",
            json!({"type": "string", "pattern": "^(.*a){30}.*(b.*){30}$"}),
        ),
        (
            "a pattern beyond",
            json!({"type": "string", "pattern": "a".repeat(3_000)}),
        ),
        (
            "deep groups",
            json!({"type": "string", "pattern": format!("{}a{}", "(".repeat(200), ")".repeat(200))}),
        ),
        (
            "a pattern and lengths",
            json!({"type": "string", "pattern": "(a|bb|ccc)*x(a|bb|ccc)*", "minLength": 900, "maxLength": 1000}),
        ),
        (
            "many patterns of names",
            json!({"type": "object", "patternProperties": (0..100).map(|at| (format!("^x{at}.*y[a-z]*{at}$"), json!({}))).collect::<serde_json::Map<_, _>>()}),
        ),
        (
            "200 alternatives of objects",
            json!({"anyOf": list(200, |at| json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"const": at}}}))}),
        ),
        (
            "201 alternatives",
            json!({"anyOf": list(201, |at| json!({"const": at}))}),
        ),
        (
            "oneOf of many",
            json!({"oneOf": list(200, |at| json!({"type": "object", "properties": {"k": {"const": at}}, "required": ["k"]}))}),
        ),
        ("300 kB", json!({"enum": ["x".repeat(300_000)]})),
        (
            "a name of 200 kB",
            json!({"type": "object", "properties": {"x".repeat(200_000): {}}}),
        ),
    ]
}

#[test]
fn hostile_schemas_are_dealt_with_soon() {
    let (grammars, clock) = (grammars(), SystemClock);
    for (name, schema) in hostile() {
        let started = clock.instant();
        let made = grammars.json_schema(&schema, &[]);
        let compiled = clock.instant() - started;
        let outcome = match &made {
            Ok(grammar) => {
                // Some tokens, whatever they are.
                let _start = RandomModel::new(1).start(&mut *grammar.mask(), 40);
                "compiled".to_owned()
            }
            Err(error) => error.to_string().chars().take(90).collect(),
        };
        let whole = clock.instant() - started;
        println!("{compiled:>9.2?} {whole:>9.2?} {name}: {outcome}");
        assert!(whole < SOON, "{name}");
    }
}
