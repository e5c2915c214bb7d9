//! `kill -9` under load loses nothing that was acknowledged.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use bailiwick::audit::{Closing, Event, Verdict, verify};
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};

use super::{open, opening};

/// The child works in its own folder, which it knows by this file.
const MARK: &str = "kill-test";
const ROUNDS: u64 = 10;
const THREADS: i64 = 8;

#[test]
fn every_acknowledged_entry_survives() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(MARK), "").unwrap();
    let mut random = SmallRng::seed_from_u64(7);
    let mut least = 0;
    for _ in 0..ROUNDS {
        let newest = kill_after(dir.path(), random.random_range(1..600));
        let found = verify(dir.path()).unwrap();
        least = least.max(newest + 1);
        assert!(found.head.size >= least, "{} of {least}", found.head.size);
        assert!(found.in_flight.is_empty());
    }
    let log = open(dir.path()).unwrap();
    log.shutdown_blocking().unwrap();
    let found = verify(dir.path()).unwrap();
    assert_eq!(found.newest_checkpoint, Some(found.head));
    assert!(found.completed > 0 && found.head.size >= least);
    // At most one opening per thread and round was cut short.
    assert!(found.interrupted.len() <= usize::try_from(ROUNDS * THREADS.unsigned_abs()).unwrap());
}

/// Runs the child until it acknowledged `acknowledged` entries, kills it, and gives the newest of all that
/// it acknowledged.
#[expect(clippy::disallowed_methods, reason = "a process that can be killed")]
fn kill_after(dir: &Path, acknowledged: usize) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "audit::kill::child", "--ignored", "--nocapture"])
        .current_dir(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut newest = None;
    let mut seen = 0;
    // The last line may be cut short by the kill; its number could then be too small, never too large.
    for line in lines.by_ref().map_while(Result::ok) {
        let Some(id) = line.strip_prefix("acknowledged ") else {
            continue;
        };
        newest = newest.max(id.parse::<u64>().ok());
        seen += 1;
        if seen == acknowledged {
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(!status.success(), "the child ended by itself after {seen}");
    newest.unwrap()
}

/// Not a test of its own: the process that [`every_acknowledged_entry_survives`] kills.
#[test]
#[ignore = "a process that is started to be killed"]
fn child() {
    let here = std::env::current_dir().unwrap();
    if !here.join(MARK).exists() {
        return;
    }
    let log = open(&here).unwrap();
    let acknowledge = |id: bailiwick::types::EntryId| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {id}").unwrap();
        out.flush().unwrap();
    };
    acknowledge(
        log.record_blocking(Event::Start {
            version: "test",
            egress: "unenforced",
            models: Vec::new(),
        })
        .unwrap(),
    );
    thread::scope(|scope| {
        for worker in 0..THREADS {
            let log = &log;
            scope.spawn(move || {
                for number in 0.. {
                    let entry = log
                        .open_entry_blocking(opening(number * THREADS + worker))
                        .unwrap();
                    acknowledge(entry.id());
                    acknowledge(
                        entry
                            .close_blocking(Closing::new(Verdict::Answered, 200))
                            .unwrap(),
                    );
                }
            });
        }
    });
}
