//! Logs to standard error, and Prometheus metrics.
//!
//! Both take only [`crate::types::LogSafe`] values by our own code, and what dependencies write is cut
//! to warnings, whatever the filter says: their finer levels print requests.

pub mod genai;
mod log;
mod metrics;
pub mod names;
pub mod vllm;

pub use self::log::{TelemetryError, TelemetryGuard, init};
pub use self::metrics::{MetricLabel, Metrics};
pub use self::names::{Counter, Gauge, Histogram};
