//! `kill -9` under load, several times: every answer that a client saw is in the log, and the log is sound.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use serde_json::{Value, json};

use super::client::{Connection, Request};
use super::server::{Home, case_of, long_chat, pause, run_well, summary_of, wait_until};

const ROUNDS: u64 = 4;
const CLIENTS: u64 = 8;

/// What a client saw of one answer.
#[derive(Debug)]
struct Seen {
    entry: u64,
    request: String,
    /// All of it came.
    whole: bool,
}

/// Asks one thing after the other until the server is gone.
fn client(address: SocketAddr, key: &str, seed: u64, answers: &AtomicU64) -> Vec<Seen> {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut seen = Vec::new();
    loop {
        let request = ask(&mut random).key(key);
        let Ok(mut connection) = Connection::try_open(address) else {
            return seen;
        };
        if connection.try_write(&request.bytes()).is_err() {
            return seen;
        }
        let Some(head) = connection.try_head() else {
            return seen;
        };
        let Some(entry) = head.header("x-bailiwick-audit-entry") else {
            // A refusal has none; too many at a time are refused, which is no answer.
            assert_ne!(head.status, 200);
            pause(20);
            continue;
        };
        let mut one = Seen {
            entry: entry.parse().unwrap(),
            request: head.header("x-request-id").unwrap().to_owned(),
            whole: false,
        };
        one.whole = connection.try_body(&head).is_some_and(|body| {
            head.header("content-length").is_some() || body.ends_with(b"[DONE]\n\n")
        });
        seen.push(one);
        answers.fetch_add(1, Ordering::Relaxed);
    }
}

fn ask(random: &mut SmallRng) -> Request {
    let tokens = random.random_range(1..6);
    match random.random_range(0..4) {
        0 => Request::post(
            "/v1/embeddings",
            &json!({"model": "all-minilm-l6-v2", "input": "a kettle"}),
        ),
        1 => {
            let mut body = summary_of(&case_of("DE"));
            body["max_tokens"] = json!(tokens);
            Request::post("/v1/chat/completions", &body)
        }
        kind => {
            let mut body = long_chat(tokens);
            body["stream"] = json!(kind == 2);
            Request::post("/v1/chat/completions", &body)
        }
    }
}

/// The log's lines, after `audit verify` found it sound; and what it says is open.
fn log_of(home: &Home) -> (Vec<Value>, Value) {
    let found: Value = serde_json::from_str(&run_well(&["audit", "verify"], &home.data())).unwrap();
    let text = run_well(&["audit", "export"], &home.data());
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), found)
}

fn check(home: &Home, seen: &[Seen]) {
    let (log, found) = log_of(home);
    let mut open = BTreeMap::new();
    let mut verdicts = BTreeMap::new();
    for (index, line) in (0_u64..).zip(&log) {
        assert_eq!(line["index"], index);
        match line["kind"].as_str().unwrap() {
            "open" => {
                open.insert(index, line);
            }
            "close" => {
                let opened = line["opens"].as_u64().unwrap();
                verdicts.insert(opened, line["verdict"].as_str().unwrap());
            }
            _ => {}
        }
    }
    for one in seen {
        let line = open
            .get(&one.entry)
            .unwrap_or_else(|| panic!("{one:?} is not in the log"));
        assert_eq!(line["request"], one.request.as_str());
        if one.whole {
            assert_eq!(verdicts.get(&one.entry), Some(&"answered"), "{one:?}");
        }
    }
    // What was begun and not ended is shown, and nothing else.
    let list = |name: &str| {
        found[name]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_u64)
    };
    let mut shown: Vec<u64> = list("interrupted").chain(list("in_flight")).collect();
    shown.sort_unstable();
    let unended: Vec<u64> = open
        .keys()
        .copied()
        .filter(|index| !verdicts.contains_key(index))
        .collect();
    assert_eq!(shown, unended);
}

#[test]
fn no_answer_that_was_seen_is_lost() {
    let mut home = Home::edited(&[
        ("requests_per_minute = 600", "requests_per_minute = 100000"),
        ("checkpoint_interval_s = 10", "checkpoint_interval_s = 1"),
    ]);
    let mut random = SmallRng::seed_from_u64(3);
    let mut seen = Vec::new();
    let answers = Arc::new(AtomicU64::new(0));
    for round in 0..ROUNDS {
        let server = home.start();
        let (address, key) = (server.address, server.key.clone());
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (key, answers) = (key.clone(), Arc::clone(&answers));
                thread::spawn(move || client(address, &key, round * CLIENTS + number, &answers))
            })
            .collect();
        // After so many answers, and then at any moment.
        let enough = answers.load(Ordering::Relaxed) + random.random_range(4..40);
        wait_until(120, "answers come", || {
            answers.load(Ordering::Relaxed) >= enough
        });
        pause(random.random_range(0..60));
        home = server.kill();
        let before = seen.len();
        for client in clients {
            seen.extend(client.join().unwrap());
        }
        assert!(seen.len() > before, "round {round} had no answer");
        check(&home, &seen);
    }
    assert!(seen.iter().any(|one| one.whole) && seen.iter().any(|one| !one.whole));
    // A server that starts again and stops in order leaves a sound log with a checkpoint over all of it.
    let server = home.start();
    assert_eq!(server.chat(&long_chat(1)).status(), 200);
    server.terminate();
    let (status, home) = server.wait();
    assert!(status.success(), "{}", home.output());
    check(&home, &seen);
    let (_, found) = log_of(&home);
    assert_eq!(found["in_flight"], json!([]));
    assert_eq!(found["newest_checkpoint"], found["head"]);
}
