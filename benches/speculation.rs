//! What drafts by look-up bring, on the default model: pairs of runs with and without them, in turns, because
//! other work on the machine makes single figures worth little.
//!
//! A mask says what the answer is, so that each case is what its name says whatever the model would like to
//! say; the model computes as always.

use std::time::Duration;

use bailiwick::engine::{Engine, Event, Extras, GenerationLimits, Sampling, TokenMask};
use bailiwick::prompt::Prompt;
use criterion::Criterion;

use super::default_model;

const N_PROMPT: usize = 400;
const N_NEW: u32 = 200;
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

/// From the first token to the last.
fn decode(engine: &Engine, answer: &[u32]) -> Duration {
    let extras = Extras {
        mask: Some(Box::new(Recital(Vec::from(answer).into_iter()))),
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
    let n_new = N_NEW as usize;
    let quote = prompt[..n_new].to_vec();
    let fresh: Vec<u32> = (1000..1000 + N_NEW).collect();
    // Stretches of ten words from the prompt, each followed by five new ones, as in a summary.
    let mixed = (0..n_new).map(|at| match at % 15 {
        0..10 => prompt[at % 15 + at / 15 * 13],
        _ => fresh[at],
    });
    // Pairs of the prompt, never followed by what follows there: every draft is wrong.
    let misled = (0..n_new).map(|at| match at % 3 {
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
pub(crate) fn benches(_: &mut Criterion) {
    if !default_model::is_wanted("speculation") {
        return;
    }
    let Some(file) = default_model::file() else {
        return;
    };
    let drafting = default_model::start(&file, |_| {});
    let plain = default_model::start(&file, |config| config.speculation = false);
    for (name, answer) in cases() {
        let pairs = (0..PAIRS).map(|_| (decode(&plain, &answer), decode(&drafting, &answer)));
        let mut pairs: Vec<_> = pairs.collect();
        let ratio =
            |(plain, drafted): &(Duration, Duration)| plain.as_secs_f64() / drafted.as_secs_f64();
        pairs.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
        let Some(middle) = pairs.get(PAIRS / 2) else {
            return;
        };
        let rate = |took: Duration| f64::from(N_NEW - 1) / took.as_secs_f64();
        println!(
            "speculation/{name}: {:.2} times as fast (median of {PAIRS} pairs; {:.0} tokens/s for {:.0})",
            ratio(middle),
            rate(middle.1),
            rate(middle.0),
        );
    }
}
