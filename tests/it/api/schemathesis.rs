//! schemathesis, which makes up requests from our OpenAPI document, against the real server.
//!
//! Every request that the document allows must be answered as it says, every one that it does not allow must be
//! refused, nothing may fail, and nothing may be given without a key.

use std::path::Path;
use std::process::Command;

use super::server::{Home, Server};

const SETUP: &str = "tests/schemathesis/setup";
/// Requests per operation and phase: bounded by the test's time, not by what could be found.
const EXAMPLES: &str = "12";
const SEED: &str = "20261124";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,negative_data_rejection,\
                      ignored_auth";

fn packages() -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(here.join(SETUP)).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "schemathesis is not there and could not be brought; run `{SETUP}` where pip works:\n{errors}"
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What schemathesis printed.
struct Run {
    succeeded: bool,
    out: String,
    err: String,
}

impl Run {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            succeeded: output.status.success(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// How many requests were made, and how many of them were answered as they must be.
    fn counts(&self) -> Option<(u32, u32)> {
        self.out.lines().find_map(|line| {
            let (made, rest) = line.trim().split_once(" generated, ")?;
            let (passed, _) = rest.split_once(" passed")?;
            Some((made.parse().ok()?, passed.parse().ok()?))
        })
    }

    /// Whether it ended by an exception of its own or of Python's while every answer that it got was right: that says
    /// nothing of the server.
    fn failed_by_itself(&self) -> bool {
        !self.succeeded
            && self.out.contains("Runtime Error: ")
            && !self.out.contains("Network Error")
            && !self.out.contains("Server Unavailable")
            && self.counts().is_some_and(|(made, passed)| made == passed)
    }

    /// What went wrong, without the list of all that was done.
    fn errors(&self) -> String {
        let from = self.out.find("= ERRORS =").unwrap_or(0);
        let to = self.out.find("= SUMMARY =").unwrap_or(self.out.len());
        format!("{}\n{}", self.out.get(from..to).unwrap_or(""), self.err)
    }
}

/// Runs schemathesis on `document` against a server of its own, with the key in the header `with_key`; at least
/// `least` requests must be made.
fn check(
    document: impl FnOnce(&Server) -> Vec<String>,
    with_key: impl FnOnce(&Server) -> String,
    least: u32,
) {
    let limits = ("requests_per_minute = 600", "requests_per_minute = 1000000");
    let server = Home::edited(&[limits]).start();
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis");
    let scratch = tempfile::tempdir().unwrap();
    let (document, key) = (document(&server), with_key(&server));
    let mut command = Command::new("python3");
    command
        .args(["-m", "schemathesis.cli", "run"])
        .args(document)
        .args(["--header", &key])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
        // One worker: Python 3.11 counts its depth in source code for all threads together, and trips over it when
        // two read some at once (python/cpython#106905).
        .args(["--max-examples", EXAMPLES, "--seed", SEED, "--workers", "1"])
        .args([
            "--continue-on-failure",
            "--no-shrink",
            "--request-timeout",
            "180",
        ])
        .args(["--no-color", "--output-truncate", "false"])
        .env("PYTHONPATH", format!("{}:{}", packages(), hooks.display()))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", "hooks")
        // A proxy of the surroundings is none of the test's.
        .env("NO_PROXY", "127.0.0.1")
        .current_dir(scratch.path());
    let mut run = Run::of(&mut command);
    for _ in 0..2 {
        if !run.failed_by_itself() {
            break;
        }
        run = Run::of(&mut command);
    }
    assert!(run.succeeded, "{}\n{}", run.out, run.errors());
    let (made, passed) = run
        .counts()
        .unwrap_or_else(|| panic!("no counts in\n{}", run.out));
    assert!(
        made == passed && made > least,
        "{passed} of {made}:\n{}",
        run.out
    );
    // Whatever was sent, nothing of it may have failed inside.
    let metrics = server.get("/metrics").text();
    let failed = metrics
        .lines()
        .find(|line| line.starts_with("bailiwick_requests_total") && line.contains("status=\"5"));
    assert_eq!(failed, None);
}

#[test]
fn made_up_requests_get_what_the_document_says() {
    let own = |server: &Server| vec![format!("http://{}/openapi.json", server.address)];
    let bearer = |server: &Server| format!("Authorization: Bearer {}", server.key);
    check(own, bearer, 1_000);
}

#[test]
fn made_up_requests_get_what_the_connectors_document_says() {
    let connector = |server: &Server| {
        let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/open-connector.json");
        let url = format!("http://{}/v1/connector", server.address);
        vec![document.to_owned(), "--url".to_owned(), url]
    };
    // As Salesforce sends it.
    let api_key = |server: &Server| format!("api-key: {}", server.key);
    check(connector, api_key, 100);
}
