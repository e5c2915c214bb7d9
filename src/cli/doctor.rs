//! `bailiwick doctor`: what this machine can enforce, proved in a child process.

use std::process::ExitCode;

use crate::sandbox;

use super::say;

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// Write JSON
    #[arg(long)]
    json: bool,
    /// Look at a running server too
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
}

pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut report = sandbox::probe();
    if let Some(pid) = args.pid {
        report.server = Some(sandbox::process(pid)?);
    }
    if args.json {
        say(&serde_json::to_string_pretty(&report)?);
    } else {
        say(&report.to_string());
    }
    Ok(if report.healthy() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
