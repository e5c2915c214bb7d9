//! The door of the engine: whether requests are taken, and how many are in.
//!
//! Both are one word, so that a request comes in before the engine begins to close or hears that it does:
//! nothing that was accepted is lost while the engine ends. `every_order.rs` tries the orders that the
//! steps of both can come in.

use super::sync::{AtomicUsize, Ordering};

/// The state lies above the count.
const STATE: usize = 1 << (usize::BITS - 2);
/// The bits of the count.
const COUNT: usize = STATE - 1;

/// Whether requests are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EngineState {
    /// Yes.
    Ready = 0,
    /// No: too many failures.
    Unready = 1,
    /// No; those accepted are finished.
    Draining = 2,
    /// No; those accepted are being ended.
    Aborting = 3,
}

impl EngineState {
    fn of(word: usize) -> Self {
        match word / STATE {
            0 => Self::Ready,
            1 => Self::Unready,
            2 => Self::Draining,
            _ => Self::Aborting,
        }
    }
}

/// Why nobody comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Refused {
    /// All places are taken.
    Full,
    /// Of this state.
    Closed(EngineState),
}

/// Whether requests are taken, and how many are in: `state | count`.
#[derive(Debug)]
pub(in crate::engine) struct Door(AtomicUsize);

impl Default for Door {
    fn default() -> Self {
        Self(AtomicUsize::new(0))
    }
}

impl Door {
    pub(in crate::engine) fn state(&self) -> EngineState {
        EngineState::of(self.0.load(Ordering::SeqCst))
    }

    /// Moves on to `state`; never back.
    pub(in crate::engine) fn raise(&self, state: EngineState) {
        let state = STATE * usize::from(state as u8);
        let raised = |word: usize| Some((word & !COUNT).max(state) | word & COUNT);
        let _ = self.update(raised);
    }

    /// Takes one of `limit` places.
    pub(in crate::engine) fn enter(&self, limit: usize) -> Result<(), Refused> {
        // The count never comes near the state.
        let limit = limit.min(COUNT);
        let entered = self.update(|word| (word < limit).then_some(word + 1));
        entered
            .map(|_| ())
            .map_err(|word| match EngineState::of(word) {
                EngineState::Ready => Refused::Full,
                state => Refused::Closed(state),
            })
    }

    /// Gives a place back.
    pub(in crate::engine) fn leave(&self) {
        let _ = self.update(|word| (word & COUNT > 0).then(|| word - 1));
    }

    /// How many are in.
    pub(in crate::engine) fn n_inside(&self) -> usize {
        self.0.load(Ordering::SeqCst) & COUNT
    }

    /// Whether the engine is closing and nobody is in, nor can come in any more.
    pub(in crate::engine) fn may_end(&self) -> bool {
        let word = self.0.load(Ordering::SeqCst);
        let closing = matches!(
            EngineState::of(word),
            EngineState::Draining | EngineState::Aborting
        );
        closing && word & COUNT == 0
    }

    fn update(&self, step: impl FnMut(usize) -> Option<usize>) -> Result<usize, usize> {
        self.0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, step)
    }
}
