//! What the trip-wire saw.

use serde::Serialize;

/// Forbidden calls since the start, without those of self-tests.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Trips {
    /// All of them.
    pub total: u64,
    /// By system call, only those above zero.
    pub by_call: Vec<TripCount>,
    /// The newest ones, oldest first; a bounded number.
    pub recent: Vec<Trip>,
}

/// How often one system call was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TripCount {
    /// The system call's name.
    pub call: &'static str,
    /// How often.
    pub count: u64,
}

/// One forbidden call: registers as numbers, nothing that they point at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Trip {
    /// Its place in the sequence of all trips, from 1.
    pub sequence: u64,
    /// The system call's name.
    pub call: &'static str,
    /// The first three arguments.
    pub arguments: [u64; 3],
    /// The thread.
    pub thread: u64,
}
