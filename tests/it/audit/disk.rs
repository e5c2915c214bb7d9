//! A real file that can't grow: the system refuses the write half-way through a line.

use std::io::ErrorKind;
use std::process::Command;

use bailiwick::audit::{AuditError, Event, verify};
use bailiwick::config::AuditConfig;

use super::{CONFIG, open, open_with, opening};

/// The child works in its own folder, which it knows by this file.
const MARK: &str = "disk-test";
/// One segment that would grow past the limit.
const ONE_SEGMENT: AuditConfig = AuditConfig {
    segment_bytes: 1 << 30,
    ..CONFIG
};

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a process with a limit of its own"
)]
fn a_log_that_cant_grow_refuses_work_and_stays_sound() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(MARK), "").unwrap();
    // Files of at most 256 blocks; the signal that would kill the process is ignored, as servers do.
    let script = "trap '' XFSZ; ulimit -f 256; exec \"$0\" --exact audit::disk::child --ignored";
    let status = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .current_dir(dir.path())
        .status()
        .unwrap();
    assert!(status.success());
    let found = verify(dir.path()).unwrap();
    assert_eq!(found.torn_bytes, 0);
    assert!(found.head.size > 50);
    assert_eq!(found.newest_checkpoint, Some(found.head));
    let log = open(dir.path()).unwrap();
    assert_eq!(log.record_blocking(Event::Stop).unwrap().0, found.head.size);
    log.shutdown_blocking().unwrap();
    verify(dir.path()).unwrap();
}

/// Not a test of its own: the process whose files can't grow.
#[test]
#[ignore = "a process that is started with a limit"]
fn child() {
    let here = std::env::current_dir().unwrap();
    if !here.join(MARK).exists() {
        return;
    }
    let log = open_with(&ONE_SEGMENT, &here).unwrap();
    let refused = (0..10_000).find_map(|number| log.open_entry_blocking(opening(number)).err());
    let full = |error: &AuditError| {
        matches!(
            error,
            AuditError::Unwritable {
                kind: ErrorKind::FileTooLarge
            }
        )
    };
    assert!(refused.as_ref().is_some_and(full), "{refused:?}");
    assert!(full(&log.open_entry_blocking(opening(0)).unwrap_err()));
    assert!(!log.stats().failed);
    log.shutdown_blocking().unwrap();
}
