//! Steps of the default model as the engine asks for them: prompts, and batches of single tokens.

use bailiwick::config::Environment;
use bailiwick::formats::Mapped;
use bailiwick::formats::gguf::Gguf;
use bailiwick::model::{BlockForm, LogitRows, RaggedBatch, SequenceSlice, load_gguf};
use bailiwick::prompt::Prompt;
use candle_core::Device;
use criterion::{BenchmarkId, Criterion, Throughput};

const BLOCK_TOKENS: usize = 32;

/// One step for `n` sequences of `len` new tokens each, behind `context` others.
fn batch(n: usize, len: usize, context: usize) -> RaggedBatch {
    let mut batch = RaggedBatch::default();
    let per = (context + len).div_ceil(BLOCK_TOKENS);
    for index in 0..n {
        let start = batch.tokens.len();
        batch
            .tokens
            .extend_from_slice(Prompt::synthetic(len, index as u64).tokens());
        batch.sequences.push(SequenceSlice {
            tokens: start..batch.tokens.len(),
            context,
            blocks: (0_u32..).skip(index * per).take(per).collect(),
            logits: LogitRows::Last,
            adapter: None,
        });
    }
    batch
}

fn steps(c: &mut Criterion) {
    let dir = Environment::read().default_models_dir();
    let path = dir.join("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
    let gguf = Gguf::open(&Mapped::open(&path).unwrap()).unwrap();
    let mut model = load_gguf(&gguf, &Device::Cpu, 2).unwrap();
    let mut group = c.benchmark_group("step");
    group.sample_size(10);
    for (n, len, context) in [(1, 512, 0), (1, 1, 256), (8, 1, 256), (16, 1, 256)] {
        let step = batch(n, len, context);
        let blocks = n * (context + len).div_ceil(BLOCK_TOKENS);
        let mut cache = model
            .new_cache(blocks, BlockForm::f16(BLOCK_TOKENS))
            .unwrap();
        group.throughput(Throughput::Elements((n * len) as u64));
        let name = format!("{n} x {len} behind {context}");
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| model.forward(&step, &mut cache).unwrap());
        });
    }
}

/// All of this module.
pub(crate) fn benches(c: &mut Criterion) {
    steps(c);
}
