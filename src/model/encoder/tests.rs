//! The network against its definition, what holds whatever the weights are, and what is refused.

use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::super::bert::exact::Exact;
use super::*;

const CONFIG: &str = r#"{"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 2,
    "num_attention_heads": 2, "intermediate_size": 16, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
    "max_position_embeddings": 12, "type_vocab_size": 2, "initializer_range": 0.02,
    "layer_norm_eps": 1e-12, "pad_token_id": 0, "model_type": "bert"}"#;

/// How floats are written, and how tensors are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Single,
    Half,
    Brain,
    /// As files of before 2020 have them, with a head that it was trained with.
    Old,
}

/// Weights of the tiny model, made by a formula.
fn weights(style: Style) -> Vec<u8> {
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![20, 8]),
        (
            "embeddings.position_embeddings.weight".to_owned(),
            vec![12, 8],
        ),
        (
            "embeddings.token_type_embeddings.weight".to_owned(),
            vec![2, 8],
        ),
    ];
    let mut pair = |name: String, out: usize, columns: Option<usize>| {
        let shape = columns.map_or_else(|| vec![out], |columns| vec![out, columns]);
        shapes.push((format!("{name}.weight"), shape));
        shapes.push((format!("{name}.bias"), vec![out]));
    };
    pair("embeddings.LayerNorm".to_owned(), 8, None);
    for layer in 0..2 {
        let at = |part: &str| format!("encoder.layer.{layer}.{part}");
        for part in ["query", "key", "value"] {
            pair(at(&format!("attention.self.{part}")), 8, Some(8));
        }
        pair(at("attention.output.dense"), 8, Some(8));
        pair(at("attention.output.LayerNorm"), 8, None);
        pair(at("intermediate.dense"), 16, Some(8));
        pair(at("output.dense"), 8, Some(16));
        pair(at("output.LayerNorm"), 8, None);
    }
    if style == Style::Old {
        pair("cls.predictions.transform.dense".to_owned(), 8, Some(8));
    }
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = (1_u16..)
        .zip(shapes)
        .map(|(seed, (name, shape))| {
            let count: usize = shape.iter().product();
            let numbers = (0_u16..)
                .take(count)
                .map(|n| (f32::from(n * 7 + seed * 13) * 0.37).sin());
            let bytes = match style {
                Style::Half => numbers
                    .flat_map(|x| f16::from_f32(x).to_le_bytes())
                    .collect(),
                Style::Brain => numbers
                    .flat_map(|x| bf16::from_f32(x).to_le_bytes())
                    .collect(),
                Style::Single | Style::Old => numbers.flat_map(f32::to_le_bytes).collect(),
            };
            (called(name, style), shape, bytes)
        })
        .collect();
    let dtype = match style {
        Style::Half => Dtype::F16,
        Style::Brain => Dtype::BF16,
        Style::Single | Style::Old => Dtype::F32,
    };
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(dtype, shape.clone(), bytes).unwrap();
        (name, view)
    });
    safetensors::serialize(views, None).unwrap()
}

fn called(name: String, style: Style) -> String {
    if style != Style::Old {
        return name;
    }
    let name = name.replace("Norm.weight", "Norm.gamma");
    let name = name.replace("Norm.bias", "Norm.beta");
    if name.starts_with("cls.") {
        return name;
    }
    format!("bert.{name}")
}

fn file(bytes: Vec<u8>) -> Mapped {
    // Tests end soon.
    Mapped::built_in("tiny.safetensors", Vec::leak(bytes))
}

fn encoder(style: Style, pooling: Pooling) -> TextEncoder {
    let files = EncoderFiles {
        config: CONFIG.as_bytes(),
        weights: &file(weights(style)),
        max_tokens: None,
        pooling,
    };
    TextEncoder::load(files, 1).unwrap()
}

fn load(
    config: &str,
    weights: Vec<u8>,
    max_tokens: Option<usize>,
) -> Result<TextEncoder, EncoderError> {
    let files = EncoderFiles {
        config: config.as_bytes(),
        weights: &file(weights),
        max_tokens,
        pooling: Pooling::Mean,
    };
    TextEncoder::load(files, 1)
}

