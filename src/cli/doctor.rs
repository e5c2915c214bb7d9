//! `bailiwick doctor`: what this machine can enforce, proved in a child process.

use std::process::ExitCode;

use crate::sandbox;

use super::say;

const AFTER_HELP: &str = "\
Exit status:
  0  every way out is closed in the trial, and in the named server
  1  a way out is open, this machine lacks a mechanism, or there is no such process; the output says which
  2  the command line is wrong

Run it as the user, and in the container, that the server would have.";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct DoctorArgs {
    /// Write JSON: host, trial with every way and its outcome, server, and `healthy`
    #[arg(long)]
    json: bool,
    /// Look at a running server's threads and sockets too
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
}

pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut report = sandbox::probe();
    if let Some(pid) = args.pid {
        report.server = Some(sandbox::process(pid)?);
    }
    if args.json {
        let mut value = serde_json::to_value(&report)?;
        value["healthy"] = report.healthy().into();
        say(&serde_json::to_string_pretty(&value)?);
    } else {
        say(&report.to_string());
    }
    Ok(if report.healthy() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
