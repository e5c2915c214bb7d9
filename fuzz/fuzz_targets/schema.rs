//! JSON Schemas to grammars: each is compiled or refused, and an answer that ended is JSON that fits its schema.
#![no_main]

use std::sync::{Arc, LazyLock};

use bailiwick::grammar::{Grammar, Grammars};
use bailiwick::tokenizer::{SpacePrefix, Tokenizer, TokenizerModel, Vocabulary};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const END: u32 = 2;
/// Longest answer in tokens; one that is cut says nothing.
const MOST: usize = 400;
/// Digits of a number that a float holds exactly: the validator knows no others, and takes a multiple for none.
const EXACT: usize = 15;
/// From here on whatever closes something is likelier.
const LONG: usize = 60;

static TOKENIZER: LazyLock<Arc<Tokenizer>> = LazyLock::new(tokenizer);
static GRAMMARS: LazyLock<Grammars> =
    LazyLock::new(|| Grammars::new(Arc::clone(&TOKENIZER)).unwrap());

fuzz_target!(init: contain(), |bytes: &[u8]| {
    let Ok(schema) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let placeholders = ["[EMAIL_1]".to_owned(), "[DATE_OF_BIRTH_2]".to_owned()];
    drop(GRAMMARS.json_schema(&schema, &placeholders));
    let Ok(grammar) = GRAMMARS.json_schema(&schema, &[]) else {
        return;
    };
    let Some(answer) = answer(&grammar, bytes.len() as u64) else {
        return;
    };
    let value: Value = serde_json::from_str(&answer).expect(&answer);
    if longest_number(&answer) > EXACT {
        return;
    }
    let options = jsonschema::options().should_validate_formats(true);
    if let Ok(validator) = options.build(&schema) {
        assert!(validator.is_valid(&value), "{schema} yields {answer}");
    }
});

/// What a model of random numbers answers; `None` where it comes to no end.
fn answer(grammar: &Grammar, seed: u64) -> Option<String> {
    let mut mask = grammar.mask();
    let mut dice = Dice(seed + 0x9e37_79b9_7f4a_7c15);
    let mut logits = vec![0.0_f32; TOKENIZER.vocabulary_size()];
    let mut answer = Vec::new();
    for at in 0..MOST {
        for (token, logit) in (0_u32..).zip(&mut logits) {
            let closes = matches!(TOKENIZER.token_bytes(token), b"\"" | b"}" | b"]");
            let late = at > LONG && (closes || token == END);
            *logit = 4.0 * dice.number() + if late { 9.0 } else { 0.0 };
        }
        mask.apply(&mut logits);
        let best = (0_u32..).zip(&logits);
        let (token, logit) = best.max_by(|one, other| one.1.total_cmp(other.1))?;
        if *logit == f32::NEG_INFINITY {
            return None;
        }
        if token == END {
            return Some(String::from_utf8(answer).expect("characters are whole"));
        }
        answer.extend_from_slice(TOKENIZER.token_bytes(token));
        mask.accept(token);
    }
    None
}

/// The most characters of a number.
fn longest_number(answer: &str) -> usize {
    let numbers = answer.split(|c: char| !c.is_ascii_digit() && c != '.');
    numbers.map(str::len).max().unwrap_or(0)
}

/// A panic of a dependency is no find where the compiler contains it, on the thread that it has for that; one of our
/// own always is.
fn contain() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let theirs = info
            .location()
            .is_some_and(|at| at.file().contains("/registry/src/"));
        if !theirs {
            abort(info);
        }
    }));
}

/// Numbers that look random and are the same each time (G. Marsaglia, "Xorshift RNGs", 2003).
struct Dice(u64);

impl Dice {
    /// From 0 to below 1.
    fn number(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }
}

/// Every byte, some pieces that models have, and structure.
fn tokenizer() -> Arc<Tokenizer> {
    let bytes: Vec<String> = (0..=255).map(|byte| format!("<0x{byte:02X}>")).collect();
    let pieces = [
        "{\"", "\":", "▁\"", "\",", "},", "\"}", "[{", "}]", "true", "false", "null", "é",
    ];
    let mut tokens = vec!["<unk>", "<s>", "</s>"];
    tokens.extend(bytes.iter().map(String::as_str));
    tokens.extend(pieces);
    let kind = |at| match at {
        0 => 2,
        1 | 2 => 3,
        3..=258 => 6,
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
        eos: Some(END),
        eot: None,
        ends: Vec::new(),
        unknown: Some(0),
        add_bos: Some(false),
        add_eos: Some(false),
        space_prefix: Some(SpacePrefix::Never),
    };
    Arc::new(Tokenizer::new(&words).unwrap())
}
