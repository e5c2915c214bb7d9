//! The server and its tools.

use std::process::ExitCode;

fn main() -> ExitCode {
    bailiwick::cli::run()
}
