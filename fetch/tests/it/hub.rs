//! A hub over real HTTP: the whole file, redirects, tokens, breaks, resuming, refusals.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Mutex;

use bailiwick_fetch::{From, Options, Telling};

use crate::parts::{Bench, CONFIG, WEIGHTS_BYTES, names};
use crate::stand_in::{Behaviour, StandIn};

const SOURCE: &str = r#"
[[source]]
kind = "hub"
repo = "owner/tiny"
revision = "main"
files = { "tiny.gguf" = "gguf/tiny.gguf", "config.json" = "config.json" }
"#;

fn files(bench: &Bench) -> BTreeMap<&'static str, Vec<u8>> {
    BTreeMap::from([
        ("gguf/tiny.gguf", bench.weights.clone()),
        ("config.json", CONFIG.to_vec()),
    ])
}

fn options(hub: &StandIn, token: &str) -> Options {
    Options {
        hub_endpoint: Some(hub.endpoint()),
        hub_token: Some(token.into()),
        telling: Telling::Quiet,
        ..Options::default()
    }
}

/// The ranges that were asked for of the weights.
fn ranges(hub: &StandIn) -> Vec<String> {
    let gets = hub.gets();
    let weights = gets.iter().filter(|line| line.contains("/tiny.gguf "));
    weights
        .map(|line| line.split(' ').nth(1).unwrap().to_owned())
        .collect()
}

#[test]
fn files_come_directly_by_redirect_and_with_a_token() {
    let same = Some(String::new());
    for (redirects, token) in [
        (None, None),
        (same.clone(), None),
        (same, Some("secret-token")),
    ] {
        let bench = Bench::new(SOURCE);
        let hub = StandIn::start(Behaviour {
            files: files(&bench),
            token,
            redirects,
            ..Behaviour::default()
        });
        let fetcher = bench.fetcher(options(&hub, token.unwrap_or("other")));
        fetcher.fetch("tiny").unwrap();
        bench.check();
    }
}

#[test]
fn the_token_goes_to_the_hub_alone() {
    let bench = Bench::new(SOURCE);
    let elsewhere = StandIn::start(Behaviour {
        files: files(&bench),
        ..Behaviour::default()
    });
    let hub = StandIn::start(Behaviour {
        token: Some("secret-token"),
        redirects: Some(elsewhere.endpoint()),
        ..Behaviour::default()
    });
    let fetcher = bench.fetcher(options(&hub, "secret-token"));
    fetcher.fetch("tiny").unwrap();
    bench.check();
    let with_token = |hub: &StandIn| {
        let gets = hub.gets();
        (
            gets.len(),
            gets.iter().filter(|g| g.ends_with("true")).count(),
        )
    };
    assert_eq!(with_token(&hub), (2, 2));
    assert_eq!(with_token(&elsewhere), (2, 0));
}

#[test]
fn a_cut_transfer_goes_on_where_it_stopped() {
    let bench = Bench::new(SOURCE);
    let hub = StandIn::start(Behaviour {
        files: files(&bench),
        redirects: Some(String::new()),
        cuts: Mutex::new(vec![300_000, 200_000]),
        ..Behaviour::default()
    });
    bench.fetcher(options(&hub, "t")).fetch("tiny").unwrap();
    bench.check();
    let mut ranges = ranges(&hub);
    ranges.dedup();
    assert_eq!(ranges.len(), 3, "{ranges:?}");
    assert_eq!(ranges[0], "");
    let starts: Vec<usize> = ranges[1..]
        .iter()
        .map(|range| {
            let (start, end) = range
                .strip_prefix("bytes=")
                .unwrap()
                .split_once('-')
                .unwrap();
            assert_eq!(end.parse(), Ok(WEIGHTS_BYTES - 1));
            start.parse().unwrap()
        })
        .collect();
    // What the client had in hand when the connection broke may be lost, never more than was sent.
    assert!(starts[0] > 0 && starts[0] <= 300_000, "{starts:?}");
    assert!(starts[1] > starts[0] && starts[1] <= 500_000, "{starts:?}");
}

#[test]
fn an_earlier_run_is_gone_on_from() {
    let bench = Bench::new(SOURCE);
    let hub = StandIn::start(Behaviour {
        files: files(&bench),
        ..Behaviour::default()
    });
    std::fs::create_dir_all(bench.models().join("tiny")).unwrap();
    std::fs::write(bench.partial(), &bench.weights[..400_000]).unwrap();
    bench.fetcher(options(&hub, "t")).fetch("tiny").unwrap();
    bench.check();
    assert_eq!(
        ranges(&hub),
        [format!("bytes=400000-{}", WEIGHTS_BYTES - 1)]
    );
}

