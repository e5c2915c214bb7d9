//! Answers that a rule holds: what their caller gets, who sees and decides on them, and what is left of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Request, Response};
use super::jobs::files_hold;
use super::openai::check as assert_valid;
use super::responses::{events_of, text_of};
use super::screen::{gathered, summary};
use super::server::{Home, Server, case_of, create_key, run_well, wait_until};

/// What the customer wrote, and the summary quotes.
const QUOTED: &str = "bought on 3 May leaks";
/// What the summary says before it has quoted too much.
const BEFORE: &str = "Kettle leaks";

/// A node that holds answers that repeat more than eight words of their request.
fn holding(more: &[(&str, &str)]) -> Home {
    let own = [
        ("# max_copied_words = 40 ", "max_copied_words = 8 "),
        ("copied = \"stop\"", "copied = \"hold\""),
    ];
    Home::edited(&[&own, more].concat())
}

/// Somebody with a key.
struct Person<'a> {
    server: &'a Server,
    key: String,
}

impl<'a> Person<'a> {
    fn new(server: &'a Server, name: &str, roles: &[&str]) -> Self {
        let key = create_key(&server.data(), name, roles);
        Self { server, key }
    }

    /// Whoever asks in these tests.
    fn app(server: &'a Server) -> Self {
        let key = server.key.clone();
        Self { server, key }
    }

    fn get(&self, path: &str) -> Response {
        Request::get(path).key(&self.key).send(self.server.address)
    }

    fn post(&self, path: &str, body: &Value) -> Response {
        let request = Request::post(path, body).key(&self.key);
        request.send(self.server.address)
    }

    fn held(&self, id: &str) -> Response {
        self.get(&format!("/v1/held/{id}"))
    }

    /// A held answer that this one may know of.
    fn sees(&self, id: &str) -> Value {
        let response = self.held(id);
        assert_eq!(response.status(), 200, "{}", response.text());
        let object = response.json();
        assert_eq!(
            (&object["id"], &object["object"]),
            (&json!(id), &json!("held_answer"))
        );
        object
    }

    fn decides(&self, id: &str, how: &str, reason: &str) -> Response {
        let path = format!("/v1/held/{id}/{how}");
        self.post(&path, &json!({"reason": reason}))
    }

