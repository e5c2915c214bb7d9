//! What callers of a use case have in common is computed once for all, at the start; what is theirs, for each apart.

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
