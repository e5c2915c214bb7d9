//! `bailiwick bench`: how fast a model reads and writes on this machine, by size of prompt and batch.
//!
//! It measures the model alone, as llama-bench does: no HTTP, no queue, no sampling. What the engine adds
//! is measured in `benches/`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use candle_core::Device;

use super::say;
use crate::config::Environment;
use crate::formats::Manifests;
use crate::model::{
    BlockForm, CausalLm, KvCache, LogitRows, RaggedBatch, SequenceSlice, load, open_path,
};
use crate::prompt::Prompt;
use crate::types::{KvFormat, SharedClock, SystemClock};

/// Tokens of a cache block.
const BLOCK_TOKENS: usize = 32;

#[derive(Debug, clap::Args)]
pub(super) struct BenchArgs {
    /// A model by name, from the models' folder
    #[arg(long, value_name = "NAME", default_value = "smollm2-135m-instruct")]
    model: String,
    /// A GGUF file, or a folder with safetensors, instead
    #[arg(long, value_name = "PATH", conflicts_with = "model")]
    file: Option<PathBuf>,
    /// Threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Lengths of prompts to read
    #[arg(
        long,
        value_name = "TOKENS",
        value_delimiter = ',',
        default_value = "512,2048"
    )]
    prompt: Vec<usize>,
    /// Numbers of sequences to write at a time
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        default_value = "1,4,8,16"
    )]
    batch: Vec<usize>,
    /// Tokens that each sequence writes
    #[arg(long, value_name = "N", default_value_t = 64)]
    tokens: usize,
    /// Tokens that each sequence has read before it writes
    #[arg(long, value_name = "TOKENS", default_value_t = 0)]
    context: usize,
    /// How keys and values are kept: f16 or q8
    #[arg(long, value_name = "FORM", default_value_t)]
    kv_cache: KvFormat,
    /// Tokens of a prompt that are read in one step
    #[arg(long, value_name = "N", default_value_t = 512)]
    chunk: usize,
    /// Rounds of each measurement; the median counts. More than one follow a round that doesn't count
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Print one JSON object per measurement
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    ensure!(
        args.rounds > 0 && args.tokens > 0 && args.chunk > 0,
        "--rounds, --tokens and --chunk must be at least 1"
    );
    let file = match &args.file {
        Some(file) => file.clone(),
        None => weights_of(&args.model)?,
    };
    let source = open_path(&file)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = args.threads.unwrap_or(cores);
    let mut bench = Bench {
        model: load(&*source, &Device::Cpu, threads)?,
        clock: SystemClock::shared(),
        chunk: args.chunk,
        form: BlockForm {
            tokens: BLOCK_TOKENS,
            format: args.kv_cache,
        },
    };
    if !args.json {
        say(&format!("{}, {threads} threads", file.display()));
        say("| work | tokens/s |\n|---|---:|");
    }
    for &len in &args.prompt {
        let rate = median(args.rounds, || {
            bench.prefill(len).map(|took| rate(len, took))
        })?;
        report(args.json, "prefill", len, rate);
    }
    for &batch in &args.batch {
        ensure!(batch > 0, "--batch must be at least 1");
        let tokens = batch * args.tokens;
        let rate = median(args.rounds, || {
            bench
                .decode(batch, (args.context, args.tokens))
                .map(|took| rate(tokens, took))
        })?;
        report(args.json, "decode", batch, rate);
    }
    Ok(ExitCode::SUCCESS)
}

fn weights_of(model: &str) -> anyhow::Result<PathBuf> {
    let manifests = Manifests::shipped_and(None)?;
    let manifest = manifests.find(model)?;
    let weights = manifest
        .files
        .iter()
        .find(|file| file.name.ends_with(".gguf"));
    let weights = weights.with_context(|| format!("{model} has no GGUF file"))?;
    let dir = Environment::read().default_models_dir();
    Ok(dir.join(model).join(&weights.name))
}

