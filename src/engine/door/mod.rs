//! Who comes in to the engine, and when it may end.

#[cfg(test)]
mod every_order;
mod steps;

pub use self::steps::EngineState;
pub(super) use self::steps::{Door, Refused};

mod sync {
    pub(super) use std::sync::atomic::{AtomicUsize, Ordering};
}
