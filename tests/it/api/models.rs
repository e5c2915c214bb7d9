//! Several models that write answers in one server: loaded when they are asked, unloaded when nobody uses them,
//! within the memory that they may take together. All have the default model's file, under names of their own.

use std::path::{Path, PathBuf};

use bailiwick::formats::default_models_dir;
use serde_json::{Value, json};

use super::client::{Connection, Head, Request};
use super::server::{Home, Server, case_of, long_chat, pause, run_well, summary_of, wait_until};

const DEFAULT: &str = "smollm2-135m-instruct";
const FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
const CHAT: &str = "chat = \"smollm2-135m-instruct\"\nembeddings = \"all-minilm-l6-v2\"";
/// Of the weights of each, and the caches that the tests give: 94 and 32.
const EACH_MIB: usize = 126;

/// A folder of models and one of manifests.
struct Models(tempfile::TempDir);

impl Models {
    fn named(names: &[&str]) -> Self {
        let own = Self(tempfile::tempdir().unwrap());
        let cached = default_models_dir(|key| std::env::var_os(key)).join(DEFAULT);
        let manifest = std::fs::read_to_string(format!("models/{DEFAULT}.toml")).unwrap();
        std::fs::create_dir(own.path("manifests")).unwrap();
        for name in names.iter().chain([&DEFAULT]) {
            let folder = own.path("files").join(name);
            std::fs::create_dir_all(&folder).unwrap();
            // A second name for the same file where that works; the sandbox follows no links.
            let (from, to) = (cached.join(FILE), folder.join(FILE));
            if std::fs::hard_link(&from, &to).is_err() {
                std::fs::copy(&from, &to).unwrap();
            }
            if name != &DEFAULT {
                let renamed = manifest.replacen(DEFAULT, name, 1);
                let to = own.path("manifests").join(format!("{name}.toml"));
                std::fs::write(to, renamed).unwrap();
            }
        }
        own
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `[models]` with these folders, and `more` after it.
    fn table(&self, more: &str) -> String {
        let (files, manifests) = (self.path("files"), self.path("manifests"));
        format!("chat = \"{DEFAULT}\"\ndir = {files:?}\nmanifests_dir = {manifests:?}\n{more}")
    }

    /// A home with small caches, these models and, where there are some, use cases of its own.
    fn home(&self, more: &str, prompts: Option<&Path>) -> Home {
        let (table, prompts) = (
            self.table(more),
            prompts.map_or_else(String::new, |dir| format!("dir = {dir:?}\n")),
        );
        Home::edited(&[
            (CHAT, &table),
            ("kv_cache_mib = 256 ", "kv_cache_mib = 32 "),
            ("[prompts]\n", &format!("[prompts]\n{prompts}")),
            ("max_tokens = 1024", "max_tokens = 4096"),
        ])
    }
}

fn ask(model: &str, tokens: u32) -> Value {
    let mut body = long_chat(tokens);
    body["model"] = json!(model);
    body
}

/// Whether the list of models and the metric say that it is in memory.
fn is_loaded(server: &Server, model: &str) -> bool {
    let mut both = (false, false);
    // Something may happen between the two.
    wait_until(10, "the list and the metric say the same", || {
        let own = server.get(&format!("/v1/models/{model}")).json();
        let name = format!("bailiwick_model_loaded{{model=\"{model}\"}} ");
        let text = server.get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        both = (own["loaded"].as_bool().unwrap(), line.unwrap() == "1");
        both.0 == both.1
    });
    both.0
}

fn loads(server: &Server, model: &str) -> usize {
    let name = format!("bailiwick_model_loads_total{{model=\"{model}\"}} ");
    let text = server.get("/metrics").text();
    let value = text.lines().find_map(|line| line.strip_prefix(&name));
    value.map_or(0, |value| value.parse().unwrap())
}

/// Blocks of its cache: all, used and idle.
fn blocks(server: &Server, model: &str) -> [f64; 3] {
    let gauge = |kind| server.metric(&format!("bailiwick_kv_blocks{kind}{{model=\"{model}\"}}"));
    ["", "_used", "_idle"].map(gauge)
}

fn stream(server: &Server, model: &str) -> (Connection, Head) {
    let mut body = ask(model, 1_300);
    body["stream"] = json!(true);
    let mut connection = Connection::open(server.address);
    let request = Request::post("/v1/chat/completions", &body).key(&server.key);
    connection.write(&request.bytes());
    let head = connection.head();
    (connection, head)
}

fn text_of(answer: &Value) -> &str {
    answer["choices"][0]["message"]["content"].as_str().unwrap()
}

#[test]
fn a_model_comes_with_its_first_request_and_goes_when_nobody_uses_it() {
    let models = Models::named(&["second", "staying"]);
    let more = "[[models.more]]\nname = \"second\"\nidle_unload_s = 4\n\
                [[models.more]]\nname = \"staying\"\nstays = true\n";
    let server = models.home(more, None).start();
    assert!(is_loaded(&server, DEFAULT) && is_loaded(&server, "staying"));
    assert!(!is_loaded(&server, "second"));
    // What needs no engine loads none.
    let counted = server.post(
        "/tokenize",
        &json!({"model": "second", "prompt": "the sea"}),
    );
    assert_eq!(counted.status(), 200, "{}", counted.text());
    assert!(!is_loaded(&server, "second"));

    let own = server.chat(&ask(DEFAULT, 12)).json();
    for model in ["staying", "second", "second"] {
        let answer = server.chat(&ask(model, 12)).json();
        assert_eq!(answer["model"], model);
        assert_eq!(text_of(&answer), text_of(&own), "{model}");
    }
    assert!(is_loaded(&server, "second"));
    let [all, _, idle] = blocks(&server, "second");
    assert!(all > 0.0 && idle > 0.0);
    assert_eq!(
        (loads(&server, "second"), loads(&server, "staying")),
        (1, 0)
    );

    // Many at once load it once, and who uses it keeps it.
    wait_until(20, "it is unloaded", || !is_loaded(&server, "second"));
    assert_eq!(blocks(&server, "second"), [0.0; 3]);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| server.chat(&ask("second", 12)).json()))
            .collect();
        asked.into_iter().map(|own| own.join().unwrap()).collect()
    });
    for answer in answers {
        assert_eq!(text_of(&answer), text_of(&own));
    }
    // The first of them may be idle before the last one asks, where the machine has much else to do.
    let loaded = loads(&server, "second");
    assert!((2..=5).contains(&loaded), "{loaded}");
    let (mut running, head) = stream(&server, "second");
    assert_eq!(head.status, 200);
    pause(5_000);
    assert!(is_loaded(&server, "second"), "it is still answering");
    assert!(running.chunk().is_some());
    drop(running);
    wait_until(20, "it is unloaded", || !is_loaded(&server, "second"));
    assert!(is_loaded(&server, "staying"));

    server.terminate();
    let (status, home) = server.wait();
    assert!(status.success(), "{}", home.output());
}

