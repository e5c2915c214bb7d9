//! How evenly a stream's tokens come while long prompts come in, on the default model.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use bailiwick::engine::{Engine, Event, GenerationLimits, Sampling};
use bailiwick::prompt::Prompt;
use bailiwick::types::{Clock as _, SystemClock};
use criterion::Criterion;

use super::default_model;

const N_PROMPT: usize = 2_000;
const N_NEW: u32 = 1_500;

/// Runs a generation to its end, and says how long after each other its tokens came.
fn gaps(engine: &Engine, prompt: Prompt, n_new: u32) -> Vec<Duration> {
    let limits = GenerationLimits::new(n_new).expect("above 0");
    let stream = engine.submit(prompt, Sampling::greedy(), limits);
    let mut stream = stream.expect("there is a place");
    let mut last = None;
    let mut gaps = Vec::new();
    while let Some(event) = stream.blocking_next() {
        if let Event::Delta(_) = event {
            let now = SystemClock.instant();
            gaps.extend(last.replace(now).map(|last| now.duration_since(last)));
        }
    }
    gaps
}

/// Sends prompts, each as long after the last one's end as that took: half the time there is one.
fn load(engine: &Engine, stopped: &std::sync::mpsc::Receiver<()>) -> u64 {
    for seed in 1.. {
        let began = SystemClock.instant();
        gaps(engine, Prompt::synthetic(N_PROMPT, seed), 1);
        if stopped.recv_timeout(began.elapsed()) != Err(RecvTimeoutError::Timeout) {
            return seed;
        }
    }
    0
}

/// Prints the median and the 99th percentile of the times between tokens, alone and under load.
#[expect(clippy::print_stdout, reason = "the ratio is the result")]
pub(crate) fn benches(_: &mut Criterion) {
    if !default_model::is_wanted("latency") {
        return;
    }
    let Some(file) = default_model::file() else {
        return;
    };
    // Every step brings one token, and no prompt is known.
    let engine = default_model::start(&file, |config| {
        config.speculation = false;
        config.prefix_cache = false;
    });
    let show = |name: &str, mut gaps: Vec<Duration>| {
        gaps.sort();
        let at = |share: usize| {
            let gap = gaps.get(gaps.len() * share / 100).copied();
            gap.unwrap_or_default().as_secs_f64() * 1e3
        };
        println!(
            "latency/{name}: median {:.1} ms, p99 {:.1} ms, {:.2} times",
            at(50),
            at(99),
            at(99) / at(50)
        );
    };
    let engine = &engine;
    let decode = || gaps(engine, Prompt::synthetic(100, 0), N_NEW);
    show("alone", decode());
    let (stop, stopped) = sync_channel(1);
    let (gaps, n_prompts) = std::thread::scope(|scope| {
        let loading = scope.spawn(move || load(engine, &stopped));
        let gaps = decode();
        stop.send(()).expect("it listens");
        (gaps, loading.join().expect("it ends"))
    });
    show("with 2,000-token prompts half the time", gaps);
    println!("latency: {n_prompts} such prompts came");
}
