//! Log lines on standard error.

use std::fmt;
use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, FilterExt, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use crate::config::{LogFormat, TelemetryConfig};
use crate::types::{Clock, SystemClock};

/// Longest filter in bytes.
const MAX_FILTER_BYTES: usize = 1024;
/// The target of our own lines.
const OWN_TARGET: &str = "bailiwick";

/// Why logs can't be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TelemetryError {
    /// Somebody in this process set logs up before.
    #[error("logs are already set up")]
    AlreadySet,
    /// The filter can't be read.
    #[error("`telemetry.filter` is not a filter such as `info` or `bailiwick=debug`")]
    Filter,
    /// The filter is too long.
    #[error("`telemetry.filter` has more than {MAX_FILTER_BYTES} bytes")]
    FilterTooLong,
}

/// While it lives, a panic is logged by its place and never by its message.
#[must_use = "panics print their message again when it is dropped"]
#[derive(Debug)]
pub struct TelemetryGuard(());

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        // Hooks can't be changed while this thread panics.
        if !std::thread::panicking() {
            drop(std::panic::take_hook());
        }
    }
}

/// Sets up the process's log lines. Called once, by the program's start.
///
/// # Errors
///
/// [`TelemetryError`].
pub fn init(config: &TelemetryConfig) -> Result<TelemetryGuard, TelemetryError> {
    let ansi = std::io::stderr().is_terminal();
    let layer = layer(config, std::io::stderr, ansi)?;
    tracing::subscriber::set_global_default(Registry::default().with(layer))
        .map_err(|_| TelemetryError::AlreadySet)?;
    // A panic's message may quote what it was working on: `byte index 3 of "Jane…"`.
    std::panic::set_hook(Box::new(|panic| {
        let (file, line) = panic
            .location()
            .map_or(("?", 0), |at| (at.file(), at.line()));
        let thread = std::thread::current();
        tracing::error!(file, line, thread = thread.name().unwrap_or("?"), "panic");
    }));
    Ok(TelemetryGuard(()))
}

fn layer<W>(
    config: &TelemetryConfig,
    writer: W,
    ansi: bool,
) -> Result<Box<dyn Layer<Registry> + Send + Sync>, TelemetryError>
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    if config.filter.len() > MAX_FILTER_BYTES {
        return Err(TelemetryError::FilterTooLong);
    }
    let wanted = EnvFilter::builder()
        .with_regex(false)
        .parse(&config.filter)
        .map_err(|_| TelemetryError::Filter)?;
    // Finer lines of dependencies hold what they work on, so no filter lets them through.
    let allowed = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target(OWN_TARGET, LevelFilter::TRACE);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(ansi)
        .with_timer(ClockTime)
        .log_internal_errors(false);
    Ok(match config.format {
        LogFormat::Json => lines.json().with_filter(wanted.and(allowed)).boxed(),
        LogFormat::Text => lines.with_filter(wanted.and(allowed)).boxed(),
    })
}

struct ClockTime;

impl FormatTime for ClockTime {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        write!(w, "{}", SystemClock.now())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn config(filter: &str, format: LogFormat) -> TelemetryConfig {
        TelemetryConfig {
            filter: filter.to_owned(),
            format,
            vllm_names: false,
        }
    }

    #[test]
    fn dependencies_say_warnings_at_most() {
        for format in [LogFormat::Json, LogFormat::Text] {
            let lines = Lines::default();
            let own = lines.clone();
            let config = config("trace,hyper=trace", format);
            let layer = layer(&config, move || own.clone(), false).unwrap();
            tracing::subscriber::with_default(Registry::default().with(layer), || {
                tracing::trace!(target: "bailiwick::engine", "ours");
                tracing::debug!(target: "hyper::proto", "marker");
                tracing::info!(target: "tokenizers", "marker");
                tracing::warn!(target: "hyper", "warned");
            });
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert!(text.contains("ours") && text.contains("warned"), "{text}");
            assert!(!text.contains("marker"), "{text}");
        }
    }

    #[test]
    fn filters_are_bounded_and_checked() {
        let check =
            |filter: &str| layer(&config(filter, LogFormat::Text), std::io::sink, false).err();
        assert_eq!(check("info,bailiwick=debug"), None);
        assert_eq!(check("bailiwick=loud"), Some(TelemetryError::Filter));
        assert_eq!(
            check(&"a".repeat(1025)),
            Some(TelemetryError::FilterTooLong)
        );
    }
}
