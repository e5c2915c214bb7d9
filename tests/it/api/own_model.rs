//! A model of one's own: a folder with safetensors gets a manifest and is served, and so is what is quantised from it.

use std::path::Path;
use std::process::{Command, Output};

use bailiwick::formats::default_models_dir;
use bailiwick::formats::manifest::load_file;
use serde_json::{Value, json};

use super::server::{Home, Server, program};

/// A tiny model that knows one page by heart (`tests/golden/make_tokenizers.py`).
const SOURCE: &str = "tests/data/golden/served";
const BEGINNING: &str = "Here is what we do with a complaint. First, read it to the";
const NEXT: &str = " end. People often say what they want";

/// A folder for models and one for manifests.
struct Models(tempfile::TempDir);

impl Models {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["models/page", "models/page-q8", "manifests"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        for file in std::fs::read_dir(SOURCE).unwrap() {
            let file = file.unwrap();
            let copy = dir.path().join("models/page").join(file.file_name());
            std::fs::copy(file.path(), copy).unwrap();
        }
        Self(dir)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Writes the manifest of the model at `path`.
    fn pin(&self, name: &str, path: &str) {
        let manifest = well(
            models("manifest")
                .args([&self.path(path), "--name", name])
                .args([
                    "--licence",
                    "CC0-1.0",
                    "--licence-url",
                    "https://example.com/licence",
                    "--upstream",
                    "https://example.com/page",
                ]),
        );
        let file = self.path(&format!("manifests/{name}.toml"));
        std::fs::write(file, manifest).unwrap();
    }

    /// A home for a server whose chat model is `name`.
    fn home(&self, name: &str) -> Home {
        let chat = format!("chat = \"{name}\"");
        let dir = format!("dir = {:?}\n", self.path("models"));
        let manifests = format!("manifests_dir = {:?}\n#", self.path("manifests"));
        let alias = format!("default = \"{name}\"");
        Home::edited(&[
            ("chat = \"smollm2-135m-instruct\"", &chat),
            ("embeddings = \"all-minilm-l6-v2\"\n", &dir),
            ("# manifests_dir =", &manifests),
            ("default = \"smollm2-135m-instruct\"", &alias),
        ])
    }
}

fn models(action: &str) -> Command {
    let mut command = program();
    command.args(["models", action]);
    command
}

fn well(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let errors = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {errors}");
    String::from_utf8(stdout).unwrap()
}

/// What the command says when it fails.
fn badly(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?} did not fail");
    String::from_utf8(output.stderr).unwrap()
}

fn continues(server: &Server) -> Value {
    let body = json!({
        "model": "default", "prompt": BEGINNING, "max_tokens": 24, "temperature": 0,
    });
    let response = server.post("/v1/completions", &body);
    assert_eq!(response.status(), 200, "{}", response.text());
    let answer = response.json();
    let text = answer["choices"][0]["text"].as_str().unwrap();
    assert!(text.starts_with(NEXT), "{text:?}");
    let body = json!({
        "model": "default", "messages": [{"role": "user", "content": "The kettle"}], "max_tokens": 8,
    });
    let response = server.chat(&body);
    assert_eq!(response.status(), 200, "{}", response.text());
    server.get("/v1/models").json()
}

#[test]
fn a_folder_of_safetensors_is_served_and_so_is_what_is_quantised_from_it() {
    let own = Models::new();
    own.pin("page", "models/page");
    let manifest = load_file(Path::new(&own.path("manifests/page.toml"))).unwrap();
    let names: Vec<&str> = manifest
        .files
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    let all = [
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ];
    assert_eq!(names, all);
    let server = own.home("page").start();
    let listed = continues(&server).to_string();
    assert!(listed.contains(&manifest.digest().to_string()), "{listed}");
    drop(server);

    let (source, out) = (
        own.path("models/page"),
        own.path("models/page-q8/page-q8.gguf"),
    );
    let said = well(models("quantize").args([&source, "--to", "q8_0", "--out", &out]));
    let ratio = said.trim_end().rsplit(' ').next().unwrap();
    let ratio: f64 = ratio.parse().unwrap();
    assert!((0.99..1.01).contains(&ratio), "{said}");
    own.pin("page-q8", "models/page-q8/page-q8.gguf");
    continues(&own.home("page-q8").start());
    let again = badly(models("quantize").args([&source, "--to", "Q8_0", "--out", &out]));
    assert!(again.contains("--force writes over it"), "{again}");
}

/// What the server says when it does not start, with these lines in `[models]` of a home for `name`.
fn refused(own: &Models, name: &str, lines: &str) -> String {
    let mut home = own.home(name);
    home.edit("# draft = ", &format!("{lines}\n# draft = "));
    badly(home.command().args(["--listen", "127.0.0.1:0"]))
}

