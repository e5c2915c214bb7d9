//! An engine that is in memory or not, and who uses it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::{Engine, EngineError};
use crate::types::SharedClock;

/// Reads and repacks the weights and starts the engine's threads.
pub type StartEngine = dyn Fn() -> Result<Engine, EngineError> + Send + Sync;

/// Where a model's engine is when it is in memory.
pub struct Residence {
    start: Box<StartEngine>,
    /// What it takes in memory: weights and the whole key-value cache.
    bytes: u64,
    stay: Stay,
    clock: SharedClock,
    present: Mutex<Option<Present>>,
}

/// How long an engine stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// From the start to the end.
    Always,
    /// From the first request on; until nobody has used it for so long, where there is a time, or until another one
    /// needs its room.
    WhileUsed(Option<Duration>),
}

#[derive(Debug)]
struct Present {
    engine: Engine,
    /// As many as leases, and one.
    users: Arc<()>,
    used: Instant,
}

/// An engine that stays where it is while this lives.
#[derive(Debug)]
pub(super) struct Lease {
    engine: Engine,
    residence: Arc<Residence>,
    _user: Arc<()>,
}

impl Residence {
    /// Not in memory yet.
    pub fn new(start: Box<StartEngine>, bytes: u64, stay: Stay, clock: SharedClock) -> Self {
        Self {
            start,
            bytes,
            stay,
            clock,
            present: Mutex::new(None),
        }
    }

    /// Starts the engine; takes as long as reading the weights.
    ///
    /// # Errors
    ///
    /// [`EngineError`]: why not.
    pub fn start(&self) -> Result<Engine, EngineError> {
        let engine = (self.start)()?;
        *self.lock() = Some(Present {
            engine: engine.clone(),
            users: Arc::new(()),
            used: self.clock.instant(),
        });
        Ok(engine)
    }

    /// The engine, if it is in memory.
    pub fn engine(&self) -> Option<Engine> {
        self.lock().as_ref().map(|present| present.engine.clone())
    }

    /// What it takes in memory now.
    pub(super) fn bytes_now(&self) -> u64 {
        self.lock().as_ref().map_or(0, |_| self.bytes)
    }

    /// What it takes in memory where it is there.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it is there from the start to the end.
    pub fn stays(&self) -> bool {
        self.stay == Stay::Always
    }

    /// The engine, if it is in memory, to be used.
    pub(super) fn lease(self: &Arc<Self>) -> Option<Lease> {
        let mut present = self.lock();
        let present = present.as_mut()?;
        present.used = self.clock.instant();
        Some(Lease {
            engine: present.engine.clone(),
            residence: Arc::clone(self),
            _user: Arc::clone(&present.users),
        })
    }

    /// Since when nobody uses it; `None` where it is not there, is used, or stays.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.lock()
            .as_ref()
            .filter(|present| !self.stays() && present.is_idle())
            .map(|present| present.used)
    }

    /// Whether it is time for it to go.
    pub(super) fn is_over(&self) -> bool {
        let Stay::WhileUsed(Some(limit)) = self.stay else {
            return false;
        };
        let now = self.clock.instant();
        self.idle_since()
            .is_some_and(|since| now.saturating_duration_since(since) >= limit)
    }

    /// Takes the engine away if nobody uses it; its memory is free when it has stopped.
    pub(super) fn leave(&self) -> Option<Engine> {
        let mut own = self.lock();
        if self.stays() || !own.as_ref()?.is_idle() {
            return None;
        }
        let engine = own.take()?.engine;
        drop(own);
        engine.shutdown();
        Some(engine)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Present>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Present {
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.users) == 1 && self.engine.is_idle()
    }
}

impl Lease {
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(present) = &mut *self.residence.lock() {
            present.used = self.residence.clock.instant();
        }
    }
}

impl fmt::Debug for Residence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Residence")
            .field("bytes", &self.bytes)
            .field("stay", &self.stay)
            .finish_non_exhaustive()
    }
}
