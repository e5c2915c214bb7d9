//! The server's dependency graph holds nothing that opens connections or sends reports.

use std::process::Command;

/// Crates that speak to others, by name or by the start of it.
const BANNED: &[&str] = &[
    "attohttpc",
    "awc",
    "curl",
    "hf-hub",
    "hickory-resolver",
    "hyper-rustls",
    "hyper-tls",
    "isahc",
    "minreq",
    "native-tls",
    "opentelemetry-otlp",
    "reqwest",
    "sentry",
    "surf",
    "trust-dns-resolver",
    "ureq",
    "xet",
];

#[expect(
    clippy::disallowed_methods,
    reason = "asks cargo for the dependency graph"
)]
fn graph_of(package: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--package",
            package,
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

fn clients_in(graph: &[String]) -> Vec<&String> {
    graph
        .iter()
        .filter(|name| BANNED.iter().any(|banned| name.starts_with(banned)))
        .collect()
}

#[test]
fn the_server_links_no_client() {
    let graph = graph_of("bailiwick");
    assert!(
        graph.len() > 100,
        "the graph has {} crates: is this the server's?",
        graph.len()
    );
    assert_eq!(clients_in(&graph), Vec::<&String>::new());
}

/// The same check on the program that does open connections: it can fail.
#[test]
fn the_fetcher_does() {
    assert!(!clients_in(&graph_of("bailiwick-fetch")).is_empty());
}
