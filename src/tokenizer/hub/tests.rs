//! What of a description is refused, and by which name.

use serde_json::{Value, json};

use super::*;
use crate::tokenizer::Tokenizer;

/// A tokenizer of two letters, in bytes.
fn base() -> Value {
    json!({
        "added_tokens": [{"id": 3, "content": "<end>", "special": true}],
        "normalizer": null,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]},
    })
}

/// What building it says, with the value at `pointer` replaced and these files beside it.
fn outcome(pointer: &str, value: Value, beside: &[(&str, &str)]) -> String {
    let mut described = base();
    match described.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            described.pointer_mut(parent).unwrap()[key] = value;
        }
    }
    files(&described.to_string(), beside)
}

fn files(described: &str, beside: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tokenizer.json"), described).unwrap();
    for (name, text) in beside {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let folder = Folder::open(dir.path()).unwrap();
    let built = tokenizer_metadata(&folder).and_then(|metadata| Tokenizer::from_gguf(&metadata));
    match built {
        Ok(tokenizer) => format!("fine, ends {:?}", tokenizer.end_ids()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_not_built_in_is_refused_by_name() {
    let check = |pointer: &str, value: Value, expected: &str| {
        let said = outcome(pointer, value.clone(), &[]);
        assert!(said.contains(expected), "{pointer} {value}: {said}");
    };
    check("/model/type", json!("BPE"), "fine");
    check(
        "/model/type",
        json!("Unigram"),
        "the model of tokenizer.json is not supported: Unigram",
    );
    check(
        "/model/vocab",
        json!([["a", -1.0]]),
        "the model of tokenizer.json",
    );
    check("/model/dropout", json!(0.1), "not supported: dropout");
    check(
        "/model/end_of_word_suffix",
        json!("</w>"),
        "not supported: marks within words",
    );
    check(
        "/normalizer",
        json!({"type": "Lowercase"}),
        "the normalizer of tokenizer.json is not supported: Lowercase",
    );
    check("/normalizer", json!({"type": "NFC"}), "fine");
    check("/decoder", json!(null), "the decoder of tokenizer.json");
    check(
        "/pre_tokenizer",
        json!(null),
        "not supported: none of bytes",
    );
    check(
        "/pre_tokenizer",
        json!({"type": "Whitespace"}),
        "not supported: Whitespace",
    );
    check(
        "/pre_tokenizer/add_prefix_space",
        json!(true),
        "not supported: ByteLevel",
    );
    check(
        "/model/byte_fallback",
        json!(true),
        "the pre_tokenizer of tokenizer.json is not supported: ByteLevel",
    );
    let split = |expression: &str| {
        let split = json!({"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": false});
        let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "use_regex": false});
        json!({"type": "Sequence", "pretokenizers": [split, bytes]})
    };
    check(
        "/pre_tokenizer",
        split("(a+)+$"),
        "the pre_tokenizer of tokenizer.json is not supported: (a+)+$",
    );
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let check = |pointer: &str, value: Value, expected: &str| {
        let said = outcome(pointer, value.clone(), &[]);
        assert!(said.contains(expected), "{pointer} {value}: {said}");
    };
    check("/model/vocab/ab", json!(1), "token 1 is there twice");
    check(
        "/model/vocab/ab",
        json!(1 << 20),
        "the vocabulary has 1048577 tokens",
    );
    check("/model/vocab/ab", json!(-1), "the model of tokenizer.json");
    check("/added_tokens/0/id", json!(u32::MAX), "the vocabulary has");
    check("/added_tokens/0/id", json!(2), "token 2 is there twice");
    check(
        "/added_tokens/0/content",
        json!("ab"),
        "token 3 is there twice",
    );
    check("/model/merges/0", json!("a"), "merge 0 does not join");
    check("/model/merges/0", json!("a b c"), "merge 0 does not join");
    check(
        "/model/merges/0",
        json!(["a", "c"]),
        "merge 0 does not join",
    );
    check("/model/merges/0", json!(["a", "b"]), "fine");
    check(
        "/model/merges",
        json!(7),
        "tokenizer.json is not of its form",
    );
    let broken = files("{\n\"model\": 1 ", &[]);
    let expected = "tokenizer.json is not of its form (line 2";
    assert!(broken.starts_with(expected), "{broken}");
}

#[test]
fn ends_come_from_all_files() {
    for (beside, expected) in [
        (&[][..], "fine, ends []"),
        (
            &[("config.json", r#"{"eos_token_id": 3}"#)],
            "fine, ends [3]",
        ),
        (
            &[
                ("config.json", r#"{"eos_token_id": 3, "vocab_size": 9}"#),
                ("generation_config.json", r#"{"eos_token_id": [3, 8]}"#),
            ],
            "fine, ends [3, 8]",
        ),
        (
            &[("tokenizer_config.json", r#"{"eos_token": "<end>"}"#)],
            "fine, ends [3]",
        ),
        (
            &[("tokenizer_config.json", r#"{"eos_token": 3}"#)],
            "tokenizer_config.json is not of its form",
        ),
        (
            &[("config.json", r#"{"eos_token_id": 70}"#)],
            "is 70, and the vocabulary has 4 tokens",
        ),
        (
            &[("config.json", r#"{"bos_token_id": 70}"#)],
            "is 70, and the vocabulary has 4 tokens",
        ),
        (&[("config.json", "[1")], "config.json is not of its form"),
    ] {
        let said = files(&base().to_string(), beside);
        assert!(said.contains(expected), "{beside:?}: {said}");
    }
}
