//! Models, health, metrics, and who may read them.

use super::client::Request;
use super::server::Server;

#[test]
fn models_are_listed_and_found_by_name_and_alias() {
    let server = Server::shared();
    let list = server.get("/v1/models").json();
    assert_eq!(list["object"], "list");
    let models = list["data"].as_array().unwrap();
    let names: Vec<_> = models
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["smollm2-135m-instruct", "all-minilm-l6-v2", "crm"]);
    for model in models {
        assert_eq!(model["object"], "model");
        assert!(model["created"].is_u64() && model["owned_by"].is_string());
        let path = format!("/v1/models/{}", model["id"].as_str().unwrap());
        assert_eq!(&server.get(&path).json(), model);
    }
    assert_eq!(server.get("/v1/models/default").json(), models[0]);
    assert_eq!(models[0]["aliases"][0], "default");
    for path in [
        "/v1/models/gpt-4o",
        "/v1/models/org/name",
        "/v1/models/%F0%9F%92%A9",
    ] {
        server.get(path).expect_error(404, "model_not_found");
    }
}

#[test]
fn health_needs_no_key() {
    let server = Server::shared();
    for (path, word) in [("/health/live", "alive"), ("/health/ready", "ready")] {
        let response = Request::get(path).send(server.address);
        assert_eq!(
            (response.status(), &response.json()["status"]),
            (200, &word.into())
        );
    }
}

#[test]
fn every_other_path_needs_a_good_key() {
    let server = Server::shared();
    let (id, _) = server.key.split_at(server.key.len() - 3);
    let forged = format!("{id}AAA");
    let document = server.get("/openapi.json").json();
    let paths = document["paths"].as_object().unwrap();
    let routes = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(move |method| {
            let method = match method.as_str() {
                "get" => "GET",
                "post" => "POST",
                "delete" => "DELETE",
                other => panic!("{other} is new here"),
            };
            (method, path.replace("{id}", "default"))
        })
    });
    let open = ["/health/live", "/health/ready", "/openapi.json", "/docs"];
    let routes: Vec<_> = routes
        .filter(|(_, path)| !open.contains(&path.as_str()))
        .collect();
    assert!(routes.len() > 10, "{routes:?}");
    for (method, path) in routes {
        // The body is not even looked at.
        let ask = || Request::new(method, &path).body("{");
        let refused = |request: Request, code: &str| {
            let response = request.send(server.address);
            response.expect_error(401, code);
            assert_eq!(
                response.header("www-authenticate"),
                Some("Bearer"),
                "{path}"
            );
        };
        refused(ask(), "missing_api_key");
        refused(
            ask().header("authorization", "Basic abc"),
            "missing_api_key",
        );
        refused(ask().key(""), "missing_api_key");
        refused(ask().key("sk-something"), "invalid_api_key");
        refused(ask().key(&forged), "invalid_api_key");
        refused(ask().header("api-key", &forged), "invalid_api_key");
    }
    let by_other_header = Request::get("/v1/models").header("api-key", &server.key);
    assert_eq!(by_other_header.send(server.address).status(), 200);
}

#[test]
fn an_administrators_key_asks_no_model() {
    let server = Server::shared();
    let key = server.admin_key();
    assert_eq!(
        Request::get("/v1/models")
            .key(&key)
            .send(server.address)
            .status(),
        200
    );
    let ask = Request::post("/v1/chat/completions", &super::server::long_chat(1)).key(&key);
    ask.send(server.address).expect_error(403, "not_allowed");
}

#[test]
fn metrics_count_what_was_asked() {
    let server = Server::shared();
    let before = server.metric("bailiwick_generated_tokens_total");
    server.chat(&super::server::long_chat(5));
    assert!(server.metric("bailiwick_generated_tokens_total") >= before + 5.0);
    let response = server.get("/metrics");
    assert!(
        response
            .header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let text = response.text();
    for name in [
        "bailiwick_build_info{version=",
        "bailiwick_requests_total{endpoint=\"chat.completions\",status=\"200\"}",
        "bailiwick_request_duration_seconds_bucket{endpoint=\"chat.completions\"",
        "bailiwick_sandbox_self_tests_total{passed=\"true\"}",
    ] {
        assert!(text.contains(name), "{name} in\n{text}");
    }
}

#[test]
fn the_document_and_its_page_are_read_by_anybody() {
    let server = Server::shared();
    let document = Request::get("/openapi.json").send(server.address);
    assert_eq!(document.header("content-type"), Some("application/json"));
    assert_eq!(document.json()["openapi"], "3.1.0");
    let page = Request::get("/docs").send(server.address);
    assert_eq!(page.status(), 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    // Nothing of this node is in either: they are the same everywhere.
    for text in [document.text(), page.text()] {
        for own in ["smollm2", "demo-de", env!("CARGO_PKG_VERSION")] {
            assert!(!text.contains(own), "{own}");
        }
    }
}

#[test]
fn the_version_names_program_and_models() {
    let server = Server::shared();
    let version = server.get("/version").json();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    let models = server.get("/v1/models").json();
    for (own, model) in version["models"]
        .as_array()
        .unwrap()
        .iter()
        .zip(models["data"].as_array().unwrap())
    {
        assert_eq!(
            (&own["id"], &own["digest"]),
            (&model["id"], &model["digest"])
        );
        assert_eq!(model["max_model_len"], model["context_window"]);
    }
    let [chat, vectors] = [&models["data"][0], &models["data"][1]];
    assert_eq!(
        (&chat["capabilities"]["chat"], &chat["max_model_len"]),
        (&true.into(), &8192.into())
    );
    assert_eq!(
        (
            &vectors["capabilities"]["dimensions"],
            &vectors["max_model_len"]
        ),
        (&384.into(), &256.into())
    );
}
