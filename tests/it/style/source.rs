//! Reads the project's own source; and the rules that need no more than that.

use std::fs;
use std::path::{Path, PathBuf};

/// All Rust files below `dir`.
pub(crate) fn rust_files(dir: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            files.push(path);
        }
    }
    files
}

/// `src/engine/scheduler.rs` and `src/engine.rs` both belong to `engine`; binaries to nobody.
pub(super) fn top_module(file: &Path) -> Option<String> {
    let first = file.strip_prefix("src").ok()?.components().next()?;
    let name = Path::new(first.as_os_str()).file_stem()?.to_str()?;
    (!matches!(name, "lib" | "bin")).then(|| name.to_owned())
}

/// The file without its comment lines.
pub(super) fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// Where a word may stand, and why.
struct Fence {
    word: &'static str,
    allowed: &'static [&'static str],
}

/// Words that only some modules may use.
const FENCES: &[Fence] = &[
    Fence {
        word: "unsafe ",
        allowed: &["src/kernels/", "src/formats/mapping", "src/sandbox/"],
    },
    Fence {
        word: "axum::",
        allowed: &["src/http/"],
    },
    Fence {
        word: "StatusCode",
        allowed: &["src/http/"],
    },
    Fence {
        word: "TcpListener",
        allowed: &["src/http/serve.rs"],
    },
    Fence {
        word: "TcpStream",
        // Those that were accepted; clippy bans `connect`.
        allowed: &["src/http/connection.rs"],
    },
    Fence {
        word: "UdpSocket",
        allowed: &[],
    },
    Fence {
        word: "UnixStream",
        allowed: &[],
    },
    Fence {
        word: "env::var",
        allowed: &["src/config/environment.rs"],
    },
];

#[test]
fn fenced_words_stay_inside_their_fence() {
    let mut broken = Vec::new();
    for file in rust_files("src") {
        let code = code_of(&file);
        let name = file.display().to_string();
        for Fence { word, allowed } in FENCES {
            if code.contains(word) && !allowed.iter().any(|place| name.starts_with(place)) {
                broken.push(format!("{name}: `{}`", word.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Files that are long for a reason: half of each is word lists and the table of cases.
const LONG: &[&str] = &[
    "src/redact/recogniser/person.rs",
    "src/redact/recogniser/phone.rs",
];

#[test]
fn files_stay_small() {
    let long: Vec<_> = rust_files("src")
        .into_iter()
        .map(|file| (fs::read_to_string(&file).unwrap().lines().count(), file))
        .filter(|(lines, file)| *lines > 700 && !LONG.iter().any(|long| file.ends_with(long)))
        .collect();
    assert!(long.is_empty(), "over 700 lines: {long:?}");
}
