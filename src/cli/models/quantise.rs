//! `bailiwick models quantize`: a model as one GGUF file with smaller weights.

use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use candle_core::Device;
use candle_core::quantized::GgmlDType;

use super::super::say;
use super::all_cores;
use super::opened::Opened;
use super::perplexity::{WINDOW, perplexity, tokens};
use crate::formats::gguf::writer::Writer;
use crate::model::{Conversion, conversions, load};
use crate::tokenizer::Tokenizer;
use crate::types::KvFormat;

/// The text that models are measured with where nobody names another.
const CHECK: &str = include_str!("check.txt");
/// Longest text to measure with, in bytes.
const MAX_CHECK: u64 = 4 << 20;
/// What says how a file is laid out, and is not the model's.
const LAYOUT: [&str; 3] = [
    "general.alignment",
    "general.file_type",
    "general.quantization_version",
];

#[derive(Debug, clap::Args)]
pub(super) struct QuantiseArgs {
    /// A folder with safetensors and a tokenizer, or a GGUF file
    source: PathBuf,
    /// The type of the matrices. Where rows are no multiple of 256, Q4_K, Q5_K and Q6_K become Q5_0, Q5_1 and Q8_0
    #[arg(long, value_name = "TYPE", value_enum, ignore_case = true)]
    to: Target,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
    /// A text to measure the source and the result with [default: a page about complaints and kettles, in English]
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Don't measure
    #[arg(long, conflicts_with = "check")]
    no_check: bool,
    /// Threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// The types that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    #[value(name = "F16")]
    F16,
    #[value(name = "Q8_0")]
    Q8_0,
    #[value(name = "Q6_K")]
    Q6K,
    #[value(name = "Q5_K")]
    Q5K,
    #[value(name = "Q5_1")]
    Q5_1,
    #[value(name = "Q5_0")]
    Q5_0,
    #[value(name = "Q4_K")]
    Q4K,
    #[value(name = "Q4_1")]
    Q4_1,
    #[value(name = "Q4_0")]
    Q4_0,
}

impl Target {
    /// The element type, and the number by which a GGUF file says what most of it is (`enum llama_ftype`).
    const fn codes(self) -> (GgmlDType, u32) {
        match self {
            Self::F16 => (GgmlDType::F16, 1),
            Self::Q4_0 => (GgmlDType::Q4_0, 2),
            Self::Q4_1 => (GgmlDType::Q4_1, 3),
            Self::Q8_0 => (GgmlDType::Q8_0, 7),
            Self::Q5_0 => (GgmlDType::Q5_0, 8),
            Self::Q5_1 => (GgmlDType::Q5_1, 9),
            Self::Q4K => (GgmlDType::Q4K, 15),
            Self::Q5K => (GgmlDType::Q5K, 17),
            Self::Q6K => (GgmlDType::Q6K, 18),
        }
    }
}

pub(super) fn run(args: &QuantiseArgs) -> anyhow::Result<()> {
    let there = args.out.exists();
    ensure!(
        !there || args.force,
        "{} is there already: --force writes over it",
        args.out.display()
    );
    let opened = Opened::open(&args.source)?;
    // What can't be measured is found out before an hour of work.
    let tokens = (!args.no_check)
        .then(|| read_tokens(&opened, args.check.as_deref()))
        .transpose()?;
    let threads = args.threads.unwrap_or_else(all_cores);
    let (dtype, _) = args.to.codes();
    say(&format!(
        "{}: {}, {} weights, to {}",
        args.source.display(),
        opened.architecture().escape_debug(),
        opened.weights(),
        word(dtype)
    ));
    let conversions = conversions(&*opened.source, dtype);
    report_others(&conversions);
    let partial = Partial::beside(&args.out)?;
    let bytes = write(&opened, &conversions, (args.to, threads), &partial)?;
    say(&format!("{}: {bytes} bytes", args.out.display()));
    if let Some(tokens) = tokens {
        let n = tokens.len();
        let before = measure(&opened, &tokens, threads)?;
        let after = measure(&Opened::open(&partial.0)?, &tokens, threads)?;
        say(&format!(
            "perplexity over {n} tokens: {before:.3} before, {after:.3} after, ratio {:.4}",
            after / before
        ));
    }
    partial.become_file(&args.out)
}

/// The text to measure with, as the model's own tokens.
pub(super) fn read_tokens(opened: &Opened, check: Option<&Path>) -> anyhow::Result<Vec<u32>> {
    let text = match check {
        Some(file) => read_check(file)?,
        None => CHECK.to_owned(),
    };
    tokens(&Tokenizer::from_gguf(&opened.metadata)?, &text)
}

