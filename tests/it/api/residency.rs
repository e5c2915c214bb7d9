//! Records of other jurisdictions are refused before anything reads them.

use serde_json::json;

use super::server::{Server, case_of, run_well, summary_of};

#[test]
fn a_refusal_names_the_rule_and_the_node_to_call() {
    let server = Server::shared();
    let before = server.metric("bailiwick_residency_refusals_total{rule=\"china-at-home\"}");
    let response = server.chat(&summary_of(&case_of("CN")));
    let message = response.expect_error(403, "residency_violation");
    assert_eq!(response.json()["error"]["type"], "permission_error");
    assert_eq!(response.param(), "bailiwick.variables.case");
    for part in ["china-at-home", "CN", "https://ai.cn.example.com/v1"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!message.contains("Erika"));
    let after = server.metric("bailiwick_residency_refusals_total{rule=\"china-at-home\"}");
    assert!(after >= before + 1.0, "{before} and {after}");
    // Refused, and written down by its request's number.
    let request = response.header("x-request-id").unwrap();
    let log = run_well(&["audit", "export"], &server.data());
    let line = log.lines().find(|line| line.contains(request)).unwrap();
    for part in [
        "\"kind\":\"refusal\"",
        "china-at-home",
        "\"record_jurisdiction\":\"CN\"",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[test]
fn the_records_country_decides() {
    let server = Server::shared();
    let status = |country: &str| server.chat(&summary_of(&case_of(country))).status();
    // Atlantis is nowhere, so it is treated as the strictest.
    for (country, expected) in [
        ("DE", 200),
        ("us", 200),
        ("France", 200),
        ("JP", 403),
        ("Atlantis", 403),
        ("", 403),
    ] {
        assert_eq!(status(country), expected, "{country}");
    }
    let mut nowhere = case_of("DE");
    nowhere["Contact"] = json!({"Name": "Erika Muster"});
    server
        .chat(&summary_of(&nowhere))
        .expect_error(403, "residency_violation");
}
