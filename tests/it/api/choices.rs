//! Several answers to one request, chances of tokens, and what else steers an answer.

use serde_json::{Value, json};

use super::openai::{assembled, completion};
use super::server::Server;

fn ask(more: &[(&str, Value)]) -> Value {
    let mut body = json!({
        "model": "default", "max_tokens": 12, "temperature": 1, "seed": 5,
        "messages": [
            {"role": "developer", "content": "You are brief."},
            {"role": "system", "content": "You like colours."},
            {"role": "user", "content": [{"type": "text", "text": "Name "}, {"type": "text", "text": "a colour."}],
             "name": "Jane"},
        ],
    });
    for (name, value) in more {
        body[*name] = value.clone();
    }
    body
}

fn contents(body: &Value) -> Vec<String> {
    let choices = body["choices"].as_array().unwrap().iter();
    let content = |own: &Value| own["message"]["content"].as_str().unwrap().to_owned();
    choices.map(content).collect()
}

#[test]
fn one_request_gives_several_answers_that_repeat() {
    let server = Server::shared();
    let three = ask(&[("n", json!(3))]);
    let first = completion(&server.chat(&three));
    let texts = contents(&first);
    assert_eq!(texts.len(), 3);
    assert!(texts[0] != texts[1] || texts[1] != texts[2], "{texts:?}");
    assert_eq!(contents(&completion(&server.chat(&three))), texts);
    // The first answer is the one that the same seed gives alone; the prompt counts once.
    let one = completion(&server.chat(&ask(&[])));
    assert_eq!(contents(&one)[0], texts[0]);
    let count = |body: &Value, name: &str| body["usage"][name].as_u64().unwrap();
    assert_eq!(count(&first, "prompt_tokens"), count(&one, "prompt_tokens"));
    assert!(count(&first, "completion_tokens") >= 3);
    for (index, choice) in first["choices"].as_array().unwrap().iter().enumerate() {
        assert_eq!(choice["index"], index);
    }
    // The next seed is the second answer's.
    let next = completion(&server.chat(&ask(&[("seed", json!(6))])));
    assert_eq!(contents(&next)[0], texts[1]);
}

#[test]
fn streams_of_several_answers_say_the_same() {
    let server = Server::shared();
    let more = [
        ("n", json!(2)),
        ("logprobs", json!(true)),
        ("top_logprobs", json!(2)),
    ];
    let whole = completion(&server.chat(&ask(&more)));
    let options = json!({"include_usage": true});
    let mut body = ask(&more);
    body["stream"] = json!(true);
    body["stream_options"] = options;
    let stream = assembled(&server.chat(&body));
    for (one, other) in whole["choices"]
        .as_array()
        .unwrap()
        .iter()
        .zip(stream["choices"].as_array().unwrap())
    {
        assert_eq!(one["message"]["content"], other["message"]["content"]);
        assert_eq!(one["logprobs"], other["logprobs"]);
        assert_eq!(one["finish_reason"], other["finish_reason"]);
    }
    assert_eq!(
        whole["usage"]["total_tokens"],
        stream["usage"]["total_tokens"]
    );
}

#[test]
fn chances_are_of_the_answers_tokens() {
    let server = Server::shared();
    let body = completion(&server.chat(&ask(&[
        ("temperature", json!(0)),
        ("logprobs", json!(true)),
        ("top_logprobs", json!(3)),
    ])));
    let choice = &body["choices"][0];
    let tokens = choice["logprobs"]["content"].as_array().unwrap();
    let mut bytes = Vec::new();
    for own in tokens {
        let top = own["top_logprobs"].as_array().unwrap();
        assert_eq!(top.len(), 3);
        // At temperature 0 the likeliest is chosen; chances fall.
        assert_eq!(
            (&top[0]["token"], &top[0]["logprob"]),
            (&own["token"], &own["logprob"])
        );
        let chances: Vec<f64> = top
            .iter()
            .map(|own| own["logprob"].as_f64().unwrap())
            .collect();
        assert!(
            chances.is_sorted_by(|a, b| a >= b) && chances[0] <= 0.0,
            "{chances:?}"
        );
        bytes.extend(
            own["bytes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|own| u8::try_from(own.as_u64().unwrap()).unwrap()),
        );
    }
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        choice["message"]["content"].as_str().unwrap()
    );
    let none = completion(&server.chat(&ask(&[("logprobs", json!(true))])));
    assert_eq!(
        none["choices"][0]["logprobs"]["content"][0]["top_logprobs"],
        json!([])
    );
}

