//! What operators and gateways look at: identifiers, traces, limits, keys in other headers, other origins,
//! and who went away.

use serde_json::json;

use super::client::{Connection, Request, Response};
use super::server::{Home, Server, long_chat, wait_until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

fn models(server: &Server, headers: &[(&str, &str)]) -> Response {
    let request = Request::get("/v1/models").key(&server.key);
    let with = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
    headers.iter().fold(request, with).send(server.address)
}

#[test]
fn requests_have_the_clients_identifier_and_ours() {
    let server = Home::edited(&[("format = \"text\"", "format = \"json\"")]).start();
    let check = |sent: &[(&str, &str)], echoed: Option<&str>| {
        let response = models(&server, sent);
        let own = response.header("x-bailiwick-request-id").unwrap();
        assert!(own.starts_with("req_") && own.len() == 36, "{own}");
        let shown = response.header("x-request-id").unwrap();
        assert_eq!(shown, echoed.unwrap_or(own), "{sent:?}");
        assert_eq!(response.header("openai-version"), Some("2020-10-01"));
        let took = response.header("openai-processing-ms").unwrap();
        assert!(took.parse::<u64>().is_ok(), "{took}");
        own.to_owned()
    };
    check(&[], None);
    let own = check(&[("x-request-id", "crm-4711")], Some("crm-4711"));
    let line = log_line(&server, &own);
    assert_eq!(line["client_request"], "crm-4711");
    // OpenAI's own header is logged; its answer has the server's identifier.
    let own = check(&[("x-client-request-id", "batch:7/3")], None);
    assert_eq!(log_line(&server, &own)["client_request"], "batch:7/3");
    // What could hold anything is nobody's identifier, and in no log.
    check(&[("x-request-id", "erika.muster@example.com")], None);
    check(&[("x-request-id", &"a".repeat(129))], None);
    assert!(!server.output().contains("erika"));
    // Errors have it too.
    let refused = Request::get("/v1/models").header("x-request-id", "crm-4712");
    let refused = refused.send(server.address);
    refused.expect_error(401, "missing_api_key");
    assert_eq!(refused.header("x-request-id"), Some("crm-4712"));
}

/// The log line that ends a request, with the fields of its span.
fn log_line(server: &Server, own: &str) -> serde_json::Value {
    let mut found = None;
    wait_until(5, "the request is logged", || {
        found = server.output().lines().find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            let ends = line["fields"]["message"] == "request";
            (ends && line["span"]["request"] == own).then(|| line["span"].clone())
        });
        found.is_some()
    });
    found.unwrap()
}

#[test]
fn traces_are_joined_and_bad_ones_ignored() {
    let server = Home::edited(&[("format = \"text\"", "format = \"json\"")]).start();
    let line = |parent: &str| {
        let sent = [("traceparent", parent), ("tracestate", "vendor=opaque")];
        let response = models(&server, &sent);
        assert_eq!(response.status(), 200);
        log_line(&server, response.header("x-bailiwick-request-id").unwrap())
    };
    let good = line(&format!("00-{TRACE}-{SPAN}-01"));
    assert_eq!(good["trace_id"], TRACE);
    assert_eq!(good["parent_span_id"], SPAN);
    assert_eq!(good["sampled"], true);
    let own = good["span_id"].as_str().unwrap();
    assert!(
        own.len() == 16 && own != SPAN && own != "0".repeat(16),
        "{own}"
    );
    for bad in [
        format!("00-{}-{SPAN}-01", "0".repeat(32)),
        format!("00-{TRACE}-{SPAN}-01-more"),
        "secret@example.com".to_owned(),
    ] {
        let line = line(&bad);
        assert_eq!(
            (&line["trace_id"], &line["span_id"]),
            (&json!(null), &json!(null)),
            "{bad}"
        );
    }
    let output = server.output();
    assert!(!output.contains("secret@example.com") && !output.contains("opaque"));
}

