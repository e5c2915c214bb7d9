//! SIGTERM: readiness goes first, running answers end, nobody who is idle holds the end up.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Connection, Request, events};
use super::server::{Home, Server, long_chat, run_well};

/// A stream that has begun.
fn stream(server: &Server, tokens: u32) -> Connection {
    let mut ask = long_chat(tokens);
    ask["stream"] = json!(true);
    let mut connection = Connection::open(server.address);
    let request = Request::post("/v1/chat/completions", &ask).key(&server.key);
    connection.write(&request.bytes());
    assert_eq!(connection.head().status, 200);
    assert!(connection.chunk().is_some());
    connection
}

/// The rest of a stream.
fn rest_of(mut stream: Connection) -> Vec<String> {
    let mut text = Vec::new();
    while let Some(chunk) = stream.chunk() {
        text.extend(chunk);
    }
    events(&String::from_utf8(text).unwrap())
}

fn verified(data: &std::path::Path) -> Value {
    serde_json::from_str(&run_well(&["audit", "verify"], data)).unwrap()
}

#[test]
fn running_answers_end_and_idle_connections_dont_matter() {
    // Time enough for a busy machine, tokens enough for a fast one.
    let server = Home::edited(&[("drain_timeout_s = 30", "drain_timeout_s = 120")]).start();
    let mut kept = Connection::open(server.address);
    kept.write(&Request::get("/health/ready").bytes());
    assert_eq!(kept.response().status(), 200);
    let silent = Connection::open(server.address);
    let running = stream(&server, 300);
    server.terminate();
    // New connections are still taken, to be told.
    super::server::wait_until(5, "readiness says no", || {
        let ready = Request::get("/health/ready").send(server.address);
        ready.status() == 503 && ready.json()["status"] == "draining"
    });
    assert_eq!(
        Request::get("/health/live").send(server.address).status(),
        200
    );
    let refused = server.chat(&long_chat(1));
    refused.expect_error(503, "shutting_down");
    assert!(refused.header("retry-after").is_some());
    kept.write(
        &Request::post("/v1/chat/completions", &long_chat(1))
            .key(&server.key)
            .bytes(),
    );
    let refused = kept.response();
    refused.expect_error(503, "shutting_down");
    assert_eq!(refused.header("connection"), Some("close"));
    // The running answer is whole.
    let ends = rest_of(running);
    assert_eq!(ends.last().map(String::as_str), Some("[DONE]"));
    assert!(ends[ends.len() - 2].contains("\"finish_reason\":\"length\""));
    let ended = Instant::now();
    let (status, home) = server.wait();
    assert!(status.success(), "{status}: {}", home.output());
    assert!(
        ended.elapsed() < Duration::from_secs(5),
        "{:?}",
        ended.elapsed()
    );
    drop(silent);
    assert!(!home.data().join("listen.addr").exists());
    let found = verified(&home.data());
    assert_eq!(
        (&found["in_flight"], &found["interrupted"]),
        (&json!([]), &json!([]))
    );
    let log = run_well(&["audit", "export"], &home.data());
    assert!(log.lines().last().unwrap().contains("\"kind\":\"stop\""));
}

#[test]
fn after_the_drain_time_answers_are_cut_off_with_an_error() {
    let server = Home::edited(&[
        ("drain_timeout_s = 30", "drain_timeout_s = 1"),
        ("max_tokens = 1024", "max_tokens = 4096"),
    ])
    .start();
    let running = stream(&server, 4000);
    let mut half = Connection::open(server.address);
    half.write(b"GET /health/live HTTP/1.1\r\n");
    let began = Instant::now();
    server.terminate();
    let ends = rest_of(running);
    let last: Value = serde_json::from_str(ends.last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "shutting_down");
    let (status, home) = server.wait();
    assert!(status.success(), "{status}: {}", home.output());
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    let found = verified(&home.data());
    assert_eq!(found["in_flight"], json!([]));
    let log = run_well(&["audit", "export"], &home.data());
    let failed = |line: &&str| line.contains("\"error\":\"shutting_down\"");
    assert_eq!(log.lines().filter(failed).count(), 1, "{log}");
}
