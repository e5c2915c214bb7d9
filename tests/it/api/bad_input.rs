//! Bad input of every kind: the right status, an error that names what to change, and no word of the
//! client's text in it.

use serde_json::{Value, json};

use super::client::Request;
use super::server::{Server, case_of, long_chat, summary_of};

/// A text that no error may show.
const SECRET: &str = "zq7-secret";

/// The default request with one field changed; `null` removes it.
fn changed(field: &str, value: Value) -> Value {
    let mut body = long_chat(2);
    match value {
        Value::Null => drop(body.as_object_mut().unwrap().remove(field)),
        value => body[field] = value,
    }
    body
}

fn check(body: &Value, status: u16, code: &str, param: &str) {
    let response = Server::shared().chat(body);
    let message = response.expect_error(status, code);
    assert_eq!(response.param(), param, "{body}: {message}");
    assert!(!response.text().contains(SECRET), "{}", response.text());
    assert!(
        message.contains(param) || code.ends_with("not_found"),
        "{message} names no {param}"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn values_out_of_range_and_of_wrong_types_are_named() {
    let messages = |value: Value| changed("messages", value);
    let user = |content: Value| messages(json!([{"role": "user", "content": content}]));
    let rows: &[(Value, &str, &str)] = &[
        (
            changed("temperature", json!(3)),
            "invalid_value",
            "temperature",
        ),
        (
            changed("temperature", json!(-0.1)),
            "invalid_value",
            "temperature",
        ),
        (
            changed("temperature", json!("hot")),
            "invalid_type",
            "temperature",
        ),
        (changed("top_p", json!(1.5)), "invalid_value", "top_p"),
        (changed("top_p", json!(0)), "invalid_value", "top_p"),
        (changed("top_k", json!(-1)), "invalid_value", "top_k"),
        (changed("min_p", json!(2)), "invalid_value", "min_p"),
        (
            changed("frequency_penalty", json!(2.5)),
            "invalid_value",
            "frequency_penalty",
        ),
        (
            changed("presence_penalty", json!(-3)),
            "invalid_value",
            "presence_penalty",
        ),
        (
            changed("repetition_penalty", json!(0)),
            "invalid_value",
            "repetition_penalty",
        ),
        (changed("seed", json!(1.5)), "invalid_type", "seed"),
        (
            changed("logit_bias", json!({"2": 101})),
            "invalid_value",
            "logit_bias",
        ),
        (
            changed("logit_bias", json!({SECRET: 1})),
            "invalid_value",
            "logit_bias",
        ),
        (
            changed("logit_bias", json!([])),
            "invalid_type",
            "logit_bias",
        ),
        (
            changed("stop", json!(["a", "b", "c", "d", "e"])),
            "invalid_value",
            "stop",
        ),
        (changed("stop", json!("")), "invalid_value", "stop"),
        (changed("stop", json!([1])), "invalid_type", "stop"),
        (changed("n", json!(0)), "invalid_value", "n"),
        (changed("n", json!(9)), "invalid_value", "n"),
        (
            changed("max_tokens", json!(0)),
            "invalid_value",
            "max_tokens",
        ),
        (
            changed("max_tokens", json!("2")),
            "invalid_type",
            "max_tokens",
        ),
        (
            changed("max_completion_tokens", json!(-5)),
            "invalid_value",
            "max_completion_tokens",
        ),
        (
            changed("max_completion_tokens", json!(3)),
            "invalid_value",
            "max_tokens",
        ),
        (changed("stream", json!("yes")), "invalid_type", "stream"),
        (
            changed("stream_options", json!({})),
            "invalid_value",
            "stream_options",
        ),
        (changed("logprobs", json!(5)), "invalid_type", "logprobs"),
        (
            changed("top_logprobs", json!(21)),
            "invalid_value",
            "top_logprobs",
        ),
        (
            changed("response_format", json!({"type": SECRET})),
            "invalid_value",
            "response_format.type",
        ),
        (
            changed("tools", json!([{"type": "function"}])),
            "missing_required_parameter",
            "tools[0].function",
        ),
        (
            changed("tool_choice", json!("required")),
            "invalid_value",
            "tool_choice",
        ),
        (changed("store", json!(true)), "unsupported_value", "store"),
        (
            changed("model", json!(null)),
            "missing_required_parameter",
            "model",
        ),
        (
            changed("model", json!(["default"])),
            "invalid_type",
            "model",
        ),
        (
            messages(json!(null)),
            "missing_required_parameter",
            "messages",
        ),
        (messages(json!([])), "invalid_value", "messages"),
        (messages(json!(SECRET)), "invalid_type", "messages"),
        (messages(json!([SECRET])), "invalid_type", "messages[0]"),
        (
            messages(json!([{"role": SECRET, "content": "x"}])),
            "invalid_value",
            "messages[0].role",
        ),
        (
            messages(json!([{"role": "tool", "content": "x"}])),
            "missing_required_parameter",
            "messages[0].tool_call_id",
        ),
        (
            messages(json!([{"content": "x"}])),
            "missing_required_parameter",
            "messages[0].role",
        ),
        (
            messages(json!([{"role": "user"}])),
            "missing_required_parameter",
            "messages[0].content",
        ),
        (user(json!(5)), "invalid_type", "messages[0].content"),
        (
            user(json!([{"type": "image_url", "image_url": {"url": SECRET}}])),
            "invalid_value",
            "messages[0].content[0].type",
        ),
        (
            user(json!([{"type": "text"}])),
            "missing_required_parameter",
            "messages[0].content[0].text",
        ),
        (
            changed("bailiwick", json!("x")),
            "invalid_type",
            "bailiwick",
        ),
        (
            changed("bailiwick", json!({"explain": "x"})),
            "invalid_type",
            "bailiwick.explain",
        ),
        (
            changed("bailiwick", json!({"variables": {}})),
            "missing_required_parameter",
            "bailiwick.use_case",
        ),
    ];
    for (body, code, param) in rows {
        check(body, 400, code, param);
    }
}

#[test]
fn unknown_parameters_are_refused_by_name() {
    for name in ["tempature", "functions", "audio", "web_search_options"] {
        check(
            &changed(name, json!({"x": SECRET})),
            400,
            "unsupported_parameter",
            name,
        );
    }
    let nested = changed("bailiwick", json!({"use-case": "case-summary"}));
    check(&nested, 400, "unsupported_parameter", "bailiwick.use-case");
    // A name that may be somebody's text is not repeated.
    let odd = changed(&format!("{SECRET} of Jane"), json!(1));
    check(&odd, 400, "unsupported_parameter", "?");
    // These change nothing in what a caller gets.
    for (name, value) in [
        ("user", json!("u")),
        ("metadata", json!({"a": "b"})),
        ("store", json!(false)),
        ("n", json!(1)),
    ] {
        assert_eq!(
            Server::shared().chat(&changed(name, value)).status(),
            200,
            "{name}"
        );
    }
}

#[test]
fn what_does_not_exist_is_not_found() {
    check(
        &changed("model", json!(SECRET)),
        404,
        "model_not_found",
        "model",
    );
    check(
        &changed("model", json!("all-minilm-l6-v2")),
        404,
        "model_not_found",
        "model",
    );
    let use_case = |name: &str, version: Value| {
        let mut body = summary_of(&case_of("DE"));
        body["bailiwick"]["use_case"] = json!(name);
        body["bailiwick"]["version"] = version;
        body
    };
    let response = Server::shared().chat(&use_case("case-sumary", json!(null)));
    assert!(
        response
            .expect_error(404, "use_case_not_found")
            .contains("`case-summary`")
    );
    for (name, version) in [
        ("nothing", json!(null)),
        ("case-summary", json!(99)),
        (SECRET, json!(null)),
    ] {
        check(
            &use_case(name, version),
            404,
            "use_case_not_found",
            "bailiwick.use_case",
        );
    }
}

#[test]
fn variables_must_fit_the_use_case() {
    let with = |variables: Value| {
        let mut body = summary_of(&case_of("DE"));
        body["bailiwick"]["variables"] = variables;
        body
    };
    let case = case_of("DE");
    let without_subject = {
        let mut case = case.clone();
        case["Subject"] = json!(null);
        case
    };
    let account =
        json!({"attributes": {"type": "Account"}, "BillingCountryCode": "DE", "Subject": "x"});
    let rows = [
        (with(json!({})), "`case` is missing"),
        (
            with(json!({"case": case, "note": SECRET})),
            "no variable `note`",
        ),
        (with(json!({"case": without_subject})), "case.Subject"),
        (with(json!({"case": account})), "needs `Case`"),
        (with(json!({"case": SECRET})), "needs a record"),
        (
            with(json!({"case": [case, case]})),
            "`case` holds 2 items; at most 1",
        ),
    ];
    for (body, says) in rows {
        let response = Server::shared().chat(&body);
        let message = response.expect_error(400, "invalid_variables");
        assert!(message.contains(says), "{message}");
        assert!(!message.contains(SECRET), "{message}");
    }
    let mut both = summary_of(&case);
    both["messages"] = json!([{"role": "user", "content": "x"}]);
    check(&both, 400, "invalid_value", "messages");
    let tags = with(json!({"case": {"Tags": [SECRET]}}));
    Server::shared()
        .chat(&tags)
        .expect_error(400, "invalid_value");
}

#[test]
fn a_prompt_that_is_too_long_is_refused_with_both_numbers() {
    let text = "word ".repeat(9000);
    let body = changed("messages", json!([{"role": "user", "content": text}]));
    let message = Server::shared()
        .chat(&body)
        .expect_error(400, "context_length_exceeded");
    // The wording that clients look for, the limit, and what came.
    assert!(
        message.contains("maximum context length is 8192 tokens"),
        "{message}"
    );
    let numbers: Vec<u64> = message
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    assert!(numbers.iter().any(|n| *n > 9000), "{message}");
}

#[test]
fn bodies_that_are_no_json_objects_are_refused() {
    let server = Server::shared();
    let send = |body: &[u8]| {
        let request = Request::new("POST", "/v1/chat/completions").body(body);
        request.key(&server.key).send(server.address)
    };
    for body in [
        "",
        "{",
        "{\"model\": zq7-secret}",
        "nonsense",
        "{\"a\": 1} {\"b\": 2}",
        "{\"a\": 1,}",
        "{\"a\": NaN}",
        "{'a': 1}",
        "[1]",
        "\"zq7-secret\"",
        "null",
        "{\"a\": \"\\ud800\"}",
        "{\"seed\": 1e999}",
    ] {
        let response = send(body.as_bytes());
        response.expect_error(400, "invalid_json");
        assert!(!response.text().contains(SECRET), "{body}");
    }
    send(b"{\"a\": \"\xff\xfe\"}").expect_error(400, "invalid_json");
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(70), "]".repeat(70));
    assert!(
        send(deep.as_bytes())
            .expect_error(400, "invalid_json")
            .contains("64 deep")
    );
    let compressed = Request::post("/v1/chat/completions", &long_chat(1))
        .key(&server.key)
        .header("content-encoding", "gzip");
    compressed
        .send(server.address)
        .expect_error(415, "unsupported_content_encoding");
}

#[test]
fn paths_and_methods_that_are_not_there_say_so() {
    let server = Server::shared();
    for path in [
        "/",
        "/v1",
        "/v1/chat",
        "/v1/completions/x",
        "/v1/zq7-secret",
        "/admin",
        "/../etc/passwd",
    ] {
        let response = server.get(path);
        response.expect_error(404, "unknown_path");
        assert!(!response.text().contains(SECRET));
    }
    for (method, path, allow) in [
        ("GET", "/v1/chat/completions", "POST"),
        ("PUT", "/v1/embeddings", "POST"),
        ("OPTIONS", "/v1/chat/completions", "POST"),
        ("DELETE", "/v1/models", "GET"),
        ("POST", "/health/live", "GET"),
    ] {
        let response = Request::new(method, path)
            .key(&server.key)
            .send(server.address);
        response.expect_error(405, "method_not_allowed");
        assert!(
            response
                .header("allow")
                .is_some_and(|own| own.contains(allow)),
            "{method} {path}"
        );
    }
}
