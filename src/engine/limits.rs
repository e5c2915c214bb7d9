//! How long a generation may become: checked bounds.

use std::time::Instant;

/// Most stop strings of one request, a use case's own included.
const MAX_STOPS: usize = 16;
/// Longest stop string in bytes.
const MAX_STOP_BYTES: usize = 256;

/// Who goes first where not all can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody waits for it.
    #[default]
    Interactive,
    /// Nobody does: it gives way to everything interactive.
    Batch,
}

impl Priority {
    /// Every one, the first first.
    pub(super) const ALL: [Self; 2] = [Self::Interactive, Self::Batch];
}

/// Checked bounds of one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationLimits {
    max_tokens: u32,
    stop: Vec<String>,
    deadline: Option<Instant>,
    ignores_end: bool,
    priority: Priority,
}

/// A bound can't be kept. Says nothing of the stop strings' text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// No token may be generated.
    #[error("`max_tokens` must be at least 1")]
    NoTokens,
    /// Too many stop strings.
    #[error("{count} stop strings; at most {MAX_STOPS} are taken")]
    TooManyStops {
        /// How many there are.
        count: usize,
    },
    /// A stop string is empty or too long.
    #[error("stop string {index} has {bytes} bytes; it must have 1 to {MAX_STOP_BYTES}")]
    StopLength {
        /// Which one, from 0.
        index: usize,
        /// Its length.
        bytes: usize,
    },
}

impl GenerationLimits {
    /// At most `max_tokens` tokens, the end token included.
    ///
    /// # Errors
    ///
    /// [`LimitsError::NoTokens`].
    pub fn new(max_tokens: u32) -> Result<Self, LimitsError> {
        if max_tokens == 0 {
            return Err(LimitsError::NoTokens);
        }
        Ok(Self {
            max_tokens,
            stop: Vec::new(),
            deadline: None,
            ignores_end: false,
            priority: Priority::default(),
        })
    }

    /// Ends before the first of these strings that the answer would hold.
    ///
    /// # Errors
    ///
    /// [`LimitsError::TooManyStops`] and [`LimitsError::StopLength`].
    pub fn with_stop(mut self, stop: Vec<String>) -> Result<Self, LimitsError> {
        if stop.len() > MAX_STOPS {
            return Err(LimitsError::TooManyStops { count: stop.len() });
        }
        let odd = |s: &String| !(1..=MAX_STOP_BYTES).contains(&s.len());
        if let Some(index) = stop.iter().position(odd) {
            let bytes = stop.get(index).map_or(0, String::len);
            return Err(LimitsError::StopLength { index, bytes });
        }
        self.stop = stop;
        Ok(self)
    }

    /// Ends with what there is at `deadline`, by the clock that the engine has.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Takes its turn by `priority`.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Goes on after an end token, up to `max_tokens`: for measurements of a fixed length.
    #[must_use]
    pub fn ignoring_end(mut self) -> Self {
        self.ignores_end = true;
        self
    }

    /// Most tokens.
    pub fn max_tokens(&self) -> u32 {
        self.max_tokens
    }

    /// The stop strings.
    pub fn stop(&self) -> &[String] {
        &self.stop
    }

    /// When to end at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whose turn it is.
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// Whether end tokens are passed over.
    pub fn ignores_end(&self) -> bool {
        self.ignores_end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_checked() {
        let stops = |stop: Vec<String>| GenerationLimits::new(1).unwrap().with_stop(stop);
        assert_eq!(GenerationLimits::new(0), Err(LimitsError::NoTokens));
        assert!(stops(vec!["a".to_owned(); 16]).is_ok());
        assert_eq!(
            stops(vec!["a".to_owned(); 17]),
            Err(LimitsError::TooManyStops { count: 17 })
        );
        for bytes in [0, 257] {
            assert_eq!(
                stops(vec!["a".to_owned(), "b".repeat(bytes)]),
                Err(LimitsError::StopLength { index: 1, bytes })
            );
        }
    }
}
