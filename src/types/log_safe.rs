//! What may be written to a log.

use std::fmt;

/// Marks a type whose `Display` holds no user text, no record value and no secret.
///
/// Log fields and metric labels take `impl LogSafe`. Errors of dependencies are assumed to leak and
/// never implement it; ours implement it when every field does.
pub trait LogSafe: fmt::Display {}

macro_rules! log_safe {
    ($($ty:ty),* $(,)?) => { $(impl LogSafe for $ty {})* };
}

log_safe!(bool, u8, u16, u32, u64, usize, i32, i64, f32, f64);

/// Text that is part of the program, so it can't hold anything of a user.
impl LogSafe for &'static str {}