#[test]
fn a_draft_of_the_same_tokens_changes_no_answer() {
    let own = Models::new();
    own.pin("page", "models/page");
    let (source, out) = (
        own.path("models/page"),
        own.path("models/page-q8/page-q8.gguf"),
    );
    well(models("quantize").args([&source, "--to", "q8_0", "--out", &out, "--no-check"]));
    own.pin("page-q8", "models/page-q8/page-q8.gguf");
    let plain = own.home("page").start();
    let mut home = own.home("page");
    home.edit(
        "# draft = ",
        "draft = \"page-q8\"\ndraft_kv_cache_mib = 1\n# draft = ",
    );
    let drafted = home.start();
    for (temperature, n) in [(0.0, 1), (1.0, 3)] {
        let body = json!({
            "model": "default", "prompt": BEGINNING, "max_tokens": 40, "seed": 7,
            "temperature": temperature, "n": n, "logprobs": 2,
        });
        let [plain, drafted] = [&plain, &drafted].map(|server| {
            let response = server.post("/v1/completions", &body);
            assert_eq!(response.status(), 200, "{}", response.text());
            response.json()
        });
        assert_eq!(drafted["choices"], plain["choices"], "at {temperature}");
        assert_eq!(drafted["usage"], plain["usage"]);
    }
    // How many tokens it drafted depends on how fast the two are here; that it is there does not.
    assert!(drafted.metric("bailiwick_draft_kv_blocks") > 0.0);
    assert_eq!(plain.metric("bailiwick_draft_kv_blocks"), 0.0);
    assert_eq!(drafted.metric("bailiwick_draft_failures_total"), 0.0);
}

#[test]
fn a_draft_that_does_not_fit_is_refused_at_the_start() {
    let own = Models::new();
    own.pin("page", "models/page");
    // Another model, with other tokens.
    let default = "smollm2-135m-instruct";
    let cached = default_models_dir(|key| std::env::var_os(key)).join(default);
    let file = "SmolLM2-135M-Instruct.Q4_1.gguf";
    std::fs::create_dir(own.path(&format!("models/{default}"))).unwrap();
    let (from, to) = (
        cached.join(file),
        own.path(&format!("models/{default}/{file}")),
    );
    if std::fs::hard_link(&from, &to).is_err() {
        std::fs::copy(&from, &to).unwrap();
    }
    // The same with a shorter context.
    let short = own.path("models/short");
    std::fs::create_dir(&short).unwrap();
    for file in std::fs::read_dir(SOURCE).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), Path::new(&short).join(file.file_name())).unwrap();
    }
    let config = format!("{short}/config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    let mut described: Value = serde_json::from_str(&text).unwrap();
    described["max_position_embeddings"] = json!(64);
    std::fs::write(&config, described.to_string()).unwrap();
    own.pin("short", "models/short");
    for (draft, says) in [
        (
            default,
            "`smollm2-135m-instruct` can't draft for `page`: its token",
        ),
        (
            "short",
            "`short` can't draft for `page`: its context has 64 tokens",
        ),
        (
            "all-minilm-l6-v2",
            "`all-minilm-l6-v2` can't draft for `page`: ",
        ),
        ("nowhere", "nowhere"),
    ] {
        let said = refused(&own, "page", &format!("draft = \"{draft}\""));
        assert!(said.contains(says), "{said}");
    }
    let said = refused(&own, "page", "draft = \"page\"");
    assert!(said.contains("drafting for itself"), "{said}");
}

#[test]
fn a_file_that_was_altered_after_it_was_pinned_is_not_served() {
    let own = Models::new();
    own.pin("page", "models/page");
    let file = own.path("models/page/tokenizer_config.json");
    let text = std::fs::read_to_string(&file)
        .unwrap()
        .replace("<s>", "<S>");
    std::fs::write(&file, text).unwrap();
    let home = own.home("page");
    let said = badly(home.command().args(["--listen", "127.0.0.1:0"]));
    assert!(said.contains("tokenizer_config.json was altered"), "{said}");
}

/// The smaller the type, the larger the perplexity; and what is quantised from a GGUF file is the same.
#[test]
fn quantising_costs_what_the_type_does() {
    let own = Models::new();
    let source = own.path("models/page");
    let out = |name: &str| own.path(&format!("{name}.gguf"));
    let quantise = |source: &str, to: &str, out: &str| {
        well(models("quantize").args([source, "--to", to, "--out", out]))
    };
    let others = "blk.*.attn_q.weight: Q5_0, since its rows are no multiple of 256 (1)";
    for (to, most, says) in [
        ("F16", 1.0001, ""),
        ("Q8_0", 1.01, ""),
        (
            "Q6_K",
            1.01,
            "token_embd.weight: Q8_0, since its rows are no multiple of 256 (1)",
        ),
        ("Q5_1", 1.3, "token_embd.weight: Q8_0"),
        ("Q4_K", 1.3, others),
        ("Q4_0", 3.0, "token_embd.weight: Q8_0"),
    ] {
        let said = quantise(&source, to, &out(to));
        let ratio: f64 = said.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
        assert!(said.contains(says), "{said}");
        assert!((0.9..most).contains(&ratio), "{to}: {said}");
    }
    quantise(&out("F16"), "Q5_1", &out("again"));
    let [one, two] = ["Q5_1", "again"].map(|name| std::fs::read(out(name)).unwrap());
    assert!(one == two, "by way of a GGUF file");
    let left = std::fs::read_dir(own.0.path()).unwrap();
    let left =
        left.filter(|file| file.as_ref().unwrap().path().extension() == Some("partial".as_ref()));
    assert_eq!(left.count(), 0);
}
