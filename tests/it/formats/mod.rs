//! The default models' files, and broken copies of them.
//!
//! Expected values were read with PyPI's `gguf` 0.19 (`GGUFReader`) and, for safetensors, with Python's
//! `json` and `struct`.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use bailiwick::formats::gguf::{Gguf, optional};
use bailiwick::formats::manifest::shipped;
use bailiwick::formats::safetensors::Safetensors;
use bailiwick::formats::{Mapped, VerifiedModel, verify};
use bailiwick::types::Digest;
use candle_core::DType;
use candle_core::quantized::GgmlDType;

const CHAT: &str = "smollm2-135m-instruct";
const EMBEDDINGS: &str = "all-minilm-l6-v2";

/// The folder with both default models in it.
static MODELS: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = bailiwick_fetch::models_dir();
    bailiwick_fetch::ensure(&[CHAT, EMBEDDINGS], &dir).unwrap();
    dir
});

fn model(name: &str) -> VerifiedModel {
    verify(&MODELS, shipped().unwrap().find(name).unwrap()).unwrap()
}

#[test]
fn the_default_chat_model_reads_as_others_read_it() {
    let model = model(CHAT);
    let gguf = Gguf::open(model.weights().unwrap()).unwrap();
    let md = gguf.metadata();
    assert_eq!((gguf.version(), md.iter().len()), (3, 33));
    assert_eq!(md.str("general.architecture"), Ok("llama"));
    for (key, expected) in [
        ("llama.block_count", 30),
        ("llama.context_length", 8192),
        ("llama.embedding_length", 576),
        ("llama.feed_forward_length", 1536),
        ("llama.attention.head_count", 9),
        ("llama.attention.head_count_kv", 3),
        ("llama.vocab_size", 49152),
        ("tokenizer.ggml.eos_token_id", 2),
    ] {
        assert_eq!(md.usize(key), Ok(expected), "{key}");
    }
    assert_eq!(md.f32("llama.rope.freq_base"), Ok(100_000.0));
    let epsilon = md.f32("llama.attention.layer_norm_rms_epsilon");
    assert_eq!(epsilon, Ok(1e-5));
    assert_eq!(md.bool("tokenizer.ggml.add_bos_token"), Ok(false));
    assert_eq!(optional(md.f32("llama.rope.scaling.factor")), Ok(None));

    let tokens = md.str_array("tokenizer.ggml.tokens").unwrap();
    let first = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
    assert_eq!((tokens.len(), &tokens[..3]), (49152, &first[..]));
    assert_eq!(tokens[49150..], ["ĠMama", "ectable"]);
    let merges = md.str_array("tokenizer.ggml.merges").unwrap();
    assert_eq!(
        (merges.len(), merges[0], merges[48899]),
        (48900, "Ġ t", "ect able")
    );
    let kinds = md.i32_array("tokenizer.ggml.token_type").unwrap();
    assert_eq!((kinds.len(), kinds[0], kinds[49151]), (49152, 3, 1));

    assert_eq!(gguf.tensors().len(), 272);
    for (name, dtype, shape, start, sha256) in [
        (
            "token_embd.weight",
            GgmlDType::Q8_0,
            &[49152, 576][..],
            1_785_664,
            "0d728edd2a012d1663a6069567240d124c752bab88b6fcbe1a985eae428193c3",
        ),
        (
            "blk.0.attn_norm.weight",
            GgmlDType::F32,
            &[576],
            31_866_688,
            "2469079d969a361823be8145fa36e15e4c1b933b5261d669357b3deead825cba",
        ),
        (
            "blk.0.ffn_down.weight",
            GgmlDType::Q4_1,
            &[576, 1536],
            31_868_992,
            "e439c1c8c383c3aa7acf459d08c9116c2a7756dc2c1a27675d7411e8462b4e85",
        ),
        (
            "blk.9.attn_v.weight",
            GgmlDType::Q4_1,
            &[192, 576],
            98_291_008,
            "044ad2637c51a99b3744bf90db59455ca5c249cdad38fe41a17152fe22bd113b",
        ),
    ] {
        let tensor = gguf.tensor(name).unwrap();
        assert_eq!(
            (tensor.dtype, tensor.shape.as_slice()),
            (dtype.into(), shape),
            "{name}"
        );
        assert_eq!(tensor.range.start, start, "{name}");
        assert_eq!(Digest::of(gguf.bytes(tensor)).to_string(), sha256, "{name}");
    }
}

/// The file cut at every 64th of its header, and just before its end.
#[test]
fn a_cut_chat_model_is_refused() {
    const HEADER_BYTES: usize = 1_785_664;
    let model = model(CHAT);
    let bytes = model.weights().unwrap().as_bytes();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.gguf");
    let cuts = (1..=64).map(|n| HEADER_BYTES / 64 * n);
    for cut in cuts.chain([1, 4, 8, 24, HEADER_BYTES + 1_000_000]) {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let error = Gguf::open(&Mapped::open(&path).unwrap()).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
        assert!(
            error.contains("the file ends inside") || error.contains("past the end"),
            "{error}"
        );
    }
}

#[test]
fn the_default_embedding_model_reads_as_others_read_it() {
    let model = model(EMBEDDINGS);
    let file = Safetensors::open(model.weights().unwrap()).unwrap();
    assert_eq!(file.tensors().len(), 104);
    for (name, shape, sha256) in [
        (
            "embeddings.word_embeddings.weight",
            &[30522, 384][..],
            "352d34a4ad725bb742f36fc3f2a2dcfa7f07317926128d47c362198125003892",
        ),
        (
            "encoder.layer.5.output.dense.bias",
            &[384],
            "cd213ba9eaa75fa541648097fbe9c96e58077e6c3ad6ad2fb1f21f8350f44291",
        ),
    ] {
        let tensor = file.tensor(name).unwrap();
        assert_eq!(
            (tensor.dtype, tensor.shape.as_slice()),
            (DType::F32, shape),
            "{name}"
        );
        assert_eq!(Digest::of(file.bytes(tensor)).to_string(), sha256, "{name}");
    }
    assert!(model.file("tokenizer.json").unwrap().len() > 400_000);
}

/// What an operator sees where nothing was fetched.
#[test]
fn an_absent_model_names_the_command() {
    let dir = tempfile::tempdir().unwrap();
    for name in [CHAT, EMBEDDINGS] {
        let error = verify(dir.path(), shipped().unwrap().find(name).unwrap());
        let error = error.unwrap_err().to_string();
        let file = Path::new(dir.path()).join(name);
        assert!(error.contains(&file.display().to_string()), "{error}");
        let command = format!(" is missing; run `bailiwick-fetch {name}`");
        assert!(error.ends_with(&command), "{error}");
    }
}
