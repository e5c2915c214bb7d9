//! Files: uploaded, listed, read, referred to, deleted; for their owner alone, and at rest as nobody's text.

use serde_json::{Value, json};

use super::client::{Connection, Request, Response};
use super::jobs::files_hold;
use super::openai::check as assert_valid;
use super::server::{Home, Server, create_key, run_well};

const TEXT: &str = "erika@example.com reports that the blue kettle leaks. Erika asks for a refund.";
const LINE: &str =
    r#"{"custom_id": "1", "method": "POST", "url": "/v1/responses", "body": {"input": "Hello"}}"#;

fn form(fields: &[(&str, &str)], content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    body.extend(
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes of Erika.txt\"\r\n\
          Content-Type: text/plain\r\n\r\n",
    );
    body.extend(content);
    body.extend(b"\r\n--b--\r\n");
    body
}

fn request(key: &str, fields: &[(&str, &str)], content: &[u8]) -> Request {
    Request::new("POST", "/v1/files")
        .key(key)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(form(fields, content))
}

fn upload(server: &Server, key: &str, fields: &[(&str, &str)], content: &[u8]) -> Response {
    request(key, fields, content).send(server.address)
}

fn uploaded(server: &Server, purpose: &str, content: &str) -> Value {
    let response = upload(
        server,
        &server.key,
        &[("purpose", purpose)],
        content.as_bytes(),
    );
    assert_eq!(response.status(), 200, "{}", response.text());
    let file = response.json();
    assert_valid("OpenAIFile", &file);
    file
}

fn id_of(file: &Value) -> &str {
    file["id"].as_str().unwrap()
}

fn delete(server: &Server, key: &str, id: &str) -> Response {
    Request::new("DELETE", &format!("/v1/files/{id}"))
        .key(key)
        .send(server.address)
}

fn listed(server: &Server, query: &str) -> (Vec<String>, bool) {
    let response = server.get(&format!("/v1/files{query}"));
    assert_eq!(response.status(), 200, "{}", response.text());
    let list = response.json();
    assert_valid("ListFilesResponse", &list);
    let ids = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| id_of(file).to_owned());
    let ids: Vec<String> = ids.collect();
    assert_eq!(
        list["first_id"],
        json!(ids.first().map_or("", String::as_str))
    );
    assert_eq!(
        list["last_id"],
        json!(ids.last().map_or("", String::as_str))
    );
    (ids, list["has_more"].as_bool().unwrap())
}

#[test]
fn a_file_lives_as_openai_has_it_and_leaves_nothing() {
    let server = Home::demo().start();
    let file = uploaded(&server, "user_data", TEXT);
    let id = id_of(&file);
    assert_eq!(
        (&file["bytes"], &file["filename"], &file["status"]),
        (
            &json!(TEXT.len()),
            &json!("notes of Erika.txt"),
            &json!("processed")
        )
    );
    assert_eq!(server.get(&format!("/v1/files/{id}")).json(), file);
    let content = server.get(&format!("/v1/files/{id}/content"));
    assert_eq!(content.text(), TEXT);
    assert_eq!(content.header("content-disposition"), Some("attachment"));

    let batch = uploaded(&server, "batch", LINE);
    let (first, second) = (id.to_owned(), id_of(&batch).to_owned());
    for (query, ids, has_more) in [
        ("", vec![&second, &first], false),
        ("?order=asc", vec![&first, &second], false),
        ("?limit=1", vec![&second], true),
        (&*format!("?limit=1&after={second}"), vec![&first], false),
        ("?purpose=batch", vec![&second], false),
        ("?purpose=vision", vec![], false),
    ] {
        let ids = ids.into_iter().cloned().collect();
        assert_eq!(listed(&server, query), (ids, has_more), "{query}");
    }

    let gone = delete(&server, &server.key, id);
    assert_valid("DeleteFileResponse", &gone.json());
    delete(&server, &server.key, id).expect_error(404, "file_not_found");
    for path in [format!("/v1/files/{id}"), format!("/v1/files/{id}/content")] {
        server.get(&path).expect_error(404, "file_not_found");
    }
    assert_eq!(listed(&server, ""), (vec![second], false));
    server.terminate();
    let (status, home) = server.wait();
    assert!(status.success());
    // Neither what was deleted nor what is kept can be read from the disk, nor what they are called.
    for words in ["blue kettle", "Erika", "custom_id"] {
        assert!(!files_hold(&home, words), "{words}");
    }
    let log = run_well(&["audit", "export"], &home.data());
    for endpoint in [
        "files.create",
        "files.retrieve",
        "files.content",
        "files.list",
        "files.delete",
    ] {
        assert!(log.contains(endpoint), "{endpoint}");
    }
    assert!(!log.contains("Erika"));
}