    fn lists(&self, query: &str) -> Vec<String> {
        let response = self.get(&format!("/v1/held{query}"));
        assert_eq!(response.status(), 200, "{}", response.text());
        let body = response.json();
        assert!(!body.to_string().contains("\"message\""), "{body}");
        let rows = body["data"].as_array().unwrap();
        rows.iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// What an answer says of being held: the identifier, which its one choice repeats.
fn id_of(answer: &Value) -> String {
    let own = &answer["bailiwick"];
    let id = own["held"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(own["held_choices"][0]["id"], id);
    assert_eq!(own["held_choices"][0]["rules"], json!(["copied"]));
    id.to_owned()
}

/// Asks for a summary, which is held.
fn held(server: &Server) -> String {
    let response = server.chat(&summary(false));
    assert_eq!(response.status(), 200, "{}", response.text());
    id_of(&response.json())
}

/// What the audit log says of a held answer: what was done, and by whom.
fn recorded(data: &std::path::Path, id: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let lines = run_well(&["audit", "export"], data);
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["kind"] == "held" && line["held"] == id)
        .map(|line| (text(&line["change"]), text(&line["key_name"])))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    expected.iter().map(owned).collect()
}

/// Whoever asked sees that it waits, another application nothing, an approver that it is there.
fn check_who_knows(app: &Person<'_>, dpo: &Person<'_>, id: &str) {
    let server = app.server;
    let other = Person::new(server, "another-app", &["app"]);
    assert_eq!(app.sees(id)["status"], "waiting");
    assert_eq!(app.sees(id)["message"], Value::Null);
    app.decides(id, "release", "mine")
        .expect_error(403, "not_allowed");
    other.held(id).expect_error(404, "held_not_found");
    other
        .decides(id, "release", "why not")
        .expect_error(403, "not_allowed");
    assert!(other.lists("").is_empty());
    // Nor does it learn what comes after one that it may not know of.
    other
        .get(&format!("/v1/held?after={id}"))
        .expect_error(404, "held_not_found");
    assert_eq!(
        (app.lists(""), dpo.lists("")),
        (vec![id.to_owned()], vec![id.to_owned()])
    );
    assert_eq!(dpo.lists("?status=waiting&limit=1"), [id]);
    assert!(
        dpo.lists("?status=refused").is_empty() && dpo.lists(&format!("?after={id}")).is_empty()
    );
}

/// The metrics, the log's refusals, and the end of the request that was answered.
fn check_accounts(server: &Server) {
    assert_eq!(server.metric("bailiwick_held_waiting"), 0.0);
    assert_eq!(
        server.metric("bailiwick_held_total{change=\"released\"}"),
        1.0
    );
    let log = run_well(&["audit", "export"], &server.data());
    let refusals = log.matches("\"kind\":\"refusal\"").count();
    assert!(refusals >= 2, "{log}");
    let close = log.lines().find(|line| line.contains("\"kind\":\"close\""));
    assert!(close.unwrap().contains("\"screened\":{\"copied\":1}"));
    run_well(&["audit", "verify"], &server.data());
}

#[test]
fn a_held_answer_is_released_by_another_than_who_asked() {
    let free = Server::shared().chat(&summary(false)).json();
    let whole = &free["choices"][0]["message"]["content"];
    assert!(whole.as_str().unwrap().contains(QUOTED), "{free}");

    let server = holding(&[]).start();
    let app = Person::app(&server);
    let mut asked = summary(false);
    asked["bailiwick"]["explain"] = json!(true);
    let response = server.chat(&asked);
    let answer = response.json();
    assert_valid("CreateChatCompletionResponse", &answer);
    // Whoever gets it whole gets nothing of it.
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "content_filter");
    assert_eq!(choice["message"]["content"], Value::Null);
    assert_eq!(answer["bailiwick"]["masked_answer"], Value::Null);
    assert!(!answer["choices"].to_string().contains(BEFORE), "{answer}");
    let id = id_of(&answer);

    let dpo = Person::new(&server, "dpo", &["approver"]);
    check_who_knows(&app, &dpo, &id);
    let seen = dpo.sees(&id);
    assert_eq!(&seen["message"]["content"], whole);
    assert_eq!(seen["finish_reason"], free["choices"][0]["finish_reason"]);
    assert_eq!(
        (&seen["asked_by"], &seen["use_case"], &seen["rules"]),
        (
            &json!("test-app"),
            &json!("case-summary"),
            &json!(["copied"])
        )
    );
    assert_eq!(server.metric("bailiwick_held_waiting"), 1.0);

    let released = dpo.decides(&id, "release", "It is her own case.");
    assert_eq!(released.status(), 200, "{}", released.text());
    let released = released.json();
    assert_eq!(
        (
            &released["status"],
            &released["decided_by"],
            &released["reason"]
        ),
        (
            &json!("released"),
            &json!("dpo"),
            &json!("It is her own case.")
        )
    );
    assert_eq!(released["message"], Value::Null);
    let fetched = app.sees(&id);
    assert_eq!(&fetched["message"]["content"], whole);
    // Whoever decided has no business in it any more.
    assert_eq!(dpo.sees(&id)["message"], Value::Null);
    for how in ["release", "refuse"] {
        dpo.decides(&id, how, "again")
            .expect_error(409, "held_decided");
    }
    assert_eq!(
        recorded(&server.data(), &id),
        pairs(&[
            ("held", "test-app"),
            ("seen", "dpo"),
            ("released", "dpo"),
            ("fetched", "test-app"),
        ])
    );
    check_accounts(&server);
}

#[test]
fn a_refused_answer_is_gone_and_says_why() {
    let server = holding(&[]).start();
    let app = Person::app(&server);
    // A stream ends for its caller where the rule is broken.
    let streamed = server.chat(&summary(true));
    let events = streamed.events();
    let (text, finish) = gathered(&events);
    assert_eq!(finish, "content_filter");
    assert!(text.contains(BEFORE) && !text.contains(QUOTED), "{text}");
    let last: Value = serde_json::from_str(&events[events.len() - 2]).unwrap();
    let id = id_of(&last);

    let dpo = Person::new(&server, "dpo", &["approver"]);
    let seen = dpo.sees(&id);
    let whole = seen["message"]["content"].as_str().unwrap();
    assert!(
        whole.starts_with(&text) && whole.contains(QUOTED),
        "{whole}"
    );
    for (reason, code) in [
        (json!({}), "missing_required_parameter"),
        (json!({"reason": "x".repeat(501)}), "invalid_value"),
        (json!({"reason": "x", "by": "y"}), "unsupported_parameter"),
    ] {
        dpo.post(&format!("/v1/held/{id}/refuse"), &reason)
            .expect_error(400, code);
    }
    let reason = "It quotes a mail of erika.muster@example.com.";
    let refused = dpo.decides(&id, "refuse", reason);
    assert_eq!(refused.status(), 200, "{}", refused.text());
    for person in [&app, &dpo] {
        let told = person.sees(&id);
        assert_eq!(
            (&told["status"], &told["message"]),
            (&json!("refused"), &Value::Null)
        );
        // What stays for good names nobody.
        assert_eq!(told["reason"], "It quotes a mail of [EMAIL_1].");
    }
    dpo.decides(&id, "release", "sorry")
        .expect_error(409, "held_decided");
    let log = run_well(&["audit", "export"], &server.data());
    assert!(log.contains("It quotes a mail of [EMAIL_1].") && !log.contains("erika"));
    let database = rusqlite::Connection::open(server.data().join("bailiwick.sqlite3")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    let erased: bool = database
        .query_row(
            "SELECT length(sealed) = 0 AND key = zeroblob(32) FROM held",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(erased);
}

#[test]
fn a_decision_that_the_store_does_not_take_is_none() {
    let server = holding(&[]).start();
    let id = held(&server);
    let dpo = Person::new(&server, "dpo", &["approver"]);
    let database = rusqlite::Connection::open(server.data().join("bailiwick.sqlite3")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    let refusing = "CREATE TRIGGER no BEFORE UPDATE ON held BEGIN SELECT raise(ABORT, 'no'); END";
    database.execute_batch(refusing).unwrap();
    dpo.decides(&id, "refuse", "It quotes a mail.")
        .expect_error(500, "internal_error");
    assert_eq!(dpo.sees(&id)["status"], "waiting");
    database.execute_batch("DROP TRIGGER no").unwrap();
    let released = dpo.decides(&id, "release", "It is her own case.");
    assert_eq!(released.status(), 200, "{}", released.text());
    assert_eq!(
        recorded(&server.data(), &id),
        pairs(&[
            ("held", "test-app"),
            ("refused", "dpo"),
            ("not-decided", "dpo"),
            ("seen", "dpo"),
            ("released", "dpo"),
        ])
    );
}

#[test]
fn every_endpoint_says_that_an_answer_is_held() {
    let server = holding(&[]).start();
    let dpo = Person::new(&server, "dpo", &["approver"]);
    let content = |id: &str| {
        let seen = dpo.sees(id);
        let text = seen["message"]["content"].as_str().unwrap().to_owned();
        (seen["choice"].as_u64().unwrap(), text)
    };
    let prompt = json!({"id": "case-summary", "variables": {"case": case_of("DE")}});
    let respond = |more: Value| {
        let mut body = json!({"model": "default", "prompt": prompt});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        server.post("/v1/responses", &body)
    };
    let is_held = |object: &Value| {
        assert_valid("Response", object);
        assert_eq!(object["status"], "incomplete", "{object}");
        let reason = json!({"reason": "content_filter"});
        assert_eq!(object["incomplete_details"], reason);
        assert!(content(&id_of(object)).1.contains(QUOTED));
    };
    let whole = respond(json!({})).json();
    is_held(&whole);
    assert_eq!(text_of(&whole), "");
    let streamed = respond(json!({"stream": true}));
    let events = events_of(&streamed);
    let (name, last) = events.last().unwrap();
    assert_eq!(name, "response.incomplete");
    is_held(&last["response"]);
    let said = text_of(&last["response"]);
    assert!(said.contains(BEFORE) && !said.contains(QUOTED), "{said}");
    assert!(!streamed.text().contains(QUOTED));
    let begun = respond(json!({"background": true})).json();
    let path = format!("/v1/responses/{}", begun["id"].as_str().unwrap());
    let mut ended = Value::Null;
    wait_until(90, "the job ends", || {
        ended = server.get(&path).json();
        ended["status"] == "incomplete"
    });
    is_held(&ended);
    assert_eq!(text_of(&ended), "");

    // Each choice by itself.
    let mut two = summary(false);
    two["n"] = json!(2);
    let two = server.chat(&two).json();
    let choices = two["bailiwick"]["held_choices"].as_array().unwrap();
    assert_eq!(choices.len(), 2, "{two}");
    for (index, choice) in choices.iter().enumerate() {
        assert_eq!(choice["choice"], index);
        let (own, text) = content(choice["id"].as_str().unwrap());
        assert_eq!(own, u64::try_from(index).unwrap());
        assert!(text.contains(QUOTED));
    }
}

#[test]
fn the_connector_and_completions_say_that_an_answer_is_held() {
    let server = holding(&[]).start();
    let dpo = Person::new(&server, "dpo", &["approver"]);
    let content = |id: &str| {
        let seen = dpo.sees(id);
        seen["message"]["content"].as_str().unwrap().to_owned()
    };
    let connector = json!({
        "model": "default", "messages": [], "max_tokens": 200,
        "parameters": {"bailiwick": {"use_case": "case-summary", "variables": {"case": case_of("DE")}}},
    });
    let connected = server.post("/v1/connector/chat/completions", &connector);
    assert_eq!(connected.status(), 200, "{}", connected.text());
    let body = connected.json();
    assert_eq!(body["choices"][0]["message"]["content"], "");
    assert!(body.get("bailiwick").is_none());
    assert!(content(connected.header("x-bailiwick-held").unwrap()).contains(QUOTED));

    let line = "The lazy dog sleeps all day while the quick brown fox runs around the old farm. ";
    let text = line.repeat(4) + "The lazy dog sleeps";
    let complete = |stream: bool| {
        let body = json!({
            "model": "default", "prompt": [text, "x"], "max_tokens": 40, "temperature": 0, "stream": stream,
        });
        server.post("/v1/completions", &body)
    };
    let body = complete(false).json();
    assert_eq!(
        body["choices"][0]["finish_reason"], "content_filter",
        "{body}"
    );
    assert_eq!(body["choices"][0]["text"], "");
    assert_eq!(
        body["bailiwick"]["held_choices"].as_array().unwrap().len(),
        1
    );
    let said = content(&id_of(&body));
    assert!(said.contains("quick brown fox runs around"), "{said}");
    let ids: Vec<String> = complete(true)
        .events()
        .iter()
        .filter(|event| *event != "[DONE]")
        .map(|event| serde_json::from_str::<Value>(event).unwrap())
        .filter(|event| event.get("bailiwick").is_some())
        .map(|event| id_of(&event))
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(content(&ids[0]), said);
}

#[test]
fn a_held_answer_outlives_a_restart_and_lies_nowhere_in_clear() {
    let server = holding(&[]).logging("trace").start();
    let id = held(&server);
    let dpo = create_key(&server.data(), "dpo", &["approver"]);
    let read = |server: &Server| {
        let dpo = Person {
            server,
            key: dpo.clone(),
        };
        dpo.sees(&id)["message"]["content"].clone()
    };
    let text = read(&server);
    let home = server.kill();
    let words = text.as_str().unwrap().split_whitespace();
    let markers: Vec<&str> = words.filter(|word| word.len() > 7).collect();
    assert!(!markers.is_empty(), "{text}");
    let log = home.output();
    for marker in markers.iter().copied().chain(["Erika", QUOTED]) {
        assert!(!files_hold(&home, marker), "{marker}");
        assert!(!log.contains(marker), "{marker}");
    }
    let audit = run_well(&["audit", "export"], &home.data());
    assert!(!audit.contains("Erika") && !audit.contains(QUOTED));
    let server = home.start();
    assert_eq!(read(&server), text);
    assert_eq!(server.metric("bailiwick_held_waiting"), 1.0);
    let person = Person {
        server: &server,
        key: dpo.clone(),
    };
    assert_eq!(person.decides(&id, "release", "fine").status(), 200);
    let fetched = Person::app(&server).sees(&id);
    assert_eq!(fetched["message"]["content"], text);
}

#[test]
fn an_answer_whose_time_is_over_is_erased_and_recorded() {
    let server = holding(&[]).start();
    let (waiting, released) = (held(&server), held(&server));
    let dpo = Person::new(&server, "dpo", &["approver"]);
    assert_eq!(dpo.decides(&released, "release", "fine").status(), 200);
    let database = rusqlite::Connection::open(server.data().join("bailiwick.sqlite3")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    // Three days, as the configuration says, and for one that was released from then on.
    let left: i64 = database
        .query_row("SELECT min(expires_ms - created_ms) FROM held", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(left, 72 * 3_600_000);
    database
        .execute("UPDATE held SET expires_ms = 1", [])
        .unwrap();
    for id in [&waiting, &released] {
        Person::app(&server)
            .held(id)
            .expect_error(404, "held_not_found");
        dpo.decides(id, "refuse", "late")
            .expect_error(404, "held_not_found");
    }
    wait_until(20, "the rows are removed", || {
        let all = "SELECT count(*) FROM held";
        let left: i64 = database.query_row(all, [], |row| row.get(0)).unwrap();
        left == 0
    });
    assert_eq!(
        recorded(&server.data(), &waiting),
        pairs(&[("held", "test-app"), ("expired", "")])
    );
    assert_eq!(
        recorded(&server.data(), &released),
        pairs(&[("held", "test-app"), ("released", "dpo"), ("expired", "")])
    );
}

#[test]
fn where_there_is_no_room_an_answer_is_stopped_and_says_so() {
    let server = holding(&[("max_per_owner = 256", "max_per_owner = 1")]).start();
    let first = held(&server);
    for stream in [false, true] {
        let response = server.chat(&summary(stream));
        let (last, text): (Value, String) = match stream {
            true => {
                let events = response.events();
                let last = serde_json::from_str(&events[events.len() - 2]).unwrap();
                (last, gathered(&events).0)
            }
            false => (response.json(), String::new()),
        };
        assert_eq!(last["choices"][0]["finish_reason"], "content_filter");
        assert_eq!(last["bailiwick"]["held"], Value::Null);
        assert_eq!(
            last["bailiwick"]["held_choices"],
            json!([{"choice": 0, "id": null, "rules": ["copied"], "error": "held_full"}])
        );
        assert!(!text.contains(QUOTED) && !response.text().contains(QUOTED));
    }
    assert_eq!(
        server.metric("bailiwick_held_total{change=\"not-kept\"}"),
        2.0
    );
    assert_eq!(Person::app(&server).lists(""), [first.as_str()]);
    // One that is decided on makes room.
    let dpo = Person::new(&server, "dpo", &["approver"]);
    assert_eq!(dpo.decides(&first, "refuse", "no").status(), 200);
    held(&server);
}

#[test]
fn nobody_decides_on_its_own_answers_or_beyond_its_keys_use_cases() {
    let server = holding(&[]).start();
    let own = Person::new(&server, "app-and-approver", &["app", "approver"]);
    let asked = own.post("/v1/chat/completions", &summary(false));
    let id = id_of(&asked.json());
    let seen = own.sees(&id);
    assert_eq!(
        (&seen["status"], &seen["message"]),
        (&json!("waiting"), &Value::Null)
    );
    for how in ["release", "refuse"] {
        let message = own
            .decides(&id, how, "mine")
            .expect_error(403, "not_allowed");
        assert!(message.contains("somebody else"), "{message}");
    }
    let bounded = |name: &str, use_case: &str| {
        let arguments = [
            "keys",
            "create",
            name,
            "--role",
            "approver",
            "--use-case",
            use_case,
        ];
        let text = run_well(&arguments, &server.data());
        Person {
            server: &server,
            key: text.lines().last().unwrap().to_owned(),
        }
    };
    let elsewhere = bounded("drafts-approver", "reply-draft");
    assert!(elsewhere.lists("").is_empty());
    elsewhere.held(&id).expect_error(404, "held_not_found");
    elsewhere
        .decides(&id, "release", "why not")
        .expect_error(404, "held_not_found");
    let here = bounded("summaries-approver", "case-summary");
    assert_eq!(here.lists(""), [id.as_str()]);
    assert_eq!(here.decides(&id, "release", "fine").status(), 200);
    assert!(own.sees(&id)["message"].is_object());
    // What is no name of a held answer is told like one that is not there.
    for none in ["held_x", "x", "%00"] {
        here.held(none).expect_error(404, "held_not_found");
    }
    let wrong = here.get("/v1/held?status=SECRET");
    wrong.expect_error(400, "invalid_value");
    assert_eq!(wrong.param(), "status");
    let never = format!("/v1/held?after=held_{}", "0".repeat(32));
    let missing = here.get(&never);
    missing.expect_error(404, "held_not_found");
    assert_eq!(missing.param(), "after");
    Request::get("/v1/held")
        .send(server.address)
        .expect_error(401, "missing_api_key");
}
