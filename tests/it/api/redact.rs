//! Masking and restoring for a caller with a model of its own.

use serde_json::{Value, json};

use super::client::Request;
use super::server::{Home, Server, case_of, create_key, run_well};

const TEXT: &str = "Dear Ms Erika Muster, we wrote to erika.muster@example.com. 🙂 IBAN DE89 3704 0044 0532 0130 00.";

fn redact(body: &Value) -> Value {
    let response = Server::shared().post("/v1/redact", body);
    assert_eq!(response.status(), 200, "{}", response.text());
    assert!(response.header("x-bailiwick-audit-entry").is_some());
    response.json()
}

fn restore(vault: &Value, input: &Value) -> Value {
    let body = json!({"vault": vault, "input": input});
    let response = Server::shared().post("/v1/restore", &body);
    assert_eq!(response.status(), 200, "{}", response.text());
    response.json()
}

#[test]
fn what_was_masked_comes_back() {
    let masked = redact(&json!({"input": TEXT, "return_spans": true}));
    let output = masked["output"].as_str().unwrap();
    for value in ["Erika", "Muster", "example.com", "DE89"] {
        assert!(!masked.to_string().contains(value), "{masked}");
    }
    for placeholder in ["[PERSON_1]", "[EMAIL_1]", "[IBAN_1]"] {
        assert!(output.contains(placeholder), "{output}");
    }
    assert_eq!(
        masked["entities"],
        json!({"EMAIL": 1, "IBAN": 1, "PERSON": 1})
    );
    let restored = restore(&masked["vault"], &masked["output"]);
    assert_eq!(restored["output"], TEXT);
    assert_eq!(
        (&restored["restored"], &restored["unknown"]),
        (&json!(3), &json!(0))
    );
    // A model's answer: other words, a slip, one that stands for nothing.
    let answer = json!(["Hi [person 1]!", "[PERSON_2] and [EMAIL_1]"]);
    let restored = restore(&masked["vault"], &answer);
    assert_eq!(
        restored["output"],
        json!([
            "Hi Erika Muster!",
            "[PERSON_2] and erika.muster@example.com"
        ])
    );
    assert_eq!(
        (&restored["restored"], &restored["unknown"]),
        (&json!(2), &json!(1))
    );
}

