//! The same model, prompt and seed give the same tokens and the same bits of their chances, whatever
//! else is in the batch, however prefill is chunked, with and without prefix cache and drafts, and however
//! many threads compute.

use std::sync::Arc;
use std::time::Duration;

use bailiwick::config::EngineConfig;
use bailiwick::engine::{
    DraftModel, Engine, Event, Extras, GenerationLimits, Logprobs, Priority, Provisions, Sampling,
    SamplingOptions, TextDecoder, TokenStream, TokenText,
};
use bailiwick::formats::Mapped;
use bailiwick::formats::gguf::Gguf;
use bailiwick::model::load_gguf;
use bailiwick::prompt::Prompt;
use bailiwick::telemetry::Metrics;
use bailiwick::types::{KvFormat, ManualClock, SharedClock, SystemClock, Timestamp};
use candle_core::Device;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::fake::{Fake, Letters, Script};

/// Attention sums up block by block, so a node's answers belong to its block size.
const BLOCK_TOKENS: usize = 16;

/// One request of a schedule.
#[derive(Clone, Debug)]
struct Ask {
    /// Prompts of one kind begin alike, and are one tenant's.
    kind: u64,
    n_prompt: usize,
    n_new: u32,
    options: SamplingOptions,
    batch: bool,
    /// Dropped at once.
    cancelled: bool,
    /// Only sent when the first answer has ended.
    late: bool,
    prediction: Vec<u32>,
}

/// What a token was and how likely it and others were, in bits.
type Token = (u32, u32, Vec<(u32, u32)>);

fn options() -> impl Strategy<Value = SamplingOptions> {
    let plain = SamplingOptions::default;
    prop_oneof![
        Just(SamplingOptions {
            temperature: 0.0,
            ..plain()
        }),
        (0_u64..9).prop_map(move |seed| SamplingOptions {
            seed: Some(seed),
            ..plain()
        }),
        (0_u64..9).prop_map(move |seed| SamplingOptions {
            seed: Some(seed),
            temperature: 0.7,
            top_p: 0.9,
            min_p: 0.02,
            repetition_penalty: 1.2,
            frequency_penalty: 0.3,
            ..plain()
        }),
        (0_u64..9).prop_map(move |seed| SamplingOptions {
            seed: Some(seed),
            temperature: 0.5,
            top_k: Some(5),
            logit_bias: [(3, 2.0)].into(),
            ..plain()
        }),
    ]
}

fn ask(most_prompt: usize, most_new: u32) -> impl Strategy<Value = Ask> {
    let sizes = (0_u64..2, 1..=most_prompt, 1..=most_new);
    let chances = (
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.3),
    );
    let prediction = prop::collection::vec(0_u32..200, 0..20);
    (sizes, options(), chances, prediction).prop_map(
        |((kind, n_prompt, n_new), options, (batch, cancelled, late), prediction)| Ask {
            kind,
            n_prompt,
            n_new,
            options,
            batch,
            cancelled,
            late,
            prediction,
        },
    )
}

fn config(block_tokens: usize) -> impl Strategy<Value = EngineConfig> {
    let sizes = (1_usize..4, 1_usize..48, 1_usize..9, 0_usize..40);
    (sizes, any::<bool>(), any::<bool>()).prop_map(
        move |((threads, tokens, sequences, spare), prefix_cache, speculation)| {
            EngineConfig {
                threads,
                cores: Vec::new(),
                // In tokens, until the model's own size of a token is known.
                kv_cache_bytes: 160 + spare * 4,
                kv_cache_format: KvFormat::F16,
                block_tokens,
                max_batch_tokens: tokens.max(sequences),
                max_sequences: sequences,
                queue_limit: 64,
                queue_timeout: Duration::from_secs(600),
                max_context: None,
                prefix_cache,
                saved_prefix_bytes: 0,
                speculation,
            }
        },
    )
}

