//! `bailiwick redact`: standard input to standard output.

use std::process::ExitCode;

use crate::redact::stdio::{Mode, run as redact};
use crate::redact::{Redactor, RedactorOptions};
use crate::types::Jurisdiction;

#[derive(Debug, clap::Args)]
pub(super) struct RedactArgs {
    /// Read one {"id", "text"} per line and write {"id", "text", "spans"}; offsets in code points
    #[arg(long)]
    jsonl: bool,
    /// Countries whose local formats are likely, the likeliest first
    #[arg(
        long,
        value_name = "CODES",
        value_delimiter = ',',
        default_value = "DE,US,GB,FR,ES,IT,NL"
    )]
    countries: Vec<String>,
}

pub(super) fn run(args: &RedactArgs) -> anyhow::Result<ExitCode> {
    let countries: Vec<Jurisdiction> = args
        .countries
        .iter()
        .map(|code| code.parse())
        .collect::<Result<_, _>>()?;
    let redactor = Redactor::new(RedactorOptions {
        countries,
        ..RedactorOptions::default()
    })?;
    let mode = if args.jsonl {
        Mode::JsonLines
    } else {
        Mode::Text
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    redact(&redactor, mode, &mut std::io::stdin().lock(), &mut out)?;
    Ok(ExitCode::SUCCESS)
}
