//! `bailiwick models`: what is done with a model before it is served.

mod manifest;
mod opened;
mod perplexity;
mod quantise;

use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct ModelsCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the manifest of a model of your own, which pins its files; the model is loaded to see that it can be
    Manifest(manifest::ManifestArgs),
    /// Say how well a model foresees a text, with its keys and values kept in full or in short
    Perplexity(perplexity::PerplexityArgs),
    /// Write a model as one GGUF file with smaller weights, and measure what that costs
    Quantize(quantise::QuantiseArgs),
}

pub(super) fn run(command: &ModelsCommand) -> anyhow::Result<ExitCode> {
    match &command.action {
        Action::Manifest(args) => manifest::run(args)?,
        Action::Perplexity(args) => perplexity::run(args)?,
        Action::Quantize(args) => quantise::run(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Threads, where nobody says how many.
fn all_cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
