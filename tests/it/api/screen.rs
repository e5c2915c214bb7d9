//! What a node's screening ends, over every endpoint, and what the audit log and the metrics say of it.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::server::{Home, Server, case_of, run_well};

/// A summary that quotes what the customer wrote.
pub(crate) fn summary(stream: bool) -> Value {
    json!({
        "model": "default", "messages": [], "max_tokens": 200, "stream": stream,
        "bailiwick": {"use_case": "case-summary", "variables": {"case": case_of("DE")}},
    })
}

/// The text and the finish reason of a streamed answer.
pub(crate) fn gathered(events: &[String]) -> (String, Value) {
    let (mut text, mut finish) = (String::new(), Value::Null);
    for event in events.iter().filter(|event| *event != "[DONE]") {
        let event: Value = serde_json::from_str(event).unwrap();
        let choice = &event["choices"][0];
        text.push_str(choice["delta"]["content"].as_str().unwrap_or(""));
        if !choice["finish_reason"].is_null() {
            finish = choice["finish_reason"].clone();
        }
    }
    (text, finish)
}

/// The last end of a request in the audit log.
fn last_close(server: &Server) -> Value {
    let log = run_well(&["audit", "export"], &server.data());
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut closed = lines.filter(|line| line["kind"] == "close");
    closed.next_back().unwrap()
}

#[test]
fn an_answer_that_repeats_too_much_is_ended_with_content_filter() {
    let server = Home::edited(&[("# max_copied_words = 40 ", "max_copied_words = 8 ")]).start();
    let whole = server.chat(&summary(false));
    assert_eq!(whole.status(), 200, "{}", whole.text());
    let whole = whole.json();
    let choice = &whole["choices"][0];
    assert_eq!(choice["finish_reason"], "content_filter", "{choice}");
    let text = choice["message"]["content"].as_str().unwrap();
    assert!(
        text.contains("Kettle leaks") && !text.contains("bought on 3 May leaks"),
        "{text}"
    );
    let close = last_close(&server);
    assert_eq!(close["screened"], json!({"copied": 1}));
    assert_eq!(close["finish"], "content_filter");
    assert_eq!(close["verdict"], "answered");
    assert_eq!(
        server.metric("bailiwick_screened_total{rule=\"copied\"}"),
        1.0
    );

    let streamed = server.chat(&summary(true));
    assert_eq!(
        gathered(&streamed.events()),
        (text.to_owned(), json!("content_filter"))
    );

    let prompt = json!({"id": "case-summary", "variables": {"case": case_of("DE")}});
    let response = server.post(
        "/v1/responses",
        &json!({"model": "default", "prompt": prompt}),
    );
    let response = response.json();
    assert_eq!(response["status"], "incomplete", "{response}");
    assert_eq!(
        response["incomplete_details"],
        json!({"reason": "content_filter"})
    );
}

#[test]
fn a_canary_never_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("canaries");
    std::fs::write(&file, "Nobody Atall\nErika Muster\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let line = format!("canaries = {:?} #", file.to_str().unwrap());
    let server = Home::edited(&[("# canaries = \"/etc/bailiwick/canaries\" #", &line)]).start();
    for stream in [false, true] {
        let response = server.chat(&summary(stream));
        assert_eq!(response.status(), 200, "{}", response.text());
        let (text, finish) = match stream {
            true => gathered(&response.events()),
            false => {
                let body = response.json();
                let choice = &body["choices"][0];
                let text = choice["message"]["content"].as_str().unwrap();
                (text.to_owned(), choice["finish_reason"].clone())
            }
        };
        assert_eq!(finish, "content_filter");
        assert!(
            text.starts_with("Case 00001042") && !text.contains("Muster"),
            "{text}"
        );
        assert_eq!(last_close(&server)["screened"], json!({"canary": 1}));
    }
    // Whoever may not read the file does not start.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn plain_chat_has_its_own_modes() {
    let edit = (
        "# modes = { PERSON = \"surrogate\" }",
        "modes = { PERSON = \"surrogate\", EMAIL = \"mask\" }",
    );
    let server = Home::edited(&[edit]).start();
    let text = "Dear Ms Erika Muster, we wrote to erika.muster@example.com.";
    let body = json!({
        "model": "default", "max_tokens": 8, "temperature": 0, "bailiwick": {"explain": true},
        "messages": [{"role": "user", "content": text}],
    });
    let first = server.chat(&body).json();
    let seen = first["bailiwick"]["masked_messages"][0]["content"]
        .as_str()
        .unwrap();
    assert!(
        !seen.contains("Erika") && !seen.contains("[PERSON"),
        "{seen}"
    );
    assert!(
        seen.starts_with("Dear Ms ") && seen.contains(" e****@****.com"),
        "{seen}"
    );
    assert_eq!(
        first["bailiwick"]["entities"],
        json!({"EMAIL": 1, "PERSON": 1})
    );
    // The same again when the history comes back.
    let mut again = body;
    again["messages"] = json!([
        {"role": "user", "content": text},
        first["choices"][0]["message"],
        {"role": "user", "content": "Erika again"},
    ]);
    let again = server.chat(&again).json();
    assert_eq!(
        again["bailiwick"]["masked_messages"][0]["content"], seen,
        "{again}"
    );

    let masked = server.post("/v1/redact", &json!({"input": text})).json();
    assert_eq!(masked["output"], seen, "the same caller, the same names");
    let restored = server.post(
        "/v1/restore",
        &json!({"vault": masked["vault"], "input": seen}),
    );
    let restored = restored.json();
    let expected = text.replace("erika.muster@example.com", "e****@****.com");
    assert_eq!(restored["output"], expected);
}
