//! What a draft model brings and costs, with the default model as the draft and the same one, whose steps are computed
//! several times, as the target: a stand-in for a larger model that agrees with its draft. Pairs of runs with and without
//! the draft, in turns.
//!
//! Once: the draft is as dear as the target, so this is what it costs where it can't pay. Answers are greedy, or drawn at
//! temperature 1, where a greedy draft is right less often.

use std::time::Duration;

use bailiwick::engine::{
    DraftModel, Engine, Event, GenerationLimits, Provisions, Sampling, SamplingOptions,
};
use bailiwick::formats::Mapped;
use bailiwick::formats::gguf::Gguf;
use bailiwick::model::{
    BlockForm, CausalLm, KvCache, Logits, ModelError, RaggedBatch, Shape, load_gguf,
};
use bailiwick::prompt::Prompt;
use candle_core::Device;
use criterion::Criterion;

use super::default_model;

const N_PROMPT: usize = 300;
const N_NEW: u32 = 120;
const PAIRS: usize = 3;

/// Computes every step so many times.
struct Heavy {
    inner: Box<dyn CausalLm>,
    times: usize,
}

impl CausalLm for Heavy {
    fn shape(&self) -> &Shape {
        self.inner.shape()
    }

    fn new_cache(&self, n_blocks: usize, form: BlockForm) -> Result<KvCache, ModelError> {
        self.inner.new_cache(n_blocks, form)
    }

    fn block_bytes(&self, form: BlockForm) -> usize {
        self.inner.block_bytes(form)
    }

    fn forward(&mut self, batch: &RaggedBatch, cache: &mut KvCache) -> Result<Logits, ModelError> {
        for _ in 1..self.times {
            self.inner.forward(batch, cache)?;
        }
        self.inner.forward(batch, cache)
    }
}

fn start(file: &Mapped, times: usize, is_drafted: bool) -> Engine {
    let load = |file: &Mapped| load_gguf(&Gguf::open(file)?, &Device::Cpu, 2);
    let own = file.clone();
    let draft = DraftModel::new(move || load(&own), 64 << 20);
    let provisions = Provisions {
        draft: Some(draft).filter(|_| is_drafted),
        ..Provisions::default()
    };
    let own = file.clone();
    let heavy = move || -> Result<Box<dyn CausalLm>, ModelError> {
        let inner = load(&own)?;
        Ok(Box::new(Heavy { inner, times }))
    };
    default_model::start_with(provisions, heavy, |_| {})
}

/// From the first token to the last of answers to so many prompts at a time.
fn decode(engine: &Engine, n: u64, temperature: f32) -> Duration {
    let ask = |seed: u64| {
        let options = SamplingOptions {
            temperature,
            seed: Some(seed),
            ..SamplingOptions::default()
        };
        let sampling = Sampling::new(options).expect("sound");
        let limits = GenerationLimits::new(N_NEW).expect("above 0");
        let prompt = Prompt::synthetic(N_PROMPT, seed);
        let stream = engine.submit(prompt, sampling, limits);
        stream.expect("there is a place")
    };
    let streams: Vec<_> = (1..=n).map(ask).collect();
    let longest = streams.into_iter().map(|mut stream| {
        loop {
            if let Some(Event::Finished { timings, .. }) = stream.blocking_next() {
                return timings.decode;
            }
        }
    });
    longest.max().unwrap_or_default()
}

/// Prints how much faster decoding is with a draft model than without, and how many of its tokens were right.
#[expect(clippy::print_stdout, reason = "the ratio of pairs is the result")]
pub(crate) fn benches(_: &mut Criterion) {
    if !default_model::is_wanted("drafts") {
        return;
    }
    let Some(file) = default_model::file() else {
        return;
    };
    for times in [1, 4, 12] {
        let (plain, drafting) = (start(&file, times, false), start(&file, times, true));
        for (n, temperature) in [(1, 0.0), (1, 1.0), (4, 0.0)] {
            let before = drafting.stats();
            let pairs = (0..PAIRS).map(|_| {
                let [plain, drafted] =
                    [&plain, &drafting].map(|engine| decode(engine, n, temperature).as_secs_f64());
                plain / drafted
            });
            let mut ratios: Vec<f64> = pairs.collect();
            ratios.sort_by(f64::total_cmp);
            let now = drafting.stats();
            println!(
                "drafts/{times} times as dear, {n} at a time, temperature {temperature}: {:.2} times as fast (median of {PAIRS} pairs); {} of {} drafted tokens right, {} of look-up's among {} in all",
                ratios[PAIRS / 2],
                now.accepted_of_model - before.accepted_of_model,
                now.drafted_by_model - before.drafted_by_model,
                (now.accepted_tokens - before.accepted_tokens)
                    - (now.accepted_of_model - before.accepted_of_model),
                now.generated_tokens - before.generated_tokens,
            );
        }
    }
}
