//! What joins the engine to others: masks, predictions, drafts, decoders.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use bailiwick::config::EngineConfig;
use bailiwick::engine::{
    Engine, EngineFailure, EngineState, Event, Extras, GenerationLimits, Sampling, SamplingOptions,
    TextDecoder, TokenMask, TokenText,
};
use bailiwick::prompt::Prompt;
use bailiwick::telemetry::Metrics;
use bailiwick::types::{ManualClock, Timestamp};

use super::fake::{Fake, Letters, Script, VOCAB};
use super::{collect, config, eventually, limits};

fn start(few: usize, speculation: bool, text: impl TokenText + 'static) -> (Engine, Arc<Script>) {
    let script = Arc::new(Script::default());
    let own = Arc::clone(&script);
    let config = EngineConfig {
        speculation,
        ..config()
    };
    let size = config.block_tokens;
    let factory = move || Ok(Fake::few(&own, size, few));
    // Time stands still, so no draft depends on how fast this machine is.
    let clock = ManualClock::at(Timestamp::from_millis(0));
    let engine = Engine::start(
        &config,
        factory,
        Arc::new(text),
        clock,
        Metrics::new("test"),
    );
    (engine.unwrap(), script)
}

fn ask(
    engine: &Engine,
    options: SamplingOptions,
    limits: GenerationLimits,
    extras: Extras,
) -> String {
    let sampling = Sampling::new(options).unwrap();
    let stream = engine.submit_with(Prompt::synthetic(20, 3), sampling, limits, extras);
    let (text, last) = collect(stream.unwrap());
    assert!(matches!(last, Some(Event::Finished { .. })), "{last:?}");
    text
}

fn greedy() -> SamplingOptions {
    Sampling::greedy().options().clone()
}

/// The letter of a token, as [`Letters`] has it.
fn letter(token: u32) -> char {
    char::from_u32(0x4E00 + token).unwrap()
}

#[test]
fn what_repeats_takes_fewer_steps_and_says_the_same() {
    let run = |speculation| {
        let (engine, script) = start(1, speculation, Letters);
        let text = ask(&engine, greedy(), limits(200), Extras::default());
        (text, script.steps.load(SeqCst), engine.stats())
    };
    let (plain, plain_steps, _) = run(false);
    let (drafted, steps, stats) = run(true);
    assert_eq!(drafted, plain);
    assert_eq!(plain_steps, 200);
    assert!(steps < 60, "{steps} steps for 200 tokens");
    assert_eq!(stats.drafted_tokens, stats.accepted_tokens);
    assert_eq!(stats.accepted_tokens + u64::try_from(steps).unwrap(), 200);
    assert_eq!(stats.generated_tokens, 200);
}

#[test]
fn a_prediction_that_is_right_takes_fewer_steps() {
    let (engine, script) = start(VOCAB, true, Letters);
    let said = ask(&engine, greedy(), limits(60), Extras::default());
    let before = script.steps.load(SeqCst);
    for (prediction, most) in [
        (
            said.chars()
                .map(|c| u32::from(c) - 0x4E00)
                .collect::<Vec<_>>(),
            30,
        ),
        ((0..200).collect(), 60),
        (Vec::new(), 60),
    ] {
        let start = script.steps.load(SeqCst);
        let extras = Extras {
            prediction,
            ..Extras::default()
        };
        assert_eq!(ask(&engine, greedy(), limits(60), extras), said);
        let steps = script.steps.load(SeqCst) - start;
        assert!(steps <= most, "{steps} of {before} steps");
    }
}

#[test]
fn stop_strings_and_limits_hold_within_a_draft() {
    // Two tokens in some order; the answer is full of repetitions.
    for stop in [
        "\u{4E00}\u{4E00}",
        "\u{4E01}\u{4E00}\u{4E01}",
        "\u{4E00}\u{4E01}\u{4E01}\u{4E00}",
    ] {
        for max in [1, 2, 7, 40] {
            for seed in 0..8 {
                let say = |speculation| {
                    let (engine, _) = start(2, speculation, Letters);
                    let options = SamplingOptions {
                        seed: Some(seed),
                        temperature: 0.3,
                        ..SamplingOptions::default()
                    };
                    let limits = limits(max).with_stop(vec![stop.to_owned()]).unwrap();
                    ask(&engine, options, limits, Extras::default())
                };
                let text = say(true);
                assert_eq!(text, say(false));
                assert!(!text.contains(stop));
            }
        }
    }
}

/// Allows one token after the other, and says beforehand which, rightly or not.
struct Recital {
    tokens: Vec<u32>,
    at: usize,
    says: bool,
    lies: bool,
}

impl TokenMask for Recital {
    fn apply(&mut self, logits: &mut [f32]) {
        let only = self.tokens[self.at] as usize;
        for (token, logit) in logits.iter_mut().enumerate() {
            if token != only {
                *logit = f32::NEG_INFINITY;
            }
        }
    }

    fn accept(&mut self, token: u32) {
        assert_eq!(token, self.tokens[self.at], "what was chosen, in order");
        self.at += 1;
    }

    fn expects(&self) -> Vec<u32> {
        let shift = u32::from(self.lies);
        let next = self.tokens.iter().skip(self.at).map(|token| token + shift);
        next.take(if self.says { 12 } else { 0 }).collect()
    }
}

#[test]
fn a_mask_is_told_the_answers_tokens_and_no_others() {
    let tokens: Vec<u32> = (0..50).map(|i| i * 7 % 31).collect();
    let expected: String = tokens.iter().map(|token| letter(*token)).collect();
    for (says, lies, most_steps) in [(true, false, 8), (false, false, 50), (true, true, 50)] {
        let (engine, script) = start(VOCAB, true, Letters);
        let mask = Recital {
            tokens: tokens.clone(),
            at: 0,
            says,
            lies,
        };
        let extras = Extras {
            mask: Some(Box::new(mask)),
            ..Extras::default()
        };
        let text = ask(&engine, SamplingOptions::default(), limits(50), extras);
        assert_eq!(text, expected);
        let steps = script.steps.load(SeqCst);
        assert!(
            steps <= most_steps,
            "{steps} steps, said {says}, lied {lies}"
        );
    }
}

/// Fails when it is asked for the second decoder.
#[derive(Debug, Default)]
struct Fragile(std::sync::atomic::AtomicUsize);

impl TokenText for Fragile {
    fn decoder(&self) -> Box<dyn TextDecoder> {
        assert_eq!(self.0.fetch_add(1, SeqCst), 0, "as the test wants");
        Box::new(Letters)
    }

    fn is_end(&self, _: u32) -> bool {
        false
    }

    fn n_tokens(&self) -> usize {
        VOCAB
    }
}

#[test]
fn every_stream_ends_with_a_word_even_if_the_thread_dies() {
    let (engine, script) = start(VOCAB, true, Fragile::default());
    script.close();
    let send = || engine.submit(Prompt::synthetic(4, 3), Sampling::greedy(), limits(400));
    let first = send().unwrap();
    eventually("it runs", || engine.stats().steps == 1);
    let second = send().unwrap();
    script.open();
    for stream in [first, second] {
        let last = collect(stream).1;
        assert_eq!(last, Some(Event::Failed(EngineFailure::Stopped)));
    }
    eventually("out of service", || engine.state() == EngineState::Unready);
}
