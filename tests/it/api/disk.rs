//! A full disk: no answer without its entry, and work goes on when there is room again.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::client::Request;
use super::server::{Home, Server, long_chat, program, run_well};

/// Sets how large files of the process may become: a disk that is full, and then is not.
fn limit_files(server: &Server, bytes: &str) {
    let status = Command::new("prlimit")
        .args([
            "--pid",
            &server.pid().to_string(),
            &format!("--fsize={bytes}:unlimited"),
        ])
        .status()
        .unwrap();
    assert!(status.success());
}

fn segment_bytes(data: &Path) -> u64 {
    let files = std::fs::read_dir(data.join("audit")).unwrap();
    let sizes = files.map(|file| file.unwrap().metadata().unwrap().len());
    sizes.max().unwrap()
}

#[test]
fn a_full_disk_refuses_work_until_there_is_room() {
    let home = Home::demo();
    // Writes past the limit fail; without this the system would kill the process instead.
    let mut command = Command::new("sh");
    let script = "trap '' XFSZ; exec \"$0\" \"$@\"";
    command.args(["-c", script]).arg(program().get_program());
    command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data-dir"]);
    command.arg(home.data());
    let server = home.start_by(command);
    assert_eq!(server.chat(&long_chat(1)).status(), 200);
    let full = segment_bytes(&server.data());
    limit_files(&server, &full.to_string());
    for stream in [false, true] {
        let mut ask = long_chat(1);
        ask["stream"] = json!(stream);
        let refused = server.chat(&ask);
        let message = refused.expect_error(503, "audit_unavailable");
        assert!(message.contains("operator"), "{message}");
        assert_eq!(refused.header("x-bailiwick-audit-entry"), None);
    }
    let embedding = json!({"model": "all-minilm-l6-v2", "input": "x"});
    server
        .post("/v1/embeddings", &embedding)
        .expect_error(503, "audit_unavailable");
    // What can't be recorded changes nothing.
    let unload = json!({"lora_name": "crm"});
    let unload = Request::post("/v1/unload_lora_adapter", &unload).key(&server.admin_key());
    unload
        .send(server.address)
        .expect_error(503, "audit_unavailable");
    assert_eq!(server.get("/v1/models/crm").status(), 200);
    // What needs no entry is still there, so that somebody can see what is wrong.
    assert_eq!(server.get("/metrics").status(), 200);
    assert_eq!(
        Request::get("/health/live").send(server.address).status(),
        200
    );
    limit_files(&server, "unlimited");
    assert_eq!(server.chat(&long_chat(1)).status(), 200);
    server.terminate();
    let (status, home) = server.wait();
    assert!(status.success(), "{}", home.output());
    let found: Value = serde_json::from_str(&run_well(&["audit", "verify"], &home.data())).unwrap();
    assert_eq!(
        (&found["torn_bytes"], &found["interrupted"]),
        (&json!(0), &json!([]))
    );
}
