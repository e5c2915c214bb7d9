//! Adapters on the real server: loaded, asked, unloaded; by those who may, and known to the audit log.

use std::collections::BTreeMap;
use std::path::Path;

use bailiwick::types::Digest;
use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};
use serde_json::{Value, json};

use super::client::{Request, Response};
use super::server::{Home, Server, create_key, long_chat, run_well};

/// Sizes of the default model, and the rank of the test's adapters.
const HIDDEN: usize = 576;
const RANK: usize = 4;

/// Writes an adapter that turns the last layers' values about, by as much as `strength` says; its digest.
fn write(dir: &Path, name: &str, strength: f32) -> Digest {
    let folder = dir.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let wave = |n: usize, scale: f32| -> Vec<u8> {
        let values = (0..n).map(|i| scale * (0.37 * i as f32).sin());
        values.flat_map(f32::to_le_bytes).collect()
    };
    let (down, up) = (wave(RANK * HIDDEN, 0.05), wave(HIDDEN * RANK, strength));
    let mut tensors = BTreeMap::new();
    for layer in 20..30 {
        let base = format!("base_model.model.model.layers.{layer}.self_attn.o_proj");
        let view = |shape: Vec<usize>, data| TensorView::new(Dtype::F32, shape, data).unwrap();
        tensors.insert(
            format!("{base}.lora_A.weight"),
            view(vec![RANK, HIDDEN], &down),
        );
        tensors.insert(
            format!("{base}.lora_B.weight"),
            view(vec![HIDDEN, RANK], &up),
        );
    }
    let weights = serialize(&tensors, None).unwrap();
    std::fs::write(folder.join("adapter_model.safetensors"), &weights).unwrap();
    let config = json!({"peft_type": "LORA", "r": RANK, "lora_alpha": RANK});
    std::fs::write(folder.join("adapter_config.json"), config.to_string()).unwrap();
    Digest::of(&weights)
}

fn ask(server: &Server, model: &str) -> Value {
    let mut body = long_chat(16);
    body["model"] = json!(model);
    body["messages"][0]["content"] =
        json!("Write a long story about a blue kettle, a red door and a garden.");
    let response = server.chat(&body);
    assert_eq!(response.status(), 200, "{}", response.text());
    response.json()
}

fn text(answer: &Value) -> &str {
    answer["choices"][0]["message"]["content"].as_str().unwrap()
}

fn cached(answer: &Value) -> u64 {
    answer["usage"]["prompt_tokens_details"]["cached_tokens"]
        .as_u64()
        .unwrap()
}

fn change(server: &Server, key: &str, what: &str, body: &Value) -> Response {
    Request::post(&format!("/v1/{what}_lora_adapter"), body)
        .key(key)
        .send(server.address)
}

fn models(server: &Server) -> Vec<Value> {
    let list = server.get("/v1/models").json();
    list["data"].as_array().unwrap().clone()
}

#[test]
fn an_adapter_is_a_model_from_its_loading_to_its_unloading() {
    let server = Home::demo().start();
    let admin = server.admin_key();
    let dir = server.data().join("adapters");
    let (soft, loud) = (write(&dir, "soft", 0.0), write(&dir, "loud", 4.0));
    let base = ask(&server, "default");
    let warm = ask(&server, "default");
    assert_eq!(text(&base), text(&warm));
    assert!(cached(&warm) > 0);
    for (name, digest) in [("soft", soft), ("loud", loud)] {
        let body = json!({"lora_name": name, "lora_path": name, "sha256": digest});
        let loaded = change(&server, &admin, "load", &body);
        assert_eq!(loaded.status(), 200, "{}", loaded.text());
        assert_eq!(loaded.json()["digest"], json!(digest));
    }
    let all = models(&server);
    // The program's own is there from the start.
    let adapted: Vec<_> = all
        .iter()
        .filter(|model| !model["parent"].is_null() && model["id"] != "crm")
        .collect();
    assert_eq!(adapted.len(), 2, "{all:?}");
    assert_eq!(adapted[0]["parent"], all[0]["id"]);

    // One that adds nothing changes nothing, and takes nothing from the cache of the model without it.
    let same = ask(&server, "soft");
    assert_eq!((text(&same), &same["model"]), (text(&base), &json!("soft")));
    assert_eq!(cached(&same), 0);
    let other = ask(&server, "loud");
    assert_ne!(text(&other), text(&base));
    assert_eq!(cached(&other), 0);
    assert_eq!(text(&ask(&server, "loud")), text(&other));
    assert_eq!(text(&ask(&server, "default")), text(&base));

    // The same name with other weights is another adapter; with the weights of another one it computes the same.
    for (factor, from_cache) in [(2.0, false), (0.0, true)] {
        write(&dir, "loud", factor);
        let loaded = change(&server, &admin, "load", &json!({"lora_name": "loud"}));
        assert_eq!(loaded.status(), 200, "{}", loaded.text());
        let replaced = ask(&server, "loud");
        assert_eq!(cached(&replaced) > 0, from_cache, "{factor}");
        assert!(!from_cache || text(&replaced) == text(&base));
    }

    let gone = change(&server, &admin, "unload", &json!({"lora_name": "loud"}));
    assert_eq!(gone.status(), 200, "{}", gone.text());
    let mut body = long_chat(2);
    body["model"] = json!("loud");
    let error = server.chat(&body).expect_error(404, "model_not_found");
    assert!(
        error.contains("soft") && error.contains("smollm2"),
        "{error}"
    );
    change(&server, &admin, "unload", &json!({"lora_name": "loud"}))
        .expect_error(404, "adapter_not_found");
    server.terminate();
    let (status, home) = server.wait();
    assert!(status.success());
    let log = run_well(&["audit", "export"], &home.data());
    let changes = log
        .lines()
        .filter(|line| line.contains("\"kind\":\"adapter\""))
        .count();
    assert_eq!(changes, 5, "{log}");
    let lines = log
        .lines()
        .filter(|line| line.contains("\"kind\":\"open\""));
    assert!(
        lines
            .filter(|line| line.contains(&loud.to_string()))
            .count()
            >= 2,
        "{log}"
    );
}