fn report(json: bool, work: &str, size: usize, rate: f64) {
    if json {
        let line = serde_json::json!({"work": work, "size": size, "tokens_per_second": rate});
        say(&line.to_string());
    } else if work == "prefill" {
        say(&format!("| prefill, {size} tokens | {rate:.0} |"));
    } else {
        say(&format!("| decode, batch {size} | {rate:.0} |"));
    }
}

fn rate(tokens: usize, took: Duration) -> f64 {
    tokens as f64 / took.as_secs_f64()
}

/// The median of `rounds` results. Of several, after one that doesn't count: a single one may take minutes.
fn median(rounds: usize, mut measure: impl FnMut() -> anyhow::Result<f64>) -> anyhow::Result<f64> {
    if rounds > 1 {
        measure()?;
    }
    let mut found = (0..rounds)
        .map(|_| measure())
        .collect::<anyhow::Result<Vec<f64>>>()?;
    found.sort_by(f64::total_cmp);
    found.get(rounds / 2).copied().context("no rounds")
}

struct Bench {
    model: Box<dyn CausalLm>,
    clock: SharedClock,
    chunk: usize,
    form: BlockForm,
}

impl Bench {
    /// Reads a prompt.
    fn prefill(&mut self, len: usize) -> anyhow::Result<Duration> {
        ensure!(len > 0, "--prompt must be at least 1");
        let blocks = len.div_ceil(BLOCK_TOKENS);
        let mut cache = self.model.new_cache(blocks, self.form)?;
        let start = self.clock.instant();
        self.read(
            &Prompt::synthetic(len, 1),
            &blocks_of(0, blocks),
            &mut cache,
        )?;
        Ok(self.clock.instant().duration_since(start))
    }

    /// Reads a prompt into `blocks`.
    fn read(&mut self, prompt: &Prompt, blocks: &[u32], cache: &mut KvCache) -> anyhow::Result<()> {
        let len = prompt.tokens().len();
        for (number, chunk) in prompt.tokens().chunks(self.chunk).enumerate() {
            let context = number * self.chunk;
            let last = context + chunk.len() == len;
            let batch = RaggedBatch {
                tokens: chunk.to_vec(),
                sequences: vec![SequenceSlice {
                    tokens: 0..chunk.len(),
                    context,
                    blocks: blocks.to_vec(),
                    logits: if last {
                        LogitRows::Last
                    } else {
                        LogitRows::None
                    },
                    adapter: None,
                }],
            };
            self.model.forward(&batch, cache)?;
        }
        Ok(())
    }

    /// Writes `tokens` tokens of each of `n` sequences, after `context` others whose time does not count.
    fn decode(&mut self, n: usize, (context, tokens): (usize, usize)) -> anyhow::Result<Duration> {
        let per = (context + tokens).div_ceil(BLOCK_TOKENS);
        let mut cache = self.model.new_cache(n * per, self.form)?;
        for (index, seed) in (0..n).zip(1000..) {
            let prompt = Prompt::synthetic(context, seed);
            self.read(&prompt, &blocks_of(index, per), &mut cache)?;
        }
        let made_up: Vec<Prompt> = (0_u64..)
            .take(n)
            .map(|seed| Prompt::synthetic(tokens, seed))
            .collect();
        let start = self.clock.instant();
        for step in 0..tokens {
            let mut batch = RaggedBatch::default();
            for (index, prompt) in made_up.iter().enumerate() {
                batch.tokens.extend(prompt.tokens().get(step));
                batch.sequences.push(SequenceSlice {
                    tokens: index..index + 1,
                    context: context + step,
                    blocks: blocks_of(index, per),
                    logits: LogitRows::Last,
                    adapter: None,
                });
            }
            self.model.forward(&batch, &mut cache)?;
        }
        Ok(self.clock.instant().duration_since(start))
    }
}

/// The blocks of sequence `index` where each has `per`.
fn blocks_of(index: usize, per: usize) -> Vec<u32> {
    (0_u32..).skip(index * per).take(per).collect()
}
