//! How long it takes until an entry is durable. Run it with
//! `cargo test --release --test it -- audit::latency --ignored --nocapture`.

use std::io::Write as _;
use std::time::Duration;

use bailiwick::audit::{Closing, Verdict};
use bailiwick::types::{Clock as _, SystemClock};

use super::{open, opening};

#[test]
#[ignore = "a measurement; its figures depend on the disk"]
fn opening_an_entry() {
    let dir = tempfile::tempdir_in(".").unwrap();
    let log = open(dir.path()).unwrap();
    for (name, new_subjects) in [("known data subject", false), ("new data subject", true)] {
        let mut opened: Vec<Duration> = (0..1_000)
            .map(|number| {
                let mut opening = opening(number);
                if new_subjects {
                    opening.subjects = vec![format!("{number}").into()];
                }
                let started = SystemClock.instant();
                let entry = log.open_entry_blocking(opening).unwrap();
                let took = started.elapsed();
                entry
                    .close_blocking(Closing::new(Verdict::Answered, 200))
                    .unwrap();
                took
            })
            .collect();
        opened.sort();
        let (median, late) = (opened[500], opened[990]);
        writeln!(
            std::io::stdout(),
            "{name}: median {median:?}, 99 % {late:?}"
        )
        .unwrap();
    }
    let workers = 32;
    let started = SystemClock.instant();
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let log = &log;
            scope.spawn(move || {
                for number in 0..200 {
                    let entry = log
                        .open_entry_blocking(opening(worker * 1_000 + number))
                        .unwrap();
                    entry
                        .close_blocking(Closing::new(Verdict::Answered, 200))
                        .unwrap();
                }
            });
        }
    });
    let rate = 6_400.0 / started.elapsed().as_secs_f64();
    let stats = log.stats();
    writeln!(
        std::io::stdout(),
        "{workers} at a time: {rate:.0} requests/s, {stats:?}"
    )
    .unwrap();
    log.shutdown_blocking().unwrap();
}
