//! Whose step it is, where a node runs several models on the same cores.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by the engines of a node: one computes a step at a time, so that each step has all threads and none
/// waits for cores that another one's threads hold.
#[derive(Clone, Debug, Default)]
pub struct Turn(Arc<Mutex<()>>);

impl Turn {
    /// Waits for its turn, which lasts until what is returned is dropped.
    pub(super) fn take(&self) -> MutexGuard<'_, ()> {
        // A step that panicked has left nothing half done here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
