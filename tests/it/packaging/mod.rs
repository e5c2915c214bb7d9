//! What the images are made of. There is no container engine here, so their file tree is made and tried.
#![expect(
    clippy::disallowed_methods,
    reason = "the packaging is shell scripts, and the packaged program another process"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the Containerfile copies from the source, each path once.
fn copied() -> Vec<String> {
    let text = fs::read_to_string("Containerfile").unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("COPY "));
    let from_source = lines.filter(|line| !line.starts_with("--from="));
    from_source
        .flat_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (_, sources) = words.split_last().unwrap();
            sources.iter().map(ToString::to_string).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_containerfile_copies_what_is_there_and_not_ignored() {
    let ignored = fs::read_to_string(".dockerignore").unwrap();
    let sources = copied();
    assert!(sources.len() > 8, "{sources:?}");
    for source in sources {
        assert!(Path::new(&source).exists(), "{source} does not exist");
        let top = source.split('/').next().unwrap();
        assert!(
            ignored.lines().any(|line| line == format!("!{top}")),
            ".dockerignore leaves {source} out"
        );
    }
}

/// The stages that are copied from, and the files in them, are those that are made.
#[test]
fn the_stages_exist() {
    let text = fs::read_to_string("Containerfile").unwrap();
    let stages: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| Some(line.strip_prefix("FROM ")?.split_once(" AS ")?.1))
        .collect();
    for line in text.lines() {
        if let Some(rest) = line.split_once("--from=").map(|(_, rest)| rest) {
            let stage = rest.split_whitespace().next().unwrap();
            assert!(stages.contains(stage), "no stage {stage}");
        }
    }
    assert!(stages.contains("server") && stages.contains("fetcher"));
    let last = text.rsplit("\nFROM ").next().unwrap();
    assert!(last.starts_with("scratch AS server"), "{last}");
    assert!(last.contains("\nUSER 65532:65532\n"), "{last}");
}

/// Everything that the code includes at compile time is copied.
#[test]
fn what_the_code_includes_is_copied() {
    let copied = copied();
    let mut found = 0;
    for file in crate::style::rust_files("src") {
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("include_str!(\"") {
            let rest = &text[at + "include_str!(\"".len()..];
            let path = file.parent().unwrap().join(rest.split('"').next().unwrap());
            let path = path.canonicalize().unwrap();
            let path = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            let inside = |source: &String| path.starts_with(source);
            assert!(
                copied.iter().any(inside),
                "{} is not copied",
                path.display()
            );
            found += 1;
        }
    }
    assert!(found > 3, "{found} included files");
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// The image's tree holds the program and its libraries, and the program runs with nothing else.
#[cfg(target_os = "linux")]
#[test]
fn the_servers_image_is_complete_and_holds_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("rootfs");
    let made = Command::new("deploy/rootfs.sh")
        .arg(env!("CARGO_BIN_EXE_bailiwick"))
        .arg(&root)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");

    let known = [
        "bailiwick",
        "passwd",
        "group",
        "ld-linux",
        "libc.",
        "libm.",
        "libgcc_s.",
        "libpthread.",
        "libdl.",
        "librt.",
    ];
    for file in files_below(&root) {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(
            known.iter().any(|known| name.starts_with(known)),
            "{} has no business in the image",
            file.display()
        );
    }

    // Its own root, by the right that a user has in a namespace of its own.
    let inside = |args: &[&str]| {
        Command::new("unshare")
            .args(["--user", "--map-root-user", "--root"])
            .arg(&root)
            .args(["--wd", "/", "/usr/bin/bailiwick"])
            .args(args)
            .env_clear()
            .output()
            .unwrap()
    };
    let version = inside(&["--version"]);
    assert_eq!(
        String::from_utf8_lossy(&version.stdout),
        format!("bailiwick {}\n", env!("CARGO_PKG_VERSION")),
        "{version:?}"
    );
    // It starts, reads its configuration and finds no model: the error of a complete program.
    let served = inside(&["serve", "--demo", "--data-dir", "/data"]);
    let error = String::from_utf8_lossy(&served.stderr);
    assert!(error.contains("bailiwick-fetch"), "{error}");
}
