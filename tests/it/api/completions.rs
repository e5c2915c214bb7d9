//! OpenAI's older form: a text that goes on.

use serde_json::{Value, json};

use super::conformance::events;
use super::server::Server;

fn ask(more: &Value) -> Value {
    let body = body(more);
    let response = Server::shared().post("/v1/completions", &body);
    assert_eq!(response.status(), 200, "{body}: {}", response.text());
    assert!(response.header("x-bailiwick-audit-entry").is_some());
    response.json()
}

fn body(more: &Value) -> Value {
    let mut body = json!({
        "model": "default", "prompt": "The sea is", "max_tokens": 8, "temperature": 0,
        "logit_bias": {"0": -100, "2": -100},
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn texts(answer: &Value) -> Vec<String> {
    let choices = answer["choices"].as_array().unwrap();
    choices
        .iter()
        .map(|own| own["text"].as_str().unwrap().to_owned())
        .collect()
}

fn tokens_of(text: &str) -> Value {
    let body = json!({"model": "default", "prompt": text, "add_special_tokens": false});
    Server::shared().post("/v1/tokenize", &body).json()["tokens"].clone()
}

#[test]
fn a_text_goes_on_the_same_whichever_way_it_comes() {
    let whole = ask(&json!({}));
    assert_eq!(
        (&whole["object"], &whole["usage"]["completion_tokens"]),
        (&json!("text_completion"), &json!(8))
    );
    assert_eq!(whole["choices"][0]["finish_reason"], "length");
    // No chat template: the prompt's tokens are those of the text alone.
    let tokens = tokens_of("The sea is");
    assert_eq!(
        whole["usage"]["prompt_tokens"],
        tokens.as_array().unwrap().len()
    );
    let text = texts(&whole);
    assert_eq!(texts(&ask(&json!({"prompt": tokens}))), text);
    assert_eq!(texts(&ask(&json!({"prompt": ["The sea is"]}))), text);
    let other = texts(&ask(&json!({"prompt": "A kettle"})));
    let both = ask(&json!({"prompt": ["The sea is", "A kettle"]}));
    assert_eq!(texts(&both), [text[0].clone(), other[0].clone()]);
    assert_eq!(both["usage"]["completion_tokens"], 16);
    assert_eq!(
        texts(&ask(&json!({"prompt": [tokens_of("A kettle"), tokens]}))),
        [&*other[0], &*text[0]]
    );
    assert_eq!(
        texts(&ask(&json!({"echo": true}))),
        [format!("The sea is{}", text[0])]
    );
    let unsaid = ask(&json!({"max_tokens": null}));
    assert_eq!(unsaid["usage"]["completion_tokens"], 16);
}

#[test]
fn a_stream_says_what_the_whole_says() {
    for more in [
        json!({}),
        json!({"n": 2, "temperature": 1, "seed": 7}),
        json!({"prompt": ["The sea is", "A kettle"], "n": 2, "echo": true, "temperature": 1, "seed": 7}),
    ] {
        let whole = ask(&more);
        let mut body = body(&more);
        body["stream_options"] = json!({"include_usage": true});
        let mut events = events("/v1/completions", &body);
        let last = events.pop().unwrap();
        assert_eq!(
            (&last["choices"], &last["usage"]["completion_tokens"]),
            (&json!([]), &whole["usage"]["completion_tokens"])
        );
        let mut streamed = vec![String::new(); texts(&whole).len()];
        let mut ends = 0;
        for event in &events {
            assert_eq!((&event["usage"], &event["id"]), (&Value::Null, &last["id"]));
            let choice = &event["choices"][0];
            let index = usize::try_from(choice["index"].as_u64().unwrap()).unwrap();
            streamed[index].push_str(choice["text"].as_str().unwrap());
            ends += usize::from(!choice["finish_reason"].is_null());
        }
        assert_eq!(
            (&streamed, ends),
            (&texts(&whole), streamed.len()),
            "{more}"
        );
    }
}

#[test]
fn chances_come_in_lists() {
    let whole = ask(&json!({"logprobs": 2}));
    let logprobs = &whole["choices"][0]["logprobs"];
    let list = |name: &str| logprobs[name].as_array().unwrap();
    let tokens: String = list("tokens")
        .iter()
        .map(|token| token.as_str().unwrap())
        .collect();
    assert_eq!(tokens, texts(&whole)[0]);
    for name in ["token_logprobs", "top_logprobs", "text_offset"] {
        assert_eq!(list(name).len(), 8, "{name}");
    }
    let mut at = 0;
    for (place, token) in list("tokens").iter().enumerate() {
        let token = token.as_str().unwrap();
        assert_eq!(list("text_offset")[place], at);
        at += token.chars().count();
        // With temperature 0 the chosen token is the likeliest but for those that are ruled out.
        let own = list("token_logprobs")[place].as_f64().unwrap();
        let top = list("top_logprobs")[place].as_object().unwrap();
        assert!(own <= 0.0 && (1..=2).contains(&top.len()), "{top:?}");
        assert!(top.values().all(|other| other.as_f64().unwrap() <= 0.0));
    }
    assert_eq!(ask(&json!({}))["choices"][0]["logprobs"], Value::Null);
    let mut streamed = Vec::new();
    for event in events("/v1/completions", &body(&json!({"logprobs": 2}))) {
        let own = &event["choices"][0]["logprobs"]["tokens"];
        streamed.extend(own.as_array().unwrap().clone());
    }
    assert_eq!(&streamed, list("tokens"));
}

#[test]
fn people_are_masked_however_the_text_comes() {
    let text = "Dear Ms Erika Muster, thank you for your message of";
    let by_text = ask(&json!({"prompt": text, "logprobs": 0}));
    let by_tokens = ask(&json!({"prompt": tokens_of(text), "logprobs": 0}));
    assert_eq!(by_text["choices"], by_tokens["choices"]);
    // The model read a placeholder: its tokens are what is counted.
    let masked = tokens_of("Dear Ms [PERSON_1], thank you for your message of");
    assert_eq!(
        by_text["usage"]["prompt_tokens"],
        masked.as_array().unwrap().len()
    );
}

#[test]
fn what_is_not_done_is_refused_by_name() {
    let check = |more: Value, status: u16, code: &str, param: &str| {
        let response = Server::shared().post("/v1/completions", &body(&more));
        response.expect_error(status, code);
        assert_eq!(response.param(), param, "{more}");
    };
    check(
        json!({"prompt": null}),
        400,
        "missing_required_parameter",
        "prompt",
    );
    check(json!({"prompt": ""}), 400, "invalid_value", "prompt");
    check(
        json!({"prompt": vec!["a"; 9]}),
        400,
        "invalid_value",
        "prompt",
    );
    check(json!({"prompt": [49_152]}), 400, "invalid_value", "prompt");
    // Control tokens have no text: nothing is left.
    check(json!({"prompt": [1, 2]}), 400, "invalid_value", "prompt");
    check(json!({"suffix": "end"}), 400, "unsupported_value", "suffix");
    check(json!({"best_of": 2}), 400, "unsupported_value", "best_of");
    check(json!({"logprobs": 6}), 400, "invalid_value", "logprobs");
    check(
        json!({"logprobs": 1, "echo": true}),
        400,
        "unsupported_value",
        "echo",
    );
    check(
        json!({"prompt": [504], "echo": true}),
        400,
        "unsupported_value",
        "echo",
    );
    check(
        json!({"stream_options": {}}),
        400,
        "invalid_value",
        "stream_options",
    );
    check(
        json!({"messages": []}),
        400,
        "unsupported_parameter",
        "messages",
    );
    check(
        json!({"prompt": "word ".repeat(9_000)}),
        400,
        "context_length_exceeded",
        "prompt",
    );
    check(
        json!({"model": "all-minilm-l6-v2"}),
        404,
        "model_not_found",
        "model",
    );
}
