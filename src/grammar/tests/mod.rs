//! Grammars over a real vocabulary.
#![expect(
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "tables, and what they counted"
)]

mod hostile;
mod keywords;
mod random;
mod sample;
mod structures;
mod tools;

use std::sync::Arc;

use serde_json::json;

use crate::tokenizer::{SpacePrefix, Tokenizer, TokenizerModel, Vocabulary as Words};

use self::sample::RandomModel;
use super::*;

pub(super) const END: u32 = 2;
/// The token of byte 0.
const FIRST_BYTE: u32 = 6;

/// Every byte, pieces that models have, and structure.
pub(super) fn tokenizer() -> Arc<Tokenizer> {
    let bytes: Vec<String> = (0..=255).map(|byte| format!("<0x{byte:02X}>")).collect();
    let pieces = [
        "{\"", "\":", "▁\"", "\",", "},", "\"}", "[{", "}]", "true", "false", "null", "name",
        "the", "▁a", "12", "é", "[EMAIL", "_1]", "\n▁▁",
    ];
    let mut tokens = vec![
        "<unk>",
        "<s>",
        "</s>",
        "<tool_call>",
        "</tool_call>",
        "[TOOL_CALLS]",
    ];
    tokens.extend(bytes.iter().map(String::as_str));
    tokens.extend(pieces);
    let kind = |at| match at {
        0 => 2,
        1 | 2 | 5 => 3,
        3 | 4 => 4,
        at if at < 262 => 6,
        _ => 1,
    };
    let n = tokens.len();
    let words = Words {
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

pub(super) fn grammars() -> Grammars {
    Grammars::new(tokenizer()).unwrap()
}

/// Whether `grammar` lets `text` through, token by token, and lets it end there. The tokens are bytes,
/// but where the grammar forces one.
pub(super) fn accepts(grammar: &Grammar, text: &str) -> bool {
    follows(&mut *grammar.mask(), text)
}

pub(super) fn follows(mask: &mut dyn TokenMask, text: &str) -> bool {
    let tokenizer = tokenizer();
    let mut logits = vec![0.0_f32; tokenizer.vocabulary_size()];
    let mut rest = text.as_bytes();
    while let Some(byte) = rest.first() {
        let own = u32::from(*byte) + FIRST_BYTE;
        let forced = mask.expects().first().copied();
        let forced = forced.filter(|token| rest.starts_with(tokenizer.token_bytes(*token)));
        let token = forced.unwrap_or(own);
        if !lets(mask, &mut logits, token) {
            return false;
        }
        mask.accept(token);
        rest = &rest[tokenizer.token_bytes(token).len()..];
    }
    lets(mask, &mut logits, END)
}

fn lets(mask: &mut dyn TokenMask, logits: &mut [f32], token: u32) -> bool {
    logits.fill(0.0);
    mask.apply(logits);
    logits[usize::try_from(token).unwrap()] > f32::NEG_INFINITY
}

/// The tokens of `text`'s bytes.
pub(super) fn bytes(text: &str) -> Vec<u32> {
    text.bytes()
        .map(|byte| u32::from(byte) + FIRST_BYTE)
        .collect()
}

#[test]
fn a_plain_schema_is_followed() {
    let schema = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "n": {"type": "integer"}},
        "required": ["name"],
        "additionalProperties": false
    });
    let grammar = grammars().json_schema(&schema, &[]).unwrap();
    for (text, fits) in [
        (r#"{"name": "a", "n": 12}"#, true),
        (r#"{"name":"é"}"#, true),
        (r#"{"n": 12}"#, false),
        (r#"{"name": "a""#, false),
        (r#"{"name": 1}"#, false),
    ] {
        assert_eq!(accepts(&grammar, text), fits, "{text}");
    }
}

#[test]
fn what_is_forced_is_expected() {
    let schema = json!({
        "type": "object",
        "properties": {"kind": {"const": "order"}},
        "required": ["kind"],
        "additionalProperties": false
    });
    let grammar = grammars().json_schema(&schema, &[]).unwrap();
    let mut mask = grammar.mask();
    for token in bytes(r#"{"kind": "o"#) {
        mask.accept(token);
    }
    assert_eq!(mask.expects(), bytes("rder"));
    for token in bytes("rder\"}") {
        mask.accept(token);
    }
    let mut logits = vec![0.0; tokenizer().vocabulary_size()];
    mask.apply(&mut logits);
    let left: Vec<usize> = (0..logits.len())
        .filter(|at| logits[*at] > f32::NEG_INFINITY)
        .collect();
    // The end, or blanks before it.
    assert!(
        left.contains(&2) && !left.contains(&(usize::from(b'}') + 6)),
        "{left:?}"
    );
}
