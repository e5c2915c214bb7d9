//! Servers that must not start, and what they say.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use super::server::{Home, Server, long_chat, program};

fn refused(command: &mut Command, says: &[&str]) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it started: {text}");
    for part in says {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn clear_text_leaves_the_machine_only_when_the_configuration_says_so_in_words() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let mut command = Home::demo().command();
        let says = ["in clear", "plaintext-behind-tls-proxy"];
        refused(command.args(["--listen", address]), &says);
    }
}

#[test]
fn mistakes_in_the_configuration_are_named() {
    let check = |from: &str, to: &str, says: &[&str]| {
        let home = Home::edited(&[(from, to)]);
        refused(home.command().args(["--listen", "127.0.0.1:0"]), says);
    };
    let line = bailiwick::config::DEMO
        .lines()
        .position(|line| line.starts_with("queue_limit"));
    let line = format!("line {}", line.unwrap() + 1);
    check(
        "queue_limit",
        "queue_limt",
        &["node.toml", &line, "did you mean `queue_limit`?"],
    );
    check("[limits]", "[limit]", &["did you mean `limits`?"]);
    check(
        "max_json_depth = 64",
        "max_json_depth = \"deep\"",
        &["node.toml", "expected usize"],
    );
    check(
        "chat = \"smollm2",
        "chat = \"smalllm2",
        &["smalllm2-135m-instruct"],
    );
    check(
        "# cores = [2, 3] ",
        "cores = [1023] # ",
        &["`engine.cores` names core 1023", "may use ["],
    );
    let mut command = program();
    refused(command.arg("serve"), &["--config FILE", "--demo"]);
}

/// A folder of models in which the chat model's file is what `make` makes of it.
fn models_with(make: impl FnOnce(&Path)) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("smollm2-135m-instruct");
    std::fs::create_dir(&model).unwrap();
    make(&model.join("SmolLM2-135M-Instruct.Q4_1.gguf"));
    dir
}

#[test]
fn models_that_are_missing_or_altered_are_to_be_fetched() {
    let fetch = "bailiwick-fetch smollm2-135m-instruct";
    let check = |dir: &Path, says: &str| {
        let home = Home::demo();
        let mut command = home.command();
        command
            .args(["--listen", "127.0.0.1:0"])
            .env("BAILIWICK_MODELS_DIR", dir);
        refused(&mut command, &[fetch, says]);
    };
    check(Path::new("/nonexistent/models"), "does not exist");
    let empty = tempfile::tempdir().unwrap();
    check(empty.path(), "smollm2-135m-instruct");
    let short = models_with(|file| std::fs::write(file, "GGUF").unwrap());
    check(short.path(), "98362432");
    // The right length, and every byte zero.
    let altered = models_with(|file| File::create(file).unwrap().set_len(98_362_432).unwrap());
    check(altered.path(), "b179c9523d0e6a0f");
}

#[test]
fn a_port_and_a_data_folder_belong_to_one_server() {
    let server = Server::shared();
    let home = Home::demo();
    let address = server.address.to_string();
    refused(
        home.command().args(["--listen", &address]),
        &[&address, "in use"],
    );
    let mut second = program();
    second
        .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(server.data());
    refused(&mut second, &["in use by another process"]);
    // The first one goes on, and its address is still told.
    assert_eq!(server.get("/health/ready").status(), 200);
    let told = std::fs::read_to_string(server.data().join("listen.addr")).unwrap();
    assert_eq!(told, format!("{address}\n"));
}

#[test]
fn lower_instructions_serve_too_and_unknown_ones_are_named() {
    let home = Home::demo();
    let mut command = home.command();
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("BAILIWICK_KERNELS", "mmx");
    let [lower, best] = if cfg!(target_arch = "aarch64") {
        ["neon", "dotprod"]
    } else {
        ["avx2", "avx512"]
    };
    let known = format!("portable, {lower} and {best}");
    refused(&mut command, &["BAILIWICK_KERNELS", &known]);
    for level in ["portable", lower] {
        let home = Home::demo();
        let mut command = home.command();
        command
            .args(["--listen", "127.0.0.1:0"])
            .env("BAILIWICK_KERNELS", level);
        let server = home.start_by(command);
        assert_eq!(server.chat(&long_chat(3)).status(), 200, "{level}");
    }
}

/// What `/proc` says of a thread under `name`.
fn status(thread: &Path, name: &str) -> String {
    let text = std::fs::read_to_string(thread.join("status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim_start_matches(':').trim().to_owned()
}

#[test]
fn the_engines_threads_stay_on_the_cores_that_they_are_given() {
    let cores = bailiwick::kernels::allowed_cores().unwrap();
    let last = cores.last().unwrap();
    let own = format!("cores = [{last}] # ");
    let server = Home::edited(&[("# cores = [2, 3] ", &own)]).start();
    let tasks = std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    let places: Vec<(String, String)> = tasks
        .map(|task| task.unwrap().path())
        .map(|task| (status(&task, "Name"), status(&task, "Cpus_allowed_list")))
        .collect();
    let all = status(Path::new("/proc/self"), "Cpus_allowed_list");
    for (name, place) in &places {
        let expected = match name.as_str() {
            "engine" => &last.to_string(),
            _ => &all,
        };
        assert_eq!(place, expected, "{name}");
    }
    assert!(
        places.iter().any(|(name, _)| name == "engine"),
        "{places:?}"
    );
    let answer = server.chat(&long_chat(4));
    assert_eq!(answer.status(), 200);
}
