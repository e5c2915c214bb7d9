//! The recogniser of names, through the API: with a model of the operator's own, which knows names that nothing else
//! could find, and without.

use std::path::Path;

use bailiwick::formats::gguf;
use bailiwick::types::Digest;
use candle_core::quantized::GgmlDType;
use serde_json::{Value, json};

use super::server::{Home, Server};

#[path = "../../../src/model/tagger/fixture.rs"]
#[expect(dead_code, reason = "noise is for other tests")]
mod fixture;

const WORDS: &[(&str, &str)] = &[
    ("zorblat", "B-PERSON"),
    ("quimby", "I-PERSON"),
    ("ulmstadt", "B-LOCATION"),
    ("acmeco", "B-ORGANISATION"),
];

const TEXT: &str = "yesterday i met zorblat quimby of acmeco in ulmstadt about the kettle";

/// Writes a model's folder; gives its digest.
fn model(dir: &Path) -> String {
    let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
    let files = [
        ("pii-ner.gguf", fixture::by_hand(WORDS)),
        ("tokenizer.json", fixture::tokenizer(&words).into_bytes()),
    ];
    let mut manifest = "name = \"by-hand\"\nkind = \"token-classification\"\narchitecture = \"bert\"\nformat = \"gguf\"\n\
                        description = \"four words\"\n[licence]\nspdx = \"CC0-1.0\"\nurl = \"https://example.com\"\n"
        .to_owned();
    let mut lines = String::new();
    for (name, bytes) in files {
        let (digest, size) = (Digest::of(&bytes), bytes.len());
        manifest +=
            &format!("[[file]]\nname = \"{name}\"\nsha256 = \"{digest}\"\nbytes = {size}\n");
        lines += &format!("{digest}  {name}\n");
        std::fs::write(dir.join(name), bytes).unwrap();
    }
    std::fs::write(dir.join("manifest.toml"), manifest).unwrap();
    Digest::of(lines.as_bytes()).to_string()
}

fn home(names: &str) -> Home {
    Home::edited(&[("[redaction.names]", &format!("[redaction.names]\n{names}"))])
}

/// What the model of a chat reads.
fn seen_by_model(server: &Server, text: &str) -> String {
    let response = server.chat(&json!({
        "model": "default",
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 1,
        "bailiwick": {"explain": true},
    }));
    assert_eq!(response.status(), 200, "{}", response.text());
    response.json()["bailiwick"]["masked_messages"].to_string()
}

#[test]
fn a_name_that_only_the_model_of_names_knows_reaches_no_other_model() {
    let dir = tempfile::tempdir().unwrap();
    let digest = model(dir.path());
    let server = home(&format!("model = {:?}", dir.path())).start();
    let seen = seen_by_model(&server, TEXT);
    for hidden in ["zorblat", "quimby", "ulmstadt"] {
        assert!(!seen.contains(hidden), "{seen}");
    }
    // A company is no natural person.
    let masked = "i met [PERSON_1] of acmeco in [LOCATION_1] about the kettle";
    assert!(seen.contains(masked), "{seen}");
    let redacted = server.post("/v1/redact", &json!({"input": [TEXT, "zorblat"]}));
    let expected = format!("yesterday {masked}");
    let output = &redacted.json()["output"];
    assert_eq!(output[0], json!(expected), "{output}");
    assert!(!output[1].to_string().contains("zorblat"), "{output}");
    // The texts of an embedding too, each on its own.
    let embed = |text: &str| -> Value {
        let body = json!({"model": "all-minilm-l6-v2", "input": text});
        server.post("/v1/embeddings", &body).json()["data"][0]["embedding"].clone()
    };
    assert_eq!(embed("ask zorblat"), embed("ask zorblat quimby"));
    let metric = format!("bailiwick_names_model_info{{digest=\"{digest}\"}} 1");
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains(&metric), "{metrics}");
    assert!(server.output().contains(&digest));
}

#[test]
fn without_it_patterns_and_records_find_alone() {
    for (home, off) in [
        (
            Home::edited(&[("enabled = true", "enabled = false")]),
            false,
        ),
        (Home::demo(), true),
    ] {
        let mut command = home.command();
        command.args(["--listen", "127.0.0.1:0"]);
        if off {
            command.arg("--no-ner");
        }
        let server = home.start_by(command);
        let seen = seen_by_model(&server, &format!("{TEXT}, ask a@example.com"));
        assert!(
            seen.contains("zorblat quimby of acmeco in ulmstadt"),
            "{seen}"
        );
        assert!(seen.contains("[EMAIL_1]"), "{seen}");
        let metrics = server.get("/metrics").text();
        assert!(
            metrics.contains("bailiwick_names_model_info 0"),
            "{metrics}"
        );
    }
}

#[test]
fn texts_that_take_too_long_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    model(dir.path());
    let own = format!("model = {:?}\nthreads = 1", dir.path());
    let server = Home::edited(&[
        ("[redaction.names]", &format!("[redaction.names]\n{own}")),
        ("time_limit_s = 60", "time_limit_s = 1"),
        ("max_body_kib = 4096", "max_body_kib = 8192"),
    ])
    .start();
    let text = "zorblat ".repeat(900_000);
    let response = server.post("/v1/redact", &json!({"input": text}));
    response.expect_error(422, "redaction_failed");
    assert!(!response.text().contains("zorblat"));
}

#[test]
fn a_model_that_is_not_what_its_manifest_says_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    model(dir.path());
    let weights = dir.path().join("pii-ner.gguf");
    let mut bytes = std::fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    let home = home(&format!("model = {:?}", dir.path()));
    let output = home
        .command()
        .args(["--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && errors.contains("pii-ner.gguf was altered"),
        "{errors}"
    );
}