fn send(engine: &Engine, ask: &Ask) -> TokenStream {
    let priority = if ask.batch {
        Priority::Batch
    } else {
        Priority::Interactive
    };
    let limits = GenerationLimits::new(ask.n_new)
        .unwrap()
        .with_priority(priority);
    let extras = Extras {
        prediction: ask.prediction.clone(),
        logprobs: Some(2),
        ..Extras::default()
    };
    let prompt = Prompt::synthetic(ask.n_prompt, ask.kind);
    let sampling = Sampling::new(ask.options.clone()).unwrap();
    engine
        .submit_with(prompt, sampling, limits, extras)
        .unwrap()
}

fn tokens(mut stream: TokenStream) -> Vec<Token> {
    let mut tokens = Vec::new();
    while let Some(event) = stream.blocking_next() {
        match event {
            Event::Delta(_) => {}
            Event::Finished { .. } => return tokens,
            Event::Failed(failure) => panic!("{failure}"),
            Event::Logprobs(chances) => {
                let Logprobs {
                    token,
                    logprob,
                    top,
                } = chances.into_exposed();
                let top = top.iter().map(|(token, p)| (*token, p.to_bits()));
                tokens.push((token, logprob.to_bits(), top.collect()));
            }
        }
    }
    panic!("no end")
}

/// Runs all at once, and the late ones after the first.
fn together(engine: &Engine, asks: &[Ask]) -> Vec<Option<Vec<Token>>> {
    let mut answers = vec![None; asks.len()];
    for late in [false, true] {
        let now = asks.iter().enumerate().filter(|(_, ask)| ask.late == late);
        let streams: Vec<_> = now.map(|(at, ask)| (at, send(engine, ask))).collect();
        for (at, stream) in streams {
            if asks[at].cancelled {
                drop(stream);
            } else {
                answers[at] = Some(tokens(stream));
            }
        }
    }
    answers
}

