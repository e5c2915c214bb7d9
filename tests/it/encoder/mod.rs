//! The embeddings model against torch and transformers.
#![expect(clippy::print_stderr, reason = "says what it skips and measures")]

use bailiwick::formats::{default_models_dir, manifest, verify};
use bailiwick::model::encoder::TextEncoder;
use bailiwick::tokenizer::Tokenizer;

/// Element by element; the golden values are rounded to 6 digits.
const TOLERANCE: f32 = 5e-5;

#[derive(serde::Deserialize)]
struct Row {
    text: String,
    ids: Vec<u32>,
    vector: Vec<f32>,
}

#[test]
fn embeddings_are_those_of_the_reference() {
    let Some((tokenizer, encoder)) = model() else {
        return;
    };
    let rows: Vec<Row> =
        serde_json::from_str(include_str!("../../data/golden/minilm_embeddings.json")).unwrap();
    let texts: Vec<Vec<u32>> = rows
        .iter()
        .map(|row| tokenizer.encode_framed(&row.text).unwrap())
        .collect();
    let vectors = encoder.embed(&texts).unwrap();
    for ((row, ids), vector) in rows.iter().zip(&texts).zip(&vectors) {
        assert_eq!(*ids, row.ids, "{}", row.text);
        let cosine: f32 = vector.iter().zip(&row.vector).map(|(a, b)| a * b).sum();
        assert!(cosine >= 0.9999, "{cosine} for {}", row.text);
        for (a, b) in vector.iter().zip(&row.vector) {
            assert!((a - b).abs() <= TOLERANCE, "{a} {b} for {}", row.text);
        }
        let alone = encoder.embed(std::slice::from_ref(ids)).unwrap();
        assert_eq!(*vector, alone[0], "{}", row.text);
    }
}

#[test]
fn long_texts_are_refused_with_both_numbers() {
    let Some((tokenizer, encoder)) = model() else {
        return;
    };
    assert_eq!((encoder.dimensions(), encoder.max_tokens()), (384, 256));
    let ids = tokenizer.encode_framed(&"word ".repeat(300)).unwrap();
    let error = encoder.embed(&[ids]).unwrap_err().to_string();
    assert!(error.contains("302") && error.contains("256"), "{error}");
}

#[test]
fn a_text_of_128_tokens_takes_milliseconds() {
    let Some((tokenizer, encoder)) = model() else {
        return;
    };
    let ids = tokenizer.encode_framed(&"word ".repeat(126)).unwrap();
    assert_eq!(ids.len(), 128);
    let texts = vec![ids; 8];
    encoder.embed(&texts).unwrap();
    let clock = bailiwick::types::SystemClock::shared();
    let began = clock.now();
    encoder.embed(&texts).unwrap();
    let took = clock.now().as_millis() - began.as_millis();
    eprintln!("{} ms per text of 128 tokens (8 in a call)", took / 8);
    assert!(took < 20_000, "{took}");
}

fn model() -> Option<(Tokenizer, TextEncoder)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests find the models as the program does"
    )]
    let models = default_models_dir(|key| std::env::var_os(key));
    let manifests = manifest::shipped().unwrap();
    let manifest = manifests.find("all-minilm-l6-v2").unwrap();
    let Ok(files) = verify(&models, manifest) else {
        eprintln!("skipped: no model; run `bailiwick-fetch {}`", manifest.name);
        return None;
    };
    let encoder = TextEncoder::open(&files, 2).unwrap();
    Some((Tokenizer::open(&files).unwrap(), encoder))
}
