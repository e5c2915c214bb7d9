//! What can't be used is refused; what can is held to `peft` by the goldens (`tests/it/golden`).

use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize_to_file};
use serde_json::{Value, json};

use super::*;
use crate::formats::Mapped;
use crate::formats::gguf::Gguf;

fn folder() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/golden/adapters/llama"
    ))
}

fn shape() -> AdapterShape {
    let gguf = Mapped::open(&folder().join("model.gguf")).unwrap();
    AdapterShape::of(&Gguf::open(&gguf).unwrap()).unwrap()
}

fn config(change: (&str, Value)) -> Vec<u8> {
    let text = std::fs::read(folder().join("adapter_config.json")).unwrap();
    let mut config: Value = serde_json::from_slice(&text).unwrap();
    config[change.0] = change.1;
    config.to_string().into_bytes()
}

fn load(config: &[u8], weights: &Mapped) -> Result<Adapter, AdapterError> {
    Adapter::load(&AdapterFiles { config, weights }, &shape())
}

#[test]
fn configurations_that_mean_something_else_are_refused() {
    let weights = Mapped::open(&folder().join("adapter_model.safetensors")).unwrap();
    for (key, value, taken) in [
        ("lora_alpha", json!(8), true),
        ("use_dora", json!(false), true),
        ("modules_to_save", json!([]), true),
        ("a_key_of_tomorrow", json!(1), true),
        ("use_dora", json!(true), false),
        ("peft_type", json!("IA3"), false),
        ("bias", json!("all"), false),
        ("modules_to_save", json!(["lm_head"]), false),
        ("alpha_pattern", json!({"q_proj": 2}), false),
        ("layer_replication", json!([[0, 2]]), false),
        ("trainable_token_indices", json!([1]), false),
        ("lora_alpha", json!("8"), false),
        ("lora_alpha", json!(null), false),
    ] {
        let shown = format!("{key} = {value}");
        assert_eq!(
            load(&config((key, value)), &weights).is_ok(),
            taken,
            "{shown}"
        );
    }
    assert!(matches!(
        load(b"{", &weights),
        Err(AdapterError::Config { .. })
    ));
}

#[test]
fn tensors_without_a_place_are_refused() {
    let (a, b) = (
        [0.5_f32.to_le_bytes(); 4 * 40].concat(),
        [0.5_f32.to_le_bytes(); 40 * 4].concat(),
    );
    let infinite = [f32::INFINITY.to_le_bytes(); 4 * 40].concat();
    let name =
        |layer: usize, rest: &str| format!("base_model.model.model.layers.{layer}.{rest}.weight");
    let (q_a, q_b) = (
        name(0, "self_attn.q_proj.lora_A"),
        name(0, "self_attn.q_proj.lora_B"),
    );
    let second = (q_b.clone(), vec![40, 4], &b);
    for (tensors, taken) in [
        (vec![(q_a.clone(), vec![4, 40], &a), second.clone()], true),
        (vec![(q_a.clone(), vec![4, 40], &a)], false),
        (vec![second.clone()], false),
        (vec![], false),
        (
            vec![(q_a.clone(), vec![4, 40], &infinite), second.clone()],
            false,
        ),
        (vec![(q_a.clone(), vec![40, 4], &a), second.clone()], false),
        (vec![(q_a.clone(), vec![160], &a), second.clone()], false),
        (vec![(q_a, vec![4, 40], &a), (q_b, vec![20, 8], &b)], false),
        (
            vec![(name(2, "self_attn.q_proj.lora_A"), vec![4, 40], &a)],
            false,
        ),
        (
            vec![
                (name(0, "self_attn.x_proj.lora_A"), vec![4, 40], &a),
                second.clone(),
            ],
            false,
        ),
        (
            vec![(
                "base_model.model.lm_head.lora_A.weight".to_owned(),
                vec![4, 40],
                &a,
            )],
            false,
        ),
        (
            vec![(
                name(0, "self_attn.q_proj.lora_embedding_A"),
                vec![4, 40],
                &a,
            )],
            false,
        ),
    ] {
        let names: Vec<_> = tensors
            .iter()
            .map(|(name, shape, _)| (name.clone(), shape.clone()))
            .collect();
        let views = tensors.iter().map(|(name, shape, data)| {
            (
                name.clone(),
                TensorView::new(Dtype::F32, shape.clone(), data).unwrap(),
            )
        });
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        serialize_to_file(views, None, &path).unwrap();
        let weights = Mapped::open(&path).unwrap();
        let found = load(&config(("r", json!(4))), &weights);
        assert_eq!(found.is_ok(), taken, "{names:?}: {found:?}");
    }
}