/// Every schedule gives what `alone` gives for each of its requests; `end` sees its engine afterwards.
pub(super) fn check_schedules(
    cases: u32,
    sizes: (usize, u32),
    alone: &Engine,
    start: impl Fn(&EngineConfig) -> Engine,
    end: impl Fn(&Engine),
) {
    // A fixed start: the same schedules each time, so that a failure can be looked at.
    let config_of = Config {
        cases,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        max_shrink_iters: 40,
        ..Config::default()
    };
    let asks = prop::collection::vec(ask(sizes.0, sizes.1), 1..9);
    let outcome =
        TestRunner::new(config_of).run(&(config(BLOCK_TOKENS), asks), |(config, asks)| {
            let engine = start(&config);
            for (ask, found) in asks.iter().zip(together(&engine, &asks)) {
                let Some(found) = found else { continue };
                let expected = tokens(send(alone, ask));
                prop_assert_eq!(expected.len(), ask.n_new as usize);
                prop_assert_eq!(found, expected, "{:?}", ask);
            }
            end(&engine);
            Ok(())
        });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// One request at a time, in one chunk, on one thread, with nothing kept and nothing drafted.
pub(super) fn plain(kv_cache_bytes: usize) -> EngineConfig {
    EngineConfig {
        threads: 1,
        cores: Vec::new(),
        kv_cache_bytes,
        kv_cache_format: KvFormat::F16,
        block_tokens: BLOCK_TOKENS,
        max_batch_tokens: 256,
        max_sequences: 1,
        queue_limit: 64,
        queue_timeout: Duration::from_secs(600),
        max_context: None,
        prefix_cache: false,
        saved_prefix_bytes: 0,
        speculation: false,
    }
}

/// An engine over a scripted model that likes four tokens.
pub(super) fn scripted(provisions: Provisions, config: &EngineConfig) -> Engine {
    let script = Arc::new(Script::default());
    let size = config.block_tokens;
    let factory = move || Ok(Fake::few(&script, size, 4));
    let text = Arc::new(Letters);
    // Time stands still, so no draft depends on how fast this machine is.
    let clock = ManualClock::at(Timestamp::from_millis(0));
    Engine::start_with(
        provisions,
        config,
        factory,
        text,
        clock,
        Metrics::new("test"),
    )
    .unwrap()
}

#[test]
fn a_scripted_model_answers_alike_in_every_schedule() {
    let start = |config: &EngineConfig| scripted(Provisions::default(), config);
    check_schedules(200, (100, 30), &start(&plain(512)), start, |_| {});
}

/// Tokens as they are: what a word is doesn't matter here.
#[derive(Debug)]
struct Numbers;

impl TokenText for Numbers {
    fn decoder(&self) -> Box<dyn TextDecoder> {
        Box::new(Self)
    }

    fn is_end(&self, _: u32) -> bool {
        false
    }

    fn n_tokens(&self) -> usize {
        49_152
    }
}

impl TextDecoder for Numbers {
    fn push(&mut self, token: u32) -> Option<String> {
        Some(token.to_string())
    }

    fn finish(&mut self) -> Option<String> {
        None
    }
}

/// Engines over the default model with keys and values in `format`. With itself as its draft, which could not pay, time
/// stands still.
fn default_engine(format: KvFormat, is_drafted: bool) -> impl Fn(&EngineConfig) -> Engine {
    let dir = crate::golden::environment().default_models_dir();
    let path = dir.join("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
    let file = Mapped::open(&path).unwrap();
    move |config: &EngineConfig| {
        let (file, threads) = (file.clone(), config.threads);
        let factory = move || load_gguf(&Gguf::open(&file)?, &Device::Cpu, threads);
        // Keys and values of 30 layers, 3 heads of 64 values; in 8 bits with two scales of two bytes.
        let per_head = match format {
            KvFormat::F16 => 64 * 2,
            KvFormat::Q8 => 64 + 2 * 2,
        };
        let per_token = 2 * 30 * 3 * per_head;
        let config = EngineConfig {
            kv_cache_bytes: config.kv_cache_bytes * per_token,
            kv_cache_format: format,
            ..config.clone()
        };
        let text = Arc::new(Numbers);
        let draft = DraftModel::new(factory.clone(), 256 * per_token);
        let provisions = Provisions {
            draft: Some(draft).filter(|_| is_drafted),
            ..Provisions::default()
        };
        let clock: SharedClock = match is_drafted {
            true => ManualClock::at(Timestamp::from_millis(0)),
            false => SystemClock::shared(),
        };
        let metrics = Metrics::new("test");
        Engine::start_with(provisions, &config, factory, text, clock, metrics).unwrap()
    }
}

/// The default model with keys and values in `format`, in `n_cases` schedules.
fn check_default_model(format: KvFormat, n_cases: u32) {
    let start = default_engine(format, false);
    check_schedules(n_cases, (60, 12), &start(&plain(512)), &start, |_| {});
}

#[test]
fn the_default_model_answers_alike_in_every_schedule() {
    check_default_model(KvFormat::F16, 6);
}

#[test]
fn and_so_it_does_with_its_cache_in_8_bits() {
    check_default_model(KvFormat::Q8, 6);
}

#[test]
fn and_with_itself_as_its_draft() {
    let alone = default_engine(KvFormat::F16, false)(&plain(512));
    let config = EngineConfig {
        prefix_cache: true,
        speculation: true,
        ..plain(512)
    };
    let drafted = default_engine(KvFormat::F16, true)(&config);
    for (kind, temperature) in [(0, 0.0), (1, 0.0), (1, 0.5), (2, 0.0)] {
        let ask = Ask {
            kind,
            n_prompt: 40,
            n_new: 40,
            options: SamplingOptions {
                temperature,
                seed: Some(3),
                ..SamplingOptions::default()
            },
            batch: false,
            cancelled: false,
            late: false,
            prediction: Vec::new(),
        };
        assert_eq!(tokens(send(&drafted, &ask)), tokens(send(&alone, &ask)));
        let stats = drafted.stats();
        assert_eq!(stats.draft_failures, 0);
        if temperature == 0.0 && kind < 2 {
            assert_eq!(stats.accepted_of_model, stats.drafted_by_model);
        }
    }
    assert!(drafted.stats().drafted_by_model > 0);
}
