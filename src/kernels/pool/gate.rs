//! The gate of a pool's job: workers come in while it is open, and a job has ended when it is closed and none is inside.
//!
//! `every_order.rs` tries the orders that its steps can come in.

use super::sync::{AtomicU64, Ordering, pause};

/// Set while workers may come in.
const OPEN: u64 = 1 << 31;
/// The low bits: workers inside.
const INSIDE: u64 = OPEN - 1;
/// One generation in the high half.
const GENERATION: u64 = 1 << 32;
/// The top bit: the pool ends.
const STOP: u64 = 1 << 63;

/// `STOP | generation (31 bits) | OPEN | workers inside (31 bits)`.
#[derive(Debug)]
pub(super) struct Gate(AtomicU64);

/// What a worker found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A job: the worker is inside, and has to leave.
    Job,
    /// No job, or one that it has been in.
    Nothing,
    /// The end.
    End,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Lets workers in under a new generation. For the one who has the turn, after what the job is was written.
    pub(super) fn open(&self) {
        let before = self.0.load(Ordering::Relaxed);
        // The high bit stays free for the end.
        let generation = (before & !(STOP | OPEN | INSIDE)).wrapping_add(GENERATION) & !STOP;
        self.0.store(generation | OPEN, Ordering::SeqCst);
    }

    /// Lets nobody in any more and waits for those inside: afterwards no worker reads what the job is.
    pub(super) fn close(&self) {
        self.0.fetch_and(!OPEN, Ordering::SeqCst);
        let mut turns = 0;
        while self.0.load(Ordering::SeqCst) & INSIDE != 0 {
            turns += 1;
            pause(turns);
        }
    }

    /// Comes in, unless the job is the one of the generation `seen`.
    pub(super) fn enter(&self, seen: &mut u64) -> Found {
        loop {
            let word = self.0.load(Ordering::SeqCst);
            if word & STOP != 0 {
                return Found::End;
            }
            if word & OPEN == 0 || word >> 32 == *seen {
                return Found::Nothing;
            }
            let entered =
                self.0
                    .compare_exchange(word, word + 1, Ordering::SeqCst, Ordering::Relaxed);
            if entered.is_ok() {
                *seen = word >> 32;
                return Found::Job;
            }
        }
    }

    /// For a worker inside.
    pub(super) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether [`Gate::enter`] would find something.
    pub(super) fn has_news(&self, seen: u64) -> bool {
        let word = self.0.load(Ordering::SeqCst);
        word & STOP != 0 || word & OPEN != 0 && word >> 32 != seen
    }

    /// Ends the workers. No job may come after.
    pub(super) fn stop(&self) {
        self.0.fetch_or(STOP, Ordering::SeqCst);
    }
}
