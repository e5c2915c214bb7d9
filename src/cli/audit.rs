//! `bailiwick audit`: verify, show, export.

use std::process::ExitCode;

use clap::Subcommand;

use crate::audit;
use crate::types::EntryId;

use super::{DataDir, say};

#[derive(Debug, clap::Args)]
pub(super) struct AuditCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Recompute everything: every entry, every checkpoint's root and signature
    Verify(DataDir),
    /// Show an entry and the proof that it is in the tree
    Show {
        /// The entry's number, as in the x-bailiwick-audit-entry header
        entry: u64,
        #[command(flatten)]
        data: DataDir,
    },
    /// Write all entries to standard output
    Export {
        /// jsonl, csv or ocsf
        #[arg(long, default_value = "jsonl")]
        format: String,
        #[command(flatten)]
        data: DataDir,
    },
}

pub(super) fn run(command: &AuditCommand) -> anyhow::Result<ExitCode> {
    match &command.action {
        Action::Verify(data) => {
            let verification = audit::verify(&data.resolve()?)?;
            say(&serde_json::to_string_pretty(&verification)?);
        }
        Action::Show { entry, data } => {
            let shown = audit::show(&data.resolve()?, EntryId(*entry))?;
            say(&serde_json::to_string_pretty(&shown)?);
        }
        Action::Export { format, data } => {
            let format = match format.as_str() {
                "jsonl" => audit::Format::JsonLines,
                "csv" => audit::Format::Csv,
                "ocsf" => audit::Format::Ocsf,
                _ => anyhow::bail!("--format is jsonl, csv or ocsf"),
            };
            audit::export(&data.resolve()?, format, &mut std::io::stdout().lock())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
