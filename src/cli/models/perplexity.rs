//! `bailiwick models perplexity`: how well a model foresees a text, by its own vocabulary, on the engine's own
//! arithmetic.

use std::path::PathBuf;

use anyhow::ensure;
use candle_core::Device;

use super::super::say;
use super::all_cores;
use super::opened::Opened;
use super::quantise::read_tokens;
use crate::model::{BlockForm, CausalLm, LogitRows, RaggedBatch, SequenceSlice, load};
use crate::tokenizer::Tokenizer;
use crate::types::KvFormat;

/// Tokens that are foreseen from nothing but what is before them in the same window.
pub(super) const WINDOW: usize = 512;
/// Tokens of one step: each gives a row of logits as long as the vocabulary.
const STEP: usize = 32;
/// Tokens of a cache block.
const BLOCK: usize = 32;

#[derive(Debug, clap::Args)]
pub(super) struct PerplexityArgs {
    /// A folder with safetensors and a tokenizer, or a GGUF file
    source: PathBuf,
    /// How keys and values are kept: f16, q8
    #[arg(
        long,
        value_name = "FORMS",
        value_delimiter = ',',
        default_value = "f16"
    )]
    kv_cache: Vec<KvFormat>,
    /// A text to measure with [default: a page about complaints and kettles, in English]
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Tokens that are foreseen from nothing but what is before them in the same window
    #[arg(long, value_name = "TOKENS", default_value_t = WINDOW)]
    window: usize,
    /// Threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

pub(super) fn run(args: &PerplexityArgs) -> anyhow::Result<()> {
    ensure!(args.window > 1, "--window must be at least 2");
    let opened = Opened::open(&args.source)?;
    let tokens = read_tokens(&opened, args.check.as_deref())?;
    let threads = args.threads.unwrap_or_else(all_cores);
    let mut model = load(&*opened.source, &Device::Cpu, threads)?;
    let mut first = None;
    for format in &args.kv_cache {
        let found = perplexity(&mut *model, &tokens, (args.window, *format))?;
        let first = *first.get_or_insert(found);
        let (n, ratio) = (tokens.len(), found / first);
        say(&format!(
            "perplexity over {n} tokens, keys and values in {format}: {found:.3}, ratio {ratio:.4}"
        ));
    }
    Ok(())
}

/// The tokens of a text that a model is measured with.
pub(super) fn tokens(tokenizer: &Tokenizer, text: &str) -> anyhow::Result<Vec<u32>> {
    let tokens = tokenizer.encode_framed(text)?;
    ensure!(
        tokens.len() >= 2,
        "the text to measure with has fewer than two tokens"
    );
    Ok(tokens)
}

/// The perplexity of `model` on `tokens`: e to the mean surprise, in windows that know nothing of each other.
pub(super) fn perplexity(
    model: &mut dyn CausalLm,
    tokens: &[u32],
    (window, format): (usize, KvFormat),
) -> anyhow::Result<f64> {
    let window = window.min(model.shape().context);
    let (mut surprise, mut n) = (0.0, 0_usize);
    for window in tokens.chunks(window) {
        let (sum, count) = of_window(model, window, format)?;
        (surprise, n) = (surprise + sum, n + count);
    }
    ensure!(n > 0, "the text to measure with is too short");
    Ok((surprise / n as f64).exp())
}

/// The sum of the surprises at all tokens but the first, and how many they are.
fn of_window(
    model: &mut dyn CausalLm,
    tokens: &[u32],
    format: KvFormat,
) -> anyhow::Result<(f64, usize)> {
    let form = BlockForm {
        tokens: BLOCK,
        format,
    };
    let blocks = tokens.len().div_ceil(BLOCK);
    let mut cache = model.new_cache(blocks, form)?;
    let (mut sum, mut n) = (0.0, 0);
    for (step, chunk) in tokens.chunks(STEP).enumerate() {
        let context = step * STEP;
        let batch = RaggedBatch {
            tokens: chunk.to_vec(),
            sequences: vec![SequenceSlice {
                tokens: 0..chunk.len(),
                context,
                blocks: (0_u32..).take(blocks).collect(),
                logits: LogitRows::All,
                adapter: None,
            }],
        };
        let logits = model.forward(&batch, &mut cache)?;
        for row in 0..chunk.len() {
            if let Some(next) = tokens.get(context + row + 1) {
                sum += surprise(logits.row(row), *next);
                n += 1;
            }
        }
    }
    Ok((sum, n))
}

/// The negative logarithm of the probability of `token`.
fn surprise(logits: &[f32], token: u32) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let distance = |logit: f32| f64::from(logit) - f64::from(largest);
    let sum: f64 = logits.iter().map(|logit| distance(*logit).exp()).sum();
    let own = usize::try_from(token)
        .ok()
        .and_then(|token| logits.get(token));
    sum.ln() - own.map_or(f64::NEG_INFINITY, |logit| distance(*logit))
}

#[cfg(test)]
mod tests {
    use super::surprise;

    #[test]
    fn surprise_is_the_logarithm_of_the_odds() {
        for (logits, token, expected) in [
            (&[0.0, 0.0][..], 1, 2.0_f64.ln()),
            (&[1.0, 1.0, 1.0, 1.0], 0, 4.0_f64.ln()),
            (&[3.0_f32.ln(), 0.0], 0, (4.0_f64 / 3.0).ln()),
            (&[1000.0, 0.0], 0, 0.0),
        ] {
            let found = surprise(logits, token);
            assert!(
                (found - expected).abs() < 1e-6,
                "{logits:?} {token}: {found}"
            );
        }
        assert!(surprise(&[0.0], 7).is_infinite());
    }
}
