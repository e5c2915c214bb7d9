//! What goes over the wire besides good requests: slowly, in pieces, in old forms, or as rubbish.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{Connection, Request, Response};
use super::server::{Home, Server, long_chat};

fn chat(server: &Server) -> Request {
    Request::post("/v1/chat/completions", &long_chat(2)).key(&server.key)
}

/// A good head with other lines in it, and no body.
fn head_with(server: &Server, lines: &str) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: node\r\nauthorization: Bearer {}\r\n{lines}\r\n\r\n",
        server.key
    )
}

fn chunked(body: &[u8], piece: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in body.chunks(piece) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

#[test]
fn rubbish_is_turned_away_and_harms_nobody() {
    let server = Server::shared();
    let long = "x".repeat(1_000_000);
    for (rubbish, statuses) in [
        ("\r\n\r\n\r\nnonsense\r\n\r\n", &[400][..]),
        ("\0\u{1}\u{2}\u{3}\r\n\r\n", &[400]),
        (
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}\r\n\r\n",
            &[400],
        ),
        ("GET /health/live HTTP/9.9\r\n\r\n", &[400, 505]),
        ("GET  /health/live  HTTP/1.1\r\n\r\n", &[400]),
        ("GET /health/live HTTP/1.1\r\nbad header\r\n\r\n", &[400]),
        ("GET /health/live HTTP/1.1\r\na: b\0c\r\n\r\n", &[400]),
        // HTTP/2's first word, and then something else.
        ("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", &[0, 400]),
        (&format!("GET /{long} HTTP/1.1\r\n\r\n"), &[414, 431]),
        (&format!("GET / HTTP/1.1\r\na: {long}\r\n\r\n"), &[431]),
        (
            &format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(1000)),
            &[431],
        ),
        // Two lengths, or a length and chunks: two readers would see two different requests.
        (
            "POST /v1/embeddings HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
            &[400],
        ),
        (
            "POST /v1/embeddings HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            &[400],
        ),
        (
            "POST /v1/embeddings HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
            &[400],
        ),
    ] {
        let mut connection = Connection::open(server.address);
        connection.write(rubbish.as_bytes());
        let status = connection.try_head().map_or(0, |head| head.status);
        let shown: String = rubbish.chars().take(40).collect();
        assert!(statuses.contains(&status), "{shown:?}: {status}");
    }
    assert_eq!(server.get("/health/ready").status(), 200);
}

#[test]
fn a_length_and_chunks_together_end_the_connection() {
    let server = Server::shared();
    let mut connection = Connection::open(server.address);
    let smuggled = head_with(server, "content-length: 4\r\ntransfer-encoding: chunked");
    connection.write(smuggled.as_bytes());
    connection.write(b"0\r\n\r\nGET /health/live HTTP/1.1\r\nhost: x\r\n\r\n");
    let first = connection.response();
    assert_eq!(first.status(), 400, "{}", first.text());
    // What follows is not read as a request of its own.
    assert!(connection.try_head().is_none());
}