/// An error with what is behind it.
fn said(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", said(source)),
        None => error.to_string(),
    }
}

fn texts() -> Vec<Vec<u32>> {
    vec![
        vec![1, 5, 2],
        vec![1],
        vec![1, 9, 8, 7, 6, 5, 4, 3, 2],
        vec![1, 5, 2],
        (0..12).collect(),
        vec![3, 3],
    ]
}

/// Of the same weights in double precision, whichever way the file has them.
#[test]
fn near_its_definition() {
    for style in [Style::Single, Style::Half, Style::Brain, Style::Old] {
        let shard = Safetensors::open(&file(weights(style))).unwrap();
        let source = Checkpoint::bert(vec![shard]).unwrap();
        let exact = Exact {
            source: &source,
            shape: (8, 2, 2),
        };
        for pooling in [Pooling::Mean, Pooling::Cls] {
            let vectors = encoder(style, pooling).embed(&texts()).unwrap();
            for (text, vector) in texts().iter().zip(vectors) {
                let tokens: Vec<(u32, u8)> = text.iter().map(|id| (*id, 0)).collect();
                let mut rows = exact.vectors(&tokens);
                rows.truncate(if pooling == Pooling::Cls { 1 } else { 12 });
                let sum: Vec<f64> = (0..8)
                    .map(|i| rows.iter().map(|row| row[i]).sum())
                    .collect();
                let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
                for (a, b) in vector.iter().zip(sum) {
                    let b = b / length;
                    assert!(
                        (f64::from(*a) - b).abs() < 1e-5,
                        "{style:?} {pooling:?} {text:?}: {a} {b}"
                    );
                }
            }
        }
    }
}

