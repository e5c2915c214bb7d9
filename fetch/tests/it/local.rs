//! Local paths as sources, and the state of the models folder.

use std::io::Write as _;
use std::path::Path;

use bailiwick_fetch::{From, Options, Outcome};

use crate::parts::{Bench, CONFIG, names};

fn from(path: &Path) -> Options {
    Options {
        from: Some(From::Path(path.to_owned())),
        ..Options::default()
    }
}

fn tarball(bench: &Bench, out: impl std::io::Write) {
    let mut tar = tar::Builder::new(out);
    let mut add = |path: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, bytes).unwrap();
    };
    // The same name and size elsewhere, with other content: passed over by its digest.
    add("pooling/config.json", &vec![b'x'; CONFIG.len()]);
    add("export/config.json", CONFIG);
    add("export/tiny.gguf", &bench.weights);
    tar.finish().unwrap();
}

#[test]
fn folders_files_and_tarballs_are_sources() {
    let bench = Bench::new("");
    let flat = bench.path("flat");
    let nested = bench.path("nested");
    std::fs::create_dir_all(nested.join("tiny")).unwrap();
    std::fs::create_dir(&flat).unwrap();
    for folder in [flat.clone(), nested.join("tiny")] {
        std::fs::write(folder.join("tiny.gguf"), &bench.weights).unwrap();
        std::fs::write(folder.join("config.json"), CONFIG).unwrap();
    }
    let tar = bench.path("export.tar");
    tarball(&bench, std::fs::File::create(&tar).unwrap());
    let tar_gz = bench.path("export.tar.gz");
    let file = std::fs::File::create(&tar_gz).unwrap();
    let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    tarball(&bench, &mut gz);
    gz.finish().unwrap();

    for path in [flat, nested, tar, tar_gz] {
        let fetcher = bench.fetcher(from(&path));
        assert_eq!(fetcher.fetch("tiny").unwrap(), Outcome::Fetched);
        bench.check();
        fetcher.verify("tiny").unwrap();
        assert_eq!(fetcher.fetch("tiny").unwrap(), Outcome::WasThere);
        std::fs::remove_dir_all(bench.models()).unwrap();
    }
}

#[test]
fn a_single_file_may_have_any_name() {
    let bench = Bench::new("");
    let path = bench.path("downloaded(1).bin");
    std::fs::write(&path, &bench.weights).unwrap();
    let error = bench.fetcher(from(&path)).fetch("tiny").unwrap_err();
    // The other file is still missing; what was right is kept.
    let expected = "model tiny: no source gave config.json";
    assert!(error.to_string().starts_with(expected), "{error}");
    let path = bench.path("c");
    std::fs::write(&path, CONFIG).unwrap();
    bench.fetcher(from(&path)).fetch("tiny").unwrap();
    bench.check();
}

#[test]
fn altered_files_are_replaced_and_wrong_ones_refused() {
    let bench = Bench::new("");
    let source = bench.path("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("tiny.gguf"), &bench.weights).unwrap();
    std::fs::write(source.join("config.json"), CONFIG).unwrap();
    let fetcher = bench.fetcher(from(&source));
    fetcher.fetch("tiny").unwrap();

    let weights = bench.models().join("tiny/tiny.gguf");
    std::fs::write(&weights, "short").unwrap();
    let error = fetcher.verify("tiny").unwrap_err().to_string();
    assert!(error.ends_with("run `bailiwick-fetch tiny`"), "{error}");
    assert_eq!(fetcher.fetch("tiny").unwrap(), Outcome::Fetched);
    bench.check();

    let mut wrong = bench.weights.clone();
    wrong[5] ^= 1;
    std::fs::write(source.join("tiny.gguf"), wrong).unwrap();
    std::fs::remove_file(&weights).unwrap();
    let error = fetcher.fetch("tiny").unwrap_err().to_string();
    assert!(error.contains("wrong content: the SHA-256 is "), "{error}");
    assert!(error.contains(" where the manifest says "), "{error}");
    assert_eq!(names(&bench.models().join("tiny")), ["config.json"]);
}

#[test]
fn broken_archives_and_absent_paths_are_errors() {
    let bench = Bench::new("");
    let mut gz = Vec::new();
    tarball(
        &bench,
        flate2::write::GzEncoder::new(&mut gz, flate2::Compression::fast()),
    );
    for (name, bytes, expected) in [
        ("cut.tar.gz", &gz[..gz.len() / 2], "no source gave"),
        (
            "noise.whl",
            &b"not a zip file"[..],
            "the archive can't be read",
        ),
        (
            "noise.tgz",
            &b"not a tarball"[..],
            "the archive can't be read",
        ),
        ("empty.tar", &[0; 1024][..], "has no file that could be it"),
    ] {
        let path = bench.path(name);
        std::fs::File::create(&path)
            .unwrap()
            .write_all(bytes)
            .unwrap();
        let error = bench.fetcher(from(&path)).fetch("tiny").unwrap_err();
        assert!(error.to_string().contains(expected), "{name}: {error}");
        assert!(!bench.models().join("tiny/tiny.gguf").exists());
    }
    let error = bench.fetcher(from(&bench.path("absent"))).fetch("tiny");
    assert!(error.unwrap_err().to_string().contains("absent: "));
}

#[test]
fn without_a_source_the_error_says_what_to_do() {
    let bench = Bench::new("");
    let error = bench.fetcher(Options::default()).fetch("tiny").unwrap_err();
    assert!(error.to_string().ends_with("use --from PATH"), "{error}");
    let options = Options {
        from: Some(From::Hub),
        ..Options::default()
    };
    let error = bench.fetcher(options).fetch("tiny").unwrap_err();
    let expected = "\n  hub: the manifest names no such source";
    assert!(error.to_string().ends_with(expected), "{error}");
    let error = bench
        .fetcher(Options::default())
        .fetch("tinny")
        .unwrap_err();
    assert!(error.to_string().ends_with("did you mean tiny?"), "{error}");
}

#[test]
fn two_fetchers_at_once_do_not_collide() {
    let bench = Bench::new("");
    let source = bench.path("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("tiny.gguf"), &bench.weights).unwrap();
    std::fs::write(source.join("config.json"), CONFIG).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| bench.fetcher(from(&source)).fetch("tiny").unwrap());
        }
    });
    bench.check();
}
