//! A node with one place and a queue of one: what is too much is refused, and who leaves gives way.

use serde_json::{Value, json};

use super::client::{Connection, Head, Request};
use super::server::{Home, Server, long_chat, pause, run_well, wait_until};

/// More tokens than any test waits for.
const ENDLESS: u32 = 4000;

fn stream(server: &Server) -> (Connection, Head) {
    let mut ask = long_chat(ENDLESS);
    ask["stream"] = json!(true);
    let mut connection = Connection::open(server.address);
    let request = Request::post("/v1/chat/completions", &ask).key(&server.key);
    connection.write(&request.bytes());
    let head = connection.head();
    (connection, head)
}

fn closing_of(server: &Server, head: &Head) -> Value {
    let entry = head.header("x-bailiwick-audit-entry").unwrap();
    let log = run_well(&["audit", "export"], &server.data());
    let opens: Value = entry.parse::<u64>().unwrap().into();
    log.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|line| line["kind"] == "close" && line["opens"] == opens)
        .unwrap_or(Value::Null)
}

#[test]
fn a_full_queue_refuses_and_a_client_that_leaves_frees_its_place() {
    let server = Home::edited(&[
        ("max_sequences = 32", "max_sequences = 1"),
        ("queue_limit = 128", "queue_limit = 1"),
        ("max_tokens = 1024", "max_tokens = 4096"),
    ])
    .start();
    let cancelled = || server.metric("bailiwick_requests_cancelled_total");
    let (mut running, running_head) = stream(&server);
    for _ in 0..4 {
        assert!(running.chunk().is_some());
    }
    let (waiting, waiting_head) = stream(&server);
    assert_eq!(waiting_head.status, 200);
    wait_until(10, "one waits", || {
        server.metric("bailiwick_sequences_waiting") == 1.0
    });
    // The third is one too many, streaming or not.
    for flag in [true, false] {
        let mut ask = long_chat(1);
        ask["stream"] = json!(flag);
        let refused = server.chat(&ask);
        refused.expect_error(429, "queue_full");
        assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=120).contains(&wait));
    }
    // Who waits and leaves gives its place to the next.
    drop(waiting);
    wait_until(10, "the queue is empty", || {
        server.metric("bailiwick_sequences_waiting") == 0.0
    });
    assert_eq!(cancelled(), 1.0);
    assert_eq!(closing_of(&server, &waiting_head)["verdict"], "cancelled");
    // Who runs and leaves is stopped within a step: no token comes after it was noticed.
    drop(running);
    wait_until(10, "nothing runs", || {
        server.metric("bailiwick_sequences_running") == 0.0
    });
    assert_eq!(cancelled(), 2.0);
    let tokens = server.metric("bailiwick_generated_tokens_total");
    pause(300);
    assert_eq!(server.metric("bailiwick_generated_tokens_total"), tokens);
    assert!(
        tokens < f64::from(ENDLESS) / 2.0,
        "{tokens} tokens were computed"
    );
    wait_until(10, "the end is recorded", || {
        let closing = closing_of(&server, &running_head);
        closing["verdict"] == "cancelled" && closing["finish"] == "cancelled"
    });
    // The same for an answer that is not streamed.
    let mut whole = Connection::open(server.address);
    let request = Request::post("/v1/chat/completions", &long_chat(ENDLESS)).key(&server.key);
    whole.write(&request.bytes());
    wait_until(10, "it runs", || {
        server.metric("bailiwick_sequences_running") == 1.0
    });
    drop(whole);
    wait_until(10, "nothing runs", || {
        server.metric("bailiwick_sequences_running") == 0.0
    });
    assert_eq!(cancelled(), 3.0);
    assert_eq!(server.chat(&long_chat(1)).status(), 200);
}

#[test]
fn a_callers_limits_are_told_and_kept() {
    let server = Home::edited(&[("requests_per_minute = 600", "requests_per_minute = 3")]).start();
    let remaining = |left: &str| {
        let response = server.chat(&long_chat(1));
        assert_eq!(response.header("x-ratelimit-limit-requests"), Some("3"));
        assert_eq!(
            response.header("x-ratelimit-remaining-requests"),
            Some(left)
        );
    };
    ["2", "1", "0"].into_iter().for_each(remaining);
    let refused = server.chat(&long_chat(1));
    refused.expect_error(429, "rate_limit_exceeded");
    assert!(refused.header("retry-after").is_some());
    let told =
        ["limit", "remaining"].map(|what| refused.header(&format!("x-ratelimit-{what}-requests")));
    assert_eq!(told, [Some("3"), Some("0")]);
    let reset = refused.header("x-ratelimit-reset-requests").unwrap();
    assert!(reset.strip_suffix('s').unwrap().parse::<u64>().unwrap() <= 61);
}
