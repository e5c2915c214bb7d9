//! What must not be possible, tried for real.

#[cfg(target_os = "linux")]
pub(crate) mod attacks;
#[cfg(target_os = "linux")]
mod egress;
#[cfg(target_os = "linux")]
mod ring;
#[cfg(target_os = "linux")]
mod shots;
#[cfg(target_os = "linux")]
mod sink;
