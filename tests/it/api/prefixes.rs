//! What callers of a use case have in common is computed once for all, at the start; what is theirs, for each apart.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::client::Request;
use super::server::{Home, Server, case_of, create_key, summary_of};

/// Some hundred tokens.
const RULES: &str = "You sum up support cases for the agents of a shop. Say what the customer reports and what the customer wants, \
    in the customer's own words. Never promise anything, never guess, never leave out a date, an amount or an order number. \
    Where the customer is angry, say so in one word. Where nothing is asked, say that nothing is asked. Keep to the language \
    of the message. Names stay as they are.";

fn cached(answer: &Value) -> u64 {
    let details = &answer["usage"]["prompt_tokens_details"];
    details["cached_tokens"].as_u64().unwrap()
}

fn by(server: &Server, key: &str, body: &Value) -> Value {
    let request = Request::post("/v1/chat/completions", body).key(key);
    let response = request.send(server.address);
    assert_eq!(response.status(), 200, "{}", response.text());
    response.json()
}

#[test]
fn a_use_cases_own_words_are_there_before_its_first_caller() {
    let prompts = tempfile::tempdir().unwrap();
    let shipped = std::fs::read_to_string("prompts/case-summary.toml").unwrap();
    let text = shipped.replacen("version = 1", "version = 9", 1);
    let own = text
        .lines()
        .find(|line| line.starts_with("system = "))
        .unwrap();
    let text = text.replacen(own, &format!("system = {RULES:?}"), 1);
    std::fs::write(prompts.path().join("case-summary.toml"), text).unwrap();
    let folder = format!("[prompts]\ndir = {:?}\n", prompts.path());
    let server = Home::edited(&[("[prompts]\n", &folder)]).start();
    let other = create_key(&server.data(), "other-app", &["app"]);
    let ask = summary_of(&case_of("DE"));

    let first = by(&server, &server.key, &ask);
    let common = cached(&first);
    assert!(common >= 64, "{common} tokens were there");
    // Another tenant's first call finds the same and nothing more; the second call of each finds its own.
    let second = by(&server, &other, &ask);
    assert_eq!(cached(&second), common);
    let again = by(&server, &other, &ask);
    assert!(cached(&again) > common);
    assert_eq!(
        first["choices"], again["choices"],
        "no bit of an answer depends on it"
    );

    // Plain chat has nothing in common with anybody's, whatever it says.
    let chat = json!({
        "model": "default", "max_tokens": 1, "temperature": 0,
        "messages": [{"role": "system", "content": RULES}, {"role": "user", "content": "Hello"}],
    });
    assert_eq!(cached(&by(&server, &server.key, &chat)), 0);
    assert_eq!(cached(&by(&server, &other, &chat)), 0);
    assert!(cached(&by(&server, &other, &chat)) >= 64);
}

const FILE: &str = "prefix-cache/smollm2-135m-instruct.sealed";
const OFF: &str = "saved_prefix_mib = 0";

fn saving() -> Home {
    Home::edited(&[(OFF, "saved_prefix_mib = 64")])
}

/// Plain chat that begins with the rules, and its answer.
fn chat(server: &Server) -> Value {
    let ask = json!({
        "model": "default", "max_tokens": 16, "temperature": 0,
        "messages": [{"role": "system", "content": RULES}, {"role": "user", "content": "The kettle leaks."}],
    });
    by(server, &server.key, &ask)
}

fn stop(server: Server) -> Home {
    server.terminate();
    let (status, home) = server.wait();
    assert!(status.success(), "{status}: {}", home.output());
    home
}

#[test]
fn what_was_computed_outlives_a_restart_where_it_is_saved() {
    let server = saving().start();
    let first = chat(&server);
    assert_eq!(cached(&first), 0);
    let other = create_key(&server.data(), "other-app", &["app"]);
    let summary = by(&server, &other, &summary_of(&case_of("DE")));
    let home = stop(server);
    let file = home.data().join(FILE);
    let found = std::fs::metadata(&file).unwrap();
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    assert!(found.len() > 1 << 20 && found.len() < 65 << 20);

    // Sandboxed as ever: the file is read before the first request, and is there no more.
    let server = home.start();
    assert!(server.output().contains("the prefix cache is restored"));
    assert!(!file.exists());
    let again = chat(&server);
    assert!(cached(&again) >= 64, "{} tokens", cached(&again));
    assert_eq!(again["choices"], first["choices"]);
    let common = by(&server, &server.key, &summary_of(&case_of("DE")));
    let own = by(&server, &other, &summary_of(&case_of("DE")));
    assert!(cached(&own) > cached(&common), "each finds its own");
    assert_eq!(own["choices"], summary["choices"]);

    // A process that is killed saves nothing, and leaves nothing.
    let server = server.kill().start();
    assert!(!file.exists());
    let cold = chat(&server);
    assert_eq!(cached(&cold), 0);
    assert_eq!(cold["choices"], first["choices"]);

    // Where it is saved no longer, what was saved is removed.
    let mut home = stop(server);
    assert!(file.exists());
    home.edit("saved_prefix_mib = 64", OFF);
    let home = stop(home.start());
    assert!(!file.exists());
    assert!(!home.output().contains("ignored"), "{}", home.output());
}

#[test]
fn what_was_saved_and_can_t_be_used_is_ignored_and_gone() {
    let server = saving().start();
    let first = chat(&server);
    let mut home = stop(server);
    let file = home.data().join(FILE);
    let whole = std::fs::read(&file).unwrap();
    let half = whole.len() / 2;
    let mut changed = whole.clone();
    changed[half] ^= 1;
    for (bytes, says) in [
        (&changed[..], "it was changed"),
        (&whole[..half], "it was changed"),
        (b"", "it was changed"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let before = home.output().matches(says).count();
        let server = home.start();
        assert!(!file.exists());
        let again = chat(&server);
        assert_eq!(cached(&again), 0, "{says}");
        assert_eq!(again["choices"], first["choices"]);
        home = stop(server);
        assert_eq!(home.output().matches(says).count(), before + 1);
    }
    // Another form of the cache: the answer may be another one, but nothing of the old one is in it.
    home.edit("block_tokens = 32", "block_tokens = 16");
    let server = home.start();
    assert!(server.output().contains("it is of a cache of another form"));
    assert!(!file.exists());
    assert_eq!(cached(&chat(&server)), 0);
    let again = cached(&chat(&server));
    let home = stop(server);
    let server = home.start();
    assert_eq!(cached(&chat(&server)), again);
}
