//! Tiny random models of each family against their definitions in double precision
//! (`tests/golden/make_tiny.py`, which holds the same files to llama.cpp).

use std::path::Path;

use bailiwick::formats::Mapped;
use bailiwick::formats::gguf::Gguf;
use bailiwick::model::{CausalLm, load_gguf};
use candle_core::Device;
use serde_json::Value;

use super::{run, tokens_of};

fn load(name: &str, threads: usize) -> Box<dyn CausalLm> {
    super::environment();
    let path = Path::new("tests/data/golden/tiny").join(format!("{name}.gguf"));
    let gguf = Gguf::open(&Mapped::open(&path).unwrap()).unwrap();
    load_gguf(&gguf, &Device::Cpu, threads).unwrap()
}

#[test]
fn every_family_computes_its_definition() {
    check("tests/data/golden/tiny/logits.json", 10, load);
}

/// Holds the models of a file of goldens to their logits, alone, and in a batch in chunks.
pub(super) fn check(file: &str, n: usize, load: impl Fn(&str, usize) -> Box<dyn CausalLm>) {
    let text = std::fs::read_to_string(file).unwrap();
    let goldens: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(goldens.len(), n);
    for golden in goldens {
        let name = golden["model"].as_str().unwrap();
        let tokens = tokens_of(&golden);
        let mut model = load(name, 2);
        let found = run(&mut *model, std::slice::from_ref(&tokens), tokens.len()).remove(0);
        let exact: Vec<Vec<f64>> = serde_json::from_value(golden["logits"].clone()).unwrap();
        let largest = exact.iter().flatten().fold(0.0_f64, |a, b| a.max(b.abs()));
        for (position, (found, exact)) in found.iter().zip(&exact).enumerate() {
            for (found, exact) in found.iter().zip(exact) {
                let distance = (f64::from(*found) - exact).abs() / largest;
                assert!(
                    distance < 1e-4,
                    "{name}, position {position}: {found} where {exact} is right"
                );
            }
        }
        let shifted: Vec<u32> = tokens.iter().rev().copied().collect();
        let other = run(&mut *model, std::slice::from_ref(&shifted), 5).remove(0);
        let together = run(&mut *load(name, 1), &[tokens, shifted], 4);
        assert_eq!(
            together,
            [found, other],
            "{name}: a batch in chunks, on one thread"
        );
    }
}
