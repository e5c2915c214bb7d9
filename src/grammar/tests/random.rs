//! Schemas made at random: what is compiled yields only what fits.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::grammars;
use super::sample::misfit;

fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "é\"", "n_x"]).prop_map(str::to_owned)
}

fn values() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-3),
        json!(2.5),
        json!(""),
        json!("a"),
        json!("é\"\n"),
        json!([]),
        json!([1, "a"]),
        json!({}),
        json!({"a": 1}),
    ])
}

fn leaves() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(vec![
        json!({"type": "string"}),
        json!({"type": "string", "minLength": 1, "maxLength": 4}),
        json!({"type": "string", "pattern": "^[a-c]{1,3}$"}),
        json!({"type": "string", "pattern": "b|^x"}),
        json!({"type": "string", "format": "date"}),
        json!({"type": "string", "format": "ipv6"}),
        json!({"minLength": 2}),
        json!({"type": ["string", "null"], "maxLength": 2}),
        json!({"pattern": "^a"}),
        json!({"type": "boolean"}),
        json!({"type": "null"}),
        json!(true),
        json!({}),
        json!({"type": "array", "maxItems": 2}),
        json!({"type": "object", "minProperties": 1}),
        json!({"required": ["a"]}),
        json!({"type": "object", "additionalProperties": false}),
        json!({"not": {"type": ["object", "array", "string"]}}),
    ]);
    let number = (
        -20_i32..20,
        0_i32..30,
        any::<bool>(),
        any::<bool>(),
        0_u8..3,
    )
        .prop_map(|(low, span, whole, exclusive, step)| {
            let kind = if whole { "integer" } else { "number" };
            let name = if exclusive {
                "exclusiveMinimum"
            } else {
                "minimum"
            };
            let mut schema =
                json!({"type": kind, name: f64::from(low) / 2.0, "maximum": low + span});
            if step > 0 {
                schema["multipleOf"] = if whole { json!(step) } else { json!(0.5) };
            }
            schema
        });
    let listed = prop::collection::vec(values(), 1..5).prop_map(|values| json!({"enum": values}));
    prop_oneof![3 => text, 2 => number, 1 => listed, 1 => values().prop_map(|value| json!({"const": value}))]
}

fn schemas() -> impl Strategy<Value = Value> {
    leaves().prop_recursive(3, 24, 4, |inner| {
        let some = prop::collection::vec(inner.clone(), 1..4);
        let members = prop::collection::btree_map(names(), inner.clone(), 0..4);
        let required = prop::collection::btree_set(names(), 0..3);
        let object = (members, required, prop::option::of(inner.clone()), 0_u8..8).prop_map(|(members, required, others, more)| {
            let mut schema = json!({"type": "object", "properties": members, "required": required});
            if let Some(others) = others {
                schema["additionalProperties"] = others;
            }
            match more {
                0 => schema["additionalProperties"] = json!(false),
                1 => schema["dependentRequired"] = json!({"a": ["b"]}),
                2 => schema["patternProperties"] = json!({"^n_": {"type": "integer"}}),
                3 => {
                    // With anything for other properties, the engine's own form of numbers would come in.
                    schema["additionalProperties"] = json!({"type": "boolean"});
                    schema["propertyNames"] = json!({"pattern": "^[a-z]"});
                }
                4 => schema["minProperties"] = json!(1),
                5 => schema["not"] = json!({"required": ["c"]}),
                6 => schema["oneOf"] = json!([{"required": ["a"]}, {"required": ["b"]}]),
                _ => {}
            }
            schema
        });
        let array = (some.clone(), prop::option::of(inner.clone()), 0_u8..3).prop_map(|(first, rest, least)| {
            let mut schema = json!({"type": "array", "prefixItems": first, "minItems": least, "maxItems": 4});
            if let Some(rest) = rest {
                schema["items"] = rest;
            }
            schema
        });
        let mixed = (some.clone(), some.clone(), inner).prop_map(|(all, any, base)| {
            let mut schema = json!({"allOf": all, "anyOf": any});
            if let (Value::Object(schema), Value::Object(base)) = (&mut schema, base) {
                schema.extend(base);
            }
            schema
        });
        prop_oneof![
            3 => object,
            2 => array,
            1 => some.clone().prop_map(|all| json!({"anyOf": all})),
            1 => some.clone().prop_map(|all| json!({"allOf": all})),
            1 => some.clone().prop_map(|all| json!({"oneOf": all})),
            1 => mixed,
            1 => some.prop_map(|all| json!({"$defs": {"d": all[0]}, "type": "array", "items": {"$ref": "#/$defs/d"}, "maxItems": 3})),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn only_what_fits_is_yielded(schema in schemas()) {
        // A nested `$defs` is not at the root: such references are refused, not followed wrongly.
        if let Ok(grammar) = grammars().json_schema(&schema, &[]) {
            let misfit = misfit(&schema, &grammar, 3);
            prop_assert!(misfit.is_none(), "{schema}: {}", misfit.unwrap_or_default());
        }
    }
}
