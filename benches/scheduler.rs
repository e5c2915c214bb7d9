//! What the engine itself costs beside the model: steps of a model that computes nothing, with so many
//! sequences at once.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bailiwick::config::EngineConfig;
use bailiwick::engine::{
    Engine, GenerationLimits, Sampling, SamplingOptions, TextDecoder, TokenText,
};
use bailiwick::model::{
    BlockForm, CausalLm, KvCache, LogitRows, Logits, ModelError, RaggedBatch, Shape,
};
use bailiwick::prompt::Prompt;
use bailiwick::telemetry::Metrics;
use bailiwick::types::{Clock as _, KvFormat, SystemClock};
use criterion::{BenchmarkId, Criterion};

/// A small vocabulary, so that the sampler isn't what is measured, …
const SMALL: usize = 256;
/// … and the default model's, so that it is.
const LARGE: usize = 49_152;
const BLOCK_TOKENS: usize = 32;

/// Its logits are always the same.
struct Idle {
    shape: Shape,
    row: Vec<f32>,
}

impl CausalLm for Idle {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn new_cache(&self, _: usize, _: BlockForm) -> Result<KvCache, ModelError> {
        Ok(KvCache::new(()))
    }

    fn block_bytes(&self, form: BlockForm) -> usize {
        form.tokens
    }

    fn forward(&mut self, batch: &RaggedBatch, _: &mut KvCache) -> Result<Logits, ModelError> {
        let n_rows = |rows: &LogitRows, n: usize| match rows {
            LogitRows::All => n,
            LogitRows::Last => 1,
            LogitRows::None => 0,
        };
        let slices = batch.sequences.iter();
        let n_rows = slices.map(|s| n_rows(&s.logits, s.tokens.len())).sum();
        Ok(Logits::new(self.row.repeat(n_rows), self.shape.vocab))
    }
}

#[derive(Debug)]
struct Silent(usize);

impl TokenText for Silent {
    fn decoder(&self) -> Box<dyn TextDecoder> {
        Box::new(Self(0))
    }

    fn is_end(&self, _: u32) -> bool {
        false
    }

    fn n_tokens(&self) -> usize {
        self.0
    }
}

impl TextDecoder for Silent {
    fn push(&mut self, _: u32) -> Option<String> {
        None
    }

    fn finish(&mut self) -> Option<String> {
        None
    }
}

fn start(vocab: usize, n_sequences: usize) -> Engine {
    let config = EngineConfig {
        threads: 1,
        cores: Vec::new(),
        kv_cache_bytes: n_sequences * 4096,
        kv_cache_format: KvFormat::F16,
        block_tokens: BLOCK_TOKENS,
        max_batch_tokens: 1024,
        max_sequences: n_sequences,
        queue_limit: 0,
        queue_timeout: Duration::from_secs(600),
        max_context: None,
        prefix_cache: true,
        saved_prefix_bytes: 0,
        speculation: false,
    };
    let factory = move || {
        let shape = Shape {
            vocab,
            context: 4096,
        };
        // Most near 0, a few likely ones, as a model's are.
        let noise = |i: u32| f32::from((i.wrapping_mul(2_654_435_761) >> 16) as u16) / 65_536.0;
        let row = (0..).map(|i| 16.0 * noise(i).powi(8)).take(vocab).collect();
        Ok(Box::new(Idle { shape, row }) as Box<dyn CausalLm>)
    };
    let clock = SystemClock::shared();
    let text = Arc::new(Silent(vocab));
    Engine::start(&config, factory, text, clock, Metrics::new("bench")).expect("it starts")
}

/// How long `n_steps` steps of `n_sequences` take, their share of the prompts' steps included.
fn steps(engine: &Engine, n_sequences: usize, n_steps: u64, options: &SamplingOptions) -> Duration {
    let mut took = Duration::ZERO;
    let mut left = u32::try_from(n_steps).unwrap_or(u32::MAX);
    while left > 0 {
        let now = left.min(3_000);
        took += run(engine, n_sequences, now, options) * now;
        left -= now;
    }
    took
}

/// Runs `n_sequences` of 300 prompt tokens for `n_tokens` each, and says how long a step took.
fn run(engine: &Engine, n_sequences: usize, n_tokens: u32, options: &SamplingOptions) -> Duration {
    let sampling = Sampling::new(options.clone()).expect("sound");
    let limits = GenerationLimits::new(n_tokens).expect("above 0");
    let before = engine.stats().steps;
    let began = SystemClock.instant();
    let streams: Vec<_> = (0_u64..)
        .take(n_sequences)
        .map(|seed| {
            let prompt = Prompt::synthetic(300, seed);
            let stream = engine.submit(prompt, sampling.clone(), limits.clone());
            stream.expect("there is a place")
        })
        .collect();
    for mut stream in streams {
        while let Some(event) = stream.blocking_next() {
            black_box(event);
        }
    }
    let steps = engine.stats().steps - before;
    began.elapsed() / u32::try_from(steps).unwrap_or(u32::MAX)
}

/// Benches of the engine's own work.
pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine/step");
    group.sample_size(20);
    for n in [1, 64, 512] {
        let engine = start(SMALL, n);
        let greedy = Sampling::greedy();
        group.bench_function(BenchmarkId::from_parameter(n), |b| {
            b.iter_custom(|n_steps| steps(&engine, n, n_steps, greedy.options()));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("engine/sample");
    group.sample_size(20);
    let plain = SamplingOptions::default;
    let rows: [(&str, SamplingOptions); 4] = [
        ("greedy", Sampling::greedy().options().clone()),
        ("temperature", plain()),
        (
            "top-p",
            SamplingOptions {
                top_p: 0.9,
                ..plain()
            },
        ),
        (
            "top-k",
            SamplingOptions {
                top_k: Some(40),
                top_p: 0.95,
                ..plain()
            },
        ),
    ];
    for (name, options) in rows {
        let engine = start(LARGE, 1);
        group.bench_function(name, |b| {
            b.iter_custom(|n_steps| steps(&engine, 1, n_steps, &options));
        });
    }
    group.finish();
}
