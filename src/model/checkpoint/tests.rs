//! What of a checkpoint is refused, and how it is put.

use candle_core::Device;
use serde_json::{Value, json};

use super::*;
use crate::model::load;

fn base(model_type: &str) -> Value {
    json!({
        "architectures": ["Any"], "model_type": model_type, "vocab_size": 8, "hidden_size": 8,
        "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
        "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "tie_word_embeddings": true, "head_dim": 4,
        "torch_dtype": "float32", "transformers_version": "4.57.0", "use_cache": true,
    })
}

/// `base` with keys replaced; `null` stays as `null`.
fn with(mut config: Value, changes: Value) -> Value {
    if let (Value::Object(config), Value::Object(changes)) = (&mut config, changes) {
        config.extend(changes);
    }
    config
}

fn read(config: &Value) -> Result<Metadata, CheckpointError> {
    config::read(config.to_string().as_bytes()).map(|described| described.metadata)
}

/// What `base` with `changes` says has to hold `expected`.
fn check(model_type: &str, changes: Value, expected: &str) {
    let shown = changes.to_string();
    let said = match read(&with(base(model_type), changes)) {
        Ok(_) => "fine".to_owned(),
        Err(error) => error.to_string(),
    };
    assert!(said.contains(expected), "{model_type} {shown}: {said}");
}

#[test]
fn experts_are_alike_in_all_layers() {
    let own = |changes: Value| {
        let experts = json!({"num_experts_per_tok": 2, "router_aux_loss_coef": 0.001});
        with(experts, changes)
    };
    check("mixtral", json!({}), "no `num_local_experts`");
    check("mixtral", own(json!({"num_local_experts": 8})), "fine");
    check(
        "mixtral",
        json!({"num_local_experts": 8}),
        "no `num_experts_per_tok`",
    );
    let qwen = |changes: Value| {
        let experts =
            json!({"num_experts": 8, "moe_intermediate_size": 24, "norm_topk_prob": true});
        own(with(experts, changes))
    };
    for (changes, expected) in [
        (
            json!({"decoder_sparse_step": 1, "mlp_only_layers": []}),
            "fine",
        ),
        (json!({"decoder_sparse_step": 2}), "`decoder_sparse_step`"),
        (json!({"mlp_only_layers": [0]}), "`mlp_only_layers`"),
        (json!({"norm_topk_prob": false}), "`norm_topk_prob`"),
        (json!({"norm_topk_prob": null}), "`norm_topk_prob`"),
        (
            json!({"moe_intermediate_size": null}),
            "no `moe_intermediate_size`",
        ),
        (json!({"shared_expert_intermediate_size": 24}), "not known"),
    ] {
        check("qwen3_moe", qwen(changes), expected);
    }
    check("llama", json!({"num_local_experts": 8}), "not known");
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    check("llama", json!({}), "fine");
    check(
        "llama",
        json!({"unsloth_fixed": true, "auto_map": {"AutoConfig": "x.Y"}}),
        "fine",
    );
    check(
        "llama",
        json!({"logit_scale": null, "clip_qkv": false, "alibi": 0}),
        "fine",
    );
    check(
        "llama",
        json!({"logit_scale": 0.0625}),
        "`logit_scale`, which is not known",
    );
    check("llama", json!({"a\u{1b}[2J": 1}), r"`a\u{1b}[2J`, which is");
    check(
        "llama",
        json!({"residual_multiplier": 0.2}),
        "`residual_multiplier`",
    );
    check("qwen2", json!({"num_experts": 60}), "`num_experts`");
    check(
        "qwen2_moe",
        json!({}),
        "`model_type` in config.json is \"qwen2_moe\"",
    );
}

