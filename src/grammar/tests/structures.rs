//! The same for arrays, objects and combinations of schemas.

use serde_json::json;

use super::keywords::{case, check};

#[test]
fn arrays() {
    let ints = json!({"type": "integer"});
    check(vec![
        case(
            json!({"type": "array", "items": ints}),
            [json!([]), json!([1]), json!([1, 2, 3])],
            [json!(["a"]), json!([1, null]), json!({})],
        ),
        case(
            json!({"type": "array", "minItems": 1, "maxItems": 2}),
            [json!([1]), json!(["a", {}])],
            [json!([]), json!([1, 2, 3])],
        ),
        case(
            json!({"type": "array", "maxItems": 0}),
            [json!([])],
            [json!([1])],
        ),
        case(
            json!({"type": "array", "prefixItems": [{"type": "string"}, ints], "items": false}),
            [json!([]), json!(["a"]), json!(["a", 1])],
            [json!([1]), json!(["a", 1, 2])],
        ),
        case(
            json!({"type": "array", "prefixItems": [{"type": "string"}], "items": ints}),
            [json!(["a", 1, 2])],
            [json!(["a", "b"])],
        ),
        case(
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "array", "items": [{"type": "string"}], "additionalItems": ints, "minItems": 2}),
            [json!(["a", 1])],
            [json!(["a"]), json!(["a", "b"])],
        ),
        case(
            json!({"type": "array", "uniqueItems": true, "maxItems": 1}),
            [json!([]), json!([1])],
            [json!([1, 1])],
        ),
        case(
            json!({"type": "array", "uniqueItems": false}),
            [json!([1, 1])],
            [json!(1)],
        ),
        case(
            json!({"type": "array", "prefixItems": [ints], "unevaluatedItems": false}),
            [json!([1])],
            [json!([1, 2])],
        ),
        case(
            json!({"type": "array", "contains": ints, "minContains": 0}),
            [json!([]), json!(["a"])],
            [json!(1)],
        ),
        case(
            json!({"items": ints}),
            [json!([1]), json!("x")],
            [json!(["x"])],
        ),
    ]);
}

#[test]
fn objects() {
    let s = json!({"type": "string"});
    let n = json!({"type": "integer"});
    check(vec![
        case(
            json!({"type": "object", "properties": {"a": s, "b": n}, "required": ["a"]}),
            [
                json!({"a": "x"}),
                json!({"a": "x", "b": 1}),
                json!({"a": "x", "c": null}),
            ],
            [
                json!({}),
                json!({"b": 1}),
                json!({"a": 1}),
                json!({"a": "x", "b": "y"}),
            ],
        ),
        case(
            json!({"type": "object", "properties": {"a": s}, "additionalProperties": false}),
            [json!({}), json!({"a": "x"})],
            [json!({"b": 1}), json!({"a": "x", "b": 1})],
        ),
        case(
            json!({"type": "object", "additionalProperties": n}),
            [json!({}), json!({"x": 1, "y": 2})],
            [json!({"x": "1"})],
        ),
        case(
            json!({"type": "object", "required": ["a", "b"]}),
            [
                json!({"a": 1, "b": null}),
                json!({"a": 1, "b": null, "c": 2}),
            ],
            [json!({"a": 1}), json!({})],
        ),
        case(
            json!({"type": "object", "patternProperties": {"^s_": s, "^n_": n}, "additionalProperties": false}),
            [json!({"s_a": "x", "n_b": 1})],
            [json!({"s_a": 1}), json!({"x": 1})],
        ),
        case(
            json!({"type": "object", "properties": {"s_x": {"maxLength": 1}}, "patternProperties": {"^s_": s}}),
            [json!({"s_x": "a"}), json!({"s_y": "abc"})],
            [json!({"s_x": "ab"}), json!({"s_x": 1}), json!({"s_y": 1})],
        ),
        case(
            json!({"type": "object", "patternProperties": {"^only$": n, "^s_": s}, "additionalProperties": false}),
            [json!({"only": 1})],
            [json!({"only": "1"}), json!({"other": 1})],
        ),
        case(
            json!({"type": "object", "properties": {"a": n, "b": n}, "additionalProperties": false, "minProperties": 1}),
            [json!({"a": 1}), json!({"b": 1}), json!({"a": 1, "b": 2})],
            [json!({})],
        ),
        case(
            json!({"type": "object", "properties": {"a": n}, "minProperties": 1}),
            [json!({"a": 1}), json!({"z": 1}), json!({"a": 1, "z": 2})],
            [json!({}), json!({"a": "x"})],
        ),
        case(
            json!({"type": "object", "minProperties": 1, "maxProperties": 2}),
            [json!({"a": 1}), json!({"a": 1, "b": 2})],
            [json!({}), json!({"a": 1, "b": 2, "c": 3})],
        ),
        case(
            json!({"type": "object", "properties": {"a": n}, "required": ["a"], "maxProperties": 1}),
            [json!({"a": 1})],
            [json!({}), json!({"a": 1, "b": 1})],
        ),
        case(
            json!({"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}}),
            [json!({"ab": 1})],
            [json!({"A": 1}), json!({"": 1})],
        ),
        case(
            json!({"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": n}),
            [json!({"a": 1, "b": 2})],
            [json!({"c": 1}), json!({"a": "x"})],
        ),
        case(
            json!({"type": "object", "propertyNames": {"maxLength": 2}}),
            [json!({"ab": 1})],
            [json!({"abc": 1})],
        ),
        case(
            json!({"type": "object", "properties": {"a": n}, "unevaluatedProperties": false}),
            [json!({"a": 1})],
            [json!({"b": 1})],
        ),
        case(
            json!({"type": "object", "properties": {"a": n, "b": n}, "dependentRequired": {"a": ["b"]}}),
            [json!({}), json!({"b": 1}), json!({"a": 1, "b": 1})],
            [json!({"a": 1})],
        ),
        case(
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"a": n, "b": n}, "dependencies": {"a": ["b"], "b": {"properties": {"c": n}, "required": ["c"]}}}),
            [json!({}), json!({"a": 1, "b": 1, "c": 2})],
            [json!({"a": 1}), json!({"b": 1}), json!({"b": 1, "c": "x"})],
        ),
        case(
            json!({"type": "object", "properties": {"a": n}, "not": {"required": ["b"]}}),
            [json!({"a": 1}), json!({})],
            [json!({"b": 1})],
        ),
        case(
            json!({"type": "object", "properties": {"a\"\\\u{e9}/\n": n}, "additionalProperties": false}),
            [json!({"a\"\\\u{e9}/\n": 1})],
            [json!({"a": 1})],
        ),
    ]);
}

