//! Drafts by a smaller model: they change no token, whatever it says, however little room it has, and when it fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bailiwick::config::EngineConfig;
use bailiwick::engine::{
    DraftModel, Engine, Event, Extras, Provisions, Sampling, SamplingOptions, TokenMask,
};
use bailiwick::prompt::Prompt;
use bailiwick::telemetry::Metrics;
use bailiwick::types::{ManualClock, Timestamp};

use super::fake::{Fake, Letters, Script};
use super::reproducible::{check_schedules, plain, scripted};
use super::{collect, config, eventually, limits};

/// A draft that likes only the first `few` tokens, with a cache of `kv_cache_bytes`, which are tokens.
fn drafting(
    script: &Arc<Script>,
    block_tokens: usize,
    few: usize,
    kv_cache_bytes: usize,
) -> Provisions {
    let script = Arc::clone(script);
    let load = move || Ok(Fake::few(&script, block_tokens, few));
    Provisions {
        draft: Some(DraftModel::new(load, kv_cache_bytes)),
        ..Provisions::default()
    }
}

#[test]
fn answers_are_alike_in_every_schedule() {
    // The target itself; one that is often right; one with a small cache; one that can only be right by chance.
    for (few, kv_cache_bytes) in [(4, 4096), (3, 4096), (3, 64), (1, 256)] {
        let (drafted, accepted) = (AtomicU64::new(0), AtomicU64::new(0));
        let start = |config: &EngineConfig| {
            let script = Arc::new(Script::default());
            scripted(
                drafting(&script, config.block_tokens, few, kv_cache_bytes),
                config,
            )
        };
        let alone = scripted(Provisions::default(), &plain(512));
        check_schedules(60, (100, 30), &alone, start, |engine| {
            eventually("all blocks are free", || {
                let stats = engine.stats();
                stats.used_blocks == 0 && stats.draft_used_blocks == 0
            });
            let stats = engine.stats();
            assert_eq!(stats.draft_failures, 0);
            assert!(stats.accepted_of_model <= stats.drafted_by_model);
            drafted.fetch_add(stats.drafted_by_model, SeqCst);
            accepted.fetch_add(stats.accepted_of_model, SeqCst);
        });
        let (drafted, accepted) = (drafted.into_inner(), accepted.into_inner());
        assert!(
            accepted > 0 && drafted > 0,
            "{few}: {accepted} of {drafted}"
        );
        assert!(
            few == 4 || accepted < drafted,
            "{few}: {accepted} of {drafted}"
        );
    }
}

struct Run {
    engine: Engine,
    target: Arc<Script>,
    draft: Arc<Script>,
}

impl Run {
    /// An engine whose model likes four tokens, and whose draft likes `few`.
    fn new(few: Option<usize>) -> Self {
        let [target, draft] = [(); 2].map(|()| Arc::new(Script::default()));
        let config = config();
        let size = config.block_tokens;
        let provisions = match few {
            Some(few) => drafting(&draft, size, few, 4096),
            None => Provisions::default(),
        };
        let own = Arc::clone(&target);
        let engine = Engine::start_with(
            provisions,
            &config,
            move || Ok(Fake::few(&own, size, 4)),
            Arc::new(Letters),
            ManualClock::at(Timestamp::from_millis(0)),
            Metrics::new("test"),
        );
        Self {
            engine: engine.unwrap(),
            target,
            draft,
        }
    }

    fn ask(&self, options: SamplingOptions, mask: Option<Box<dyn TokenMask>>) -> String {
        let extras = Extras {
            mask,
            ..Extras::default()
        };
        let sampling = Sampling::new(options).unwrap();
        let prompt = Prompt::synthetic(20, 3);
        let stream = self
            .engine
            .submit_with(prompt, sampling, limits(120), extras);
        let (text, last) = collect(stream.unwrap());
        assert!(matches!(last, Some(Event::Finished { .. })), "{last:?}");
        text
    }
}

fn greedy() -> SamplingOptions {
    Sampling::greedy().options().clone()
}

#[test]
fn a_draft_that_is_the_target_is_always_right_and_spares_its_steps() {
    let (plain, drafted) = (Run::new(None), Run::new(Some(4)));
    assert_eq!(drafted.ask(greedy(), None), plain.ask(greedy(), None));
    let stats = drafted.engine.stats();
    assert!(stats.drafted_by_model > 10, "{stats:?}");
    assert_eq!(stats.accepted_of_model, stats.drafted_by_model);
    let steps = |run: &Run| run.target.steps.load(SeqCst);
    let (drafted, plain) = (steps(&drafted), steps(&plain));
    assert!(drafted < plain, "{drafted} steps for {plain}");
}

/// Allows the tokens 0 and 1, then 2 and 3, then the first two again.
struct Pairs(u32);

impl TokenMask for Pairs {
    fn apply(&mut self, logits: &mut [f32]) {
        for (token, logit) in (0..).zip(logits) {
            if token / 2 != self.0 % 2 {
                *logit = f32::NEG_INFINITY;
            }
        }
    }

    fn accept(&mut self, token: u32) {
        assert_eq!(token / 2, self.0 % 2, "what was chosen, in order");
        self.0 += 1;
    }
}

#[test]
fn a_draft_that_the_mask_forbids_is_refused() {
    for few in [1, 3, 4] {
        for temperature in [0.0, 1.0] {
            let options = SamplingOptions {
                temperature,
                seed: Some(5),
                ..SamplingOptions::default()
            };
            let ask = |few| Run::new(few).ask(options.clone(), Some(Box::new(Pairs(0))));
            assert_eq!(ask(Some(few)), ask(None), "{few} at {temperature}");
        }
    }
}

#[test]
fn a_draft_model_that_fails_is_given_up_and_costs_no_answer() {
    let expected = Run::new(None).ask(greedy(), None);
    for panics in [false, true] {
        let run = Run::new(Some(4));
        match panics {
            true => &run.draft.panics,
            false => &run.draft.fails,
        }
        .store(true, SeqCst);
        for _ in 0..2 {
            assert_eq!(run.ask(greedy(), None), expected);
        }
        let stats = run.engine.stats();
        assert_eq!((stats.draft_failures, stats.restarts), (1, 0));
        assert_eq!((stats.drafted_by_model, stats.draft_used_blocks), (0, 0));
        assert_eq!(run.draft.steps.load(SeqCst), 1, "it is not asked again");
        // With the target it is made anew.
        run.target.panics.store(true, SeqCst);
        let sampling = Sampling::greedy();
        let failed = run
            .engine
            .submit(Prompt::synthetic(20, 3), sampling, limits(9));
        assert!(matches!(collect(failed.unwrap()).1, Some(Event::Failed(_))));
        assert_eq!(run.ask(greedy(), None), expected);
        assert!(run.engine.stats().drafted_by_model > 0);
    }
}

#[test]
fn a_draft_model_that_cannot_be_had_is_an_error_at_the_start() {
    let config = config();
    let script = Arc::new(Script::default());
    let start = |provisions| {
        let (own, size) = (Arc::clone(&script), config.block_tokens);
        let factory = move || Ok(Fake::few(&own, size, 4));
        let clock = ManualClock::at(Timestamp::from_millis(0));
        let metrics = Metrics::new("test");
        Engine::start_with(
            provisions,
            &config,
            factory,
            Arc::new(Letters),
            clock,
            metrics,
        )
    };
    assert!(start(drafting(&script, config.block_tokens, 4, 512)).is_ok());
    let small = start(drafting(&script, config.block_tokens, 4, 1)).unwrap_err();
    assert!(small.to_string().contains("no room"), "{small}");
}
