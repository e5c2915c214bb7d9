//! Small taggers for tests, with their vocabularies: of noise, for arithmetic, and made by hand, for what is done with
//! their labels. The parent module brings `gguf` and `GgmlDType` into scope.

use super::GgmlDType;
use super::gguf::StrArray;
use super::gguf::writer::Writer;

/// The labels of the taggers here: the recogniser's own.
pub(crate) const LABELS: [&str; 17] = [
    "O",
    "B-PERSON",
    "I-PERSON",
    "B-ORGANISATION",
    "I-ORGANISATION",
    "B-LOCATION",
    "I-LOCATION",
    "B-ADDRESS",
    "I-ADDRESS",
    "B-DATE_TIME",
    "I-DATE_TIME",
    "B-AGE",
    "I-AGE",
    "B-TITLE",
    "I-TITLE",
    "B-NATIONALITY",
    "I-NATIONALITY",
];

/// Sizes of a tagger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) vocabulary: usize,
    pub(crate) hidden: usize,
    pub(crate) feed_forward: usize,
    pub(crate) heads: usize,
    pub(crate) layers: usize,
    pub(crate) window: usize,
    pub(crate) overlap: usize,
}

/// The tokens of the vocabulary: control tokens, letters and digits at the start of words and inside, marks, then
/// `words`, which are in lower case.
pub(crate) fn tokens(words: &[&str]) -> Vec<String> {
    let mut tokens: Vec<String> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
        .map(str::to_owned)
        .into();
    for letter in ('a'..='z').chain('0'..='9') {
        tokens.push(letter.to_string());
        tokens.push(format!("##{letter}"));
    }
    tokens.extend(".,:;!?()'\"-/@[]_".chars().map(String::from));
    tokens.extend(words.iter().map(|word| (*word).to_owned()));
    tokens
}

/// The `tokenizer.json` of `tokens(words)`.
pub(crate) fn tokenizer(words: &[&str]) -> String {
    let tokens = tokens(words);
    let vocabulary: serde_json::Map<String, serde_json::Value> = tokens
        .iter()
        .enumerate()
        .map(|(id, token)| (token.clone(), id.into()))
        .collect();
    let added: Vec<_> = tokens
        .iter()
        .take(4)
        .enumerate()
        .map(|(id, token)| {
            serde_json::json!({
                "id": id, "content": token, "special": true, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false
            })
        })
        .collect();
    serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": null,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary}
    })
    .to_string()
}

/// The GGUF file of a tagger whose tensors `values` gives by name and shape.
pub(crate) fn gguf(sizes: Sizes, values: &mut dyn FnMut(&str, [usize; 2]) -> Vec<f32>) -> Vec<u8> {
    let Sizes {
        vocabulary,
        hidden,
        feed_forward,
        heads,
        layers,
        window,
        overlap,
    } = sizes;
    let number = |n: usize| u32::try_from(n).unwrap();
    let mut file = Writer::new();
    file.metadata("general.architecture", "bert")
        .metadata("bert.block_count", number(layers))
        .metadata("bert.embedding_length", number(hidden))
        .metadata("bert.feed_forward_length", number(feed_forward))
        .metadata("bert.attention.head_count", number(heads))
        .metadata("bert.attention.layer_norm_epsilon", 1e-12_f32)
        .metadata("bert.context_length", number(window))
        .metadata("pii_ner.labels", StrArray::from_iter(LABELS))
        .metadata("pii_ner.case_types", 4_u32)
        .metadata("pii_ner.window", number(window))
        .metadata("pii_ner.overlap", number(overlap))
        .metadata("pii_ner.bias", vec![0.0_f32; LABELS.len()]);
    let mut matrix = |file: &mut Writer<'_>, name: &str, shape: [usize; 2], eight: bool| {
        let values = values(name, shape);
        if eight {
            file.tensor(name, GgmlDType::Q8_0, &shape, eight_bits(&values));
        } else {
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            let shape = if shape[0] == 1 {
                &shape[1..]
            } else {
                &shape[..]
            };
            file.tensor(name, GgmlDType::F32, shape, bytes);
        }
    };
    matrix(&mut file, "token_embd.weight", [vocabulary, hidden], true);
    matrix(&mut file, "position_embd.weight", [window, hidden], false);
    matrix(&mut file, "token_types.weight", [4, hidden], false);
    matrix(&mut file, "token_embd_norm.weight", [1, hidden], false);
    matrix(&mut file, "token_embd_norm.bias", [1, hidden], false);
    for layer in 0..layers {
        let blocks = [
            ("attn_q", hidden, hidden),
            ("attn_k", hidden, hidden),
            ("attn_v", hidden, hidden),
            ("attn_output", hidden, hidden),
            ("ffn_up", feed_forward, hidden),
            ("ffn_down", hidden, feed_forward),
        ];
        for (part, rows, cols) in blocks {
            let name = |leaf: &str| format!("blk.{layer}.{part}.{leaf}");
            matrix(&mut file, &name("weight"), [rows, cols], true);
            matrix(&mut file, &name("bias"), [1, rows], false);
        }
        for part in ["attn_output_norm", "layer_output_norm"] {
            for leaf in ["weight", "bias"] {
                let name = format!("blk.{layer}.{part}.{leaf}");
                matrix(&mut file, &name, [1, hidden], false);
            }
        }
    }
    matrix(
        &mut file,
        "cls.output.weight",
        [LABELS.len(), hidden],
        false,
    );
    matrix(&mut file, "cls.output.bias", [1, LABELS.len()], false);
    file.to_bytes()
}

