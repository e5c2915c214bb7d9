//! Nothing that serving needs is closed: one long day of a server in its sandbox, in seconds.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "clients of the server, and its tools in their processes"
)]

use std::io::Read as _;
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};

use bailiwick::audit;

use super::server::{Kernel, Mode, Order, PANIC_WORDS, Server, chat, log_of};
use super::sink::{Sink, pause};

const CONNECTIONS: usize = 300;

#[test]
fn everything_that_serving_does_works_in_the_cage() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(folder.path());
    let server = Server::start(Mode::Closed, Kernel::Own, &sink.targets);

    server.answer();
    embeddings(&server);
    many_connections(&server);
    keys_change(&server);
    segments_roll_over(&server);
    let panicked: bool = server.order(Order::Panic);
    assert!(
        panicked,
        "the thread that panicked ended, and the server did not"
    );
    server.answer();
    metrics(&server);
    let trips: u64 = server.order(Order::Trips);
    assert_eq!(trips, 0, "none of this is an attempt to get out");

    let drained = terminate_while_it_answers(&server);
    assert!(drained.contains("data: [DONE]"), "{drained}");
    let data = server.data.clone();
    assert_eq!(server.wait(), Some(0), "ends cleanly on SIGTERM");
    let found = audit::verify(&data).unwrap();
    assert!(
        found.interrupted.is_empty() && found.segments > 1,
        "{found:?}"
    );
    assert!(found.database_checked && found.checkpoints > 0, "{found:?}");
    let log = std::fs::read_to_string(log_of(&sink.targets)).unwrap();
    assert!(log.contains("panic") && log.contains("serving.rs") | log.contains("server.rs"));
    assert!(!log.contains(PANIC_WORDS), "a panic's words were logged");
}

fn embeddings(server: &Server) {
    let body = json!({"model": "all-minilm-l6-v2", "input": ["a kettle", "a toaster"]});
    let (status, body) = server.ask(&server.key, "POST", "/v1/embeddings", &body);
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["data"].as_array().unwrap().len(), 2);
}

/// All open at a time, each answered.
fn many_connections(server: &Server) {
    let mut open: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| server.send("", "GET", "/health/live", &Value::Null))
        .collect();
    for stream in &mut open {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// Another process makes and revokes a key; the server sees both.
fn keys_change(server: &Server) {
    let keys = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bailiwick"));
        command.arg("keys").args(args).arg("--data-dir");
        let output = command.arg(&server.data).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let made = keys(&["create", "late"]);
    let key = made.lines().last().unwrap();
    let id = made.split_whitespace().next().unwrap();
    wait_for(|| server.ask(key, "GET", "/v1/models", &Value::Null).0 == 200);
    keys(&["revoke", id]);
    wait_for(|| server.ask(key, "GET", "/v1/models", &Value::Null).0 == 401);
}

pub(super) fn wait_for(happens: impl Fn() -> bool) {
    for _ in 0..600 {
        if happens() {
            return;
        }
        pause(50);
    }
    panic!("it did not happen in 30 seconds");
}

/// Each request is at least two entries; the segments of this server are small.
fn segments_roll_over(server: &Server) {
    let segments = || {
        let files = std::fs::read_dir(server.data.join("audit")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".jsonl")).count()
    };
    let body = json!({"model": "all-minilm-l6-v2", "input": "a kettle"});
    for _ in 0..100 {
        if segments() > 2 {
            return;
        }
        let (status, body) = server.ask(&server.key, "POST", "/v1/embeddings", &body);
        assert_eq!(status, 200, "{body}");
    }
    panic!("{} segments", segments());
}

fn metrics(server: &Server) {
    let (status, body) = server.ask(&server.key, "GET", "/metrics", &Value::Null);
    assert_eq!(status, 200);
    assert!(
        body.contains("bailiwick_sandbox_self_tests_total{passed=\"true\"}"),
        "{body}"
    );
}

/// What a client reads whose answer was being written when the server was asked to stop.
fn terminate_while_it_answers(server: &Server) -> String {
    let body = chat(48, true);
    let mut stream = server.send(&server.key, "POST", "/v1/chat/completions", &body);
    let mut first = [0; 512];
    let read = stream.read(&mut first).unwrap();
    server.terminate();
    let mut rest = String::from_utf8_lossy(&first[..read]).into_owned();
    stream.read_to_string(&mut rest).unwrap();
    rest
}
