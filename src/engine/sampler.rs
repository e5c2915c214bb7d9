//! Chooses the next token from a row of logits.
//!
//! In this order: logit bias → repetition, frequency and presence penalties → mask → temperature →
//! min-p → top-k → top-p → draw. The mask comes last of what changes logits, so that nothing undoes
//! it. Greedy decoding stops after the mask and takes the likeliest token, the lowest id of equals.
//!
//! The draw for the `n`-th generated token reads the `n`-th number of a ChaCha stream that the
//! sequence's seed starts, so a choice depends on the logits, the seed and the position alone.
//! NaN counts as impossible. Nothing sorts the vocabulary: the few likeliest are found by the maxima of
//! stretches, and a draw from all goes by their sums.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng};

use crate::kernels::{Level, weigh};

use super::event::Logprobs;
use super::mask::TokenMask;
use super::sampling::{Sampling, SamplingOptions};

/// How many candidates the first partial sort of top-p looks at; eight times more each round.
const FIRST_LOOK: usize = 64;
/// Tokens that are summed, or looked through for the largest, at a time.
const STRETCH: usize = 64;

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
#[derive(Debug)]
pub(super) struct Sampler {
    level: Level,
    logits: Vec<f32>,
    weights: Vec<f32>,
    candidates: Vec<Candidate>,
}

/// A weight and its token.
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

    /// What the mask knows to come next.
    pub(super) fn expects(&self) -> Vec<u32> {
        let mask = self.mask.as_ref();
        mask.map_or_else(Vec::new, |mask| mask.expects())
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

impl Default for Sampler {
    fn default() -> Self {
        Self {
            level: Level::best(),
            logits: Vec::new(),
            weights: Vec::new(),
            candidates: Vec::new(),
        }
    }
}

impl Sampler {
    /// Chooses the next token and notes it in `choice`.
    pub(super) fn next(&mut self, row: &[f32], choice: &mut Choice) -> Result<u32, NoToken> {
        let plain = choice.is_plain();
        if !plain {
            self.logits.clear();
            self.logits.extend_from_slice(row);
            adjust(&mut self.logits, choice);
        }
        let logits = if plain { row } else { &self.logits };
        let token = match argmax(logits) {
            Some(top) if choice.sampling.options().temperature > 0.0 => {
                let max = usize::try_from(top).ok().and_then(|top| logits.get(top));
                let max = max.copied().unwrap_or_default();
                let options = choice.sampling.options();
                if max == f32::INFINITY {
                    // It is certain, and differences to it are no numbers.
                    Some(top)
                } else {
                    self.weights.resize(logits.len(), 0.0);
                    weigh(
                        self.level,
                        logits,
                        max,
                        options.temperature,
                        &mut self.weights,
                    );
                    self.random(choice)
                }
            }
            top => top,
        };
        let token = token.ok_or(NoToken)?;
        choice.accept(token);
        Ok(token)
    }

    /// Draws by the weights of all tokens.
    fn random(&mut self, choice: &Choice) -> Option<u32> {
        let o = choice.sampling.options();
        if o.min_p > 0.0 {
            // The likeliest weighs 1.
            let keep = |weight: &f32| if *weight >= o.min_p { *weight } else { 0.0 };
            self.weights
                .iter_mut()
                .for_each(|weight| *weight = keep(weight));
        }
        if let Some(k) = o.top_k {
            let k = usize::try_from(k).unwrap_or(usize::MAX);
            likeliest(&self.weights, k, &mut self.candidates);
            if o.top_p < 1.0 {
                let wanted = f64::from(o.top_p) * weight_of(&self.candidates);
                if let Some(n) = reaching(&self.candidates, wanted) {
                    self.candidates.truncate(n);
                }
            }
        } else if o.top_p < 1.0 {
            self.nucleus(f64::from(o.top_p));
        } else {
            return pick_dense(&self.weights, choice.draw());
        }
        // One order for every way here, so that a draw means the same token.
        self.candidates.sort_unstable_by_key(|(_, token)| *token);
        pick(&self.candidates, choice.draw())
    }

    /// Makes the fewest of the likeliest tokens that have `top_p` of the whole weight the candidates.
    fn nucleus(&mut self, top_p: f64) {
        let wanted = top_p * sums(&self.weights).sum::<f64>();
        let mut look = FIRST_LOOK;
        loop {
            largest_of(&self.weights, look, &mut self.candidates);
            let is_all = self.candidates.len() < look;
            if is_all || weight_of(&self.candidates) >= wanted {
                self.candidates.sort_unstable_by(likelier);
                if let Some(n) = reaching(&self.candidates, wanted) {
                    self.candidates.truncate(n);
                    return;
                }
                if is_all {
                    return;
                }
            }
            look = look.saturating_mul(8);
        }
    }
}

/// The sum of each stretch of [`STRETCH`] weights: in one fixed order, several at a time.
pub(super) fn sums(weights: &[f32]) -> impl Iterator<Item = f64> + '_ {
    weights.chunks(STRETCH).map(|stretch| {
        let mut lanes = [0.0_f64; 8];
        let (whole, rest) = stretch.as_chunks::<8>();
        for chunk in whole {
            for (lane, weight) in lanes.iter_mut().zip(chunk) {
                *lane += f64::from(*weight);
            }
        }
        let rest: f64 = rest.iter().map(|weight| f64::from(*weight)).sum();
        lanes.iter().sum::<f64>() + rest
    })
}

