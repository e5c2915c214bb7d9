//! Chooses the next token from a row of logits.
//!
//! In this order: logit bias → repetition, frequency and presence penalties → mask → temperature →
//! min-p → top-k → top-p → draw. The mask comes last of what changes logits, so that nothing undoes
//! it. Greedy decoding stops after the mask and takes the likeliest token, the lowest id of equals.
//!
//! The draw for the `n`-th generated token reads the `n`-th number of a ChaCha stream that the
//! sequence's seed starts, so a choice depends on the logits, the seed and the position alone.
//! NaN counts as impossible.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng};

use super::sampling::{Sampling, SamplingOptions};

/// How many candidates the first partial sort of top-p looks at; eight times more each round.
const FIRST_LOOK: usize = 64;

/// What a grammar or another constraint allows next.
pub trait TokenMask: Send {
    /// Sets the logits of tokens that must not come next to negative infinity.
    fn apply(&mut self, logits: &mut [f32]);

    /// Notes that `token` was chosen.
    fn accept(&mut self, token: u32);
}

/// What one sequence's choices depend on.
pub(super) struct Choice {
    sampling: Sampling,
    seed: u64,
    seen: HashMap<u32, Seen>,
    mask: Option<Box<dyn TokenMask>>,
    n_generated: u64,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    generated: u32,
}

/// Working memory, kept between calls.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    logits: Vec<f32>,
    candidates: Vec<Candidate>,
}

type Candidate = (f32, u32);

/// No token is possible: every logit is NaN or negative infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model gave no usable logits")]
pub(super) struct NoToken;

impl Choice {
    pub(super) fn new(
        sampling: Sampling,
        seed: u64,
        prompt: &[u32],
        mask: Option<Box<dyn TokenMask>>,
    ) -> Self {
        let mut seen = HashMap::new();
        if repeats(sampling.options()) {
            seen.extend(prompt.iter().map(|token| (*token, Seen::default())));
        }
        Self {
            seed: sampling.options().seed.unwrap_or(seed),
            sampling,
            seen,
            mask,
            n_generated: 0,
        }
    }

    fn accept(&mut self, token: u32) {
        let o = self.sampling.options();
        if repeats(o) || o.frequency_penalty != 0.0 || o.presence_penalty != 0.0 {
            let seen = self.seen.entry(token).or_default();
            seen.generated = seen.generated.saturating_add(1);
        }
        if let Some(mask) = &mut self.mask {
            mask.accept(token);
        }
        self.n_generated += 1;
    }

    /// Whether the row is used as it is.
    fn is_plain(&self) -> bool {
        self.mask.is_none() && self.seen.is_empty() && self.sampling.options().logit_bias.is_empty()
    }

    /// A number in `0..1` that depends on the seed and the position.
    fn draw(&self) -> f64 {
        let mut random = ChaCha12Rng::seed_from_u64(self.seed);
        random.set_word_pos(u128::from(self.n_generated) * 2);
        // 53 bits are what an f64 holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let bits = (random.next_u64() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }
}

impl Sampler {
    /// Chooses the next token and notes it in `choice`.
    pub(super) fn next(&mut self, row: &[f32], choice: &mut Choice) -> Result<u32, NoToken> {
        let greedy = choice.sampling.options().temperature == 0.0;
        let token = if greedy && choice.is_plain() {
            argmax(row)
        } else {
            self.logits.clear();
            self.logits.extend_from_slice(row);
            adjust(&mut self.logits, choice);
            if greedy {
                argmax(&self.logits)
            } else {
                self.random(choice)
            }
        }
        .ok_or(NoToken)?;
        choice.accept(token);
        Ok(token)
    }