#[test]
fn combinations() {
    let s = json!({"type": "string"});
    check(vec![
        case(
            json!({"anyOf": [{"type": "integer"}, {"type": "string", "minLength": 2}]}),
            [json!(1), json!("ab")],
            [json!("a"), json!(1.5)],
        ),
        case(
            json!({"oneOf": [{"type": "integer"}, s, {"type": "null"}]}),
            [json!(1), json!("x"), json!(null)],
            [json!(true)],
        ),
        case(
            json!({"oneOf": [
                {"type": "object", "properties": {"k": {"const": "a"}, "v": s}, "required": ["k"]},
                {"type": "object", "properties": {"k": {"const": "b"}, "v": {"type": "integer"}}, "required": ["k"]},
            ]}),
            [json!({"k": "a", "v": "x"}), json!({"k": "b", "v": 1})],
            [
                json!({"k": "a", "v": 1}),
                json!({"k": "c"}),
                json!({"v": 1}),
            ],
        ),
        case(
            json!({"type": "object", "properties": {"a": s, "b": s}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            [json!({"a": "x"}), json!({"b": "x"})],
            [json!({}), json!({"a": "x", "b": "y"})],
        ),
        case(
            json!({"allOf": [{"type": "object", "properties": {"a": s}, "required": ["a"]}, {"properties": {"b": {"type": "integer"}}, "required": ["b"]}]}),
            [json!({"a": "x", "b": 1})],
            [json!({"a": "x"}), json!({"a": "x", "b": "y"})],
        ),
        case(
            json!({"allOf": [{"minimum": 3}, {"maximum": 5}, {"type": "integer"}]}),
            [json!(3), json!(5)],
            [json!(2), json!(6), json!("x")],
        ),
        case(
            json!({"type": "object", "properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            [
                json!({"a": 1}),
                json!({"b": [null]}),
                json!({"a": 1, "b": 2}),
            ],
            [json!({}), json!({"c": 1})],
        ),
        case(
            json!({"$defs": {"p": {"type": "integer"}}, "type": "array", "items": {"$ref": "#/$defs/p"}}),
            [json!([1])],
            [json!(["x"])],
        ),
        case(
            json!({"definitions": {"a/b": {"type": "null"}}, "$ref": "#/definitions/a~1b"}),
            [json!(null)],
            [json!(1)],
        ),
        case(
            json!({"$defs": {"p": s}, "$ref": "#/$defs/p", "maxLength": 1}),
            [json!("a")],
            [json!("ab"), json!(1)],
        ),
        case(
            json!({
                "type": "object",
                "properties": {"v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
                "required": ["v", "next"], "additionalProperties": false
            }),
            [
                json!({"v": 1, "next": null}),
                json!({"v": 1, "next": {"v": 2, "next": null}}),
            ],
            [json!({"v": 1}), json!({"v": 1, "next": {"v": 2}})],
        ),
        case(
            json!({"$id": "https://x.test/s", "$defs": {"n": {"$anchor": "here", "type": "null"}}, "items": {"$ref": "https://x.test/s#here"}, "type": "array"}),
            [json!([null])],
            [json!([1])],
        ),
        case(
            json!({"title": "t", "description": "d", "default": 1, "examples": [1], "$comment": "c", "x-own": {"not": {}}, "deprecated": true, "readOnly": true, "type": "integer"}),
            [json!(1)],
            [json!("x")],
        ),
    ]);
}
