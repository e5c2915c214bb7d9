//! A tiny model and its manifest.

use std::path::{Path, PathBuf};

use bailiwick::types::Digest;
use bailiwick_fetch::{Fetcher, Options};
use tempfile::TempDir;

/// Larger than a buffer, so that a transfer can break off inside.
pub(crate) const WEIGHTS_BYTES: usize = 700_000;

/// A folder for models, a folder with the manifest of `tiny`, and what its files hold.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) weights: Vec<u8>,
}

impl Bench {
    /// With these `[[source]]` tables.
    pub(crate) fn new(sources: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let weights: Vec<u8> = (0..=250).cycle().take(WEIGHTS_BYTES).collect();
        let entry = |name: &str, bytes: &[u8]| {
            let (digest, len) = (Digest::of(bytes), bytes.len());
            format!("[[file]]\nname = \"{name}\"\nsha256 = \"{digest}\"\nbytes = {len}\n")
        };
        let manifest = format!(
            "name = \"tiny\"\nkind = \"chat\"\narchitecture = \"llama\"\nformat = \"gguf\"\n\
             description = \"tiny\"\nupstream = \"https://example.com\"\ncontext = 8\n\
             chat_template = \"embedded\"\n\
             licence = {{ spdx = \"MIT\", url = \"https://example.com\" }}\n\n{}{}{sources}",
            entry("tiny.gguf", &weights),
            entry("config.json", CONFIG),
        );
        std::fs::create_dir(folder.path().join("manifests")).unwrap();
        std::fs::write(folder.path().join("manifests/tiny.toml"), manifest).unwrap();
        Self { folder, weights }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn models(&self) -> PathBuf {
        self.path("models")
    }

    pub(crate) fn partial(&self) -> PathBuf {
        self.path("models/tiny/tiny.gguf.partial")
    }

    pub(crate) fn fetcher(&self, options: Options) -> Fetcher {
        let manifests_dir = Some(self.path("manifests"));
        let options = Options {
            manifests_dir,
            ..options
        };
        Fetcher::new(self.models(), options).unwrap()
    }

    /// Both files are there as they should be, and nothing else.
    pub(crate) fn check(&self) {
        let tiny = self.models().join("tiny");
        assert_eq!(names(&tiny), ["config.json", "tiny.gguf"]);
        assert!(std::fs::read(tiny.join("tiny.gguf")).unwrap() == self.weights);
        assert_eq!(std::fs::read(tiny.join("config.json")).unwrap(), CONFIG);
    }
}

/// What `config.json` holds.
pub(crate) const CONFIG: &[u8] = b"{\"hidden_size\": 8}";

/// The sorted names in a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