/// A text's vector is the same bits whatever is beside it, at every level, with any number of threads.
#[test]
fn neighbours_levels_and_threads_change_nothing() {
    for pooling in [Pooling::Mean, Pooling::Cls] {
        let own = encoder(Style::Single, pooling);
        // More than one pass takes.
        let texts: Vec<Vec<u32>> = texts().into_iter().cycle().take(301).collect();
        assert!(texts.concat().len() > 2 * MAX_ROWS);
        let together = own.embed(&texts).unwrap();
        for (text, vector) in texts.iter().zip(&together) {
            let alone = own.embed(std::slice::from_ref(text)).unwrap();
            assert_eq!(alone, std::slice::from_ref(vector), "{text:?}");
        }
        for level in Level::available() {
            for threads in [1, 2, 3] {
                let other = encoder(Style::Single, pooling).on_level(level, threads);
                let found = other.embed(&texts).unwrap();
                assert_eq!(found, together, "{level:?}, {threads} threads");
            }
        }
        assert!(own.embed(&[]).unwrap().is_empty());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let encoder = encoder(Style::Single, Pooling::Mean);
    let check = |tokens: Vec<u32>, expected: &str| {
        let error = encoder.embed(&[vec![1], tokens]).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(vec![], "text 1 has no tokens");
    check(
        vec![1; 13],
        "text 1 has 13 tokens; the encoder reads at most 12",
    );
    check(
        vec![20],
        "token 20 is not in the encoder's vocabulary of 20",
    );
    let most = |limit| {
        load(CONFIG, weights(Style::Single), Some(limit))
            .unwrap()
            .max_tokens()
    };
    assert_eq!((most(5), most(50)), (5, 12));
}

#[test]
fn what_is_not_computed_is_refused_by_name() {
    let check = |from: &str, to: &str, expected: &str| {
        assert!(CONFIG.contains(from), "{from}");
        let error = load(&CONFIG.replace(from, to), weights(Style::Single), None).unwrap_err();
        let said = said(&error);
        assert!(said.contains(expected), "{to}: {said}");
    };
    let act = |to: &str| format!("\"hidden_act\": {to}");
    for (from, to, expected) in [
        ("\"bert\"", "\"roberta\"", "`roberta`"),
        ("heads\": 2", "heads\": 3", "into 3 heads"),
        ("heads\": 2", "heads\": 0", "into 0 heads"),
        (
            "vocab_size\": 20",
            "vocab_size\": 30",
            "weights cannot be loaded: tensor `token_embd.weight` has shape [20, 8] where [30, 8]",
        ),
        (
            "\"vocab_size\": 20, ",
            "",
            "config.json` cannot be read: missing field `vocab_size`",
        ),
        ("layers\": 2", "layers\": 3", "blk.2.attn_q.weight"),
        ("layers\": 2", "layers\": 1", "`blk.1.attn_"),
        (
            "layers\": 2",
            "layers\": 0",
            "`num_hidden_layers` in the encoder's `config.json` is 0",
        ),
        (
            "type_vocab_size\": 2",
            "type_vocab_size\": 0",
            "`type_vocab_size`",
        ),
        ("1e-12", "0", "`layer_norm_eps`"),
        (
            "\"model_type\"",
            "\"is_decoder\": true, \"model_type\"",
            "`is_decoder`",
        ),
        (
            "\"model_type\"",
            "\"position_embedding_type\": \"relative_key\", \"model_type\"",
            "`position_embedding_type` in the encoder's `config.json` is relative_key",
        ),
    ] {
        check(from, to, expected);
    }
    for other in ["gelu_new", "gelu_pytorch_tanh", "relu", "a\\u001b"] {
        let expected = format!("`hidden_act` in the encoder's `config.json` is {other}");
        check(
            &act("\"gelu\""),
            &act(&format!("\"{other}\"")),
            &expected.replace("\\u001b", "\\u{1b}"),
        );
    }
    let error = load("{", weights(Style::Single), None).unwrap_err();
    assert!(error.to_string().contains("config.json"), "{error}");
    // What says nothing, and what is not read.
    let more = "\"is_decoder\": false, \"position_embedding_type\": null, \"pooler_fc_size\": 768, \"model_type\"";
    let config = CONFIG.replace("\"model_type\"", more);
    assert!(load(&config, weights(Style::Single), None).is_ok());
}

#[test]
fn broken_weights_are_refused_by_name() {
    let check = |bytes: Vec<u8>, expected: &str| {
        let said = said(&load(CONFIG, bytes, None).unwrap_err());
        assert!(said.contains(expected), "{said}");
    };
    let whole = weights(Style::Single);
    check(
        whole[..whole.len() - 1].to_vec(),
        "weights cannot be loaded",
    );
    // The same length, so that the header stays as long.
    let renamed = |from: &str, to: &str| {
        let at = whole
            .windows(from.len())
            .position(|bytes| bytes == from.as_bytes())
            .unwrap();
        let mut bytes = whole.clone();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    let (key, odd) = (
        "layer.1.attention.self.key.bias",
        "layer.1.attention.self.kex.bias",
    );
    check(
        renamed(key, odd),
        "`encoder.layer.1.attention.self.kex.bias` is not part",
    );
    check(
        renamed("embeddings.LayerNorm.weight", "embeddings.position_ids.xxx"),
        "`embeddings.position_ids.xxx`",
    );
    // A matrix's weight, and a vector's: the first is seen as it is loaded.
    let with_infinity = |name: &str| {
        let shard = Safetensors::open(&file(whole.clone())).unwrap();
        let at = shard.tensor(name).unwrap().range.start;
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&f32::INFINITY.to_le_bytes());
        bytes
    };
    check(
        with_infinity("encoder.layer.1.output.dense.weight"),
        "tensor `blk.1.ffn_down.weight`: a weight is not a finite number",
    );
    let encoder = load(CONFIG, with_infinity("embeddings.LayerNorm.bias"), None).unwrap();
    let error = encoder.embed(&texts()).unwrap_err().to_string();
    assert_eq!(error, "the vector of text 0 is not finite");
    // A token's vector, which only the text with that token reads.
    let encoder = load(
        CONFIG,
        with_infinity("embeddings.word_embeddings.weight"),
        None,
    );
    let error = encoder.unwrap().embed(&texts()).unwrap_err().to_string();
    assert_eq!(error, "the vector of text 4 is not finite");
}

#[test]
fn passes_are_bounded() {
    let texts = [100, 200, 200, 100, 500, 3000].map(|n| vec![0; n]);
    for (from, expected) in [(0, 3), (1, 3), (3, 1), (4, 1), (5, 1)] {
        assert_eq!(pass_len(&texts[from..]), expected, "{from}");
    }
}
