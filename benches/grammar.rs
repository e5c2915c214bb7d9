//! What a grammar costs: compiling a schema, and a mask per token of an answer that follows it.

use std::sync::Arc;

use bailiwick::grammar::{CallFormat, Grammar, Grammars, Tool, ToolCalls, ToolChoice};
use bailiwick::tokenizer::{Special, Tokenizer};
use criterion::{BatchSize, Criterion, Throughput};
use serde_json::json;

const ANSWER: &str = r#"{"name": "two lamps from the shop", "priority": "medium", "amount": 1199.5, "tags": ["lamps and lights", "returns"], "due": "2026-05-14"}"#;
const TEXT: &str =
    "The parcel has left our warehouse on 14 May and should be with you by Friday; I am sorry.";

pub(super) fn benches(c: &mut Criterion) {
    let tokenizer = super::grounding::tokenizer();
    let grammars = Grammars::new(Arc::clone(&tokenizer)).expect("the vocabulary is sound");
    let mut group = c.benchmark_group("grammar");
    let schema = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "priority": {"enum": ["low", "medium", "high"]},
            "amount": {"type": "number", "minimum": 0},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 30}, "maxItems": 5},
            "due": {"type": "string", "format": "date"}
        },
        "required": ["name", "priority", "amount", "tags", "due"],
        "additionalProperties": false
    });
    let mut title = 0_u64;
    group.bench_function("compile", |b| {
        b.iter(|| {
            // Another schema each time, or the one that is kept would be given out.
            title += 1;
            let mut schema = schema.clone();
            schema["properties"]["priority"]["enum"][0] = json!(title.to_string());
            grammars.json_schema(&schema, &[])
        });
    });
    let tools = [Tool {
        name: "order_status".to_owned(),
        parameters: None,
        strict: true,
    }];
    let calls = ToolCalls {
        tools: &tools,
        choice: &ToolChoice::Auto,
        parallel: true,
        format: CallFormat::Tagged,
        answer: None,
        placeholders: &[],
    };
    for (name, grammar, answer) in [
        (
            "schema, masks of an answer",
            grammars.json_schema(&schema, &[]),
            ANSWER,
        ),
        (
            "any object, masks of an answer",
            grammars.json_object(),
            ANSWER,
        ),
        (
            "text beside tools, masks of an answer",
            grammars.tool_calls(&calls),
            TEXT,
        ),
    ] {
        let grammar = grammar.expect("the grammar is sound");
        let tokens = own_tokens(&grammar, &tokenizer, answer);
        let mut logits = vec![0.0_f32; tokenizer.vocabulary_size()];
        group.throughput(Throughput::Elements(
            u64::try_from(tokens.len()).unwrap_or(1),
        ));
        group.bench_function(name, |b| {
            b.iter_batched(
                || grammar.mask(),
                |mut mask| {
                    for token in &tokens {
                        mask.apply(&mut logits);
                        mask.accept(*token);
                    }
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// The tokens of `answer` as a model writes it that takes what the grammar forces.
fn own_tokens(grammar: &Grammar, tokenizer: &Tokenizer, answer: &str) -> Vec<u32> {
    let mut mask = grammar.mask();
    let (mut tokens, mut rest) = (Vec::new(), answer);
    while !rest.is_empty() {
        let forced = mask.expects().first().copied();
        let fits = |token: &u32| rest.as_bytes().starts_with(tokenizer.token_bytes(*token));
        let own = || tokenizer.encode(rest, Special::Plain).expect("it is short");
        let token = forced.filter(fits).or_else(|| own().first().copied());
        let token = token.expect("there is a token for each byte");
        mask.accept(token);
        tokens.push(token);
        let len = tokenizer.token_bytes(token).len();
        rest = rest.get(len..).expect("the answer is ASCII");
    }
    tokens
}