#[test]
fn old_and_odd_forms_of_requests_are_understood() {
    let server = Server::shared();
    let exchange = |bytes: &[u8]| -> Response {
        let mut connection = Connection::open(server.address);
        connection.write(bytes);
        connection.response()
    };
    // HTTP/1.0: the end of the connection is the end of the body, also of a stream.
    let old = exchange(b"GET /health/live HTTP/1.0\r\n\r\n");
    assert_eq!(
        (old.status(), old.json()["status"].as_str()),
        (200, Some("alive"))
    );
    let mut ask = long_chat(3);
    ask["stream"] = json!(true);
    let bytes = Request::post("/v1/chat/completions", &ask)
        .key(&server.key)
        .bytes();
    let text = String::from_utf8(bytes)
        .unwrap()
        .replacen("HTTP/1.1", "HTTP/1.0", 1);
    let stream = exchange(text.as_bytes());
    assert_eq!(stream.header("transfer-encoding"), None);
    assert_eq!(stream.events().last().map(String::as_str), Some("[DONE]"));
    // HEAD: as GET, with no body.
    let mut connection = Connection::open(server.address);
    connection.write(&Request::new("HEAD", "/health/live").bytes());
    let head = connection.head();
    assert_eq!(
        (head.status, head.header("content-type")),
        (200, Some("application/json"))
    );
    connection.write(&Request::get("/health/live").bytes());
    assert_eq!(connection.response().status(), 200);
    // A body in chunks, cut anywhere.
    let mut bytes = head_with(server, "transfer-encoding: chunked").into_bytes();
    bytes.extend(chunked(long_chat(2).to_string().as_bytes(), 7));
    assert_eq!(exchange(&bytes).status(), 200);
    // An absolute form of the target, as proxies send it.
    let absolute = exchange(b"GET http://node/health/live HTTP/1.1\r\nhost: node\r\n\r\n");
    assert_eq!(absolute.status(), 200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::shared();
    let mut connection = Connection::open(server.address);
    let mut bytes = Request::get("/health/live").bytes();
    bytes.extend(chat(server).bytes());
    bytes.extend(Request::get("/v1/models").key(&server.key).bytes());
    connection.write(&bytes);
    assert_eq!(connection.response().json()["status"], "alive");
    assert_eq!(connection.response().json()["object"], "chat.completion");
    assert_eq!(connection.response().json()["object"], "list");
}

#[test]
fn a_client_that_expects_to_be_asked_is_asked() {
    let server = Server::shared();
    let body = long_chat(2).to_string();
    let lines = format!("content-length: {}\r\nexpect: 100-continue", body.len());
    let mut connection = Connection::open(server.address);
    connection.write(head_with(server, &lines).as_bytes());
    assert_eq!(connection.head().status, 100);
    connection.write(body.as_bytes());
    assert_eq!(connection.response().status(), 200);
    // Whose body is too long is told before sending anything.
    let mut connection = Connection::open(server.address);
    let lines = "content-length: 99999999\r\nexpect: 100-continue";
    connection.write(head_with(server, lines).as_bytes());
    connection.response().expect_error(413, "request_too_large");
    // Who has no key is told before sending anything.
    let mut connection = Connection::open(server.address);
    let head = head_with(server, lines).replace(&server.key, "bwk_x_y");
    connection.write(head.as_bytes());
    assert_eq!(connection.response().status(), 401);
}

#[test]
fn bodies_over_the_bound_are_cut_off() {
    let server = Server::shared();
    let limit = 4096 * 1024;
    // By its length alone; the connection can't be used again.
    let mut connection = Connection::open(server.address);
    connection.write(head_with(server, &format!("content-length: {}", limit + 1)).as_bytes());
    let response = connection.response();
    let message = response.expect_error(413, "request_too_large");
    assert!(message.contains(&limit.to_string()), "{message}");
    assert_eq!(response.header("connection"), Some("close"));
    // A body that never ends.
    let mut connection = Connection::open(server.address);
    connection.write(head_with(server, "transfer-encoding: chunked").as_bytes());
    let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let sent = (0..1000)
        .take_while(|_| connection.try_write(piece.as_bytes()).is_ok())
        .count();
    assert!(sent < 1000, "all of it was taken");
}

/// A server with short times that listens on every address, because its configuration says so in words.
#[test]
fn slow_clients_lose_their_connections() {
    let home = Home::edited(&[
        ("header_timeout_s = 10", "header_timeout_s = 1"),
        ("body_timeout_s = 30", "body_timeout_s = 1"),
        ("\"loopback-only\"", "\"plaintext-behind-tls-proxy\""),
    ]);
    let mut command = home.command();
    command.args(["--listen", "0.0.0.0:0"]);
    let server = home.start_by(command);
    assert!(server.address.ip().is_unspecified());
    let began = Instant::now();
    let mut half = Connection::open(server.address);
    half.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost:");
    let mut promised = Connection::open(server.address);
    promised.write(head_with(&server, "content-length: 100").as_bytes());
    let mut trickle = Connection::open(server.address);
    trickle.write(head_with(&server, "content-length: 100").as_bytes());
    for _ in 0..12 {
        super::server::pause(100);
        trickle.write(b" ");
    }
    for late in [&mut promised, &mut trickle] {
        late.response().expect_error(408, "body_timeout");
        assert!(late.is_closed());
    }
    while half.try_head().is_some() {}
    assert!(half.is_closed() && began.elapsed() < Duration::from_secs(10));
    // A body that ends early.
    let mut short = Connection::open(server.address);
    short.write(head_with(&server, "content-length: 100").as_bytes());
    drop(short);
    assert_eq!(chat(&server).send(server.address).status(), 200);
}
