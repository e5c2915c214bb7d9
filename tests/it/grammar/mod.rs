//! Grammars together with the mask that guards placeholders, and over the default model's vocabulary.
#![expect(clippy::print_stderr, reason = "says what it skips")]

use std::sync::Arc;

use bailiwick::crm::{Outline, OutlinePart, Write};
use bailiwick::engine::TokenMask;
use bailiwick::formats::{default_models_dir, manifest, verify};
use bailiwick::grammar::{
    CallFormat, Grammars, Tool, ToolCalls, ToolChoice, ToolEvent, ToolParser, all_of,
};
use bailiwick::grounding::Masks;
use bailiwick::prompt::Guide;
use bailiwick::tokenizer::{ChatModel, SpacePrefix, Tokenizer, TokenizerModel, Vocabulary};
use bailiwick::types::SystemClock;
use proptest::prelude::*;
use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

const PLACEHOLDERS: [&str; 3] = ["[EMAIL_1]", "[PERSON_1]", "[PERSON_12]"];

/// Every byte, marks, and pieces with which placeholders are spoilt.
fn tokenizer() -> Arc<Tokenizer> {
    let bytes: Vec<String> = (0..=255).map(|byte| format!("<0x{byte:02X}>")).collect();
    let mut tokens = vec!["<unk>", "<s>", "</s>", "<tool_call>", "</tool_call>"];
    tokens.extend(bytes.iter().map(String::as_str));
    tokens.extend([
        "[PERSON",
        "[EMAIL",
        "_1]",
        "_2]",
        "_1",
        "2]",
        "PERSON",
        "EMAIL_1",
        "[EMAIL_1]",
        "\"[",
        "]\"",
        "a@b.test",
    ]);
    let kind = |at| match at {
        0 => 2,
        1 | 2 => 3,
        3 | 4 => 4,
        at if at < 261 => 6,
        _ => 1,
    };
    let n = tokens.len();
    let words = Vocabulary {
        model: TokenizerModel::SentencePiece,
        pre: None,
        tokens,
        token_types: (0..n).map(kind).collect(),
        scores: vec![0.0; n],
        merges: Vec::new(),
        bos: Some(1),
        eos: Some(2),
        eot: None,
        ends: Vec::new(),
        unknown: Some(0),
        add_bos: Some(false),
        add_eos: Some(false),
        space_prefix: Some(SpacePrefix::Never),
    };
    Arc::new(Tokenizer::new(&words).unwrap())
}

/// The mask of the module `grounding`: only these placeholders can stand in the answer.
fn guard(tokenizer: &Arc<Tokenizer>) -> Box<dyn TokenMask> {
    let outline = Outline {
        parts: vec![OutlinePart {
            name: None,
            text: String::new(),
            write: Some(Write::Free(None)),
            end: String::new(),
            optional: false,
        }],
        known: Vec::new(),
    };
    let (guide, start) = Guide::new(outline, PLACEHOLDERS.map(str::to_owned).to_vec());
    let mask = Masks::new(Arc::clone(tokenizer)).mask(&guide, &start, 1.0);
    mask.unwrap()
}

/// An answer drawn from random logits; the pieces after the bytes are likelier, and after a while what closes.
fn answer(mask: &mut dyn TokenMask, tokenizer: &Tokenizer, seed: u64) -> String {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let mut text = Vec::new();
    for at in 0..4_000 {
        let noise = |random: &mut ChaCha12Rng| {
            f32::from(u16::try_from(random.next_u32() >> 16).unwrap()) / 8_192.0
        };
        let mut logits: Vec<f32> = (0..u32::try_from(tokenizer.vocabulary_size()).unwrap())
            .map(|token| {
                let closes =
                    matches!(tokenizer.token_bytes(token), b"\"" | b"}" | b"]") || token == 2;
                let likely = if token > 260 { 3.0 } else { 0.0 };
                noise(&mut random) + likely + if closes && at > 60 { 8.0 } else { 0.0 }
            })
            .collect();
        mask.apply(&mut logits);
        let best = (0..logits.len())
            .max_by(|a, b| logits[*a].total_cmp(&logits[*b]))
            .unwrap();
        let written = String::from_utf8_lossy(&text);
        assert!(
            logits[best] > f32::NEG_INFINITY,
            "no way on after {written}"
        );
        let token = u32::try_from(best).unwrap();
        mask.accept(token);
        if token == 2 {
            return String::from_utf8(text).unwrap();
        }
        text.extend_from_slice(tokenizer.token_bytes(token));
    }
    panic!("no end: {}", String::from_utf8_lossy(&text));
}

