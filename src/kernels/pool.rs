//! A small pool of computing threads: one job at a time, cut into units that threads claim.
//!
//! The calling thread works too. Workers spin for a moment after a job, because the next one of a
//! forward pass follows within microseconds, and then park, so that an idle server uses no CPU time.
//! A worker that comes late to a job is not waited for. Which thread computes a unit never changes a
//! result: units write to separate places.
#![expect(
    unsafe_code,
    reason = "a job borrows from the caller's stack while other threads run it"
)]

#[cfg(test)]
mod every_order;
mod gate;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::cell::UnsafeCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use self::gate::{Found, Gate};

/// Turns of spinning before a worker parks: about 100 microseconds.
const SPINS: u32 = 3_000;

/// What the gate is made of; its tests put loom's in place.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};

    /// Waits a moment, for the `turns`-th time in a row.
    pub(super) fn pause(turns: u32) {
        if turns < super::SPINS {
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
}

/// The threads. Dropping the pool ends them.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// One job at a time, also where two threads share the pool.
    turn: Mutex<()>,
}

impl Pool {
    /// Starts `threads - 1` workers; the caller of [`Pool::for_each`] is the last thread.
    ///
    /// # Errors
    ///
    /// When a thread can't be started.
    pub fn new(threads: usize) -> io::Result<Self> {
        Self::named("compute", threads)
    }

    /// As [`Pool::new`]; the workers' names start with `name`.
    ///
    /// # Errors
    ///
    /// When a thread can't be started.
    pub fn named(name: &str, threads: usize) -> io::Result<Self> {
        let n_workers = threads.max(1) - 1;
        let shared = Arc::new(Shared {
            gate: Gate::new(),
            next: AtomicUsize::new(0),
            job: UnsafeCell::new(None),
            panic: Mutex::new(None),
            asleep: (0..n_workers).map(|_| AtomicBool::new(false)).collect(),
        });
        let mut pool = Self {
            shared: Arc::clone(&shared),
            workers: Vec::with_capacity(n_workers),
            turn: Mutex::new(()),
        };
        for idx in 0..n_workers {
            let shared = Arc::clone(&shared);
            let worker = thread::Builder::new()
                .name(format!("{name}-{idx}"))
                .spawn(move || shared.work(idx))?;
            pool.workers.push(worker);
        }
        Ok(pool)
    }

    /// The threads that compute, the caller's included.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `unit` once for every number below `n_units`, on any thread, and returns when all ended.
    /// A panic of a unit is resumed here. `unit` must not call the pool again.
    pub fn for_each(&self, n_units: usize, unit: &(dyn Fn(usize) + Sync)) {
        if n_units <= 1 || self.workers.is_empty() {
            (0..n_units).for_each(unit);
            return;
        }
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &*self.shared;
        let job = Job {
            // SAFETY: only the lifetime changes. Nobody calls the job after `close` returned, which
            // happens before this function ends, a panic of a unit included: it is caught.
            unit: unsafe {
                std::mem::transmute::<
                    *const (dyn Fn(usize) + Sync),
                    *const (dyn Fn(usize) + Sync + 'static),
                >(std::ptr::from_ref(unit))
            },
            n_units,
        };
        shared.next.store(0, Ordering::Relaxed);
        // SAFETY: the gate is closed and nobody is inside, so no other thread reads the cell.
        unsafe { *shared.job.get() = Some(job) };
        shared.gate.open();
        for (asleep, worker) in shared.asleep.iter().zip(&self.workers) {
            if asleep.swap(false, Ordering::SeqCst) {
                worker.thread().unpark();
            }
        }
        shared.claim(&job);
        shared.gate.close();
        let panic = shared
            .panic
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(turn);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.gate.stop();
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A worker catches the panics of units and has none of its own.
            drop(worker.join());
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Job {
    unit: *const (dyn Fn(usize) + Sync),
    n_units: usize,
}

#[derive(Debug)]
struct Shared {
    gate: Gate,
    /// The next unit to claim.
    next: AtomicUsize,
    /// Written only while the gate is closed and nobody is inside.
    job: UnsafeCell<Option<Job>>,
    /// The first panic of a unit.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// Per worker: parked, or about to.
    asleep: Vec<AtomicBool>,
}

// SAFETY: the job cell is written by the one thread that holds the turn while the gate is closed with
// nobody inside, and read only by threads inside; the gate's atomics order the two. What a job points
// to is `Sync`.
unsafe impl Sync for Shared {}
// SAFETY: the pointer in the job cell is used only while the caller that it borrows from waits.
unsafe impl Send for Shared {}

impl Shared {
    fn work(&self, idx: usize) {
        let mut seen = 0;
        let mut spins = 0;
        loop {
            match self.gate.enter(&mut seen) {
                Found::End => return,
                Found::Job => {
                    // SAFETY: this thread is inside, so the cell isn't written.
                    if let Some(job) = unsafe { *self.job.get() } {
                        self.claim(&job);
                    }
                    self.gate.leave();
                    spins = 0;
                }
                Found::Nothing if spins < SPINS => {
                    spins += 1;
                    std::hint::spin_loop();
                }
                Found::Nothing => {
                    self.sleep(idx, seen);
                    spins = 0;
                }
            }
        }
    }

    /// Parks unless something came up since; a spurious return only spins again.
    fn sleep(&self, idx: usize, seen: u64) {
        let Some(asleep) = self.asleep.get(idx) else {
            return;
        };
        asleep.store(true, Ordering::SeqCst);
        if !self.gate.has_news(seen) {
            thread::park();
        }
        asleep.store(false, Ordering::SeqCst);
    }

    /// Runs units until none is left.
    fn claim(&self, job: &Job) {
        let run = || {
            loop {
                let idx = self.next.fetch_add(1, Ordering::Relaxed);
                if idx >= job.n_units {
                    break;
                }
                // SAFETY: the job's owner waits in `for_each` until every thread has left the job.
                unsafe { (*job.unit)(idx) };
            }
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            // The units that nobody claimed yet are given up.
            self.next.store(job.n_units, Ordering::Relaxed);
            let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(panic);
        }
    }
}
