//! The serving process tries every way out; nothing may reach the sink, and it must still answer.

use bailiwick::config::EgressMode;
use bailiwick::sandbox::{self, SelfTest};

use super::attacks::Outcome;
use super::server::{Kernel, Mode, Order, Server, log_of, plan, start};
use super::serving::wait_for;
use super::sink::Sink;

const FEWEST_ATTACKS: usize = 80;

/// Classes of ways out that need no rights at all: where nothing is closed, each gets a token to the sink.
const CLASSES: &[(&str, &[&str])] = &[
    ("tcp", &["tcp4", "tcp through std"]),
    ("udp", &["udp4 sendto", "udp4 connect"]),
    ("udp by message", &["udp sendmsg", "udp sendmmsg"]),
    ("unix stream", &["unix path", "unix abstract"]),
    ("unix datagram", &["unix datagram"]),
    ("another process", &["fork and connect"]),
    ("an accepted socket", &["accepted socket turned round"]),
];

#[test]
fn nothing_leaves_the_serving_process_and_it_still_answers() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(folder.path());
    let server = Server::start(Mode::Closed, Kernel::Own, &sink.targets);
    server.answer();
    let first: SelfTest = server.order(Order::SelfTest);
    assert!(first.passed(), "{first}");
    let trips: u64 = server.order(Order::Trips);
    assert_eq!(trips, 0, "serving and self-tests trip nothing");

    let outcomes = server.attack();
    let open: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| outcome.refused.is_none())
        .collect();
    assert!(
        outcomes.len() >= FEWEST_ATTACKS,
        "{} attacks",
        outcomes.len()
    );
    assert!(open.is_empty(), "went through: {open:#?}");
    assert_eq!(
        sink.arrived(),
        <[String; 0]>::default().into(),
        "reached the sink"
    );
    assert_eq!(
        std::fs::read_dir(&sink.targets.outside).unwrap().count(),
        1,
        "files outside"
    );

    server.answer();
    let trips: u64 = server.order(Order::Trips);
    assert!(trips >= 30, "{trips} attempts were counted");
    let counted = format!("\nbailiwick_sandbox_trips_total {trips}\n");
    wait_for(|| {
        let (_, metrics) = server.ask(&server.key, "GET", "/metrics", &serde_json::Value::Null);
        metrics.contains(&counted)
    });
    let log = std::fs::read_to_string(log_of(&sink.targets)).unwrap();
    assert!(log.contains("tried to get out"), "{log}");
    let view = sandbox::process(server.pid).unwrap();
    assert!(view.threads.all_covered(), "{}", view.threads);
    server.terminate();
    assert_eq!(server.wait(), Some(0), "ends cleanly on SIGTERM");
}

#[expect(clippy::print_stdout, reason = "says what this machine could not try")]
#[test]
fn the_same_attacks_arrive_where_nothing_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(folder.path());
    let server = Server::start(Mode::Open, Kernel::Own, &sink.targets);
    let outcomes = server.attack();
    let arrived = sink.arrived();
    let open = outcomes
        .iter()
        .filter(|outcome| outcome.refused.is_none())
        .count();
    println!(
        "without a sandbox: {} tokens arrived: {arrived:?}; {open} of {} went through",
        arrived.len(),
        outcomes.len()
    );
    for outcome in outcomes.iter().filter(|outcome| outcome.refused.is_some()) {
        println!("not possible here anyway: {outcome:?}");
    }
    for (class, attacks) in CLASSES {
        assert!(
            attacks.iter().any(|name| arrived.contains(*name)),
            "no token by {class}: {outcomes:#?}"
        );
    }
    assert!(open > arrived.len(), "{open}");
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_32_bit_call_ends_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(folder.path());
    let mut child = start(Mode::Foreign, Kernel::Own, &sink.targets);
    assert_eq!(child.wait().unwrap().code(), Some(128 + libc::SIGSYS));
    assert!(sink.arrived().is_empty());
}

#[test]
fn a_trial_child_finds_every_way_closed() {
    let report = sandbox::probe();
    assert!(report.healthy(), "{report}");
    assert!(
        report
            .to_string()
            .contains("refused     socket INET stream (EPERM)"),
        "{report}"
    );
    let text = serde_json::to_string(&report).unwrap();
    assert!(text.contains("\"landlock_abi\""), "{text}");
}

#[test]
fn a_process_with_several_threads_is_refused() {
    // This very process: the test harness has threads.
    let error = sandbox::confine(&plan(EgressMode::Enforced)).unwrap_err();
    assert!(
        error.to_string().contains("threads exist already"),
        "{error}"
    );
}

#[test]
fn unenforced_is_said_and_changes_nothing() {
    let enforcement = sandbox::close(&plan(EgressMode::Unenforced)).unwrap();
    assert!(!enforcement.is_enforced());
    assert_eq!(enforcement.to_string(), "unenforced");
    assert!(
        !sandbox::self_test().passed(),
        "nothing is closed in the test's own process"
    );
}
