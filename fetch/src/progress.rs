//! Tells people how it goes: bars on a terminal, one line per file elsewhere, nothing when quiet.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Telling {
    /// Nothing.
    #[default]
    Quiet,
    /// Bars on a terminal; one line per file elsewhere.
    Spoken,
}

impl Telling {
    /// One line, on standard error.
    pub(crate) fn line(self, line: &str) {
        if self == Self::Spoken {
            // Nobody listens any more: no reason to stop.
            drop(writeln!(std::io::stderr(), "{line}"));
        }
    }

    /// A bar for a file of `bytes` bytes.
    pub(crate) fn file(self, label: &str, bytes: u64) -> ProgressBar {
        if !self.has_bars() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(bytes);
        let template = "{msg} [{bar:30}] {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.with_message(label.to_owned())
    }

    /// A spinner for a download of unknown length; its position is in bytes.
    pub(crate) fn spinner(self, label: &str) -> ProgressBar {
        if !self.has_bars() {
            self.line(label);
            return ProgressBar::hidden();
        }
        let spinner = ProgressBar::new_spinner().with_message(label.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bytes} {elapsed}") {
            spinner.set_style(style);
        }
        spinner.enable_steady_tick(Duration::from_millis(120));
        spinner
    }

    /// A file is there.
    pub(crate) fn fetched(self, bar: &ProgressBar, label: &str, source: &str, bytes: u64) {
        bar.finish_and_clear();
        self.line(&format!("{label}: {} from {source}", HumanBytes(bytes)));
    }

    fn has_bars(self) -> bool {
        self == Self::Spoken && std::io::stderr().is_terminal()
    }
}
