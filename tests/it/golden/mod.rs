//! The decoder against an independent implementation, and against itself in other batches.

mod adapters;
mod checkpoints;
mod tiny;

use std::path::PathBuf;

use bailiwick::config::Environment;
use bailiwick::formats::Mapped;
use bailiwick::formats::gguf::Gguf;
use bailiwick::kernels::Level;
use bailiwick::model::{BlockForm, CausalLm, LogitRows, RaggedBatch, SequenceSlice, load_gguf};
use candle_core::Device;
use serde_json::Value;

/// The environment, which may also say what to compute with.
pub(crate) fn environment() -> Environment {
    let env = Environment::read();
    if let Some(name) = &env.kernels {
        Level::limit(name).unwrap();
    }
    env
}

fn default_model() -> Gguf {
    let dir = environment().default_models_dir();
    let path: PathBuf = dir.join("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
    Gguf::open(&Mapped::open(&path).unwrap()).unwrap()
}

fn goldens() -> Vec<Value> {
    let text = std::fs::read_to_string("tests/data/golden/smollm2_logits.json").unwrap();
    serde_json::from_str(&text).unwrap()
}

fn tokens_of(golden: &Value) -> Vec<u32> {
    golden["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| u32::try_from(t.as_u64().unwrap()).unwrap())
        .collect()
}

/// Runs sequences through the model in chunks of `chunk` tokens, all in the same steps, and returns each
/// sequence's logits of every position.
fn run(model: &mut dyn CausalLm, sequences: &[Vec<u32>], chunk: usize) -> Vec<Vec<Vec<f32>>> {
    let block_tokens = 32;
    let per = sequences
        .iter()
        .map(|s| s.len().div_ceil(block_tokens))
        .max()
        .unwrap();
    let mut cache = model
        .new_cache(per * sequences.len(), BlockForm::f16(block_tokens))
        .unwrap();
    let mut found = vec![Vec::new(); sequences.len()];
    loop {
        let mut batch = RaggedBatch::default();
        let mut owners = Vec::new();
        for (index, sequence) in sequences.iter().enumerate() {
            let done = found[index].len();
            let new = &sequence[done..(done + chunk).min(sequence.len())];
            if new.is_empty() {
                continue;
            }
            let start = batch.tokens.len();
            batch.tokens.extend_from_slice(new);
            // Blocks of different sequences lie interleaved.
            let blocks = (0..per)
                .map(|b| u32::try_from(b * sequences.len() + index).unwrap())
                .collect();
            let tokens = start..batch.tokens.len();
            batch.sequences.push(SequenceSlice {
                tokens,
                context: done,
                blocks,
                logits: LogitRows::All,
                adapter: None,
            });
            owners.extend(std::iter::repeat_n(index, new.len()));
        }
        if owners.is_empty() {
            return found;
        }
        let logits = model.forward(&batch, &mut cache).unwrap();
        for (row, owner) in owners.into_iter().enumerate() {
            found[owner].push(logits.row(row).to_vec());
        }
    }
}

fn argmax(row: &[f32]) -> usize {
    (0..row.len())
        .max_by(|a, b| row[*a].total_cmp(&row[*b]))
        .unwrap()
}

fn floats(row: &Value, key: &str) -> Vec<f64> {
    row[key]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap())
        .collect()
}

fn mean_square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / a.len() as f64
}

/// `exact` is the model's definition in double precision over the dequantised weights. We round
/// activations to 8 bits, and so does llama.cpp, so on one row either is nearer by chance, at times by a
/// factor of ten: over the rows (the geometric mean) we may be no farther from the definition than
/// llama.cpp is, with a tenth for chance, and no row may be far from it.
#[test]
fn logits_are_as_near_to_the_definition_as_llama_cpp() {
    let mut model = load_gguf(&default_model(), &Device::Cpu, 2).unwrap();
    let mut ratios: Vec<f64> = Vec::new();
    let (mut only_ours, mut only_theirs) = (0.0_f64, 0.0_f64);
    let (mut right, mut positions) = (0_usize, 0_usize);
    for golden in goldens() {
        let found = run(&mut *model, &[tokens_of(&golden)], 64).remove(0);
        for row in golden["rows"].as_array().unwrap() {
            let logits = &found[usize::try_from(row["position"].as_u64().unwrap()).unwrap()];
            let ids: Vec<usize> = serde_json::from_value(row["ids"].clone()).unwrap();
            let own: Vec<f64> = ids.iter().map(|id| f64::from(logits[*id])).collect();
            let exact = floats(row, "exact");
            let (own, their) = (
                mean_square(&own, &exact),
                mean_square(&floats(row, "llama_cpp"), &exact),
            );
            assert!(
                own.sqrt() < 1.5,
                "root mean square error {} where a row's deviation is about 4",
                own.sqrt()
            );
            ratios.push((own / their).ln());
        }
        let exact = floats(&golden, "exact_best");
        let theirs = floats(&golden, "llama_cpp_best");
        for ((exact, theirs), row) in exact.iter().zip(&theirs).zip(&found) {
            let (own, their) = (argmax(row) as f64 == *exact, theirs == exact);
            only_ours += f64::from(u8::from(own && !their));
            only_theirs += f64::from(u8::from(their && !own));
            right += usize::from(own);
            positions += 1;
        }
    }
    // Near ties fall either way, so a count of them says nothing: McNemar's test on the positions where
    // just one of the two is right does. Beyond two standard deviations we would be worse, not unlucky.
    assert!(
        only_theirs - only_ours <= 2.0 * f64::sqrt(only_ours + only_theirs),
        "the likeliest token is right less often: alone {only_ours} times, llama.cpp alone {only_theirs}"
    );
    assert!(
        right * 10 >= positions * 9,
        "the likeliest token is right {right} times of {positions}"
    );
    let ratio = (ratios.iter().sum::<f64>() / ratios.len() as f64).exp();
    assert!(
        ratio <= 1.1,
        "farther from the definition than llama.cpp: {ratio}"
    );
}

#[test]
fn a_batch_computes_bit_for_bit_what_its_sequences_do_alone() {
    let sequences: Vec<Vec<u32>> = goldens().iter().map(tokens_of).collect();
    let gguf = default_model();
    let mut model = load_gguf(&gguf, &Device::Cpu, 2).unwrap();
    let alone: Vec<_> = sequences
        .iter()
        .map(|s| run(&mut *model, std::slice::from_ref(s), 512).remove(0))
        .collect();
    assert_eq!(
        run(&mut *model, &sequences, 512),
        alone,
        "whole prompts together"
    );
    assert_eq!(
        run(&mut *model, &sequences, 7),
        alone,
        "chunks of 7 together"
    );
    let mut single = load_gguf(&gguf, &Device::Cpu, 1).unwrap();
    let short = &sequences[..2];
    assert_eq!(
        run(&mut *single, short, 1),
        alone[..2],
        "one thread, token by token"
    );
}