#[test]
fn what_is_not_computed_is_refused_by_name() {
    check("llama", json!({"model_type": null}), "no `model_type`");
    check("llama", json!({"hidden_size": null}), "no `hidden_size`");
    check(
        "llama",
        json!({"hidden_size": -1}),
        "`hidden_size` in config.json is -1: it has to be a whole",
    );
    check("llama", json!({"hidden_size": 1e30}), "`hidden_size`");
    // Nothing is made for each of four thousand million values.
    let scaled =
        json!({"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4});
    check(
        "llama",
        json!({"head_dim": 4_294_967_294_u32, "rope_scaling": scaled}),
        "`head_dim` in config.json is 4294967294: heads have",
    );
    check("llama", json!({"hidden_size": 4096}), "fine");
    check(
        "llama",
        json!({"head_dim": null, "hidden_size": 4096}),
        "`head_dim` in config.json is 2048",
    );
    check(
        "llama",
        json!({"rms_norm_eps": "small"}),
        "`rms_norm_eps` in config.json is \"small\"",
    );
    check(
        "llama",
        json!({"hidden_act": "relu"}),
        "`hidden_act` in config.json is \"relu\"",
    );
    check(
        "gemma2",
        json!({"hidden_activation": "gelu"}),
        "`hidden_activation`",
    );
    check(
        "gemma2",
        json!({"hidden_act": "gelu", "hidden_activation": null}),
        "fine",
    );
    check(
        "gemma3_text",
        json!({"use_bidirectional_attention": true}),
        "`use_bidirectional_attention`",
    );
    check(
        "gemma3_text",
        json!({"_sliding_window_pattern": 4, "sliding_window": 8}),
        "`_sliding_window_pattern`",
    );
    check(
        "mistral",
        json!({"num_key_value_heads": null}),
        "no `num_key_value_heads`",
    );
    check(
        "llama",
        json!({"quantization_config": {"quant_method": "gptq"}}),
        "quantised checkpoints are not read",
    );
    check(
        "qwen3",
        json!({"use_sliding_window": true, "sliding_window": 4, "layer_types": ["full_attention", "sliding_attention"]}),
        "`layer_types`",
    );
    check(
        "qwen2",
        json!({"use_sliding_window": true, "sliding_window": 4, "num_hidden_layers": 4, "max_window_layers": 2}),
        "`max_window_layers`",
    );
    check(
        "qwen2",
        json!({"use_sliding_window": false, "sliding_window": 4, "max_window_layers": 2}),
        "fine",
    );
}

#[test]
fn scalings_are_read_or_refused() {
    let check = |scaling: Value, expected: &str| {
        let config = with(base("llama"), json!({"rope_scaling": scaling}));
        let said = match read(&config) {
            Ok(metadata) => format!(
                "{:?}",
                metadata.str("llama.rope.scaling.type").unwrap_or("plain")
            ),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(expected), "{scaling}: {said}");
    };
    let long =
        |n| json!({"type": "longrope", "short_factor": vec![1.0; n], "long_factor": vec![2.0; 2]});
    check(json!(null), "plain");
    check(json!({"type": "linear", "factor": 2.0}), "linear");
    check(json!({"rope_type": "dynamic", "factor": 2.0}), "plain");
    check(json!({"rope_type": "yarn", "factor": 2.0}), "yarn");
    check(long(2), "longrope");
    check(long(3), "`rope_scaling.short_factor`");
    check(json!({"rope_type": "linear"}), "no `rope_scaling.factor`");
    check(
        json!({"rope_type": "linear", "factor": 0}),
        "`rope_scaling.factor` in config.json is 0",
    );
    check(
        json!({"rope_type": "linear", "factor": 2, "surprise": 1}),
        "`rope_scaling.surprise`, which is not",
    );
    check(
        json!({"rope_type": "yarn", "factor": 2, "truncate": false}),
        "`rope_scaling.truncate`",
    );
    check(
        json!({"rope_type": "proportional"}),
        "`rope_scaling.rope_type` in config.json is \"proportional\"",
    );
    check(
        json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 4.0}),
        "`rope_scaling.low_freq_factor`",
    );
    check(json!([]), "`rope_scaling` in config.json is a list");
    check(
        json!({"rope_type": "yarn", "factor": 2, "original_max_position_embeddings": 0}),
        "`original_max_position_embeddings` in config.json is 0",
    );
}

