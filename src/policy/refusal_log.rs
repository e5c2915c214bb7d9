//! Refusals in the audit log, bounded: who is refused over and over must not fill the disk.
//!
//! In each minute the first [`WHOLE`] refusals of a principal for a reason are entries of their own. The
//! rest of that minute is counted, and one summary entry stands for them, written with the next request
//! after the minute, or when the gate is flushed at the end.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::audit::RefusalEvent;
use crate::types::{KeyId, Name, SharedClock, Timestamp};

/// Refusals of a kind that get entries of their own in a minute.
pub(super) const WHOLE: u64 = 20;
/// How long a minute is.
const WINDOW: Duration = Duration::from_secs(60);
/// Most kinds that are told apart at a time; those beyond are counted together.
const MAX_KINDS: usize = 4096;

/// Who was refused, for what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    key: Option<KeyId>,
    endpoint: &'static str,
    use_case: Option<Name>,
    reason: &'static str,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began: Timestamp,
    seen: u64,
    /// Those that have no entry of their own.
    counted: u64,
}

/// Decides which refusals are written whole.
#[derive(Debug)]
pub(super) struct RefusalLog {
    clock: SharedClock,
    windows: Mutex<HashMap<Kind, Window>>,
}

impl RefusalLog {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            windows: Mutex::default(),
        }
    }

    /// Takes note of a refusal; gives it back when it is to be written whole.
    pub(super) fn note(&self, refusal: RefusalEvent) -> Option<RefusalEvent> {
        let now = self.clock.now();
        let mut windows = self.windows();
        let mut kind = Kind {
            key: refusal.key.clone(),
            endpoint: refusal.endpoint,
            use_case: refusal.use_case.clone(),
            reason: refusal.reason,
        };
        if windows.len() >= MAX_KINDS && !windows.contains_key(&kind) {
            kind = Kind {
                key: None,
                endpoint: "(several)",
                use_case: None,
                reason: "several",
            };
        }
        let window = windows.entry(kind).or_insert(Window {
            began: now,
            seen: 0,
            counted: 0,
        });
        window.seen += 1;
        if window.seen > WHOLE {
            window.counted += 1;
            return None;
        }
        Some(refusal)
    }

    /// Summaries of the minutes that are over; of all, when `all`.
    pub(super) fn summaries(&self, all: bool) -> Vec<RefusalEvent> {
        let now = self.clock.now();
        let mut windows = self.windows();
        let over = |window: &Window| all || window.began.plus(WINDOW) <= now;
        let summaries = windows
            .iter()
            .filter(|(_, window)| over(window) && window.counted > 0)
            .map(|(kind, window)| RefusalEvent {
                request: None,
                key: kind.key.clone(),
                endpoint: kind.endpoint,
                use_case: kind.use_case.clone(),
                reason: kind.reason,
                rule: None,
                variable: None,
                jurisdiction: None,
                classes: std::collections::BTreeSet::new(),
                count: window.counted,
                since: Some(window.began),
            })
            .collect();
        windows.retain(|_, window| !over(window));
        summaries
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<Kind, Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
