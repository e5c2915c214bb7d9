//! For each keyword: what fits is let through token by token, what does not is not.

use serde_json::{Value, json};

use super::{accepts, grammars};

/// A schema, what fits it, and what does not.
pub(super) struct Case {
    schema: Value,
    valid: Vec<Value>,
    invalid: Vec<Value>,
}

pub(super) fn case<const V: usize, const I: usize>(
    schema: Value,
    valid: [Value; V],
    invalid: [Value; I],
) -> Case {
    Case {
        schema,
        valid: valid.into(),
        invalid: invalid.into(),
    }
}

/// The rows themselves are held to another implementation of JSON Schema.
pub(super) fn check(cases: Vec<Case>) {
    let grammars = grammars();
    let mut wrong = Vec::new();
    for Case {
        schema,
        valid,
        invalid,
    } in cases
    {
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap_or_else(|error| panic!("{error}: {schema}"));
        let grammar = match grammars.json_schema(&schema, &[]) {
            Ok(grammar) => grammar,
            Err(error) => {
                wrong.push(format!("{schema}: {error}"));
                continue;
            }
        };
        for (values, fits) in [(valid, true), (invalid, false)] {
            for value in values {
                assert_eq!(
                    validator.is_valid(&value),
                    fits,
                    "the row is wrong: {value} for {schema}"
                );
                // With blanks and without.
                let pretty = serde_json::to_string_pretty(&value).unwrap();
                for text in [value.to_string(), pretty] {
                    if accepts(&grammar, &text) != fits {
                        wrong.push(format!(
                            "{text} {} {schema}",
                            if fits { "is refused by" } else { "passes" }
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn types_and_values() {
    check(vec![
        case(
            json!({"type": "null"}),
            [json!(null)],
            [json!(0), json!("")],
        ),
        case(
            json!({"type": "boolean"}),
            [json!(true), json!(false)],
            [json!(null), json!(1)],
        ),
        case(
            json!({"type": "integer"}),
            [json!(0), json!(-7), json!(1_000_000_000_000_i64)],
            [json!(0.5), json!("1")],
        ),
        case(
            json!({"type": "number"}),
            [json!(0), json!(-7.25), json!(12)],
            [json!("1"), json!(null)],
        ),
        case(
            json!({"type": "string"}),
            [json!(""), json!("a\"\\\n\t\u{e9}\u{1f600}/")],
            [json!(1), json!([])],
        ),
        case(
            json!({"type": ["string", "null"]}),
            [json!("x"), json!(null)],
            [json!(true), json!({})],
        ),
        case(
            json!({}),
            [json!({"a": [1, null]}), json!(1.5), json!("x")],
            [],
        ),
        case(json!(true), [json!({"a": []}), json!([{}])], []),
        case(
            json!({"enum": ["a", 1, null, {"k": [true]}]}),
            [json!("a"), json!(1), json!(null), json!({"k": [true]})],
            [json!("b"), json!(2), json!({"k": [false]}), json!({})],
        ),
        case(
            json!({"type": "string", "enum": ["a", 1, "b"]}),
            [json!("a"), json!("b")],
            [json!(1), json!("c")],
        ),
        case(
            json!({"const": "a/b"}),
            [json!("a/b")],
            [json!("a"), json!(null)],
        ),
        case(
            json!({"const": -1.5}),
            [json!(-1.5)],
            [json!(1.5), json!(-1)],
        ),
        case(
            json!({"const": [1, "x"]}),
            [json!([1, "x"])],
            [json!([1]), json!([1, "x", 2]), json!(["x", 1])],
        ),
        case(
            json!({"enum": ["a", "b", "c"], "not": {"enum": ["b"]}}),
            [json!("a"), json!("c")],
            [json!("b")],
        ),
        case(
            json!({"enum": ["aa", "b", "ccc"], "minLength": 2}),
            [json!("aa"), json!("ccc")],
            [json!("b")],
        ),
        case(
            json!({"not": {"type": "string"}}),
            [json!(1), json!(null), json!({})],
            [json!("x")],
        ),
        case(
            json!({"not": {"type": ["object", "array"]}}),
            [json!(1), json!("x")],
            [json!({}), json!([])],
        ),
    ]);
}

#[test]
fn numbers() {
    check(vec![
        case(
            json!({"type": "integer", "minimum": 3}),
            [json!(3), json!(10), json!(99)],
            [json!(2), json!(-3), json!(0)],
        ),
        case(
            json!({"type": "integer", "minimum": -3, "maximum": 12}),
            [json!(-3), json!(0), json!(12)],
            [json!(-4), json!(13), json!(100)],
        ),
        case(
            json!({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5}),
            [json!(4)],
            [json!(3), json!(5)],
        ),
        case(
            json!({"type": "integer", "minimum": 0.5, "maximum": 2.5}),
            [json!(1), json!(2)],
            [json!(0), json!(3)],
        ),
        case(
            json!({"type": "number", "minimum": 0, "maximum": 1}),
            [json!(0), json!(0.5), json!(1), json!(0.001)],
            [json!(-0.1), json!(1.001), json!(2)],
        ),
        case(
            json!({"type": "number", "exclusiveMinimum": 0}),
            [json!(0.001), json!(7)],
            [json!(0), json!(-1)],
        ),
        case(
            json!({"type": "number", "exclusiveMaximum": -1.5}),
            [json!(-1.6), json!(-20)],
            [json!(-1.5), json!(0)],
        ),
        case(
            json!({"type": "number", "minimum": 2.5, "exclusiveMinimum": 2}),
            [json!(2.5), json!(3)],
            [json!(2.2), json!(2)],
        ),
        case(
            json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "number", "minimum": 1, "exclusiveMinimum": true}),
            [json!(1.5), json!(2)],
            [json!(1), json!(0)],
        ),
        case(
            json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "number", "maximum": 1, "exclusiveMaximum": false}),
            [json!(1), json!(0)],
            [json!(1.1)],
        ),
        case(
            json!({"type": "integer", "multipleOf": 3}),
            [json!(0), json!(3), json!(-6), json!(999)],
            [json!(1), json!(-2), json!(1000)],
        ),
        case(
            json!({"type": "number", "multipleOf": 0.5}),
            [json!(0.5), json!(2), json!(-1.5)],
            [json!(0.25), json!(1.1)],
        ),
        case(
            json!({"type": "integer", "multipleOf": 5, "minimum": 7, "maximum": 20}),
            [json!(10), json!(20)],
            [json!(5), json!(11), json!(25)],
        ),
        case(
            json!({"minimum": 5}),
            [json!(5), json!("x"), json!(null), json!([])],
            [json!(4)],
        ),
    ]);
}

#[test]
fn strings() {
    check(vec![
        case(
            json!({"type": "string", "minLength": 2, "maxLength": 3}),
            [json!("ab"), json!("\u{1f600}\u{e9}x"), json!("\"\\")],
            [json!("a"), json!("abcd"), json!("")],
        ),
        case(
            json!({"type": "string", "maxLength": 0}),
            [json!("")],
            [json!("a")],
        ),
        case(
            json!({"type": "string", "pattern": "b+"}),
            [json!("abbc"), json!("b")],
            [json!("ac"), json!("")],
        ),
        case(
            json!({"type": "string", "pattern": "^a|b$"}),
            [json!("ax"), json!("xb")],
            [json!("xa"), json!("bx")],
        ),
        case(
            json!({"type": "string", "pattern": "^(\\d{3}-)?[A-Z_][\\w.]*$"}),
            [json!("123-Ab.c"), json!("_")],
            [json!("12-A"), json!("a"), json!("A-")],
        ),
        case(
            json!({"type": "string", "pattern": "^[^\\s\"/]+$"}),
            [json!("a\\b"), json!("\u{e9}")],
            [
                json!("a b"),
                json!("a\nb"),
                json!("a\"b"),
                json!("a/b"),
                json!("a\u{a0}b"),
            ],
        ),
        case(
            json!({"type": "string", "pattern": "^a.c$"}),
            [json!("abc"), json!("a\u{1f600}c")],
            [json!("a\nc"), json!("a\rc"), json!("ac")],
        ),
        case(
            json!({"type": "string", "pattern": "^[a-c\\]\\-]{1,2}$"}),
            [json!("a-"), json!("]c")],
            [json!("d"), json!("abc")],
        ),
        case(
            json!({"type": "string", "pattern": "^\\u00e9\\x41\\$$"}),
            [json!("\u{e9}A$")],
            [json!("eA$")],
        ),
        case(
            json!({"type": "string", "pattern": "^a*?b$", "maxLength": 3}),
            [json!("aab"), json!("b")],
            [json!("aaab"), json!("a")],
        ),
        case(
            json!({"type": "string", "pattern": "^x", "format": "hostname"}),
            [json!("x.test")],
            [json!("y.test"), json!("x_")],
        ),
        case(
            json!({"type": "string", "format": "no-such-format"}),
            [json!("anything")],
            [],
        ),
    ]);
}

#[test]
fn formats() {
    let format = |name: &str| json!({"type": "string", "format": name});
    check(vec![
        case(
            format("date"),
            [
                json!("2024-02-29"),
                json!("2000-02-29"),
                json!("1999-12-31"),
            ],
            [
                json!("2023-02-29"),
                json!("1900-02-29"),
                json!("2024-04-31"),
                json!("2024-13-01"),
                json!("24-01-01"),
            ],
        ),
        case(
            format("time"),
            [
                json!("00:00:00Z"),
                json!("23:59:60Z"),
                json!("12:30:01.5+02:00"),
            ],
            [
                json!("24:00:00Z"),
                json!("12:30:00"),
                json!("12:60:00Z"),
                json!("22:59:60Z"),
            ],
        ),
        case(
            format("date-time"),
            [
                json!("2024-05-14T10:00:00Z"),
                json!("2024-05-14t10:00:00.25-01:30"),
            ],
            [
                json!("2024-05-14"),
                json!("2024-05-14 10:00:00Z"),
                json!("2024-02-30T10:00:00Z"),
            ],
        ),
        case(
            format("duration"),
            [
                json!("P3D"),
                json!("PT1H30M"),
                json!("P2W"),
                json!("P1Y2M3DT4H5M6S"),
            ],
            [json!("P"), json!("PT"), json!("3D"), json!("P1D2H")],
        ),
        case(
            format("email"),
            [json!("a.b+c@example.com"), json!("x@y.test")],
            [
                json!("a"),
                json!("a@"),
                json!("@b"),
                json!(".a@b.c"),
                json!("a..b@c.d"),
            ],
        ),
        case(
            format("hostname"),
            [json!("example.com"), json!("a-b.c1")],
            [json!("-a.b"), json!("a..b"), json!("a_b")],
        ),
        case(
            format("ipv4"),
            [json!("192.168.0.1"), json!("255.255.255.255")],
            [json!("256.1.1.1"), json!("1.2.3"), json!("01.2.3.4")],
        ),
        case(
            format("ipv6"),
            [
                json!("::1"),
                json!("fe80::1:2"),
                json!("1:2:3:4:5:6:7:8"),
                json!("::ffff:1.2.3.4"),
            ],
            [
                json!("1:2"),
                json!(":::"),
                json!("1::2::3"),
                json!("12345::"),
            ],
        ),
        case(
            format("uuid"),
            [json!("123e4567-e89b-12d3-a456-426614174000")],
            [
                json!("123e4567e89b12d3a456426614174000"),
                json!("x23e4567-e89b-12d3-a456-426614174000"),
            ],
        ),
        case(
            format("uri"),
            [
                json!("https://a.test/x?y=1#z"),
                json!("mailto:a@b.c"),
                json!("urn:x:y"),
            ],
            [
                json!("//a.test"),
                json!("a b"),
                json!("http://a b"),
                json!("/x"),
            ],
        ),
        case(
            format("uri-reference"),
            [
                json!("/x?y"),
                json!("a/b"),
                json!("//h/p"),
                json!("#f"),
                json!(""),
            ],
            [json!("a b"), json!("\\x")],
        ),
        case(
            format("json-pointer"),
            [json!(""), json!("/a~1b/0")],
            [json!("a"), json!("/~2")],
        ),
        case(
            format("relative-json-pointer"),
            [json!("0#"), json!("1/a")],
            [json!("/a"), json!("01")],
        ),
    ]);
}

#[test]
fn what_is_not_enforced_is_refused_with_its_place() {
    let grammars = grammars();
    for (schema, place) in [
        (
            json!({"properties": {"a": {"not": {"pattern": "x"}}}}),
            "/properties/a/not",
        ),
        (
            json!({"type": "array", "uniqueItems": true}),
            "/uniqueItems",
        ),
        (
            json!({"type": "array", "contains": {"type": "null"}}),
            "/contains",
        ),
        (
            json!({"if": {"type": "string"}, "then": {"maxLength": 3}}),
            "/if",
        ),
        (
            json!({"items": {"$dynamicRef": "#x"}}),
            "/items/$dynamicRef",
        ),
        (json!({"$ref": "https://elsewhere.test/schema"}), "/$ref"),
        (json!({"$ref": "other.json#/a"}), "/$ref"),
        (
            json!({"properties": {"a/b": {"$ref": "#/nowhere"}}}),
            "/properties/a~1b/$ref",
        ),
        (
            json!({"oneOf": [{"type": "number"}, {"type": "integer"}]}),
            "/oneOf",
        ),
        (
            json!({"oneOf": [{"minLength": 1}, {"maxLength": 9}]}),
            "/oneOf",
        ),
        (json!({"type": "string", "pattern": "^(?!x)"}), "/pattern"),
        (json!({"type": "string", "pattern": "\\bx"}), "/pattern"),
        (json!({"type": "string", "pattern": "(a)\\1"}), "/pattern"),
        // No answer writes these, and the engine would leave them out.
        (
            json!({"type": "string", "pattern": "^a\u{1}b$"}),
            "/pattern",
        ),
        (json!({"type": "string", "pattern": "^\\x7fb$"}), "/pattern"),
        (json!({"type": "string", "pattern": "^[\\0]b$"}), "/pattern"),
        (
            json!({"type": "string", "pattern": "^[^\\0-~\\x80-\u{10ffff}]b$"}),
            "/pattern",
        ),
        (json!({"type": "string", "format": "regex"}), "/format"),
        (json!({"type": "string", "format": "idn-email"}), "/format"),
        (
            json!({"type": "number", "multipleOf": 0.000_07}),
            "/multipleOf",
        ),
        (json!({"const": 9_007_199_254_740_993_i64}), "/const"),
        (json!({"enum": ["a\u{1}"]}), "/enum"),
        (
            json!({"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "maxProperties": 2}),
            "/maxProperties",
        ),
        (
            json!({"type": "object", "minProperties": 2}),
            "/minProperties",
        ),
        (
            json!({"type": "object", "propertyNames": {"format": "uuid"}}),
            "/propertyNames",
        ),
        (
            json!({"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": false}),
            "/unevaluatedProperties",
        ),
        (
            json!({"$defs": {"d": {"type": "array", "uniqueItems": true}}, "items": {"$ref": "#/$defs/d"}}),
            "/$defs/d/uniqueItems",
        ),
        (json!({"type": "text"}), "/type"),
        (json!({"required": true}), "/required"),
        (json!({"type": "string", "minLength": -1}), "/minLength"),
        (json!({"properties": []}), "/properties"),
        (json!([]), ""),
    ] {
        let error = grammars
            .json_schema(&schema, &[])
            .expect_err(&schema.to_string());
        assert_eq!(error.pointer(), Some(place), "{error:?} {schema}");
    }
}
