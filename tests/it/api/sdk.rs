//! The official `openai` SDK for Python against the real server.

use std::path::Path;
use std::process::Command;

use super::server::Server;

const SETUP: &str = "tests/sdk/setup";

/// The folder of the SDK's packages. Brought by pip the first time; afterwards no network is needed.
fn packages() -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(here.join(SETUP)).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the OpenAI SDK is not there and could not be brought; run `{SETUP}` where pip works:\n{errors}"
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_official_sdk_is_served() {
    let server = Server::shared();
    let output = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/openai_sdk.py"))
        .env("PYTHONPATH", packages())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("BAILIWICK_URL", format!("http://{}/v1", server.address))
        .env("BAILIWICK_KEY", &server.key)
        // A proxy of the surroundings is none of the test's.
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    let (out, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{errors}");
    assert!(out.contains("tests passed with openai"), "{out}");
}
