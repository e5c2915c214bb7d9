//! Background responses: from the request that begins one to its result, its owner, its end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Request, Response};
use super::openai::check as assert_valid;
use super::responses::{long_response, prompt_of, text_of};
use super::server::{Home, Server, create_key, run_well, wait_until};

/// Answers that take long enough to look at while they are made.
const LONG: u32 = 3000;

fn patient() -> Home {
    Home::edited(&[("max_tokens = 1024", "max_tokens = 4096")])
}

fn background(mut body: Value) -> Value {
    body["background"] = json!(true);
    body
}

fn path(id: &str) -> String {
    format!("/v1/responses/{id}")
}

/// Begins a job; its identifier.
fn begin(server: &Server, body: Value) -> String {
    let response = server.post("/v1/responses", &background(body));
    assert_eq!(response.status(), 200, "{}", response.text());
    let object = response.json();
    assert_valid("Response", &object);
    assert_eq!(object["status"], "queued");
    assert_eq!(
        (&object["background"], &object["store"]),
        (&json!(true), &json!(true))
    );
    object["id"].as_str().unwrap().to_owned()
}

fn get(server: &Server, id: &str) -> Value {
    let response = server.get(&path(id));
    assert_eq!(response.status(), 200, "{}", response.text());
    let object = response.json();
    assert_valid("Response", &object);
    assert_eq!(object["id"], id);
    object
}

fn cancel(server: &Server, id: &str) -> Response {
    server.post(&format!("{}/cancel", path(id)), &json!({}))
}

fn delete(server: &Server, id: &str) -> Response {
    Request::new("DELETE", &path(id))
        .key(&server.key)
        .send(server.address)
}

/// Waits until the response has one of the statuses.
fn wait_for(server: &Server, id: &str, statuses: &[&str]) -> Value {
    let mut object = Value::Null;
    wait_until(90, "the response gets there", || {
        object = get(server, id);
        statuses.contains(&object["status"].as_str().unwrap())
    });
    object
}

/// The verdicts of the closed entries of an audit log that was found sound, by request.
fn verdicts(home: &Home) -> (BTreeMap<String, String>, Value) {
    let found: Value = serde_json::from_str(&run_well(&["audit", "verify"], &home.data())).unwrap();
    let log = run_well(&["audit", "export"], &home.data());
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let closed = lines
        .iter()
        .filter(|line| line["kind"] == "close")
        .map(|line| {
            let opened = usize::try_from(line["opens"].as_u64().unwrap()).unwrap();
            (text(&lines[opened], "request"), text(line, "verdict"))
        });
    (closed.collect(), found)
}

/// The request that began a job, as the audit log names it.
fn request_of(id: &str) -> String {
    id.replacen("resp_", "req_", 1)
}

pub(crate) fn files_hold(home: &Home, marker: &str) -> bool {
    let files = std::fs::read_dir(home.data()).unwrap();
    let paths = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file());
    paths.into_iter().any(|path| {
        let bytes = std::fs::read(path).unwrap();
        bytes
            .windows(marker.len())
            .any(|window| window == marker.as_bytes())
    })
}

#[test]
fn a_job_is_begun_polled_fetched_and_deleted() {
    let server = Server::shared();
    let said = server.post("/v1/responses", &long_response(24)).json();
    let began = Instant::now();
    let id = begin(server, long_response(24));
    // At once, and not when the answer is there.
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "{:?}",
        began.elapsed()
    );
    let done = wait_for(server, &id, &["incomplete"]);
    assert_eq!(text_of(&done), text_of(&said));
    assert_eq!(done["usage"]["output_tokens"], 24);
    assert_eq!(
        done["incomplete_details"],
        json!({"reason": "max_output_tokens"})
    );
    assert_eq!(get(server, &id), done);
    // It has ended, so there is nothing to cancel.
    assert_eq!(cancel(server, &id).json(), done);
    let deleted = delete(server, &id);
    assert_eq!(deleted.status(), 200);
    assert_eq!(
        deleted.json(),
        json!({"id": id, "object": "response", "deleted": true})
    );
    for gone in [
        server.get(&path(&id)),
        cancel(server, &id),
        delete(server, &id),
    ] {
        gone.expect_error(404, "response_not_found");
    }
}