/// Writes the `k` largest weights above 0 to `out`, largest first, the lower id of equals first.
fn likeliest(weights: &[f32], k: usize, out: &mut Vec<Candidate>) {
    largest_of(weights, k, out);
    out.sort_unstable_by(likelier);
}

/// Writes the `k` largest weights above 0 to `out`, of equals those with the lower ids, in no order.
fn largest_of(weights: &[f32], k: usize, out: &mut Vec<Candidate>) {
    out.clear();
    // As many stretches have a weight of at least the k-th largest of their maxima: what is less is out.
    let mut maxima: Vec<f32> = weights.chunks(STRETCH).map(largest).collect();
    let mut least = f32::MIN_POSITIVE;
    if let Some(at) = k.checked_sub(1).filter(|at| *at < maxima.len()) {
        let (_, bound, _) = maxima.select_nth_unstable_by(at, |a, b| b.total_cmp(a));
        least = least.max(*bound);
    }
    for (stretch, first) in weights.chunks(STRETCH).zip((0_u32..).step_by(STRETCH)) {
        if largest(stretch) >= least {
            let tokens = stretch.iter().copied().zip(first..);
            out.extend(tokens.filter(|(weight, _)| *weight >= least));
        }
    }
    if k < out.len() {
        out.select_nth_unstable_by(k, likelier);
        out.truncate(k);
    }
}

/// The largest value that is a number.
pub(crate) fn largest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 8];
    let (whole, rest) = values.as_chunks::<8>();
    for chunk in whole {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            // Keeps the lane where the value is NaN.
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::NEG_INFINITY, f32::max)
}

/// How many of the candidates, from the first, weigh `wanted` together.
fn reaching(candidates: &[Candidate], wanted: f64) -> Option<usize> {
    let mut sum = 0.0;
    let last = candidates.iter().position(|(weight, _)| {
        sum += f64::from(*weight);
        sum >= wanted
    })?;
    Some(last + 1)
}

impl Logprobs {
    /// The chances by a row of logits of `token` and of the `n_top` likeliest.
    pub(super) fn of(row: &[f32], token: u32, n_top: usize) -> Self {
        let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exp = |logit: &f32| (f64::from(*logit) - f64::from(max)).exp();
        // NaN counts as impossible.
        let sum: f64 = row.iter().map(exp).filter(|x| !x.is_nan()).sum();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounded to the precision that is shown"
        )]
        let logprob = |logit: f32| (f64::from(logit) - f64::from(max) - sum.ln()) as f32;
        let mut top: Vec<Candidate> = row.iter().copied().zip(0..).collect();
        top.retain(|(logit, _)| !logit.is_nan());
        if n_top < top.len() {
            top.select_nth_unstable_by(n_top, likelier);
            top.truncate(n_top);
        }
        top.sort_unstable_by(likelier);
        let own = usize::try_from(token).ok().and_then(|at| row.get(at));
        Self {
            token,
            logprob: logprob(own.copied().unwrap_or(f32::NEG_INFINITY)),
            top: top
                .into_iter()
                .map(|(logit, token)| (token, logprob(logit)))
                .collect(),
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
pub(super) fn argmax(logits: &[f32]) -> Option<u32> {
    let max = largest(logits);
    let token = logits.iter().position(|logit| *logit == max)?;
    u32::try_from(token)
        .ok()
        .filter(|_| max > f32::NEG_INFINITY)
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

/// The token at the share `at` of the whole weight.
fn pick_dense(weights: &[f32], at: f64) -> Option<u32> {
    let wanted = at * sums(weights).sum::<f64>();
    let mut before = 0.0;
    let mut found = None;
    for (stretch, first) in sums(weights).zip((0_u32..).step_by(STRETCH)) {
        if stretch > 0.0 {
            found = Some((first, wanted - before));
        }
        before += stretch;
        if before > wanted {
            break;
        }
    }
    let (first, wanted) = found?;
    let start = usize::try_from(first).ok()?;
    let mut sum = 0.0;
    let mut last = None;
    for (weight, token) in weights.get(start..)?.iter().take(STRETCH).zip(first..) {
        if *weight > 0.0 {
            sum += f64::from(*weight);
            last = Some(token);
        }
        if sum > wanted {
            break;
        }
    }
    // Where only rounding kept the sum below, it is the last possible one.
    last
}