#[test]
fn what_was_left_behind_need_not_be_right() {
    for (left, no_ranges) in [
        // Another file's beginning; too much; a hub that knows no ranges.
        (vec![7; 1000], false),
        (vec![7; WEIGHTS_BYTES + 1], false),
        (vec![7; WEIGHTS_BYTES], false),
        (vec![7; 1000], true),
    ] {
        let bench = Bench::new(SOURCE);
        let hub = StandIn::start(Behaviour {
            files: files(&bench),
            no_ranges,
            ..Behaviour::default()
        });
        std::fs::create_dir_all(bench.models().join("tiny")).unwrap();
        std::fs::write(bench.partial(), left).unwrap();
        bench.fetcher(options(&hub, "t")).fetch("tiny").unwrap();
        bench.check();
    }
}

#[test]
fn a_hub_that_keeps_breaking_off_is_given_up_and_the_rest_kept() {
    let bench = Bench::new(SOURCE);
    let hub = StandIn::start(Behaviour {
        files: files(&bench),
        cuts: Mutex::new([&[200_000][..], &[0; 40]].concat()),
        ..Behaviour::default()
    });
    let error = bench.fetcher(options(&hub, "t")).fetch("tiny").unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("the hub can't be reached or broke off"),
        "{error}"
    );
    let kept = std::fs::read(bench.partial()).unwrap();
    assert!(!kept.is_empty() && bench.weights.starts_with(&kept));
}

#[test]
fn content_with_another_digest_is_removed() {
    let bench = Bench::new(SOURCE);
    let mut wrong = files(&bench);
    wrong.get_mut("gguf/tiny.gguf").unwrap()[9] ^= 1;
    let hub = StandIn::start(Behaviour {
        files: wrong,
        ..Behaviour::default()
    });
    let error = bench.fetcher(options(&hub, "t")).fetch("tiny").unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("tiny.gguf: wrong content: the SHA-256 is "),
        "{error}"
    );
    assert_eq!(names(&bench.models().join("tiny")), ["config.json"]);
}

#[test]
fn refusals_say_what_to_do_and_show_no_token() {
    for (behaviour, expected) in [
        (
            Behaviour {
                token: Some("right"),
                ..Behaviour::default()
            },
            "the hub wants a token; give one with --hub-token-file or in HF_TOKEN",
        ),
        (Behaviour::default(), "the hub answered 404: no such file"),
        (
            Behaviour {
                status: Some(403),
                ..Behaviour::default()
            },
            "the hub answered 403: closed today",
        ),
        (
            Behaviour {
                status: Some(503),
                ..Behaviour::default()
            },
            "the hub answered 503: closed today",
        ),
    ] {
        let bench = Bench::new(SOURCE);
        let hub = StandIn::start(behaviour);
        let fetcher = bench.fetcher(options(&hub, "wrong-secret"));
        let error = fetcher.fetch("tiny").unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(!error.contains("wrong-secret"), "{error}");
        assert!(!format!("{fetcher:?}").contains("wrong-secret"));
    }
}

/// A hub that isn't there, then a pip that isn't there.
#[test]
fn when_all_sources_fail_each_is_named_with_its_reason() {
    let wheel = r#"
[[source]]
kind = "pypi"
package = "tiny-model"
version = "1.2"
members = { "tiny.gguf" = "tiny.gguf", "config.json" = "config.json" }
"#;
    let bench = Bench::new(&format!("{SOURCE}{wheel}"));
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let options = Options {
        hub_endpoint: Some(format!("http://{closed}")),
        pip: Some(bench.path("no-pip")),
        ..Options::default()
    };
    let error = bench.fetcher(options.clone()).fetch("tiny").unwrap_err();
    let error = error.to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 4, "{error}");
    assert_eq!(
        lines[0],
        "model tiny: no source gave tiny.gguf, config.json"
    );
    let hub =
        format!("  hub owner/tiny@main at http://{closed}: tiny.gguf: the hub can't be reached");
    assert!(lines[1].starts_with(&hub), "{error}");
    assert!(
        lines[2].contains(": config.json: the hub can't be reached"),
        "{error}"
    );
    assert!(
        lines[3].starts_with("  pypi tiny-model==1.2: pip can't be started"),
        "{error}"
    );

    let only_pip = Options {
        from: Some(From::PyPi),
        ..options
    };
    let error = bench
        .fetcher(only_pip)
        .fetch("tiny")
        .unwrap_err()
        .to_string();
    assert!(!error.contains("hub") && error.contains("pypi"), "{error}");
}