/// A tagger that labels each of `words` as it says, and every other token `O`, whatever stands around it.
pub(crate) fn by_hand(words: &[(&str, &str)]) -> Vec<u8> {
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let tokens = tokens(&names);
    let label_of = |token: usize| {
        let word = token.checked_sub(tokens.len() - words.len());
        let label = word
            .and_then(|word| words.get(word))
            .map(|(_, label)| *label);
        LABELS
            .iter()
            .position(|known| Some(*known) == label)
            .unwrap_or(0)
    };
    let sizes = Sizes {
        vocabulary: tokens.len(),
        hidden: 32,
        feed_forward: 32,
        heads: 1,
        layers: 1,
        window: 24,
        overlap: 6,
    };
    gguf(sizes, &mut |name, [rows, cols]| {
        let mut values = vec![0.0; rows * cols];
        // A token's vector is 1 at its label's place; norms pass it on, and the head reads it.
        let unit = match name {
            "token_embd.weight" => (0..rows).map(|row| (row, label_of(row))).collect(),
            "cls.output.weight" => (0..rows).map(|row| (row, row)).collect(),
            _ => Vec::new(),
        };
        for (row, col) in unit {
            values[row * cols + col] = 1.0;
        }
        if name.ends_with("norm.weight") {
            values.fill(1.0);
        }
        values
    })
}

/// A tagger of noise.
pub(crate) fn noise(sizes: Sizes, seed: u32) -> Vec<u8> {
    let mut state = seed;
    gguf(sizes, &mut |name, [rows, cols]| {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        let scale = if rows == 1 {
            0.2
        } else {
            1.5 / (cols as f32).sqrt()
        };
        let middle = if name.ends_with("norm.weight") {
            1.0
        } else {
            0.0
        };
        (0..rows * cols).map(|_| middle + scale * next()).collect()
    })
}

/// `Q8_0`: blocks of a scale in half precision and 32 numbers.
fn eight_bits(values: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() / 32 * 34);
    for block in values.chunks(32) {
        let largest = block.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        let scale = half::f16::from_f32(largest / 127.0);
        bytes.extend(scale.to_le_bytes());
        let inverse = if largest > 0.0 {
            1.0 / scale.to_f32()
        } else {
            0.0
        };
        for value in block {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "quantisation narrows on purpose"
            )]
            let quant = (value * inverse).round().clamp(-127.0, 127.0) as i8;
            bytes.push(quant.cast_unsigned());
        }
    }
    bytes
}
