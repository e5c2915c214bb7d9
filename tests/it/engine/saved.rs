//! What the prefix cache holds, over the end of an engine: found again by the next one, or ignored as a whole.

use std::io;
use std::sync::{Arc, Mutex};

use bailiwick::config::EngineConfig;
use bailiwick::engine::{
    Engine, Event, PrefixStore, Provisions, SamplingOptions, SavedPrefixes, TakenParts,
};
use bailiwick::prompt::Prompt;
use bailiwick::telemetry::Metrics;
use bailiwick::types::SystemClock;

use super::fake::{Fake, Letters, Script};
use super::{collect, config, limits};

/// Keeps parts in memory.
#[derive(Debug, Default)]
struct Memory {
    parts: Mutex<Vec<Vec<u8>>>,
    /// Says that they were changed, after it gave them.
    is_broken: bool,
}

impl PrefixStore for Memory {
    fn take(&self, longest: usize, each: &mut dyn FnMut(&[u8]) -> bool) -> io::Result<TakenParts> {
        let parts = std::mem::take(&mut *self.parts.lock().unwrap());
        if parts.is_empty() {
            return Ok(TakenParts::Missing);
        }
        for part in parts {
            assert!(part.len() <= longest);
            if !each(&part) {
                return Ok(TakenParts::Refused);
            }
        }
        if self.is_broken {
            return Err(io::Error::other("as the test wants"));
        }
        Ok(TakenParts::All)
    }

    fn put(&self, parts: &mut dyn Iterator<Item = Vec<u8>>) -> io::Result<()> {
        *self.parts.lock().unwrap() = parts.collect();
        Ok(())
    }
}

fn roomy() -> EngineConfig {
    EngineConfig {
        kv_cache_bytes: 1024,
        ..config()
    }
}

fn start(config: &EngineConfig, store: &Arc<Memory>, model: &str, max_bytes: usize) -> Engine {
    let (script, size) = (Arc::new(Script::default()), config.block_tokens);
    let prefixes = SavedPrefixes {
        store: Arc::<Memory>::clone(store),
        model: model.to_owned(),
        max_bytes,
    };
    let provisions = Provisions {
        prefixes: Some(prefixes),
        ..Provisions::default()
    };
    let factory = move || Ok(Fake::boxed(&script, size));
    let (text, clock) = (Arc::new(Letters), SystemClock::shared());
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

/// The answer to a prompt, and how many of its tokens were in the cache.
fn ask(engine: &Engine, n_prompt: usize, seed: u64) -> (String, u32) {
    let sampling = bailiwick::engine::Sampling::new(SamplingOptions {
        seed: Some(seed),
        ..SamplingOptions::default()
    });
    let prompt = Prompt::synthetic(n_prompt, seed);
    let stream = engine.submit(prompt, sampling.unwrap(), limits(9)).unwrap();
    match collect(stream) {
        (text, Some(Event::Finished { usage, .. })) => (text, usage.cached),
        (_, last) => panic!("{last:?}"),
    }
}

fn stop(engine: &Engine) {
    engine.shutdown();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(engine.stopped());
}

/// An engine's parts after it answered four prompts, with what it said.
fn saved(max_bytes: usize) -> (Arc<Memory>, Vec<(String, u32)>) {
    let store = Arc::new(Memory::default());
    let engine = start(&roomy(), &store, "a", max_bytes);
    let said = (0..4).map(|seed| ask(&engine, 50, seed)).collect();
    stop(&engine);
    (store, said)
}

#[test]
fn the_next_engine_finds_what_the_last_one_computed() {
    let (store, said) = saved(usize::MAX);
    // Two runs on: what was restored is saved again.
    for _ in 0..2 {
        let engine = start(&roomy(), &store, "a", usize::MAX);
        assert!(store.parts.lock().unwrap().is_empty(), "it was taken");
        assert_eq!(
            engine.stats().idle_blocks,
            4 * 7,
            "58 of 59 tokens each are in full blocks"
        );
        for (seed, (text, cached)) in (0..).zip(&said) {
            assert_eq!(*cached, 0);
            assert_eq!(ask(&engine, 50, seed), (text.clone(), 48));
        }
        stop(&engine);
    }
    let engine = start(&roomy(), &store, "a", usize::MAX);
    // Another seed is another tenant, whatever it says.
    assert_eq!(ask(&engine, 50, 77).1, 0);
    engine.abort();
    stop(&engine);
    assert!(
        !store.parts.lock().unwrap().is_empty(),
        "an abort saves too"
    );
}

#[test]
fn what_was_used_last_is_kept_where_room_is_short() {
    let (store, said) = saved(10 * 8);
    assert_eq!(store.parts.lock().unwrap().len(), 1 + 10);
    let engine = start(&roomy(), &store, "a", usize::MAX);
    assert_eq!(ask(&engine, 50, 3), (said[3].0.clone(), 48));
    assert_eq!(ask(&engine, 50, 2).1, 3 * 8, "its beginning");
    assert_eq!(ask(&engine, 50, 1).1, 0);
    // A smaller cache takes what fits.
    let (store, said) = saved(usize::MAX);
    let small = EngineConfig {
        kv_cache_bytes: 10 * 8,
        ..roomy()
    };
    let engine = start(&small, &store, "a", usize::MAX);
    assert_eq!(engine.stats().idle_blocks, 10);
    assert_eq!(ask(&engine, 50, 3), (said[3].0.clone(), 48));
}

#[test]
fn what_is_another_models_or_malformed_is_ignored_as_a_whole() {
    type Change = fn(&mut Vec<Vec<u8>>);
    let check = |what: &str, model: &str, config: &EngineConfig, change: Change| {
        let (store, said) = saved(usize::MAX);
        change(&mut store.parts.lock().unwrap());
        let engine = start(config, &store, model, usize::MAX);
        assert_eq!(engine.stats().idle_blocks, 0, "{what}");
        let (text, cached) = ask(&engine, 50, 0);
        assert_eq!(cached, 0, "{what}");
        assert_eq!(text, said[0].0, "{what}");
    };
    check("another model", "b", &roomy(), |_| {});
    let other = EngineConfig {
        block_tokens: 4,
        ..roomy()
    };
    check("another block size", "a", &other, |_| {});
    let changes: [(&str, Change); 8] = [
        ("no head", |parts| drop(parts.remove(0))),
        ("a short head", |parts| parts[0].truncate(3)),
        ("another version", |parts| parts[0][7] ^= 3),
        ("one block less", |parts| drop(parts.pop())),
        ("one block more", |parts| parts.push(parts[1].clone())),
        ("a short block", |parts| {
            parts[5].pop();
        }),
        ("a long block", |parts| parts[5].push(0)),
        ("a parent that comes later", |parts| parts[1][8..12].fill(0)),
    ];
    for (what, change) in changes {
        check(what, "a", &roomy(), change);
    }
    // What turns out to be forged at its very end.
    let (store, said) = saved(usize::MAX);
    let broken = Arc::new(Memory {
        parts: Mutex::new(store.parts.lock().unwrap().clone()),
        is_broken: true,
    });
    let engine = start(&roomy(), &broken, "a", usize::MAX);
    assert_eq!(ask(&engine, 50, 0), said[0]);
}