#[test]
fn other_origins_are_let_in_by_name_only() {
    let page = "https://crm.example.com";
    let preflight = |server: &Server, origin: &str| {
        Request::new("OPTIONS", "/v1/chat/completions")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type,x-stainless-os",
            )
            .send(server.address)
    };
    // Off: a browser is told nothing, so it lets no page in.
    let server = Server::shared();
    let answer = preflight(server, page);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let answer = models(server, &[("origin", page)]);
    assert_eq!(
        (
            answer.status(),
            answer.header("access-control-allow-origin")
        ),
        (200, None)
    );
    let edit = format!("cors_origins = [\"{page}\", \"http://localhost:3000\"]");
    let server = Home::edited(&[("cors_origins = []", &edit)]).start();
    let answer = preflight(&server, page);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(page));
    let allowed = answer.header("access-control-allow-headers").unwrap();
    assert!(allowed.contains("x-stainless-os"), "{allowed}");
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let answer = models(&server, &[("origin", page)]);
    assert_eq!(answer.header("access-control-allow-origin"), Some(page));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(
        exposed.contains("x-request-id") && exposed.contains("retry-after"),
        "{exposed}"
    );
    assert!(
        answer
            .header("vary")
            .is_some_and(|vary| vary.to_ascii_lowercase().contains("origin"))
    );
    for stranger in [
        "https://evil.example.com",
        "null",
        "https://crm.example.com.evil.example",
    ] {
        let answer = preflight(&server, stranger);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{stranger}"
        );
    }
    // The preflight needs no key; what follows does.
    let refused = Request::get("/v1/models")
        .header("origin", page)
        .send(server.address);
    refused.expect_error(401, "missing_api_key");
    assert_eq!(refused.header("access-control-allow-origin"), Some(page));
}

#[test]
fn keys_come_in_the_headers_that_the_node_names() {
    let edit = "key_headers = [\"X-CRM-Key\", \"api-key\"]";
    let server = Home::edited(&[("key_headers = [\"api-key\"]", edit)]).start();
    let status = |name: &str| {
        Request::get("/v1/models")
            .header(name, &server.key)
            .send(server.address)
            .status()
    };
    assert_eq!(["x-crm-key", "api-key"].map(status), [200, 200]);
    assert_eq!(["x-api-key", "authorization"].map(status), [401, 401]);
    let message = Request::get("/v1/models")
        .send(server.address)
        .expect_error(401, "missing_api_key");
    assert!(message.contains("`x-crm-key: KEY`"), "{message}");
}

#[test]
fn who_waits_in_the_queue_and_leaves_is_counted_as_such() {
    let server = Home::edited(&[
        ("max_sequences = 32", "max_sequences = 1"),
        ("max_tokens = 1024", "max_tokens = 4096"),
    ])
    .start();
    let series = |line: &str| {
        let text = server.get("/metrics").text();
        let found = text
            .lines()
            .find_map(|own| own.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or(0.0_f64)
    };
    let open = || {
        let mut connection = Connection::open(server.address);
        let request = Request::post("/v1/chat/completions", &long_chat(4000)).key(&server.key);
        connection.write(&request.bytes());
        connection
    };
    let running = open();
    wait_until(10, "one runs", || {
        server.metric("bailiwick_sequences_running") == 1.0
    });
    let queued = open();
    wait_until(10, "one waits", || {
        server.metric("bailiwick_sequences_waiting") == 1.0
    });
    // A whole answer was asked for, so nothing was sent yet that could fail: the end of the connection is noticed.
    drop(queued);
    wait_until(10, "none waits", || {
        server.metric("bailiwick_sequences_waiting") == 0.0
    });
    assert_eq!(server.metric("bailiwick_sequences_running"), 1.0);
    assert_eq!(
        series("bailiwick_requests_cancelled_total{stage=\"queued\"}"),
        1.0
    );
    drop(running);
    wait_until(10, "none runs", || {
        server.metric("bailiwick_sequences_running") == 0.0
    });
    assert_eq!(
        series("bailiwick_requests_cancelled_total{stage=\"running\"}"),
        1.0
    );
    let waiting = "bailiwick_disconnects_total{endpoint=\"chat.completions\",stage=\"waiting\"}";
    assert_eq!(series(waiting), 2.0);
}