/// Takes the placeholders that there are away.
fn without_placeholders(text: &str) -> String {
    PLACEHOLDERS
        .iter()
        .fold(text.to_owned(), |text, own| text.replace(own, " "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn placeholders_stay_whole_in_json(seed in any::<u64>()) {
        let schema = json!({
            "type": "object",
            "properties": {
                "who": {"type": "string"},
                "mail": {"type": "string", "format": "email"},
                "all": {"type": "array", "items": {"type": "string"}, "minItems": 1}
            },
            "required": ["who", "mail", "all"],
            "additionalProperties": false
        });
        let tokenizer = tokenizer();
        let placeholders = PLACEHOLDERS.map(str::to_owned);
        let grammars = Grammars::new(Arc::clone(&tokenizer)).unwrap();
        let grammar = grammars.json_schema(&schema, &placeholders).unwrap();
        let mut mask = all_of(vec![grammar.mask(), guard(&tokenizer)]).unwrap();
        let text = answer(&mut *mask, &tokenizer, seed);
        let value: Value = serde_json::from_str(&text).unwrap();
        let mail = value["mail"].as_str().unwrap();
        prop_assert!(mail == "[EMAIL_1]" || mail.contains('@'), "{text}");
        let loose = without_placeholders(&text);
        prop_assert!(!loose.contains("[PERSON") && !loose.contains("[EMAIL"), "{text}");
    }

    #[test]
    fn calls_come_through_the_guard(seed in any::<u64>()) {
        let tokenizer = tokenizer();
        let placeholders = PLACEHOLDERS.map(str::to_owned);
        let tools = [Tool {
            name: "mail".to_owned(),
            parameters: Some(json!({"type": "object", "properties": {"to": {"type": "string", "format": "email"}}, "required": ["to"], "additionalProperties": false})),
            strict: true,
        }];
        let calls = ToolCalls {
            tools: &tools,
            choice: &ToolChoice::Required,
            parallel: false,
            format: CallFormat::Tagged,
            answer: None,
            placeholders: &placeholders,
        };
        let grammar = Grammars::new(Arc::clone(&tokenizer)).unwrap().tool_calls(&calls).unwrap();
        let mut mask = all_of(vec![grammar.mask(), guard(&tokenizer)]).unwrap();
        // The mark as a token of its own is the grammar's affair.
        let mut logits = vec![0.0; tokenizer.vocabulary_size()];
        mask.apply(&mut logits);
        prop_assert!(logits[3] == 0.0);
        let text = answer(&mut *mask, &tokenizer, seed);
        let mut parser = ToolParser::new(CallFormat::Tagged, vec!["mail".to_owned()]);
        let mut events = parser.push(&text);
        events.extend(parser.finish());
        let [ToolEvent::CallStart { .. }, ToolEvent::Arguments { delta, .. }] = events.as_slice() else {
            panic!("{text}");
        };
        let to: Value = serde_json::from_str(delta).unwrap();
        let to = to["to"].as_str().unwrap();
        prop_assert!(to == "[EMAIL_1]" || to.contains('@') && !to.contains('['), "{text}");
    }
}

/// A placeholder stands in for a format only where the prompt has one of its kind.
#[test]
fn formats_admit_only_fitting_placeholders() {
    let tokenizer = tokenizer();
    let grammars = Grammars::new(Arc::clone(&tokenizer)).unwrap();
    let byte = |byte: u8| u32::from(byte) + 5;
    for (format, placeholders, text, fits) in [
        ("email", &["[EMAIL_1]"][..], "[EMAIL_1]", true),
        ("email", &["[EMAIL_1]"], "[EMAIL_12]", true),
        ("email", &["[EMAIL_1]"], "[PERSON_1]", false),
        ("email", &["[PERSON_1]"], "[EMAIL_1]", false),
        ("email", &[], "[EMAIL_1]", false),
        ("email", &["[EMAIL_1]"], "a@b.test", true),
        ("ipv4", &["[IP_ADDRESS_1]"], "[IP_ADDRESS_1]", true),
        ("date", &["[DATE_OF_BIRTH_2]"], "[DATE_OF_BIRTH_2]", true),
        ("uri", &["[URL_1]"], "[URL_1]", true),
        ("time", &["[URL_1]"], "[URL_1]", false),
    ] {
        let placeholders: Vec<String> = placeholders.iter().map(|own| (*own).to_owned()).collect();
        let schema = json!({"type": "string", "format": format});
        let mut mask = grammars.json_schema(&schema, &placeholders).unwrap().mask();
        let mut logits = vec![0.0_f32; tokenizer.vocabulary_size()];
        let mut passes = true;
        let quoted = format!("\"{text}\"");
        let mut rest = quoted.as_bytes();
        while passes && let Some(first) = rest.first() {
            let forced = mask.expects().first().copied();
            let forced = forced.filter(|token| rest.starts_with(tokenizer.token_bytes(*token)));
            let token = forced.unwrap_or_else(|| byte(*first));
            logits.fill(0.0);
            mask.apply(&mut logits);
            passes = logits[usize::try_from(token).unwrap()] == 0.0;
            mask.accept(token);
            rest = &rest[tokenizer.token_bytes(token).len()..];
        }
        assert_eq!(passes, fits, "{format} {placeholders:?} {text}");
    }
}

/// What a model writes passes in its own tokens.
#[test]
fn the_default_models_own_tokens_pass() {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests find the models as the program does"
    )]
    let models = default_models_dir(|key| std::env::var_os(key));
    let manifests = manifest::shipped().unwrap();
    let Ok(files) = verify(&models, manifests.find("smollm2-135m-instruct").unwrap()) else {
        eprintln!("skipped: no model");
        return;
    };
    let chat = ChatModel::open(&files, SystemClock::shared()).unwrap();
    let tokenizer = chat.tokenizer();
    let grammars = Grammars::new(Arc::clone(tokenizer)).unwrap();
    let schema = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"}, "priority": {"enum": ["low", "high"]},
            "amount": {"type": "number", "minimum": 0}, "due": {"type": "string", "format": "date"}
        },
        "required": ["name", "priority", "amount", "due"],
        "additionalProperties": false
    });
    let text =
        r#"{"name": "Zoë of Łódź", "priority": "high", "amount": 1199.5, "due": "2026-05-14"}"#;
    let mut mask = grammars.json_schema(&schema, &[]).unwrap().mask();
    let mut logits = vec![0.0_f32; tokenizer.vocabulary_size()];
    let ids = tokenizer
        .encode(text, bailiwick::tokenizer::Special::Plain)
        .unwrap();
    let mut expected = 0;
    for token in ids.iter().chain(tokenizer.end_ids().first()) {
        expected += usize::from(mask.expects().first() == Some(token));
        logits.fill(0.0);
        mask.apply(&mut logits);
        assert!(logits[usize::try_from(*token).unwrap()] == 0.0, "{token}");
        mask.accept(*token);
    }
    assert!(
        expected >= 3,
        "names of properties and the rest of a value are foreseen: {expected}"
    );
}