    fn random(&mut self, choice: &Choice) -> Option<u32> {
        let o = choice.sampling.options();
        let top = usize::try_from(argmax(&self.logits)?).ok()?;
        let max = *self.logits.get(top)?;
        // exp((logit - max) / temperature): 1 for the likeliest.
        let weigh = |logit: f32| ((logit - max) / o.temperature).exp();
        self.candidates.clear();
        for (token, &logit) in (0_u32..).zip(&self.logits) {
            // False for NaN and for what underflows.
            if logit > f32::NEG_INFINITY {
                let weight = if logit == max { 1.0 } else { weigh(logit) };
                if weight > 0.0 && weight >= o.min_p {
                    self.candidates.push((weight, token));
                }
            }
        }
        let k = o
            .top_k
            .map_or(usize::MAX, |k| usize::try_from(k).unwrap_or(usize::MAX));
        if k < self.candidates.len() {
            self.candidates.select_nth_unstable_by(k, likelier);
            self.candidates.truncate(k);
        }
        if o.top_p < 1.0 {
            self.keep_nucleus(f64::from(o.top_p));
        }
        // One order for every way here, so that a draw means the same token.
        self.candidates.sort_unstable_by_key(|(_, token)| *token);
        pick(&self.candidates, choice.draw())
    }

    /// Keeps the fewest of the likeliest candidates that have `top_p` of the whole weight.
    fn keep_nucleus(&mut self, top_p: f64) {
        self.candidates.sort_unstable_by_key(|(_, token)| *token);
        let wanted = top_p * weight_of(&self.candidates);
        let mut look = FIRST_LOOK;
        loop {
            let n = look.min(self.candidates.len());
            if n < self.candidates.len() {
                self.candidates.select_nth_unstable_by(n, likelier);
            }
            let Some(head) = self.candidates.get_mut(..n) else {
                return;
            };
            head.sort_unstable_by(likelier);
            let mut sum = 0.0;
            let reached = head.iter().position(|(weight, _)| {
                sum += f64::from(*weight);
                sum >= wanted
            });
            if let Some(last) = reached {
                self.candidates.truncate(last + 1);
                return;
            }
            if n == self.candidates.len() {
                return;
            }
            look = look.saturating_mul(8);
        }
    }
}

fn repeats(o: &SamplingOptions) -> bool {
    o.repetition_penalty != 1.0
}

/// Bias, penalties and mask.
fn adjust(logits: &mut [f32], choice: &mut Choice) {
    let o = choice.sampling.options();
    let at = |token: u32| usize::try_from(token).unwrap_or(usize::MAX);
    for (token, bias) in &o.logit_bias {
        if let Some(logit) = logits.get_mut(at(*token)) {
            *logit += bias;
        }
    }
    for (token, seen) in &choice.seen {
        let Some(logit) = logits.get_mut(at(*token)) else {
            continue;
        };
        if *logit > 0.0 {
            *logit /= o.repetition_penalty;
        } else {
            *logit *= o.repetition_penalty;
        }
        if seen.generated > 0 {
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^24")]
            let count = seen.generated as f32;
            *logit -= o.frequency_penalty * count + o.presence_penalty;
        }
    }
    if let Some(mask) = &mut choice.mask {
        mask.apply(logits);
    }
}

/// The likeliest token, the lowest id of equals; `None` if none is possible.
fn argmax(logits: &[f32]) -> Option<u32> {
    let mut best = f32::NEG_INFINITY;
    let mut found = None;
    for (token, &logit) in (0_u32..).zip(logits) {
        if logit > best {
            best = logit;
            found = Some(token);
        }
    }
    found
}

/// Likelier first, the lower id of equals first.
fn likelier(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

fn weight_of(candidates: &[Candidate]) -> f64 {
    candidates
        .iter()
        .map(|(weight, _)| f64::from(*weight))
        .sum()
}

/// The candidate at the share `at` of the whole weight.
fn pick(candidates: &[Candidate], at: f64) -> Option<u32> {
    let wanted = at * weight_of(candidates);
    let mut sum = 0.0;
    for (weight, token) in candidates {
        sum += f64::from(*weight);
        if sum > wanted {
            return Some(*token);
        }
    }
    // Only rounding leads here.
    candidates.last().map(|(_, token)| *token)
}
