//! What must not be possible, tried for real.
//!
//! The program under test is the server itself, in a process of its own: [`server`] starts it, and a
//! thread inside it does what a test orders, attacks above all.

#[cfg(target_os = "linux")]
pub(crate) mod attacks;
#[cfg(target_os = "linux")]
mod egress;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod ring;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod serving;
#[cfg(target_os = "linux")]
mod shots;
#[cfg(target_os = "linux")]
mod sink;