#[test]
fn a_file_is_its_owners() {
    let server = Home::demo().start();
    let file = uploaded(&server, "user_data", TEXT);
    let (id, other) = (id_of(&file), create_key(&server.data(), "other", &["app"]));
    let auditor = create_key(&server.data(), "auditor", &["auditor"]);
    let get = |path: &str, key: &str| Request::get(path).key(key).send(server.address);
    let own = format!("/v1/files/{id}");
    for path in [own.clone(), format!("{own}/content")] {
        get(&path, &other).expect_error(404, "file_not_found");
        get(&path, &auditor).expect_error(403, "not_allowed");
        Request::get(&path)
            .send(server.address)
            .expect_error(401, "missing_api_key");
    }
    assert_eq!(get("/v1/files", &other).json()["data"], json!([]));
    delete(&server, &other, id).expect_error(404, "file_not_found");
    let body = json!({"model": "default", "input": [{"role": "user", "content": [
        {"type": "input_file", "file_id": id},
    ]}]});
    let stolen = Request::post("/v1/responses", &body)
        .key(&other)
        .send(server.address);
    stolen.expect_error(404, "file_not_found");
    assert_eq!(stolen.param(), json!("input[0].content[0].file_id"));
    assert_eq!(server.get(&own).status(), 200);
}

