//! What drafts by look-up bring, on the default model: pairs of runs with and without them, in turns, because
//! other work on the machine makes single figures worth little.
//!
//! A mask says what the answer is, so that each case is what its name says whatever the model would like to
//! say; the model computes as always.

use std::sync::Arc;
use std::time::Duration;

use bailiwick::config::{EngineConfig, Environment};
use bailiwick::engine::{
    Engine, Event, Extras, GenerationLimits, Sampling, TextDecoder, TokenMask, TokenText,
};
use bailiwick::formats::Mapped;
use bailiwick::formats::gguf::Gguf;
use bailiwick::model::load_gguf;
use bailiwick::prompt::Prompt;
use bailiwick::telemetry::Metrics;
use bailiwick::types::SystemClock;
use candle_core::Device;
use criterion::Criterion;

const VOCAB: usize = 49_152;
const N_PROMPT: usize = 400;
const N_NEW: usize = 200;
const PAIRS: usize = 7;

/// Allows these tokens, one after the other.
struct Recital(std::vec::IntoIter<u32>);

impl TokenMask for Recital {
    fn apply(&mut self, logits: &mut [f32]) {
        let next = self.0.as_slice().first().copied().unwrap_or_default();
        for (token, logit) in (0..).zip(logits) {
            if token != next {
                *logit = f32::NEG_INFINITY;
            }
        }
    }

    fn accept(&mut self, _: u32) {
        self.0.next();
    }
}

#[derive(Debug)]
struct Silent;

impl TokenText for Silent {
    fn decoder(&self) -> Box<dyn TextDecoder> {
        Box::new(Self)
    }

    fn is_end(&self, _: u32) -> bool {
        false
    }

    fn n_tokens(&self) -> usize {
        VOCAB
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

fn start(file: &Mapped, speculation: bool) -> Engine {
    let config = EngineConfig {
        threads: 2,
        kv_cache_bytes: 64 << 20,
        block_tokens: 32,
        max_batch_tokens: 256,
        max_sequences: 1,
        queue_limit: 0,
        queue_timeout: Duration::from_secs(600),
        max_context: None,
        prefix_cache: true,
        speculation,
    };
    let file = file.clone();
    let factory = move || load_gguf(&Gguf::open(&file)?, &Device::Cpu, 2);
    let clock = SystemClock::shared();
    Engine::start(
        &config,
        factory,
        Arc::new(Silent),
        clock,
        Metrics::new("bench"),
    )
    .expect("the model loads")
}

/// From the first token to the last.
fn decode(engine: &Engine, answer: &[u32]) -> Duration {
    let extras = Extras {
        mask: Some(Box::new(Recital(answer.to_vec().into_iter()))),
        ..Extras::default()
    };
    let n_new = u32::try_from(answer.len()).expect("few");
    let limits = GenerationLimits::new(n_new).expect("above 0");
    let prompt = Prompt::synthetic(N_PROMPT, 1);
    let mut stream = engine
        .submit_with(prompt, Sampling::greedy(), limits, extras)
        .expect("there is a place");
    loop {
        if let Some(Event::Finished { timings, .. }) = stream.blocking_next() {
            return timings.decode;
        }
    }
}

/// The name of a case, and its answer.
fn cases() -> [(&'static str, Vec<u32>); 4] {
    // Each of the prompt's tokens has one successor.
    let prompt = Prompt::synthetic(N_PROMPT, 1).tokens().to_vec();
    let quote: Vec<u32> = prompt[..N_NEW].to_vec();
    let fresh: Vec<u32> = (1000..).take(N_NEW).collect();
    // Stretches of ten words from the prompt, each followed by five new ones, as in a summary.
    let mixed = (0..N_NEW).map(|at| match at % 15 {
        0..10 => prompt[at % 15 + at / 15 * 13],
        _ => fresh[at],
    });
    // Pairs of the prompt, never followed by what follows there: every draft is wrong.
    let misled = (0..N_NEW).map(|at| match at % 3 {
        0 | 1 => prompt[at % 3 + at / 3 * 2],
        _ => fresh[at],
    });
    [
        ("quote", quote),
        ("mixed", mixed.collect()),
        ("fresh", fresh.clone()),
        ("misled", misled.collect()),
    ]
}

/// Prints how much faster decoding is with drafts than without.
#[expect(clippy::print_stdout, reason = "the ratio of pairs is the result")]
pub fn benches(_: &mut Criterion) {
    let dir = Environment::read().default_models_dir();
    let path = dir.join("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
    let Ok(file) = Mapped::open(&path) else {
        println!(
            "speculation: skipped, the default model is not in {}",
            dir.display()
        );
        return;
    };
    let (drafting, plain) = (start(&file, true), start(&file, false));
    for (name, answer) in cases() {
        let pairs = (0..PAIRS).map(|_| (decode(&plain, &answer), decode(&drafting, &answer)));
        let mut pairs: Vec<_> = pairs.collect();
        let ratio =
            |(plain, drafted): &(Duration, Duration)| plain.as_secs_f64() / drafted.as_secs_f64();
        pairs.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
        let Some(middle) = pairs.get(PAIRS / 2) else {
            return;
        };
        let rate = |took: Duration| (N_NEW - 1) as f64 / took.as_secs_f64();
        println!(
            "speculation/{name}: {:.2} times as fast (median of {PAIRS} pairs; {:.0} tokens/s for {:.0})",
            ratio(middle),
            rate(middle.1),
            rate(middle.0),
        );
    }
}
