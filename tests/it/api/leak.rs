//! The leak test: a conversation full of marked personal data at trace level; afterwards no marker is in
//! logs, metrics, error bodies, the audit log or any file of the data folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::client::{Connection, Request, Response};
use super::server::{Home, Server, run_well};

/// Personal data of every kind, each unlike anything that a key or a digest could hold by chance. The
/// last are words that no detector knows: free text must not leak either.
const MARKERS: &[&str] = &[
    "Quackenbush",
    "Zebulonia",
    "zebulonia.q@leaktest.example",
    "+49 30 90182 7341",
    "DE89370400440532013000",
    "4539 1488 0343 6467",
    "203.0.113.77",
    "https://leaktest.example/profile/zebulonia",
    "0035e00000Xk9QzAAJ",
    "07041776-leak",
    "Blutwurstgasse 17",
    "leakmarkerword",
];

/// A name of a parameter. An error may say it to the caller who sent it; nothing else may hold it.
const PARAMETER: &str = "leakmarkerparam";

/// All of them in one text.
fn story() -> String {
    MARKERS.join(" and ")
}

/// The markers that `text` holds, in any case.
fn found_in(text: &[u8]) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(text).to_lowercase();
    let holds = |marker: &&&str| text.contains(&marker.to_lowercase());
    MARKERS.iter().filter(holds).copied().collect()
}

fn assert_clean(what: &str, text: &[u8]) {
    assert_no_value(what, text);
    assert!(
        !String::from_utf8_lossy(text).contains(PARAMETER),
        "{what} holds {PARAMETER}"
    );
}

fn assert_no_value(what: &str, text: &[u8]) {
    let found = found_in(text);
    assert!(
        found.is_empty(),
        "{what} holds {found:?}:\n{}",
        String::from_utf8_lossy(text)
    );
}

fn case(country: &str) -> Value {
    json!({
        "attributes": {"type": "Case", "url": "/services/data/v62.0/sobjects/Case/0035e00000Xk9QzAAJ"},
        "Id": "0035e00000Xk9QzAAJ",
        "ContactId": "0035e00000Xk9QzAAJ",
        "Subject": "Zebulonia Quackenbush, leakmarkerword",
        "Description": format!("Dear Zebulonia Quackenbush, {}", story()),
        "Internal_Note__c": story(),
        "Contact": {
            "Name": "Zebulonia Quackenbush",
            "Email": "zebulonia.q@leaktest.example",
            "Phone": "+49 30 90182 7341",
            "MailingStreet": "Blutwurstgasse 17",
            "MailingCountryCode": country,
        },
        "CaseComments": {"records": [{"CommentBody": story()}]},
    })
}

fn summary(country: &str, stream: bool) -> Value {
    json!({
        "model": "default", "messages": [], "max_tokens": 16, "stream": stream,
        "bailiwick": {"use_case": "case-summary", "explain": true, "variables": {"case": case(country)}},
    })
}

fn chat(stream: bool) -> Value {
    json!({
        "model": "default", "max_tokens": 16, "stream": stream, "user": story(),
        "metadata": {"leakmarkerparam": story()}, "stop": ["leakmarkerword"],
        "messages": [
            {"role": "system", "content": story(), "name": "Zebulonia"},
            {"role": "user", "content": [{"type": "text", "text": story()}]},
            {"role": "assistant", "content": story()},
            {"role": "user", "content": "Repeat what I said."},
        ],
    })
}

/// `chat` with one field changed, so that it is refused.
fn bad(field: &str, value: Value) -> Value {
    let mut body = chat(false);
    body[field] = value;
    body
}

/// Markers in every place where a client can put text.
fn refused_bodies() -> Vec<Value> {
    let text = story();
    let extension = |value: Value| json!({"model": "default", "messages": [], "bailiwick": value});
    let variables =
        |value: Value| extension(json!({"use_case": "case-summary", "variables": value}));
    let mut wrong_object = case("DE");
    wrong_object["attributes"]["type"] = json!(PARAMETER);
    vec![
        bad("model", json!(text)),
        bad("model", json!([text])),
        bad("leakmarkerparam", json!(text)),
        bad(&text, json!(1)),
        bad("temperature", json!(text)),
        bad("stop", json!([text, 1])),
        bad("logit_bias", json!({"leakmarkerparam": 1})),
        bad("stream", json!(text)),
        bad("response_format", json!({"type": text})),
        bad(
            "tools",
            json!([{"type": "function", "function": {"name": text}}]),
        ),
        bad("tool_choice", json!(text)),
        bad("messages", json!(text)),
        bad("messages", json!([{"role": text, "content": text}])),
        bad(
            "messages",
            json!([{"role": "user", "content": [{"type": text}]}]),
        ),
        bad(
            "messages",
            json!([{"role": "user", "content": text, "leakmarkerparam": text}]),
        ),
        bad(
            "messages",
            json!([{"role": "user", "content": text.repeat(400)}]),
        ),
        extension(json!({"use_case": text})),
        extension(json!({"use_case": "leakmarkerword"})),
        extension(json!({"use_case": "case-summary", "leakmarkerparam": text})),
        variables(json!({})),
        variables(json!({"leakmarkerparam": text})),
        variables(json!({"Zebulonia Quackenbush": text})),
        variables(json!({"Quackenbush-Zebulonia": case("CN")})),
        variables(json!({"leakmarkerparam": case("CN")})),
        variables(json!({"case": text})),
        variables(json!({"case": {"Subject": {"leakmarkerparam": text}}})),
        variables(json!({"case": {"Zebulonia Quackenbush": text}})),
        variables(json!({"case": {"Tags": [text]}})),
        variables(json!({"case": wrong_object})),
        variables(
            json!({"case": {"Subject": text.repeat(20), "Contact": {"MailingCountryCode": "DE"}}}),
        ),
        variables(json!({"case": {"Subject": text, "Contact": {"MailingCountryCode": text}}})),
        summary("CN", false),
        summary("Zebulonia", true),
    ]
}