/// Chances show what the model wrote: of a person, the placeholder.
#[test]
fn chances_show_no_values() {
    let server = Server::shared();
    let body = json!({
        "model": "default", "max_tokens": 24, "temperature": 0, "logprobs": true, "top_logprobs": 20,
        "messages": [{"role": "user", "content": "Repeat this address: jane.doe@example.com"}],
        "bailiwick": {"explain": true},
    });
    let answer = completion(&server.chat(&body));
    assert!(
        answer["bailiwick"]["masked_messages"]
            .to_string()
            .contains("[EMAIL_1]")
    );
    let choice = &answer["choices"][0];
    assert!(!choice["logprobs"].to_string().contains("jane"), "{choice}");
}

#[test]
fn predictions_change_no_word() {
    let server = Server::shared();
    let settings = [("temperature", json!(0)), ("max_tokens", json!(16))];
    let plain = completion(&server.chat(&ask(&settings)));
    let text = contents(&plain)[0].clone();
    let details = |body: &Value| body["usage"]["completion_tokens_details"].clone();
    assert_eq!(details(&plain)["accepted_prediction_tokens"], 0);
    for (content, helps) in [(text.as_str(), true), ("Something else entirely.", false)] {
        let mut more = settings.to_vec();
        more.push(("prediction", json!({"type": "content", "content": content})));
        let accepted = || {
            let predicted = completion(&server.chat(&ask(&more)));
            assert_eq!(contents(&predicted)[0], text);
            let accepted = &details(&predicted)["accepted_prediction_tokens"];
            accepted.as_u64().unwrap()
        };
        // Where a step's time says that it would not pay, nothing is drafted: beside other work not each time.
        let tries = if helps { 60 } else { 5 };
        let helped = (0..tries).any(|_| accepted() > 0);
        assert_eq!(helped, helps, "{content:?}");
    }
}

/// The end of a request in the audit log.
fn closing(server: &Server, entry: &str) -> Value {
    let opens: u64 = entry.parse().unwrap();
    let files = std::fs::read_dir(server.data().join("audit")).unwrap();
    let texts = files.filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok());
    let lines: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let entries = lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut found = entries.filter(|own| own["kind"] == "close" && own["opens"] == opens);
    found.next().unwrap()
}

#[test]
fn tags_are_in_the_audit_log_and_nobody_reads_them() {
    let server = Server::shared();
    let logged = |more: &[(&str, Value)]| {
        let response = server.chat(&ask(more));
        assert_eq!(response.status(), 200, "{}", response.text());
        let entry = response.header("x-bailiwick-audit-entry").unwrap();
        closing(server, entry)
    };
    let tagged = [
        ("metadata", json!({"ticket": "zq7-ticket"})),
        ("user", json!("zq7-user")),
    ];
    let (first, second) = (logged(&tagged), logged(&tagged));
    assert!(first["client_digest"].is_string(), "{first}");
    assert!(!first.to_string().contains("zq7") && !server.output().contains("zq7"));
    assert_eq!(first["client_digest"], second["client_digest"]);
    assert_eq!(logged(&[]).get("client_digest"), None);
    let other = logged(&[("user", json!("zq7-user"))]);
    assert_ne!(first["client_digest"], other["client_digest"]);
}

#[test]
fn what_a_template_does_not_read_is_refused() {
    let server = Server::shared();
    for (name, value, param) in [
        ("reasoning_effort", json!("low"), "reasoning_effort"),
        (
            "chat_template_kwargs",
            json!({"enable_thinking": true}),
            "chat_template_kwargs.enable_thinking",
        ),
    ] {
        let response = server.chat(&ask(&[(name, value)]));
        response.expect_error(400, "unsupported_parameter");
        assert_eq!(response.param(), param);
    }
}
