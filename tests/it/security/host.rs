//! Kernels that can't close the ways out: the server says so and does not start, unless it is told to.

use bailiwick::sandbox::{self, Host};

use super::server::{Kernel, Mode, NOT_STARTED, Server, log_of, start};
use super::sink::Sink;

#[test]
fn what_a_kernel_lacks_is_named() {
    let able = Host {
        kernel: "6.1.0".to_owned(),
        architecture: "x86_64",
        landlock_abi: 2,
        landlock_minimum: 2,
        seccomp_missing: Vec::new(),
    };
    let check = |host: Host, says: &[&str]| {
        let missing = host.missing().unwrap_or_default();
        assert_eq!(missing.is_empty(), says.is_empty(), "{missing}");
        for words in says {
            assert!(missing.contains(words), "{missing}");
        }
    };
    check(able.clone(), &[]);
    for abi in [0, 1] {
        let host = Host {
            landlock_abi: abi,
            ..able.clone()
        };
        check(host, &["landlock abi 2", "linux 5.19", "lsm="]);
    }
    let host = Host {
        seccomp_missing: vec!["kill_process"],
        ..able.clone()
    };
    check(host, &["seccomp actions kill_process"]);
    let host = Host {
        architecture: "riscv64",
        landlock_abi: 0,
        ..able
    };
    check(host, &["riscv64", "landlock abi 2"]);
}

#[test]
fn this_kernel_can() {
    assert_eq!(sandbox::host().missing(), None);
}

#[test]
fn without_landlock_the_server_does_not_start_and_says_what_would_help() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(folder.path());
    let mut child = start(Mode::Closed, Kernel::WithoutLandlock, &sink.targets);
    assert_eq!(child.wait().unwrap().code(), Some(NOT_STARTED));
    let log = std::fs::read_to_string(log_of(&sink.targets)).unwrap();
    for words in ["landlock abi 2", "egress = \"unenforced\""] {
        assert!(log.contains(words), "{log}");
    }
}

#[test]
fn without_landlock_the_operator_can_start_it_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Sink::start(folder.path());
    let server = Server::start(Mode::Open, Kernel::WithoutLandlock, &sink.targets);
    server.answer();
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    let log = std::fs::read_to_string(log_of(&sink.targets)).unwrap();
    assert!(log.contains("egress is not enforced"), "{log}");
    let mut entries = Vec::new();
    bailiwick::audit::export(
        &sink.targets.data,
        bailiwick::audit::Format::JsonLines,
        &mut entries,
    )
    .unwrap();
    let entries = String::from_utf8(entries).unwrap();
    assert!(entries.contains(r#""egress":"unenforced""#), "{entries}");
}
