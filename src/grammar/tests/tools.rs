//! Tool calls: what may be said, and what is read out of it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::sample::RandomModel;
use super::{accepts, grammars, tokenizer};
use crate::grammar::{
    CallFormat, GrammarError, Tool, ToolCalls, ToolChoice, ToolEvent, ToolParser, ToolsError,
};

const FORMATS: [CallFormat; 3] = [CallFormat::Tagged, CallFormat::Plain, CallFormat::Listed];

fn tools() -> Vec<Tool> {
    let city = json!({
        "type": "object", "properties": {"city": {"type": "string"}},
        "required": ["city"], "additionalProperties": false
    });
    let tool = |name: &str, parameters| Tool {
        name: name.to_owned(),
        parameters,
        strict: true,
    };
    vec![tool("weather", Some(city)), tool("now", None)]
}

fn calls<'a>(tools: &'a [Tool], choice: &'a ToolChoice, format: CallFormat) -> ToolCalls<'a> {
    ToolCalls {
        tools,
        choice,
        parallel: true,
        format,
        answer: None,
        placeholders: &[],
    }
}

#[test]
fn calls_are_let_through_and_others_are_not() {
    use CallFormat::{Listed, Plain, Tagged};
    let (tools, auto, must) = (tools(), ToolChoice::Auto, ToolChoice::Required);
    let named = ToolChoice::Named("now".to_owned());
    let paris = r#"{"name": "weather", "arguments": {"city": "Paris"}}"#;
    let now = r#"{"name": "now", "arguments": {}}"#;
    let tagged = |call: &str| format!("<tool_call>\n{call}\n</tool_call>");
    let plain = |call: &str| call.replace("arguments", "parameters");
    let rows: Vec<(CallFormat, &ToolChoice, String, bool)> = vec![
        (Tagged, &must, tagged(paris), true),
        (Tagged, &must, format!("<tool_call>{now}</tool_call>"), true),
        (
            Tagged,
            &must,
            format!("{}\n{}", tagged(paris), tagged(now)),
            true,
        ),
        (Tagged, &must, "Hello".to_owned(), false),
        (Tagged, &must, String::new(), false),
        (
            Tagged,
            &must,
            tagged(r#"{"name": "rain", "arguments": {}}"#),
            false,
        ),
        (
            Tagged,
            &must,
            tagged(r#"{"name": "weather", "arguments": {}}"#),
            false,
        ),
        (
            Tagged,
            &must,
            tagged(r#"{"name": "now", "arguments": {"x": 1}}"#),
            false,
        ),
        (Tagged, &must, format!("<tool_call>\n{now}"), false),
        (Tagged, &named, tagged(now), true),
        (Tagged, &named, tagged(paris), false),
        (
            Tagged,
            &auto,
            "Hello {\"name\": 1} <tool_ca".to_owned(),
            true,
        ),
        (Tagged, &auto, String::new(), true),
        (Tagged, &auto, tagged(paris), true),
        (Tagged, &auto, format!("I look.\n{}", tagged(paris)), true),
        (
            Tagged,
            &auto,
            format!("I look.\n{}\n{}", tagged(paris), tagged(now)),
            true,
        ),
        (Tagged, &auto, "I look. <tool_call>\nno".to_owned(), false),
        (Tagged, &auto, format!("{} and then?", tagged(now)), false),
        (Listed, &must, format!("[TOOL_CALLS][{now}]"), true),
        (
            Listed,
            &must,
            format!("[TOOL_CALLS] [{paris}, {now}]"),
            true,
        ),
        (Listed, &must, "[TOOL_CALLS][]".to_owned(), false),
        (Listed, &must, format!("[{now}]"), false),
        (Listed, &auto, "A [list].".to_owned(), true),
        (Listed, &auto, format!("Well. [TOOL_CALLS][{now}]"), true),
        (Listed, &auto, "Well. [TOOL_CALLS] no".to_owned(), false),
        (Plain, &must, plain(paris), true),
        (
            Plain,
            &must,
            format!("{}; {}", plain(paris), plain(now)),
            true,
        ),
        (Plain, &must, paris.to_owned(), false),
        (Plain, &auto, "Hello {}".to_owned(), true),
        (Plain, &auto, plain(now), true),
        (Plain, &auto, "{\"city\": 1}".to_owned(), false),
    ];
    let grammars = grammars();
    for (format, choice, text, fits) in rows {
        let grammar = grammars.tool_calls(&calls(&tools, choice, format)).unwrap();
        assert_eq!(
            accepts(&grammar, &text),
            fits,
            "{format:?} {choice:?} {text}"
        );
    }
}

#[test]
fn one_call_where_several_are_not_wanted() {
    let tools = tools();
    for (format, one, two) in [
        (
            CallFormat::Tagged,
            "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>",
            "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>\n<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>",
        ),
        (
            CallFormat::Plain,
            "{\"name\":\"now\",\"parameters\":{}}",
            "{\"name\":\"now\",\"parameters\":{}}; {\"name\":\"now\",\"parameters\":{}}",
        ),
        (
            CallFormat::Listed,
            "[TOOL_CALLS][{\"name\":\"now\",\"arguments\":{}}]",
            "[TOOL_CALLS][{\"name\":\"now\",\"arguments\":{}},{\"name\":\"now\",\"arguments\":{}}]",
        ),
    ] {
        for choice in [ToolChoice::Auto, ToolChoice::Required] {
            let calls = ToolCalls {
                parallel: false,
                ..calls(&tools, &choice, format)
            };
            let grammar = grammars().tool_calls(&calls).unwrap();
            assert!(
                accepts(&grammar, one) && !accepts(&grammar, two),
                "{format:?} {choice:?}"
            );
        }
    }
}

#[test]
fn an_answer_without_calls_keeps_to_its_schema() {
    let tools = tools();
    let answer = json!({"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"], "additionalProperties": false});
    for format in FORMATS {
        let calls = ToolCalls {
            answer: Some(&answer),
            ..calls(&tools, &ToolChoice::Auto, format)
        };
        let grammar = grammars().tool_calls(&calls).unwrap();
        assert!(accepts(&grammar, "{\"ok\": true}"), "{format:?}");
        assert!(!accepts(&grammar, "Hello"), "{format:?}");
        assert!(!accepts(&grammar, "{\"ok\": 1}"), "{format:?}");
    }
}

#[test]
fn marks_may_be_tokens_of_their_own() {
    let (tools, choice) = (tools(), ToolChoice::Auto);
    for (format, mark) in [(CallFormat::Tagged, 3_u32), (CallFormat::Listed, 5)] {
        let grammar = grammars()
            .tool_calls(&calls(&tools, &choice, format))
            .unwrap();
        let mut mask = grammar.mask();
        let mut logits = vec![0.0; tokenizer().vocabulary_size()];
        mask.accept(super::bytes("A")[0]);
        mask.apply(&mut logits);
        let at = |token: u32| usize::try_from(token).unwrap();
        assert!(
            logits[at(mark)] == 0.0 && logits[at(4)] == f32::NEG_INFINITY,
            "{format:?}"
        );
        assert!(mask.is_structure(mark) && !mask.is_structure(super::END));
        mask.accept(mark);
        logits.fill(0.0);
        mask.apply(&mut logits);
        let open = if format == CallFormat::Tagged {
            "{"
        } else {
            "["
        };
        assert!(logits[at(super::bytes(open)[0])] == 0.0, "{format:?}");
        assert!(
            logits[at(super::bytes("x")[0])] == f32::NEG_INFINITY,
            "{format:?}"
        );
    }
}

#[test]
fn wrong_tools_are_refused() {
    let tool = |name: &str, parameters: Value, strict| Tool {
        name: name.to_owned(),
        parameters: Some(parameters),
        strict,
    };
    let loose =
        json!({"type": "object", "properties": {"a": {"type": "array", "uniqueItems": true}}});
    let error = |tools: &[Tool], choice: &ToolChoice| {
        grammars()
            .tool_calls(&calls(tools, choice, CallFormat::Tagged))
            .err()
    };
    let unknown = ToolChoice::Named("b".to_owned());
    let one = [tool("a", json!({}), true)];
    assert_eq!(
        error(&one, &unknown),
        Some(GrammarError::Tools(ToolsError::Unknown))
    );
    assert_eq!(
        error(&[], &ToolChoice::Required),
        Some(GrammarError::Tools(ToolsError::None))
    );
    let twice = [one[0].clone(), one[0].clone()];
    assert_eq!(
        error(&twice, &ToolChoice::Auto),
        Some(GrammarError::Tools(ToolsError::Duplicate))
    );
    let odd = [tool("a b", json!({}), true)];
    assert_eq!(
        error(&odd, &ToolChoice::Auto),
        Some(GrammarError::Tools(ToolsError::Name))
    );
    let list = [tool("a", json!({"type": "array"}), false)];
    assert_eq!(
        error(&list, &ToolChoice::Auto).unwrap().pointer(),
        Some("/type")
    );
    let strict = [one[0].clone(), tool("s", loose.clone(), true)];
    let refused = error(&strict, &ToolChoice::Auto).unwrap();
    assert_eq!(refused.pointer(), Some("/properties/a/uniqueItems"));
    assert!(
        refused.to_string().starts_with("parameters of tool 1: "),
        "{refused}"
    );
    // Without `strict`, any object.
    let lax = [tool("s", loose, false)];
    let grammar = grammars()
        .tool_calls(&calls(&lax, &ToolChoice::Required, CallFormat::Plain))
        .unwrap();
    assert!(accepts(
        &grammar,
        "{\"name\": \"s\", \"parameters\": {\"a\": [1, 1]}}"
    ));
}

/// What `text` reads as: the text beside the calls, and each call.
fn read(format: CallFormat, parts: &[&str]) -> (String, Vec<(String, String)>) {
    let mut parser = ToolParser::new(format, vec!["weather".to_owned(), "now".to_owned()]);
    let mut events: Vec<ToolEvent> = parts.iter().flat_map(|part| parser.push(part)).collect();
    events.extend(parser.finish());
    let (mut text, mut calls) = (String::new(), Vec::new());
    for event in events {
        match event {
            ToolEvent::Text(more) => text.push_str(&more),
            ToolEvent::CallStart { index, name } => {
                assert_eq!(index, calls.len());
                calls.push((name, String::new()));
            }
            ToolEvent::Arguments { index, delta } => {
                assert_eq!(index + 1, calls.len());
                calls[index].1.push_str(&delta);
            }
        }
    }
    assert_eq!(parser.n_calls(), calls.len());
    (text, calls)
}

#[test]
fn calls_are_read() {
    use CallFormat::{Listed, Plain, Tagged};
    for (format, text, beside, calls) in [
        (Tagged, "Hello", "Hello", vec![]),
        (Tagged, "  a <tool> < b ", "  a <tool> < b ", vec![]),
        (
            Tagged,
            "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>",
            "",
            vec![("now", "{}")],
        ),
        (
            Tagged,
            "I look.\n\n<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\": \"a}\\\"]{\"} }</tool_call>\n",
            "I look.",
            vec![("weather", "{\"city\": \"a}\\\"]{\"}")],
        ),
        (
            Tagged,
            "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>\n<tool_call>\n{\"name\":\"weather\",\"arguments\":{\"city\":[1,{}]}}\n</tool_call>",
            "",
            vec![("now", "{}"), ("weather", "{\"city\":[1,{}]}")],
        ),
        (
            Tagged,
            "<tool_call>{\"arguments\": {\"city\": 1}, \"name\": \"weather\"}</tool_call>",
            "",
            vec![("weather", "{\"city\": 1}")],
        ),
        (
            Tagged,
            "<tool_call>{\"name\": \"now\"}</tool_call>",
            "",
            vec![("now", "{}")],
        ),
        (Tagged, "<tool_call>oh no", "oh no", vec![]),
        (
            Tagged,
            "<tool_call>{\"name\": \"other\", \"arguments\": {}}",
            "{\"name\": \"other\", \"arguments\": {}}",
            vec![],
        ),
        (
            Tagged,
            "<tool_call>{\"name\": \"now\", \"arguments\": {\"a",
            "",
            vec![("now", "{\"a")],
        ),
        (Tagged, "x <tool_ca", "x <tool_ca", vec![]),
        (
            Listed,
            "[TOOL_CALLS][{\"name\": \"now\", \"arguments\": {}}]",
            "",
            vec![("now", "{}")],
        ),
        (
            Listed,
            "So [TOOL_CALLS] [ {\"name\": \"now\", \"arguments\": {}} , {\"name\": \"weather\", \"arguments\": {\"city\": \"x\"}}]",
            "So",
            vec![("now", "{}"), ("weather", "{\"city\": \"x\"}")],
        ),
        (Listed, "A [list] [TOOL", "A [list] [TOOL", vec![]),
        (
            Plain,
            "{\"name\": \"now\", \"parameters\": {}}",
            "",
            vec![("now", "{}")],
        ),
        (
            Plain,
            " <|python_tag|>{\"name\": \"now\", \"parameters\": {}}; {\"name\": \"weather\", \"parameters\": {\"city\": \"x\"}}",
            "",
            vec![("now", "{}"), ("weather", "{\"city\": \"x\"}")],
        ),
        (
            Plain,
            "Hello {\"name\": \"now\"}",
            "Hello {\"name\": \"now\"}",
            vec![],
        ),
        (
            Plain,
            "{\"ok\": true, \"name\": 1}",
            "{\"ok\": true, \"name\": 1}",
            vec![],
        ),
        (
            Plain,
            "{\"name\": \"Ann\", \"parameters\": {}}",
            "{\"name\": \"Ann\", \"parameters\": {}}",
            vec![],
        ),
    ] {
        let expected: Vec<(String, String)> = calls
            .iter()
            .map(|(name, arguments): &(&str, &str)| ((*name).to_owned(), (*arguments).to_owned()))
            .collect();
        assert_eq!(
            read(format, &[text]),
            (beside.to_owned(), expected),
            "{format:?} {text}"
        );
    }
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<tool_call>",
        "</tool_call>",
        "[TOOL_CALLS]",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\\",
        ",",
        ":",
        " ",
        "\n",
        ";",
        "{\"name\": \"now\", \"arguments\": {}}",
        "{\"name\":\"weather\",\"parameters\":{\"city\":\"é\"}}",
        "\"name\"",
        "\"now\"",
        "\"arguments\"",
        "<tool",
        "[TOOL",
        "text",
        "é",
        "12",
        "<|python_tag|>",
        "null",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_chunking_reads_the_same(text in pieces(), cuts in prop::collection::vec(0_usize..160, 0..10), at in 0_usize..3) {
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= text.len() && text.is_char_boundary(*cut)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let parts: Vec<&str> = cuts.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect();
        prop_assert_eq!(read(FORMATS[at], &parts), read(FORMATS[at], &[&text]));
    }
}

/// Whatever the logits: what a random model says reads as calls that fit, and text without marks.
#[test]
fn random_answers_are_calls_that_fit() {
    let tools = tools();
    for (seed, (format, choice)) in (0_u64..).zip(FORMATS.iter().flat_map(|format| {
        [(*format, ToolChoice::Auto), (*format, ToolChoice::Required)]
            .into_iter()
            .cycle()
            .take(16)
    })) {
        let grammar = grammars()
            .tool_calls(&calls(&tools, &choice, format))
            .unwrap();
        let answer = RandomModel::new(seed).answer(&mut *grammar.mask()).unwrap();
        let (text, calls) = read(format, &[&answer]);
        prop_assert_ok(&text, &calls, &choice, &answer);
    }
}

fn prop_assert_ok(text: &str, calls: &[(String, String)], choice: &ToolChoice, answer: &str) {
    assert!(
        *choice == ToolChoice::Auto || !calls.is_empty() && text.is_empty(),
        "{answer}"
    );
    assert!(
        !text.contains("<tool_call>") && !text.contains("[TOOL_CALLS]"),
        "{answer}"
    );
    for (name, arguments) in calls {
        let arguments: Value = serde_json::from_str(arguments).expect(answer);
        let city = arguments.get("city").is_some_and(Value::is_string);
        assert!(
            name == "weather" && city || arguments == json!({}),
            "{answer}"
        );
    }
}