#[test]
fn spans_are_in_code_points_of_the_text_that_came() {
    let masked = redact(&json!({"input": TEXT, "return_spans": true}));
    let result = &masked["results"][0];
    let characters: Vec<char> = TEXT.chars().collect();
    let mut found = Vec::new();
    for span in result["spans"].as_array().unwrap() {
        let at = |name: &str| usize::try_from(span[name].as_u64().unwrap()).unwrap();
        let text: String = characters[at("start")..at("end")].iter().collect();
        found.push((
            span["entity"].as_str().unwrap(),
            text,
            span["placeholder"].as_str().unwrap(),
        ));
    }
    let expected = [
        ("PERSON", "Erika Muster", "[PERSON_1]"),
        ("EMAIL", "erika.muster@example.com", "[EMAIL_1]"),
        ("IBAN", "DE89 3704 0044 0532 0130 00", "[IBAN_1]"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(e, t, p)| (*e, (*t).to_owned(), *p))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(result["flagged"], true);
    assert_eq!(
        (&result["categories"]["IBAN"], &result["categories"]["CARD"]),
        (&json!(true), &json!(false))
    );
    assert!(result["category_scores"]["IBAN"].as_f64().unwrap() > 0.5);
    assert_eq!(result["category_scores"]["CARD"], 0.0);
    let clean = redact(&json!({"input": "The kettle leaks."}));
    assert_eq!(clean["results"][0]["flagged"], false);
    assert_eq!(clean["results"][0].get("spans"), None);
}

#[test]
fn the_answer_has_the_form_of_the_request() {
    let messages = json!([
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": [{"type": "text", "text": "Mail erika@example.com"}]},
        {"role": "assistant", "content": "erika@example.com it is."},
    ]);
    let masked = redact(&json!({"messages": messages}));
    assert_eq!(
        masked["output"],
        json!([
            {"role": "system", "content": "You are brief."},
            {"role": "user", "content": [{"type": "text", "text": "Mail [EMAIL_1]"}]},
            {"role": "assistant", "content": "[EMAIL_1] it is."},
        ])
    );
    assert_eq!(masked["results"].as_array().unwrap().len(), 3);
    let body = json!({"vault": masked["vault"], "messages": masked["output"]});
    assert_eq!(
        Server::shared().post("/v1/restore", &body).json()["output"],
        messages
    );
}

#[test]
fn records_and_declared_values_are_looked_for() {
    let text = "muster called about LC-77 and a kettle";
    let plain = redact(&json!({"input": text}));
    assert_eq!(plain["output"], text);
    let body =
        json!({"input": text, "records": case_of("DE"), "declared": {"IDENTIFIER": "LC-77"}});
    let masked = redact(&body);
    assert_eq!(
        masked["output"],
        "[PERSON_1] called about [IDENTIFIER_1] and a kettle"
    );
    // A list of records, too; and what is let through.
    let body = json!({"input": text, "records": [case_of("DE")], "exclude": ["PERSON"]});
    assert_eq!(redact(&body)["output"], text);
    let only = redact(&json!({"input": TEXT, "entities": ["EMAIL"]}));
    assert_eq!(only["entities"], json!({"EMAIL": 1}));
    assert!(
        only["output"].as_str().unwrap().contains("Erika Muster"),
        "{only}"
    );
}

#[test]
fn records_of_elsewhere_are_refused_before_anything_reads_them() {
    let body = json!({"input": "a kettle", "records": case_of("CN")});
    let response = Server::shared().post("/v1/redact", &body);
    let message = response.expect_error(403, "residency_violation");
    assert!(
        message.contains("https://ai.cn.example.com/v1"),
        "{message}"
    );
    assert_eq!(response.param(), "records");
}

#[test]
fn a_vault_opens_for_its_caller_alone() {
    let server = Home::demo().start();
    let other = create_key(&server.data(), "other-app", &["app"]);
    let masked = server
        .post("/v1/redact", &json!({"input": TEXT, "vault_ttl_s": 1}))
        .json();
    let vault = masked["vault"].as_str().unwrap();
    let ask = |key: &str, vault: &str| {
        let body = json!({"vault": vault, "input": "[PERSON_1]"});
        Request::post("/v1/restore", &body)
            .key(key)
            .send(server.address)
    };
    // The keyring looks for new keys about once a second.
    let mut stranger = ask(&other, vault);
    for _ in 0..100 {
        if stranger.status() != 401 {
            break;
        }
        super::server::pause(100);
        stranger = ask(&other, vault);
    }
    stranger.expect_error(403, "not_allowed");
    let mut altered = vault.to_owned();
    altered.replace_range(40..41, if &vault[40..41] == "A" { "B" } else { "A" });
    ask(&server.key, &altered).expect_error(400, "invalid_vault");
    ask(&server.key, "bwv1.").expect_error(400, "invalid_vault");
    super::server::wait_until(10, "the vault expires", || {
        ask(&server.key, vault).status() == 400
    });
    let late = ask(&server.key, vault);
    late.expect_error(400, "vault_expired");
    assert_eq!(late.param(), "vault");
    // Another node's key opens nothing either.
    let elsewhere = redact(&json!({"input": TEXT}));
    ask(&server.key, elsewhere["vault"].as_str().unwrap()).expect_error(400, "invalid_vault");
    // All of it is in the log, none of the content.
    let log = run_well(&["audit", "export"], &server.data());
    assert!(
        log.contains("\"redact\"") && log.contains("\"restore\""),
        "{log}"
    );
    assert!(
        log.contains("vault_expired") && log.contains("invalid_vault"),
        "{log}"
    );
    assert!(
        !log.contains("Erika") && !log.contains("bwv1"),
        "content in the log"
    );
    assert!(!server.output().contains("Erika"), "content in the output");
}

#[test]
fn a_node_that_restores_nothing_gives_no_vault() {
    let edit = (
        "restore = true              # put",
        "restore = false             # put",
    );
    let server = Home::edited(&[edit]).start();
    let masked = server.post("/v1/redact", &json!({"input": TEXT})).json();
    assert_eq!(
        (&masked["vault"], &masked["vault_expires_at"]),
        (&Value::Null, &Value::Null)
    );
    let vault = redact(&json!({"input": TEXT}))["vault"].clone();
    let response = server.post("/v1/restore", &json!({"vault": vault, "input": "a"}));
    response.expect_error(403, "not_allowed");
}

#[test]
fn what_cant_be_masked_is_refused() {
    let check = |body: Value, code: &str, param: &str| {
        let response = Server::shared().post("/v1/redact", &body);
        response.expect_error(400, code);
        assert_eq!(response.param(), param, "{body}");
    };
    check(json!({}), "missing_required_parameter", "input");
    check(json!({"input": 7}), "invalid_type", "input");
    check(
        json!({"input": "a", "entities": ["NAME"]}),
        "invalid_value",
        "entities",
    );
    check(
        json!({"input": "a", "entities": [], "exclude": []}),
        "invalid_value",
        "exclude",
    );
    check(
        json!({"input": "a", "declared": {"PERSON": 1}}),
        "invalid_type",
        "declared",
    );
    check(
        json!({"input": "a", "declared": {"person": "x"}}),
        "invalid_value",
        "declared",
    );
    check(
        json!({"input": "a", "records": "x"}),
        "invalid_type",
        "records",
    );
    check(
        json!({"input": "a", "records": [1]}),
        "invalid_value",
        "records",
    );
    check(
        json!({"input": "a", "vault_ttl_s": 0}),
        "invalid_value",
        "vault_ttl_s",
    );
    check(
        json!({"input": "a", "vault_ttl_s": 86_401}),
        "invalid_value",
        "vault_ttl_s",
    );
    check(
        json!({"input": "a", "language": "en"}),
        "unsupported_parameter",
        "language",
    );
}