#[test]
fn a_use_case_runs_in_the_background_and_nothing_of_it_lies_in_clear() {
    let home = Home::demo();
    let server = home.start();
    // Refused before anything is begun.
    let refused = server.post("/v1/responses", &background(prompt_of("CN")));
    refused.expect_error(403, "residency_violation");
    let mut body = prompt_of("DE");
    body["bailiwick"] = json!({"explain": true});
    body["metadata"] = json!({"mark": "METAMARKER"});
    let id = begin(&server, body);
    let done = wait_for(&server, &id, &["completed", "incomplete"]);
    assert!(done["bailiwick"]["masked_messages"].is_array());
    assert_eq!(done["metadata"]["mark"], "METAMARKER");
    let text = text_of(&done);
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| word.len() > 7)
        .collect();
    assert!(!words.is_empty(), "{text}");
    let home = server.kill();
    for marker in words
        .into_iter()
        .chain(["METAMARKER", "Erika", "output_text", "masked_messages"])
    {
        assert!(!files_hold(&home, marker), "{marker}");
    }
    // The result outlives a kill.
    let server = home.start();
    assert_eq!(get(&server, &id), done);
}

#[test]
fn a_job_is_its_owners_alone() {
    let server = Server::shared();
    let id = begin(server, long_response(2));
    wait_for(server, &id, &["incomplete"]);
    let other = create_key(&server.data(), "another-app", &["app"]);
    // A key made beside a running server is taken within moments.
    wait_until(10, "the new key is good", || {
        Request::get("/v1/models")
            .key(&other)
            .send(server.address)
            .status()
            == 200
    });
    let never = format!("resp_{}", "0".repeat(32));
    let ask = |method, path: String| {
        let request = Request::new(method, &path).key(&other).body("{}");
        request.send(server.address)
    };
    for (method, end) in [("GET", ""), ("POST", "/cancel"), ("DELETE", "")] {
        let of_another = ask(method, path(&id) + end);
        let message = of_another.expect_error(404, "response_not_found");
        for unknown in [&never, "resp_x", "x", "%00"] {
            let unknown = ask(method, path(unknown) + end);
            assert_eq!(unknown.expect_error(404, "response_not_found"), message);
        }
    }
    assert_eq!(get(server, &id)["status"], "incomplete");
}

#[test]
fn a_cancelled_job_ends_and_is_recorded() {
    let server = patient().start();
    let id = begin(&server, long_response(LONG));
    wait_for(&server, &id, &["in_progress"]);
    assert_eq!(server.metric("bailiwick_jobs_running"), 1.0);
    let cancelled = cancel(&server, &id);
    assert_eq!(cancelled.status(), 200, "{}", cancelled.text());
    let object = cancelled.json();
    assert_valid("Response", &object);
    assert_eq!(object["status"], "cancelled");
    assert_eq!(cancel(&server, &id).json(), object);
    assert_eq!(get(&server, &id), object);
    wait_until(20, "the engine lets go", || {
        server.metric("bailiwick_sequences_running") == 0.0
    });
    assert_eq!(server.metric("bailiwick_jobs_running"), 0.0);
    assert_eq!(
        server.metric("bailiwick_jobs_total{status=\"cancelled\"}"),
        1.0
    );
    // Deleting one that runs ends it too.
    let other = begin(&server, long_response(LONG));
    assert_eq!(delete(&server, &other).status(), 200);
    server
        .get(&path(&other))
        .expect_error(404, "response_not_found");
    server.terminate();
    let (status, home) = server.wait();
    assert!(status.success(), "{}", home.output());
    let (verdicts, found) = verdicts(&home);
    assert_eq!(verdicts[&request_of(&id)], "cancelled");
    assert_eq!(verdicts[&request_of(&other)], "cancelled");
    assert_eq!(found["in_flight"], json!([]));
}

#[test]
fn a_killed_server_leaves_failed_jobs_and_a_sound_log() {
    let server = patient().start();
    let mut body = long_response(LONG);
    body["instructions"] = json!("INPUTMARKER");
    let running = begin(&server, body);
    wait_for(&server, &running, &["in_progress"]);
    let home = server.kill();
    // Of the input nothing was kept, sealed or not; the log shows the request as interrupted.
    assert!(!files_hold(&home, "INPUTMARKER"));
    let (verdicts, found) = verdicts(&home);
    assert!(!verdicts.contains_key(&request_of(&running)));
    let open = [&found["interrupted"], &found["in_flight"]];
    assert_eq!(
        open.iter()
            .filter_map(|list| list.as_array())
            .map(Vec::len)
            .sum::<usize>(),
        1
    );
    let server = home.start();
    let lost = get(&server, &running);
    assert_eq!(lost["status"], "failed");
    assert_eq!(lost["error"]["code"], "server_error");
    assert_eq!(lost["error"]["reason"], "server_restarted");
    assert_eq!(lost["output"], json!([]));
    assert_eq!(lost["instructions"], Value::Null);
    assert_eq!(cancel(&server, &running).json(), lost);
    assert_eq!(delete(&server, &running).status(), 200);
}