#[test]
fn models_make_room_for_each_other_and_say_when_they_cannot() {
    let models = Models::named(&["second", "third"]);
    let more = "[[models.more]]\nname = \"second\"\n[[models.more]]\nname = \"third\"\n";
    let memory = |mib: usize| format!("memory_mib = {mib}\n{more}");
    // Too little for one more beside the chat model is said at the start.
    let home = models.home(&memory(EACH_MIB + 50), None);
    let refused = home.command().args(["--listen", "127.0.0.1:0"]).output();
    let said = String::from_utf8_lossy(&refused.unwrap().stderr).into_owned();
    for part in ["models.memory_mib", "never room", "second"] {
        assert!(said.contains(part), "{part:?} in {said}");
    }

    let server = models.home(&memory(2 * EACH_MIB + 50), None).start();
    for (asked, other) in [
        ("second", "third"),
        ("third", "second"),
        ("second", "third"),
    ] {
        assert_eq!(server.chat(&ask(asked, 3)).status(), 200);
        assert!(is_loaded(&server, asked) && !is_loaded(&server, other));
    }
    assert_eq!((loads(&server, "second"), loads(&server, "third")), (2, 1));
    let (mut running, head) = stream(&server, "second");
    assert_eq!(head.status, 200);
    assert!(running.chunk().is_some());
    let busy = server.chat(&ask("third", 3));
    busy.expect_error(503, "models_busy");
    assert!(busy.header("retry-after").is_some());
    assert_eq!(server.chat(&ask("second", 3)).status(), 200);
    drop(running);
    wait_until(20, "there is room again", || {
        server.chat(&ask("third", 3)).status() == 200
    });
    assert!(is_loaded(&server, DEFAULT), "the chat model stays");
}

#[test]
fn a_use_case_may_have_a_model_of_its_own() {
    let models = Models::named(&["second"]);
    let prompts = models.path("prompts");
    std::fs::create_dir(&prompts).unwrap();
    let shipped = std::fs::read_to_string("prompts/case-summary.toml").unwrap();
    let own = |model: &str| {
        let text = shipped.replacen("version = 1", "version = 9", 1);
        let text = text.replacen("owner =", &format!("model = \"{model}\"\nowner ="), 1);
        std::fs::write(prompts.join("case-summary.toml"), text).unwrap();
    };
    let more = "[[models.more]]\nname = \"second\"\n";
    own("third");
    let home = models.home(more, Some(&prompts));
    let refused = home.command().args(["--listen", "127.0.0.1:0"]).output();
    let said = String::from_utf8_lossy(&refused.unwrap().stderr).into_owned();
    assert!(
        said.contains("case-summary") && said.contains("third"),
        "{said}"
    );

    own("second");
    let server = models.home(more, Some(&prompts)).start();
    let answer = server.chat(&summary_of(&case_of("DE"))).json();
    assert_eq!(answer["model"], "second");
    assert!(is_loaded(&server, "second"));
    // Plain chat stays with the node's chat model.
    assert_eq!(server.chat(&ask("default", 3)).json()["model"], DEFAULT);
    let log = run_well(&["audit", "export"], &server.data());
    let opened = log.lines().find(|line| line.contains("case-summary"));
    assert!(
        opened.unwrap().contains("\"second\""),
        "the model that answered is on record"
    );
}
