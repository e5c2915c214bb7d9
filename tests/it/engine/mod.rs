//! The engine's handle, over a scripted model.

mod drafts;
mod fake;
mod reproducible;
mod saved;
mod seams;

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use bailiwick::config::EngineConfig;
use bailiwick::engine::{
    Engine, EngineFailure, EngineState, Event, GenerationLimits, Sampling, SamplingOptions,
    SubmitError, TokenStream,
};
use bailiwick::prompt::Prompt;
use bailiwick::telemetry::Metrics;
use bailiwick::types::{
    Clock, FinishReason, KvFormat, ManualClock, SharedClock, SystemClock, Timestamp,
};

use self::fake::{Fake, Letters, Script};

fn config() -> EngineConfig {
    EngineConfig {
        threads: 1,
        cores: Vec::new(),
        kv_cache_bytes: 512,
        kv_cache_format: KvFormat::F16,
        block_tokens: 8,
        max_batch_tokens: 24,
        max_sequences: 16,
        queue_limit: 16,
        queue_timeout: Duration::from_secs(60),
        max_context: None,
        prefix_cache: true,
        saved_prefix_bytes: 0,
        speculation: true,
    }
}

fn start_at(config: &EngineConfig, clock: SharedClock) -> (Engine, Arc<Script>) {
    let script = Arc::new(Script::default());
    let own = Arc::clone(&script);
    let block_tokens = config.block_tokens;
    let factory = move || Ok(Fake::boxed(&own, block_tokens));
    let engine = Engine::start(
        config,
        factory,
        Arc::new(Letters),
        clock,
        Metrics::new("test"),
    )
    .unwrap();
    (engine, script)
}

fn start(config: &EngineConfig) -> (Engine, Arc<Script>) {
    start_at(config, SystemClock::shared())
}

fn limits(max_tokens: u32) -> GenerationLimits {
    GenerationLimits::new(max_tokens).unwrap()
}

fn submit(engine: &Engine, n_prompt: usize, max_tokens: u32) -> Result<TokenStream, SubmitError> {
    engine.submit(
        Prompt::synthetic(n_prompt, 3),
        Sampling::greedy(),
        limits(max_tokens),
    )
}

/// The whole text and the last event.
fn collect(mut stream: TokenStream) -> (String, Option<Event>) {
    let mut text = String::new();
    while let Some(event) = stream.blocking_next() {
        match event {
            Event::Delta(delta) => text.push_str(delta.expose()),
            last => return (text, Some(last)),
        }
    }
    (text, None)
}

/// Waits for something that another thread does; fails after ten seconds.
fn eventually(what: &str, done: impl Fn() -> bool) {
    let start = SystemClock.instant();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(10), "never: {what}");
        std::thread::yield_now();
    }
}

fn is_length(event: Option<&Event>) -> bool {
    matches!(
        event,
        Some(Event::Finished {
            reason: FinishReason::Length,
            ..
        })
    )
}

#[test]
fn sixteen_at_once_equal_single_runs() {
    let sampling = |seed: u64| {
        let options = SamplingOptions {
            seed: Some(seed),
            top_p: 0.9,
            ..Default::default()
        };
        Sampling::new(options).unwrap()
    };
    let ask = |engine: &Engine, i: u64| {
        let prompt = Prompt::synthetic(5 + 3 * usize::try_from(i).unwrap(), i);
        engine.submit(prompt, sampling(i), limits(20)).unwrap()
    };
    let (single, _) = start(&config());
    let expected: Vec<_> = (0..16).map(|i| collect(ask(&single, i)).0).collect();
    // Room for two or three of them at their full length.
    let (batched, script) = start(&EngineConfig {
        kv_cache_bytes: 160,
        ..config()
    });
    script.close();
    let streams: Vec<_> = (0..16).map(|i| ask(&batched, i)).collect();
    script.open();
    for (stream, expected) in streams.into_iter().zip(expected) {
        let (text, last) = collect(stream);
        assert_eq!(text, expected);
        let Some(Event::Finished { usage, timings, .. }) = last else {
            panic!("{last:?}")
        };
        assert_eq!(usage.completion, 20);
        assert!(timings.first_token.is_some());
    }
    assert!(script.widest.load(SeqCst) > 2, "they ran together");
    assert!(
        batched.stats().preemptions > 0,
        "the small cache made some give way"
    );
    eventually("all blocks are free", || batched.stats().used_blocks == 0);
}

