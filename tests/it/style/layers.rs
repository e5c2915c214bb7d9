//! Fails when a module uses one that the architecture does not let it use.

use super::source::{code_of, rust_files, top_module};

/// Each module and the modules it may use, lowest first; ARCHITECTURE.md shows the same table.
const MAY_USE: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("config", &["types"]),
    ("telemetry", &["types", "config"]),
    ("sandbox", &["types", "config"]),
    ("formats", &["types"]),
    ("kernels", &["types"]),
    ("tokenizer", &["types", "formats"]),
    (
        "model",
        &["types", "config", "formats", "kernels", "tokenizer"],
    ),
    ("store", &["types", "config"]),
    ("audit", &["types", "config", "store"]),
    ("policy", &["types", "config", "store", "audit"]),
    ("crm", &["types", "config", "policy"]),
    (
        "redact",
        &["types", "config", "formats", "tokenizer", "model", "crm"],
    ),
    ("prompt", &["types", "config", "tokenizer", "crm", "redact"]),
    (
        "engine",
        &[
            "types",
            "config",
            "telemetry",
            "kernels",
            "tokenizer",
            "model",
            "prompt",
        ],
    ),
    ("grammar", &["types", "tokenizer", "engine"]),
    (
        "grounding",
        &["types", "tokenizer", "crm", "prompt", "engine"],
    ),
    (
        "pipeline",
        &[
            "types",
            "config",
            "telemetry",
            "sandbox",
            "formats",
            "kernels",
            "tokenizer",
            "model",
            "store",
            "audit",
            "policy",
            "crm",
            "redact",
            "prompt",
            "engine",
            "grammar",
            "grounding",
        ],
    ),
    (
        "http",
        &[
            "types",
            "config",
            "telemetry",
            "store",
            "policy",
            "audit",
            "crm",
            "pipeline",
        ],
    ),
    (
        "cli",
        &[
            "types",
            "config",
            "telemetry",
            "sandbox",
            "formats",
            "kernels",
            "tokenizer",
            "model",
            "store",
            "audit",
            "policy",
            "crm",
            "redact",
            "prompt",
            "engine",
            "grammar",
            "grounding",
            "pipeline",
            "http",
        ],
    ),
];

#[test]
fn modules_use_only_what_they_may() {
    let mut broken = Vec::new();
    for file in rust_files("src") {
        let Some(owner) = top_module(&file) else {
            continue;
        };
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == owner) else {
            broken.push(format!("{}: `{owner}` has no row", file.display()));
            continue;
        };
        for used in used_modules(&code_of(&file)) {
            let known = MAY_USE.iter().any(|(name, _)| *name == used);
            if known && used != owner && !allowed.contains(&used.as_str()) {
                broken.push(format!(
                    "{}: `{owner}` may not use `{used}`",
                    file.display()
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn rows_name_only_earlier_rows() {
    for (row, (name, allowed)) in MAY_USE.iter().enumerate() {
        for used in *allowed {
            let earlier = MAY_USE[..row].iter().any(|(below, _)| below == used);
            assert!(earlier, "`{name}` may use `{used}`, which is not below it");
        }
    }
}

#[test]
fn every_module_has_a_row() {
    let lib = std::fs::read_to_string("src/lib.rs").unwrap();
    let declared = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    for module in declared {
        assert!(
            MAY_USE.iter().any(|(name, _)| *name == module),
            "`{module}` has no row"
        );
    }
}

#[test]
fn grouped_and_plain_paths_are_seen() {
    for (code, expected) in [
        ("use crate::types::Name;", &["types"][..]),
        (
            "use crate::{\n    audit::{Entry, Log},\n    types,\n};",
            &["audit", "types"],
        ),
        ("let x = crate::engine::start();", &["engine"]),
        ("use super::other;", &[]),
    ] {
        assert_eq!(used_modules(code), expected, "{code}");
    }
}

/// The names right after `crate::`, alone or at the top level of a group.
fn used_modules(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        match rest.strip_prefix('{') {
            None => names.push(word(rest)),
            Some(group) => {
                let mut depth = 0_usize;
                let mut start = Some(0);
                for (index, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = Some(index + 1),
                        _ => {}
                    }
                    if let Some(from) = start.filter(|from| index >= *from && c.is_alphanumeric()) {
                        names.push(word(group[from..].trim_start()));
                        start = None;
                    }
                }
            }
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}