/// Files before and since transformers 5 say the same in other words.
#[test]
fn old_and_new_words_mean_the_same() {
    for (model_type, old, new) in [
        (
            "llama",
            json!({"rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 4.0}}),
            json!({"rope_parameters": {"rope_theta": 5e5, "rope_type": "linear", "factor": 4.0}}),
        ),
        (
            "qwen2",
            json!({
                "rope_theta": 1e6,
                "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
            }),
            json!({"rope_parameters": {
                "rope_theta": 1e6, "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16,
            }}),
        ),
        (
            "gemma3_text",
            json!({
                "rope_theta": 1e6, "rope_local_base_freq": 2e4, "rope_scaling": {"rope_type": "linear", "factor": 8.0},
                "sliding_window": 8, "sliding_window_pattern": 6,
            }),
            json!({
                "rope_parameters": {
                    "full_attention": {"rope_theta": 1e6, "rope_type": "linear", "factor": 8.0},
                    "sliding_attention": {"rope_theta": 2e4, "rope_type": "default"},
                },
                "sliding_window": 8, "layer_types": ["sliding_attention"],
            }),
        ),
        (
            "phi3",
            json!({
                "partial_rotary_factor": 1.0, "original_max_position_embeddings": 32,
                "rope_scaling": {"type": "su", "short_factor": [1, 1.5], "long_factor": [2, 3]},
            }),
            json!({"rope_parameters": {
                "rope_type": "longrope", "short_factor": [1, 1.5], "long_factor": [2, 3],
                "original_max_position_embeddings": 32, "partial_rotary_factor": 1.0,
            }}),
        ),
    ] {
        let [old, new] = [old, new].map(|own| read(&with(base(model_type), own)).unwrap());
        assert_eq!(old, new, "{model_type}");
    }
}

#[test]
fn broken_json_is_placed() {
    for (text, expected) in [
        ("", "(line 1, column 0)"),
        ("[]", "(line 1, column 1)"),
        ("{\n\"a\": }", "(line 2, column 6)"),
    ] {
        let error = config::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{text:?}: {error}");
    }
    let deep = "[".repeat(100_000);
    config::read(deep.as_bytes()).unwrap_err();
}

/// A folder with `config` and zeros for the tensors `(name, type, shape)`.
fn folder(config: &Value, tensors: &[(&str, &str, &[usize])]) -> tempfile::TempDir {
    let mut header = serde_json::Map::new();
    let mut at = 0;
    for (name, dtype, shape) in tensors {
        let size = if *dtype == "F32" { 4 } else { 2 };
        let end = at + size * shape.iter().product::<usize>();
        let entry = json!({"dtype": dtype, "shape": shape, "data_offsets": [at, end]});
        header.insert((*name).to_owned(), entry);
        at = end;
    }
    let header = Value::Object(header).to_string();
    let length = (header.len() as u64).to_le_bytes();
    let file = [&length[..], header.as_bytes(), &vec![0; at]].concat();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("model.safetensors"), file).unwrap();
    std::fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
    dir
}

type Tensors = Vec<(&'static str, &'static str, &'static [usize])>;

fn whole() -> Tensors {
    vec![
        ("model.embed_tokens.weight", "F32", &[8, 8]),
        ("model.norm.weight", "F16", &[8]),
        ("model.layers.0.input_layernorm.weight", "F32", &[8]),
        (
            "model.layers.0.post_attention_layernorm.weight",
            "BF16",
            &[8],
        ),
        ("model.layers.0.self_attn.q_proj.weight", "F16", &[8, 8]),
        ("model.layers.0.self_attn.k_proj.weight", "BF16", &[4, 8]),
        ("model.layers.0.self_attn.v_proj.weight", "F32", &[4, 8]),
        ("model.layers.0.self_attn.o_proj.weight", "F32", &[8, 8]),
        ("model.layers.0.mlp.gate_proj.weight", "F32", &[16, 8]),
        ("model.layers.0.mlp.up_proj.weight", "F32", &[16, 8]),
        ("model.layers.0.mlp.down_proj.weight", "F32", &[8, 16]),
    ]
}

/// What loading the checkpoint of `base` with `changes` and with its tensors edited says has to hold `expected`.
fn check_tensors(changes: Value, edit: &dyn Fn(&mut Tensors), expected: &str) {
    let mut tensors = whole();
    edit(&mut tensors);
    let dir = folder(&with(base("llama"), changes), &tensors);
    let loaded = open_path(dir.path()).and_then(|source| load(&*source, &Device::Cpu, 1));
    let said = match loaded {
        Ok(_) => "fine".to_owned(),
        Err(error) => error.to_string(),
    };
    assert!(
        said.contains(expected),
        "{said:?} where {expected:?} is due"
    );
}

/// One more tensor.
fn add(name: &'static str, dtype: &'static str, shape: &'static [usize]) -> impl Fn(&mut Tensors) {
    move |tensors| tensors.push((name, dtype, shape))
}

#[test]
fn every_tensor_has_its_place_or_is_refused() {
    let check = check_tensors;
    let drop =
        |name: &'static str| move |tensors: &mut Tensors| tensors.retain(|own| own.0 != name);
    check(json!({}), &|_| {}, "fine");
    check(
        json!({}),
        &add("model.layers.0.self_attn.rotary_emb.inv_freq", "F32", &[2]),
        "fine",
    );
    // Where the head is the embedding, one that is stored too says nothing.
    check(json!({}), &add("lm_head.weight", "F32", &[8, 8]), "fine");
    let untied = json!({"tie_word_embeddings": false});
    check(
        untied.clone(),
        &add("lm_head.weight", "F32", &[8, 8]),
        "fine",
    );
    check(
        untied,
        &add("lm_head.weight", "F32", &[8, 4]),
        "tensor `output.weight` has shape [8, 4]",
    );
    check(
        json!({}),
        &drop("model.norm.weight"),
        "output_norm.weight is missing",
    );
    for name in [
        "model.extra.weight",
        "model.layers.0.self_attn.sinks",
        "model.layers.00.mlp.up_proj.weight",
        "model.layers.-1.mlp.up_proj.weight",
        "model.layers.99999999999.mlp.up_proj.weight",
        "model.layers.0.input_layernorm.bias",
        "vision_tower.weight",
    ] {
        let edit = add(name, "F32", &[8]);
        check(
            json!({}),
            &edit,
            &format!("tensor `{name}` is not part of the architecture"),
        );
    }
    check(
        json!({}),
        &add("model.layers.1.input_layernorm.weight", "F32", &[8]),
        "`blk.1.attn_norm.weight` is not part",
    );
    check(
        json!({}),
        &add("model.layers.0.mlp.gate_up_proj.weight", "F32", &[32, 8]),
        "two tensors of the checkpoint are `blk.0.ffn_up.weight`",
    );
}

#[test]
fn tensors_fit_what_the_configuration_says() {
    let check = check_tensors;
    let retype = |tensors: &mut Tensors| tensors[0].1 = "I16";
    check(
        json!({}),
        &retype,
        "tensor `model.embed_tokens.weight` has an element type",
    );
    let odd = |tensors: &mut Tensors| tensors[5].2 = &[3, 8];
    check(
        json!({}),
        &odd,
        "tensor `model.layers.0.self_attn.k_proj.weight` has shape [3, 8]",
    );
    check(
        json!({"num_attention_heads": 0}),
        &|_| {},
        "`model.layers.0.self_attn.q_proj.weight` has shape",
    );
    check(
        json!({"num_hidden_layers": 2_000_000}),
        &|_| {},
        "`llama.block_count` is 2000000: out of range",
    );
    check(
        json!({"num_hidden_layers": 2}),
        &|_| {},
        "blk.1.attn_norm.weight is missing",
    );
    check(
        json!({"vocab_size": 9}),
        &|_| {},
        "tensor `token_embd.weight` has shape [8, 8] where [9, 8]",
    );
}

#[test]
fn rows_of_heads_turn_to_neighbours() {
    // Two heads of four rows, one byte each.
    assert_eq!(
        turned(&[0, 1, 2, 3, 10, 11, 12, 13], 8, 2),
        [0, 2, 1, 3, 10, 12, 11, 13]
    );
    // One head of two rows, two bytes each: nothing to turn.
    assert_eq!(turned(&[1, 2, 3, 4], 2, 1), [1, 2, 3, 4]);
}