#[test]
fn a_dropped_stream_is_cancelled_within_a_step() {
    let (engine, script) = start(&config());
    script.close();
    let stream = submit(&engine, 4, 400).unwrap();
    eventually("it runs", || engine.stats().steps == 1);
    drop(stream);
    script.open();
    eventually("cancelled", || engine.stats().cancelled == 1);
    assert_eq!(
        script.steps.load(SeqCst),
        1,
        "the step under way was the last"
    );
    eventually("empty", || {
        engine.stats().used_blocks == 0 && engine.stats().running == 0
    });
}

#[test]
fn one_more_than_may_wait_is_refused() {
    let (engine, script) = start(&EngineConfig {
        max_sequences: 1,
        queue_limit: 2,
        ..config()
    });
    script.close();
    let streams: Vec<_> = (0..3).map(|_| submit(&engine, 4, 4).unwrap()).collect();
    let Err(SubmitError::QueueFull { retry_after }) = submit(&engine, 4, 4) else {
        panic!("the queue has an end")
    };
    assert!(retry_after >= Duration::from_secs(1));
    script.open();
    for stream in streams {
        assert!(is_length(collect(stream).1.as_ref()));
    }
    assert!(is_length(
        collect(submit(&engine, 4, 4).unwrap()).1.as_ref()
    ));
}

#[test]
fn late_requests_end() {
    let clock = ManualClock::at(Timestamp::from_millis(0));
    let config = EngineConfig {
        max_sequences: 1,
        ..config()
    };
    let (engine, script) = start_at(&config, clock.clone());
    script.close();
    let deadline: Instant = clock.instant() + Duration::from_secs(30);
    let prompt = Prompt::synthetic(4, 3);
    let running = engine
        .submit(
            prompt,
            Sampling::greedy(),
            limits(400).with_deadline(deadline),
        )
        .unwrap();
    eventually("it runs", || engine.stats().steps == 1);
    let waiting = submit(&engine, 4, 4).unwrap();
    clock.advance(Duration::from_secs(61));
    script.open();
    let (text, last) = collect(running);
    assert!(is_length(last.as_ref()) && !text.is_empty());
    assert_eq!(
        collect(waiting).1,
        Some(Event::Failed(EngineFailure::QueueTimeout))
    );
}

#[test]
fn a_panic_fails_those_that_run_and_three_are_too_many() {
    let (engine, script) = start(&EngineConfig {
        max_sequences: 1,
        ..config()
    });
    for round in 1..=3 {
        script.close();
        let running = submit(&engine, 4, 4).unwrap();
        eventually("it runs", || engine.stats().steps > 0);
        let waiting = submit(&engine, 4, 4).unwrap();
        script.panics.store(true, SeqCst);
        script.open();
        assert_eq!(
            collect(running).1,
            Some(Event::Failed(EngineFailure::Panicked))
        );
        let kept = collect(waiting).1;
        if round < 3 {
            assert!(is_length(kept.as_ref()), "{kept:?}");
            assert_eq!(script.made.load(SeqCst), 1 + round);
        } else {
            assert_eq!(kept, Some(Event::Failed(EngineFailure::Unready)));
        }
    }
    assert_eq!(engine.state(), EngineState::Unready);
    assert_eq!(submit(&engine, 4, 4).err(), Some(SubmitError::Unready));
    assert_eq!(engine.stats().restarts, 3);
}

#[test]
fn a_model_error_fails_its_step_alone() {
    let (engine, script) = start(&config());
    script.fails.store(true, SeqCst);
    let failed = collect(submit(&engine, 4, 4).unwrap()).1;
    assert_eq!(failed, Some(Event::Failed(EngineFailure::Model)));
    assert!(is_length(
        collect(submit(&engine, 4, 4).unwrap()).1.as_ref()
    ));
}

#[test]
fn who_does_not_read_holds_up_nobody() {
    let config = EngineConfig {
        queue_limit: 0,
        max_sequences: 2,
        ..config()
    };
    let (engine, _) = start(&config);
    let unread = submit(&engine, 4, 100).unwrap();
    let read = submit(&engine, 4, 100).unwrap();
    assert!(is_length(collect(read).1.as_ref()));
    // Both places are free again, although nobody looked at the first answer; it is all there.
    eventually("both ended", || engine.stats().running == 0);
    for _ in 0..2 {
        assert!(is_length(
            collect(submit(&engine, 4, 4).unwrap()).1.as_ref()
        ));
    }
    let (text, last) = collect(unread);
    assert!(is_length(last.as_ref()));
    assert_eq!(text.chars().count(), 100);
}

