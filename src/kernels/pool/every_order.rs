//! The gate with loom's atomics, which run it in every order that its steps can come in.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};

    pub(super) fn pause(_: u32) {
        loom::thread::yield_now();
    }
}
#[expect(clippy::duplicate_mod, reason = "the same steps on other atomics")]
#[path = "gate.rs"]
mod gate;

use gate::{Found, Gate};

struct Shared {
    gate: Gate,
    /// What the job is: loom fails when one thread writes it while another one reads.
    job: UnsafeCell<u64>,
    next: AtomicUsize,
    done: [AtomicUsize; UNITS],
}

const UNITS: usize = 2;

impl Shared {
    fn new() -> Self {
        Self {
            gate: Gate::new(),
            job: UnsafeCell::new(0),
            next: AtomicUsize::new(0),
            done: std::array::from_fn(|_| AtomicUsize::new(0)),
        }
    }

    /// As in the pool: units until none is left.
    fn claim(&self, job: u64) {
        loop {
            let unit = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(done) = self.done.get(unit) else {
                break;
            };
            let before = done.fetch_add(1, Ordering::Relaxed);
            assert_eq!(before as u64, job - 1, "a unit of job {job}");
        }
    }

    /// A worker that looks so many times: one that waits for ever has more orders than can be tried.
    fn work(&self, looks: usize) {
        let mut seen = 0;
        for _ in 0..looks {
            match self.gate.enter(&mut seen) {
                Found::Job => {
                    let job = self.read();
                    assert_eq!(job, seen, "the job of this generation");
                    self.claim(job);
                    self.gate.leave();
                }
                Found::Nothing => {}
                Found::End => break,
            }
        }
    }

    #[expect(unsafe_code, reason = "loom looks whether it is sound")]
    fn read(&self) -> u64 {
        // SAFETY: loom fails where it is not.
        self.job.with(|job| unsafe { *job })
    }

    #[expect(unsafe_code, reason = "loom looks whether it is sound")]
    fn write(&self, job: u64) {
        // SAFETY: loom fails where it is not.
        self.job.with_mut(|own| unsafe { *own = job });
    }
}

fn check((workers, looks): (usize, usize), jobs: u64, preemptions: usize) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let shared = Arc::new(Shared::new());
        let threads: Vec<_> = (0..workers)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.work(looks))
            })
            .collect();
        for job in 1..=jobs {
            shared.next.store(0, Ordering::Relaxed);
            shared.write(job);
            shared.gate.open();
            shared.claim(job);
            shared.gate.close();
            let done = |unit: &AtomicUsize| unit.load(Ordering::Relaxed) as u64;
            assert!(shared.done.iter().all(|unit| done(unit) == job));
        }
        shared.gate.stop();
        assert!(shared.gate.has_news(jobs), "the end is news");
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_job_is_over_when_it_is_closed() {
    check((1, 3), 2, 3);
    check((2, 2), 1, 2);
}