fn read_check(file: &Path) -> anyhow::Result<String> {
    let context = || format!("can't read {}", file.display());
    let metadata = std::fs::metadata(file).with_context(context)?;
    let is_small = metadata.is_file() && metadata.len() <= MAX_CHECK;
    ensure!(is_small, "{}: not a file of 4 MiB or less", context());
    std::fs::read_to_string(file).with_context(context)
}

/// Says which tensors get another type than the one that was asked for, alike ones together.
fn report_others(conversions: &[Conversion<'_>]) {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for conversion in conversions {
        let Some(reason) = conversion.reason else {
            continue;
        };
        let name = &conversion.tensor.name;
        let module = match name
            .strip_prefix("blk.")
            .and_then(|rest| rest.split_once('.'))
        {
            Some((_, module)) => format!("blk.*.{module}"),
            None => name.clone(),
        };
        // Names out of a file are not to move the terminal's cursor.
        let module = module.escape_debug();
        let line = format!("{module}: {}, since {reason}", word(conversion.dtype));
        match kinds.iter_mut().find(|(known, _)| *known == line) {
            Some((_, n)) => *n += 1,
            None => kinds.push((line, 1)),
        }
    }
    for (line, n) in kinds {
        say(&format!("  {line} ({n})"));
    }
}

/// A type as people write it: `Q4_K`.
fn word(dtype: impl std::fmt::Debug) -> String {
    let name = format!("{dtype:?}");
    match name.strip_suffix('K') {
        Some(bits) => format!("{bits}_K"),
        None => name,
    }
}

fn write(
    opened: &Opened,
    conversions: &[Conversion<'_>],
    (target, threads): (Target, usize),
    partial: &Partial,
) -> anyhow::Result<u64> {
    let mut writer = Writer::new();
    for (key, value) in opened.metadata.iter() {
        if !LAYOUT.contains(&key) {
            writer.metadata(key, value.clone());
        }
    }
    writer.metadata("general.file_type", target.codes().1);
    writer.metadata("general.quantization_version", 2_u32);
    let lengths: Vec<usize> = conversions
        .iter()
        .map(|own| writer.declare(&own.tensor.name, own.dtype, &own.tensor.shape))
        .collect();
    let context = || format!("can't write {}", partial.0.display());
    let file = std::fs::File::create_new(&partial.0).with_context(context)?;
    let mut out = BufWriter::new(file);
    writer.write_head(&mut out).with_context(context)?;
    let mut progress = Progress::new(conversions.len());
    for (conversion, length) in conversions.iter().zip(lengths) {
        progress.step(&conversion.tensor.name);
        let bytes = conversion.bytes(&*opened.source, threads)?;
        let name = &conversion.tensor.name;
        ensure!(
            bytes.len() == length,
            "tensor {name:?} came out too long or too short"
        );
        writer
            .write_tensor(&bytes, &mut out)
            .with_context(context)?;
    }
    drop(progress);
    let file = out
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error);
    let file = file.with_context(context)?;
    file.sync_all().with_context(context)?;
    Ok(file.metadata().with_context(context)?.len())
}

fn measure(opened: &Opened, tokens: &[u32], threads: usize) -> anyhow::Result<f64> {
    let mut model = load(&*opened.source, &Device::Cpu, threads)?;
    perplexity(&mut *model, tokens, (WINDOW, KvFormat::F16))
}

/// A file that is not whole yet, beside the one that it becomes; removed where it doesn't.
struct Partial(PathBuf);

impl Partial {
    fn beside(out: &Path) -> anyhow::Result<Self> {
        let name = out.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("{} names no file", out.display()))?;
        let process = std::process::id();
        Ok(Self(
            out.with_file_name(format!(".{name}.{process}.partial")),
        ))
    }

    fn become_file(self, out: &Path) -> anyhow::Result<()> {
        std::fs::rename(&self.0, out).with_context(|| format!("can't write {}", out.display()))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// One line on a terminal that says how far it is.
struct Progress {
    is_shown: bool,
    done: usize,
    all: usize,
}

impl Progress {
    fn new(all: usize) -> Self {
        Self {
            is_shown: std::io::stderr().is_terminal(),
            done: 0,
            all,
        }
    }

    fn step(&mut self, name: &str) {
        self.done += 1;
        if self.is_shown {
            let (done, all) = (self.done, self.all);
            let _ = write!(
                std::io::stderr(),
                "\r\x1b[K{done}/{all} {}",
                name.escape_debug()
            );
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
