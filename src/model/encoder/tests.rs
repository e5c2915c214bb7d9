use std::collections::HashMap;

use super::*;

const CONFIG: &str = r#"{"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 2,
    "num_attention_heads": 2, "intermediate_size": 16, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
    "max_position_embeddings": 12, "type_vocab_size": 2, "initializer_range": 0.02,
    "layer_norm_eps": 1e-12, "pad_token_id": 0, "model_type": "bert"}"#;

/// Weights of the tiny model, made by a formula.
fn weights() -> Vec<u8> {
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
    let tensors: HashMap<String, Tensor> = (1_u16..)
        .zip(shapes)
        .map(|(seed, (name, shape))| {
            let count: usize = shape.iter().product();
            let numbers = (0_u16..)
                .take(count)
                .map(|n| (f32::from(n * 7 + seed * 13) * 0.37).sin());
            let tensor = Tensor::from_iter(numbers, &Device::Cpu).unwrap();
            (name, tensor.reshape(shape).unwrap())
        })
        .collect();
    let views: Vec<(&String, &Tensor)> = tensors.iter().collect();
    safetensors::serialize(views, None).unwrap()
}

fn encoder() -> TextEncoder {
    load(CONFIG, &weights(), None).unwrap()
}

fn load(
    config: &str,
    weights: &[u8],
    max_tokens: Option<usize>,
) -> Result<TextEncoder, EncoderError> {
    let files = EncoderFiles {
        config: config.as_bytes(),
        weights,
        max_tokens,
        pooling: Pooling::Mean,
    };
    TextEncoder::load(files, &Device::Cpu)
}

#[test]
fn texts_of_one_batch_do_not_touch_each_other() {
    let encoder = encoder();
    let texts: Vec<Vec<u32>> = vec![
        vec![1, 5, 2],
        vec![1],
        vec![1, 9, 8, 7, 6, 5, 4, 3, 2],
        vec![1, 5, 2],
        vec![3, 3],
    ];
    let together = encoder.embed(&texts).unwrap();
    for (text, vector) in texts.iter().zip(&together) {
        let alone = encoder.embed(std::slice::from_ref(text)).unwrap();
        for (a, b) in alone[0].iter().zip(vector) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
        let length: f32 = vector.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
    assert_eq!(together[0], together[3]);
    assert!(encoder.embed(&[]).unwrap().is_empty());
}

#[test]
fn the_first_token_stands_for_the_text_where_the_model_wants_it() {
    let weights = weights();
    let files = EncoderFiles {
        config: CONFIG.as_bytes(),
        weights: &weights,
        max_tokens: None,
        pooling: Pooling::Cls,
    };
    let first = TextEncoder::load(files, &Device::Cpu).unwrap();
    let texts: Vec<Vec<u32>> = vec![vec![1, 5, 2], vec![1, 9, 8, 7, 6, 2], vec![4]];
    let vectors = first.embed(&texts).unwrap();
    for (text, vector) in texts.iter().zip(&vectors) {
        // The last layer as the model itself gives it, for this text alone.
        let ids = Tensor::new(vec![text.clone()], &Device::Cpu).unwrap();
        let last = first
            .bert
            .forward(&ids, &ids.zeros_like().unwrap(), None)
            .unwrap();
        let row: Vec<f32> = last.get(0).unwrap().get(0).unwrap().to_vec1().unwrap();
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        for (a, b) in row.iter().zip(vector) {
            assert!((a / length - b).abs() < 1e-5, "{a} {b}");
        }
    }
    // Of one token, it is the mean too; of more, it is another vector.
    let mean = encoder().embed(&texts).unwrap();
    assert_eq!(mean[2], vectors[2]);
    assert_ne!(mean[0], vectors[0]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let encoder = encoder();
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
    assert_eq!(load(CONFIG, &weights(), Some(5)).unwrap().max_tokens(), 5);
    assert_eq!(load(CONFIG, &weights(), Some(50)).unwrap().max_tokens(), 12);
}

#[test]
fn other_models_are_named() {
    let check = |config: &str, expected: &str| {
        let error = load(config, &weights(), None).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(&CONFIG.replace("\"bert\"", "\"roberta\""), "`roberta`");
    check(&CONFIG.replace("heads\": 2", "heads\": 3"), "into 3 heads");
    check(
        &CONFIG.replace("vocab_size\": 20", "vocab_size\": 30"),
        "weights",
    );
    check("{", "config.json");
    let cut = weights();
    assert!(load(CONFIG, &cut[..cut.len() - 1], None).is_err());
}

#[test]
fn batches_are_bounded() {
    let texts: Vec<Vec<u32>> = [100, 100, 500, 500, 500, 500, 3000]
        .map(|n| vec![0; n])
        .to_vec();
    let order: Vec<usize> = (0..texts.len()).collect();
    assert_eq!(batch_len(&order, &texts), 4);
    assert_eq!(batch_len(&order[4..], &texts), 2);
    assert_eq!(batch_len(&order[6..], &texts), 1);
}