#[test]
fn a_files_text_goes_the_way_of_every_text() {
    let server = Server::shared();
    let file = uploaded(server, "user_data", TEXT);
    let id = id_of(&file);
    let data = "data:text/plain;base64,ZXJpa2FAZXhhbXBsZS5jb20gcmVwb3J0cyB0aGF0IHRoZSBibHVlIGtldHRsZSBsZWFrcy4=";
    let seen = |response: &Response| {
        assert_eq!(response.status(), 200, "{}", response.text());
        let prompt = response.json()["bailiwick"]["masked_messages"].to_string();
        assert!(prompt.contains("blue kettle leaks"), "{prompt}");
        assert!(
            prompt.contains("[EMAIL_1]") && !prompt.contains("erika@"),
            "{prompt}"
        );
    };
    for part in [
        json!({"type": "file", "file": {"file_id": id}}),
        json!({"type": "file", "file": {"file_data": data, "filename": "a.txt"}}),
    ] {
        let ask = json!({"type": "text", "text": "Sum up in five words:"});
        seen(&server.chat(&json!({
            "model": "default", "max_tokens": 4, "bailiwick": {"explain": true},
            "messages": [{"role": "user", "content": [ask, part]}],
        })));
    }
    let case = json!({"attributes": {"type": "Case"}, "Subject": "Kettle", "Description": "It leaks.", "Contact": {"MailingCountryCode": "DE"}});
    for body in [
        json!({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": id}]}]}),
        json!({"input": [{"role": "user", "content": [
            {"type": "input_text", "text": "Sum up:"}, {"type": "input_file", "file_data": data},
        ]}]}),
        json!({"prompt": {"id": "reply-draft", "variables": {
            "case": case, "resolution": {"type": "input_file", "file_id": id},
        }}}),
    ] {
        let mut body = body;
        body["model"] = json!("default");
        body["max_output_tokens"] = json!(16);
        body["bailiwick"] = json!({"explain": true});
        let response = server.post("/v1/responses", &body);
        assert_eq!(response.status(), 200, "{body}: {}", response.text());
        let prompt = response.json()["bailiwick"]["masked_messages"].to_string();
        assert!(!prompt.contains("erika@"), "{prompt}");
    }
}

#[test]
fn what_a_file_may_not_be_is_said_and_nothing_of_it_shown() {
    let edits = [
        ("max_file_mib = 16", "max_file_mib = 1"),
        ("max_per_key = 256", "max_per_key = 2"),
    ];
    let server = Home::edited(&edits).start();
    let send =
        |fields: &[(&str, &str)], content: &[u8]| upload(&server, &server.key, fields, content);
    let data = ("purpose", "user_data");
    for (response, status, code) in [
        (
            send(&[("purpose", "fine-tune")], b"SECRET"),
            400,
            "invalid_value",
        ),
        (send(&[], b"SECRET"), 400, "missing_required_parameter"),
        (send(&[data], b"\xffSECRET"), 400, "invalid_value"),
        (send(&[data], b""), 400, "invalid_value"),
        (
            send(&[("purpose", "batch")], b"SECRET"),
            400,
            "invalid_value",
        ),
        (
            send(&[data, ("SECRET", "1")], b"a"),
            400,
            "unsupported_parameter",
        ),
        (
            send(&[data], &vec![b'a'; (1 << 20) + 1]),
            413,
            "file_too_large",
        ),
        (send(&[data], &vec![b'a'; 2 << 20]), 413, "file_too_large"),
        (
            server.post("/v1/files", &json!({"SECRET": 1})),
            415,
            "unsupported_content_type",
        ),
        (server.get("/v1/files?limit=0"), 400, "invalid_value"),
        (
            server.get("/v1/files?after=file-SECRET"),
            400,
            "invalid_value",
        ),
        (server.get("/v1/files/SECRET"), 404, "file_not_found"),
    ] {
        let text = response.expect_error(status, code);
        assert!(!text.contains("SECRET"), "{text}");
    }
    for part in [
        json!({"type": "file", "file": {"file_url": "https://example.com/SECRET"}}),
        json!({"type": "file", "file": {}}),
        json!({"type": "file", "file": {"file_data": "SECRET!"}}),
        json!({"type": "file", "file": {"file_data": "QQ==", "file_id": "SECRET"}}),
        json!({"type": "file", "file": "SECRET"}),
        json!({"type": "file", "file": {"file_data": "QQ=="}, "SECRET": 1}),
    ] {
        let body = json!({"model": "default", "messages": [{"role": "user", "content": [part]}]});
        let response = server.chat(&body);
        assert_eq!(response.status(), 400, "{body}");
        assert!(!response.text().contains("SECRET\"") && !response.text().contains("example.com"));
    }
    let part = json!({"type": "file", "file": {"file_data": "QQ=="}});
    let parts = vec![part; 17];
    let body = json!({"model": "default", "messages": [{"role": "user", "content": parts}]});
    server.chat(&body).expect_error(400, "invalid_value");
    // Two are taken, a third is not until one is deleted.
    let first = uploaded(&server, "user_data", TEXT);
    uploaded(&server, "user_data", TEXT);
    send(&[data], b"a").expect_error(507, "too_many_files");
    assert_eq!(delete(&server, &server.key, id_of(&first)).status(), 200);
    uploaded(&server, "user_data", TEXT);
}

#[test]
fn an_upload_that_arrives_takes_its_callers_place() {
    let server = Home::edited(&[("concurrency = 16", "concurrency = 1")]).start();
    let other = create_key(&server.data(), "other", &["app"]);
    let data = [("purpose", "user_data")];
    let send = |key: &str| upload(&server, key, &data, b"a");
    let whole = request(&server.key, &data, TEXT.as_bytes()).header("expect", "100-continue");
    let whole = whole.bytes();
    let (start, rest) = whole.split_at(whole.len() - 20);
    let mut slow = Connection::open(server.address);
    slow.write(start);
    // Its form is being read.
    assert_eq!(slow.head().status, 100);
    send(&server.key).expect_error(429, "rate_limit_exceeded");
    assert_eq!(send(&other).status(), 200);
    slow.write(rest);
    assert_eq!(slow.response().status(), 200);
    assert_eq!(send(&server.key).status(), 200);
    let log = run_well(&["audit", "export"], &server.data());
    let refused =
        |line: &str| line.contains("\"kind\":\"refusal\"") && line.contains("files.create");
    assert!(log.lines().any(refused), "{log}");
}

#[test]
fn a_node_without_files_says_so() {
    let server = Home::edited(&[("max_per_key = 256", "max_per_key = 0")]).start();
    server.get("/v1/files").expect_error(400, "files_disabled");
    upload(&server, &server.key, &[("purpose", "user_data")], b"a")
        .expect_error(400, "files_disabled");
}