#[test]
fn what_is_no_adapter_is_refused_and_only_operators_may_try() {
    let server = Home::demo().start();
    let admin = server.admin_key();
    let dir = server.data().join("adapters");
    write(&dir, "good", 1.0);
    std::fs::create_dir_all(dir.join("empty")).unwrap();
    write(&dir, "torn", 1.0);
    std::fs::write(
        dir.join("torn/adapter_model.safetensors"),
        b"\x08\0\0\0\0\0\0\0SECRET",
    )
    .unwrap();
    write(&dir, "odd", 1.0);
    let odd = json!({"peft_type": "LORA", "lora_alpha": 4, "use_dora": true});
    std::fs::write(dir.join("odd/adapter_config.json"), odd.to_string()).unwrap();
    for (key, body, status, code) in [
        (
            &server.key,
            json!({"lora_name": "good"}),
            403,
            "not_allowed",
        ),
        (
            &admin,
            json!({"lora_name": "nobody"}),
            400,
            "invalid_adapter",
        ),
        (
            &admin,
            json!({"lora_name": "empty"}),
            400,
            "invalid_adapter",
        ),
        (&admin, json!({"lora_name": "torn"}), 400, "invalid_adapter"),
        (&admin, json!({"lora_name": "odd"}), 400, "invalid_adapter"),
        (
            &admin,
            json!({"lora_name": "default"}),
            400,
            "invalid_adapter",
        ),
        (
            &admin,
            json!({"lora_name": "smollm2-135m-instruct"}),
            400,
            "invalid_adapter",
        ),
        (
            &admin,
            json!({"lora_name": "good", "sha256": "0".repeat(64)}),
            400,
            "invalid_adapter",
        ),
        (
            &admin,
            json!({"lora_name": "good", "sha256": "SECRET"}),
            400,
            "invalid_value",
        ),
        (
            &admin,
            json!({"lora_name": "../good"}),
            400,
            "invalid_value",
        ),
        (&admin, json!({"lora_name": ".."}), 400, "invalid_value"),
        (
            &admin,
            json!({"lora_name": "good", "lora_path": "/SECRET"}),
            400,
            "invalid_value",
        ),
        (&admin, json!({}), 400, "missing_required_parameter"),
    ] {
        let error = change(&server, key, "load", &body).expect_error(status, code);
        assert!(!error.contains("SECRET"), "{error}");
    }
}

#[test]
fn an_operator_may_load_and_an_app_may_not() {
    let server = Home::demo().start();
    let digest = write(&server.data().join("adapters"), "good", 1.0);
    let operator = create_key(&server.data(), "operator", &["operator"]);
    let body = json!({"lora_name": "good", "sha256": digest});
    assert_eq!(change(&server, &operator, "load", &body).status(), 200);
    change(
        &server,
        &server.key,
        "unload",
        &json!({"lora_name": "good"}),
    )
    .expect_error(403, "not_allowed");
    assert_eq!(models(&server).len(), 4);
}