#[test]
fn results_are_removed_when_they_expire() {
    let server = Home::demo().start();
    let id = begin(&server, long_response(2));
    wait_for(&server, &id, &["incomplete"]);
    let database = rusqlite::Connection::open(server.data().join("bailiwick.sqlite3")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    let count = || -> i64 {
        let all = "SELECT count(*) FROM jobs";
        database.query_row(all, [], |row| row.get(0)).unwrap()
    };
    // Within the hour that the configuration says, and not before it is over.
    let left: i64 = database
        .query_row("SELECT expires_ms - created_ms FROM jobs", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!((3_600_000..3_700_000).contains(&left), "{left}");
    assert_eq!(count(), 1);
    database
        .execute("UPDATE jobs SET expires_ms = 1", [])
        .unwrap();
    server
        .get(&path(&id))
        .expect_error(404, "response_not_found");
    wait_until(20, "the row is removed", || count() == 0);
}

#[test]
fn jobs_are_bounded_per_key() {
    let server = Home::edited(&[("max_per_key = 64", "max_per_key = 2")]).start();
    let ids = [
        begin(&server, long_response(1)),
        begin(&server, long_response(1)),
    ];
    let refused = server.post("/v1/responses", &background(long_response(1)));
    refused.expect_error(429, "too_many_jobs");
    assert!(refused.header("retry-after").is_some());
    // Others than background ones are answered.
    assert_eq!(
        server.post("/v1/responses", &long_response(1)).status(),
        200
    );
    wait_for(&server, &ids[0], &["incomplete"]);
    assert_eq!(delete(&server, &ids[0]).status(), 200);
    begin(&server, long_response(1));
    let none = Home::edited(&[("max_per_key = 64", "max_per_key = 0")]).start();
    let refused = none.post("/v1/responses", &background(long_response(1)));
    refused.expect_error(400, "unsupported_value");
    assert_eq!(refused.param(), "background");
}

#[test]
fn what_background_excludes_is_refused() {
    let server = Server::shared();
    let check = |field: &str, value: Value| {
        let mut body = background(long_response(1));
        body[field] = value;
        let response = server.post("/v1/responses", &body);
        response.expect_error(400, "unsupported_value");
        assert_eq!(response.param(), field);
    };
    check("stream", json!(true));
    check("store", json!(false));
    let mut stored = long_response(1);
    stored["store"] = json!(true);
    let id = begin(server, stored);
    wait_for(server, &id, &["incomplete"]);
    let streamed = server.get(&format!("{}?stream=true", path(&id)));
    streamed.expect_error(400, "unsupported_value");
    let quiet = server.get(&format!("{}?stream=false&include[]=x", path(&id)));
    assert_eq!(quiet.status(), 200);
    let other = server.get(&format!("{}?order=asc", path(&id)));
    other.expect_error(400, "unsupported_parameter");
}

#[test]
fn a_drain_waits_for_jobs_and_then_ends_them() {
    let server = Home::edited(&[("drain_timeout_s = 30", "drain_timeout_s = 120")]).start();
    let id = begin(&server, long_response(60));
    server.terminate();
    let (status, home) = server.wait();
    assert!(status.success(), "{}", home.output());
    let server = home.start();
    assert_eq!(get(&server, &id)["usage"]["output_tokens"], 60);
    drop(server);

    let server = Home::edited(&[
        ("drain_timeout_s = 30", "drain_timeout_s = 1"),
        ("max_tokens = 1024", "max_tokens = 4096"),
    ])
    .start();
    let id = begin(&server, long_response(4000));
    wait_for(&server, &id, &["in_progress"]);
    server.terminate();
    let (status, home) = server.wait();
    assert!(status.success(), "{}", home.output());
    let (verdicts, found) = verdicts(&home);
    assert_eq!(verdicts[&request_of(&id)], "failed");
    assert_eq!(found["in_flight"], json!([]));
    let server = home.start();
    let failed = get(&server, &id);
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["error"]["reason"], "shutting_down");
}