#[test]
fn a_request_that_goes_while_it_waits_frees_its_place() {
    let config = EngineConfig {
        queue_limit: 1,
        max_sequences: 1,
        ..config()
    };
    let (engine, script) = start(&config);
    script.close();
    let running = submit(&engine, 4, 4).unwrap();
    eventually("it runs", || engine.stats().steps == 1);
    drop(submit(&engine, 4, 4).unwrap());
    assert!(submit(&engine, 4, 4).is_err(), "its place is taken");
    script.open();
    eventually("cancelled", || engine.stats().cancelled == 1);
    assert!(is_length(collect(running).1.as_ref()));
    assert_eq!(engine.stats().prompt_tokens, 4, "it never began");
}

#[test]
fn a_prefix_is_computed_once_for_each_tenant() {
    let cached = |last: Option<Event>| match last {
        Some(Event::Finished { usage, .. }) => usage.cached,
        other => panic!("{other:?}"),
    };
    for (prefix_cache, again) in [(true, 16), (false, 0)] {
        let (engine, _) = start(&EngineConfig {
            prefix_cache,
            ..config()
        });
        // The seed of a synthetic prompt is its tenant's salt too.
        let ask = |len, seed| {
            let prompt = Prompt::synthetic(len, seed);
            let stream = engine.submit(prompt, Sampling::greedy(), limits(4));
            cached(collect(stream.unwrap()).1)
        };
        assert_eq!(ask(20, 1), 0);
        assert_eq!(ask(20, 1), again);
        assert_eq!(ask(20, 2), 0, "another tenant");
        assert_eq!(ask(17, 1), again, "a shorter prompt with the same start");
        assert_eq!(ask(16, 1), again / 2, "the last token is always computed");
        assert_eq!(engine.stats().cached_tokens, u64::from(again) * 5 / 2);
        eventually("nothing is held", || engine.stats().used_blocks == 0);
    }
}

#[tokio::test]
async fn an_engine_out_of_service_can_be_shut_down() {
    let (engine, script) = start(&config());
    for _ in 0..3 {
        script.panics.store(true, SeqCst);
        let mut stream = submit(&engine, 4, 4).unwrap();
        assert_eq!(
            stream.next().await,
            Some(Event::Failed(EngineFailure::Panicked))
        );
    }
    assert_eq!(engine.state(), EngineState::Unready);
    engine.shutdown();
    engine.stopped().await;
    assert_eq!(submit(&engine, 4, 4).err(), Some(SubmitError::ShuttingDown));
}

#[tokio::test]
async fn shutdown_finishes_what_was_accepted() {
    let (engine, script) = start(&EngineConfig {
        max_sequences: 1,
        ..config()
    });
    script.close();
    let streams: Vec<_> = (0..3).map(|_| submit(&engine, 4, 4).unwrap()).collect();
    engine.shutdown();
    assert_eq!(submit(&engine, 4, 4).err(), Some(SubmitError::ShuttingDown));
    script.open();
    engine.stopped().await;
    for mut stream in streams {
        let mut last = None;
        while let Some(event) = stream.next().await {
            last = Some(event);
        }
        assert!(is_length(last.as_ref()), "{last:?}");
    }
}

#[tokio::test]
async fn abort_ends_everything() {
    let (engine, script) = start(&config());
    script.close();
    let mut stream = submit(&engine, 4, 400).unwrap();
    engine.shutdown();
    engine.abort();
    script.open();
    engine.stopped().await;
    let mut last = None;
    while let Some(event) = stream.next().await {
        last = Some(event);
    }
    assert_eq!(last, Some(Event::Failed(EngineFailure::ShuttingDown)));
}

#[test]
fn what_can_never_run_is_refused_at_once() {
    let (engine, _) = start(&config());
    let (small, _) = start(&EngineConfig {
        kv_cache_bytes: 64,
        ..config()
    });
    assert_eq!(submit(&engine, 0, 1).err(), Some(SubmitError::EmptyPrompt));
    assert_eq!(
        submit(&engine, 500, 13).err(),
        Some(SubmitError::TooLong {
            prompt: 500,
            max_new: 13,
            limit: 512
        })
    );
    assert_eq!(
        submit(&small, 60, 5).err(),
        Some(SubmitError::TooLarge {
            prompt: 60,
            max_new: 5,
            limit: 64
        })
    );
    assert!(is_length(
        collect(submit(&small, 60, 4).unwrap()).1.as_ref()
    ));
}
