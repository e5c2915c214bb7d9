//! Adapters against `peft`, alone and in company (tests/golden/make_adapters.py).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bailiwick::formats::Mapped;
use bailiwick::formats::gguf::Gguf;
use bailiwick::model::{
    Adapter, AdapterFiles, AdapterShape, BlockForm, CausalLm, LogitRows, RaggedBatch,
    SequenceSlice, load_gguf,
};
use candle_core::Device;
use serde_json::Value;

const FAMILIES: [&str; 3] = ["llama", "qwen2", "phi3"];
const BLOCK: usize = 8;

struct Tiny {
    model: Box<dyn CausalLm>,
    adapter: Arc<Adapter>,
    golden: Value,
    tokens: Vec<u32>,
}

fn folder(family: &str) -> PathBuf {
    Path::new("tests/data/golden/adapters").join(family)
}

fn tiny(family: &str, threads: usize) -> Tiny {
    let folder = folder(family);
    let gguf = Gguf::open(&Mapped::open(&folder.join("model.gguf")).unwrap()).unwrap();
    let config = std::fs::read(folder.join("adapter_config.json")).unwrap();
    let weights = Mapped::open(&folder.join("adapter_model.safetensors")).unwrap();
    let files = AdapterFiles {
        config: &config,
        weights: &weights,
    };
    let adapter = Adapter::load(&files, &AdapterShape::of(&gguf).unwrap()).unwrap();
    let golden: Value =
        serde_json::from_slice(&std::fs::read(folder.join("logits.json")).unwrap()).unwrap();
    Tiny {
        model: load_gguf(&gguf, &Device::Cpu, threads).unwrap(),
        adapter: Arc::new(adapter),
        tokens: serde_json::from_value(golden["tokens"].clone()).unwrap(),
        golden,
    }
}

/// Logits of every position of each sequence, in chunks of `chunk` tokens, all sequences in the same steps.
fn run(
    model: &mut dyn CausalLm,
    tokens: &[u32],
    adapters: &[Option<Arc<Adapter>>],
    chunk: usize,
) -> Vec<Vec<Vec<f32>>> {
    let per = tokens.len().div_ceil(BLOCK);
    let mut cache = model
        .new_cache(per * adapters.len(), BlockForm::f16(BLOCK))
        .unwrap();
    let mut found = vec![Vec::new(); adapters.len()];
    for from in (0..tokens.len()).step_by(chunk) {
        let new = &tokens[from..(from + chunk).min(tokens.len())];
        let mut batch = RaggedBatch::default();
        for (index, adapter) in adapters.iter().enumerate() {
            let start = batch.tokens.len();
            batch.tokens.extend_from_slice(new);
            let first = u32::try_from(index * per).unwrap();
            batch.sequences.push(SequenceSlice {
                tokens: start..batch.tokens.len(),
                context: from,
                blocks: (first..first + u32::try_from(per).unwrap()).collect(),
                logits: LogitRows::All,
                adapter: adapter.clone(),
            });
        }
        let logits = model.forward(&batch, &mut cache).unwrap();
        for row in 0..logits.n_rows() {
            found[row / new.len()].push(logits.row(row).to_vec());
        }
    }
    found
}

/// How far two sets of rows are apart, in parts of the golden's largest logit.
fn distance(rows: &[Vec<f32>], golden: &Value) -> f64 {
    let golden: Vec<Vec<f64>> = serde_json::from_value(golden.clone()).unwrap();
    let size = golden
        .iter()
        .flatten()
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    let pairs = rows.iter().flatten().zip(golden.iter().flatten());
    pairs.fold(0.0_f64, |most, (own, exact)| {
        most.max((f64::from(*own) - exact).abs())
    }) / size
}

#[test]
fn what_is_added_is_what_peft_adds() {
    for family in FAMILIES {
        let mut tiny = tiny(family, 2);
        let adapters = [None, Some(Arc::clone(&tiny.adapter))];
        let found = run(&mut *tiny.model, &tiny.tokens, &adapters, 64);
        for (rows, name) in found.iter().zip(["base", "adapted"]) {
            let off = distance(rows, &tiny.golden[name]);
            assert!(off < 1e-4, "{family} {name}: {off}");
        }
        let apart = distance(&found[0], &tiny.golden["adapted"]);
        assert!(apart > 0.1, "{family}: {apart}");
    }
}

#[test]
fn a_sequence_computes_the_same_bits_in_any_company() {
    for family in FAMILIES {
        let mut small = tiny(family, 1);
        let alone = |model: &mut dyn CausalLm, tokens: &[u32], adapter: Option<&Arc<Adapter>>| {
            run(model, tokens, &[adapter.cloned()], 64).remove(0)
        };
        let tokens = small.tokens.clone();
        let plain = alone(&mut *small.model, &tokens, None);
        let adapted = alone(&mut *small.model, &tokens, Some(&small.adapter));
        let mut other = tiny(family, 2);
        let (own, again) = (Arc::clone(&small.adapter), Arc::clone(&other.adapter));
        let company = [Some(Arc::clone(&own)), None, Some(again), Some(own), None];
        for chunk in [1, 4, 64] {
            let found = run(&mut *other.model, &tokens, &company, chunk);
            for (rows, adapter) in found.iter().zip(&company) {
                let expected = if adapter.is_some() { &adapted } else { &plain };
                assert_eq!(rows, expected, "{family}, chunks of {chunk}");
            }
        }
    }
}

/// Where only the last position's logits are wanted, rows are dropped before the last feed-forward.
#[test]
fn the_last_row_keeps_its_adapter() {
    for family in FAMILIES {
        let mut tiny = tiny(family, 1);
        let golden: Vec<Vec<f64>> = serde_json::from_value(tiny.golden["adapted"].clone()).unwrap();
        let n = tiny.tokens.len();
        let per = u32::try_from(n.div_ceil(BLOCK)).unwrap();
        let slice = |index: usize, adapter: Option<Arc<Adapter>>| SequenceSlice {
            tokens: index * n..(index + 1) * n,
            context: 0,
            blocks: (u32::try_from(index).unwrap() * per
                ..(u32::try_from(index).unwrap() + 1) * per)
                .collect(),
            logits: LogitRows::Last,
            adapter,
        };
        let batch = RaggedBatch {
            tokens: tiny.tokens.repeat(2),
            sequences: vec![slice(0, None), slice(1, Some(Arc::clone(&tiny.adapter)))],
        };
        let mut cache = tiny
            .model
            .new_cache(2 * n.div_ceil(BLOCK), BlockForm::f16(BLOCK))
            .unwrap();
        let logits = tiny.model.forward(&batch, &mut cache).unwrap();
        let last = serde_json::json!([golden[n - 1]]);
        assert!(
            distance(&[logits.row(1).to_vec()], &last) < 1e-4,
            "{family}"
        );
        assert_eq!(logits.n_rows(), 2);
    }
}