/// Requests that get an answer.
fn converse(server: &Server) {
    for stream in [false, true] {
        for body in [chat(stream), summary("DE", stream), summary("US", stream)] {
            let response = marked(Request::post("/v1/chat/completions", &body))
                .key(&server.key)
                .send(server.address);
            assert_eq!(response.status(), 200, "{}", response.text());
            if !stream && body["bailiwick"].is_object() {
                // The control: markers do come back to the caller, but the model saw none that is a
                // person's, by the record or by its form.
                let seen = response.json()["bailiwick"]["masked_messages"].to_string();
                for hidden in &MARKERS[..7] {
                    assert!(!seen.contains(hidden), "{hidden}: {seen}");
                }
            }
        }
    }
    let embedding = json!({"model": "all-minilm-l6-v2", "input": [story(), story()]});
    assert_eq!(server.post("/v1/embeddings", &embedding).status(), 200);
    // A client that leaves in the middle.
    let mut left = Connection::open(server.address);
    left.write(
        &Request::post("/v1/chat/completions", &chat(true))
            .key(&server.key)
            .bytes(),
    );
    left.head();
    drop(left);
}

fn marked(request: Request) -> Request {
    request
        .header("user-agent", "leakmarkerword/1.0")
        .header("x-request-id", "Zebulonia-Quackenbush")
        .header("traceparent", "00-leakmarkerword-Zebulonia-01")
        .header("referer", "https://leaktest.example/profile/zebulonia")
        .header("cookie", "leakmarkerparam=Quackenbush")
        .header("x-forwarded-for", "203.0.113.77")
        .header("openai-organization", "Quackenbush")
}

/// Requests that are refused: their answers.
fn provoke(server: &Server) -> Vec<Response> {
    let send = |request: Request| marked(request).key(&server.key).send(server.address);
    let mut answers: Vec<Response> = refused_bodies()
        .iter()
        .map(|body| send(Request::post("/v1/chat/completions", body)))
        .collect();
    for body in [
        json!({"model": story(), "input": story()}),
        json!({"model": "all-minilm-l6-v2", "input": story().repeat(20)}),
        json!({"model": "all-minilm-l6-v2", "input": "x", "encoding_format": story()}),
        json!({"model": "all-minilm-l6-v2", "input": [story(), 1]}),
    ] {
        answers.push(send(Request::post("/v1/embeddings", &body)));
    }
    for broken in [
        "{\"model\": \"Quackenbush",
        "Zebulonia",
        "{Quackenbush: leakmarkerword}",
    ] {
        let request = Request::new("POST", "/v1/chat/completions").body(broken);
        answers.push(send(request));
    }
    for path in [
        "/v1/models/Quackenbush",
        "/v1/Zebulonia?leakmarkerparam=Quackenbush",
        "/health/ready?leakmarkerparam=Quackenbush",
        "/leakmarkerword",
    ] {
        answers.push(send(Request::get(path)));
    }
    for key in ["Quackenbush", "bwk_Zebulonia_Quackenbush", "leakmarkerword"] {
        let request = Request::get("/v1/models").key(key).header("api-key", key);
        answers.push(request.send(server.address));
    }
    answers
}

fn files_in(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files_in(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

fn assert_files_clean(data: &Path) -> usize {
    let files = files_in(data);
    for file in &files {
        assert_clean(&file.display().to_string(), &std::fs::read(file).unwrap());
    }
    files.len()
}

#[test]
fn no_marker_leaves_the_conversation() {
    // The test itself can fail.
    assert_eq!(
        found_in(b"Dear ZEBULONIA QUACKENBUSH"),
        ["Quackenbush", "Zebulonia"]
    );
    let server = Home::demo().logging("trace").start();
    converse(&server);
    let answers = provoke(&server);
    for answer in &answers {
        let headers = format!("{:?}", answer.head);
        assert_no_value("a refusal", &answer.body);
        assert_clean("a refusal's headers", headers.as_bytes());
    }
    let refused = answers
        .iter()
        .filter(|answer| answer.status() >= 400)
        .count();
    assert_eq!(
        refused,
        answers.len() - 1,
        "all but the health check are refused"
    );
    assert!(answers.iter().all(|answer| answer.status() < 500));
    assert_clean("metrics", server.get("/metrics").text().as_bytes());
    let data = server.data();
    for form in ["jsonl", "csv", "ocsf"] {
        let export = run_well(&["audit", "export", "--format", form], &data);
        assert!(export.contains("case-summary"));
        assert_clean(form, export.as_bytes());
    }
    let entries = run_well(&["audit", "export"], &data).lines().count();
    for index in [1, entries / 2, entries - 1] {
        let shown = run_well(&["audit", "show", &index.to_string()], &data);
        assert_clean("audit show", shown.as_bytes());
    }
    // While it runs the database has its log beside it, and afterwards not.
    assert!(assert_files_clean(&data) > 5);
    server.terminate();
    let (status, home) = server.wait();
    assert!(status.success(), "{}", home.output());
    assert_files_clean(&data);
    let output = home.output();
    assert!(
        output.contains("DEBUG"),
        "the log is not that fine:\n{output}"
    );
    assert_clean("the log", output.as_bytes());
}
