//! How long a caller waits: Apex gives up after 120 s at most, 10 s unless told otherwise.
//!
//! The request's `timeout` header says it in seconds; `[limits] deadline_s` says it for callers that don't.
//! When it has come, the answer ends with what there is and `finish_reason: length`, or with an error, as
//! `[server] on_deadline` has it. What an SDK says of its own patience (`x-stainless-timeout`) is no wish to get
//! less: it isn't read.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};

use crate::config::OnDeadline;
use crate::pipeline::{Deadline, Late};

use super::ApiError;

/// Longest time that a request may ask for.
const LONGEST: f64 = 86_400.0;
/// Shortest time in which an answer could be there.
const SHORTEST: f64 = 0.001;

/// What the node says of deadlines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    /// For each answer, where a request does not ask for less.
    pub(super) node: Option<Duration>,
    /// What happens then.
    pub(super) late: OnDeadline,
}

impl Deadlines {
    /// The time that a request has; `None`: as long as the node itself allows.
    pub(super) fn of(&self, headers: &HeaderMap) -> Result<Option<Deadline>, ApiError> {
        let asked = headers.get("timeout").map(|value| {
            let seconds = value.to_str().ok().and_then(|text| text.trim().parse::<f64>().ok());
            seconds
                .filter(|seconds| (SHORTEST..=LONGEST).contains(seconds))
                .map(Duration::from_secs_f64)
                .ok_or_else(|| {
                    let message = format!(
                        "the header `timeout` must be a number of seconds within {SHORTEST} to {LONGEST}"
                    );
                    ApiError::new(StatusCode::BAD_REQUEST, "invalid_value", message).at("timeout")
                })
        });
        let asked = asked.transpose()?;
        let within = match (asked, self.node) {
            (Some(asked), Some(node)) => Some(asked.min(node)),
            (asked, node) => asked.or(node),
        };
        let late = match self.late {
            OnDeadline::Length => Late::Cut,
            OnDeadline::Error => Late::Refuse,
        };
        Ok(within.map(|within| Deadline { within, late }))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_shorter_time_counts() {
        let check =
            |node: Option<u64>, asked: Option<&'static str>, expected: Result<Option<u64>, ()>| {
                let deadlines = Deadlines {
                    node: node.map(Duration::from_secs),
                    late: OnDeadline::Length,
                };
                let mut headers = HeaderMap::new();
                if let Some(asked) = asked {
                    headers.insert("timeout", HeaderValue::from_static(asked));
                }
                let found = deadlines.of(&headers).map_err(|_| ());
                let expected = expected.map(|time| {
                    time.map(Duration::from_millis).map(|within| Deadline {
                        within,
                        late: Late::Cut,
                    })
                });
                assert_eq!(found, expected, "{node:?} {asked:?}");
            };
        check(None, None, Ok(None));
        check(Some(100), None, Ok(Some(100_000)));
        check(None, Some("9"), Ok(Some(9_000)));
        check(Some(100), Some(" 2.5 "), Ok(Some(2_500)));
        check(Some(2), Some("100"), Ok(Some(2_000)));
        for bad in ["", "0", "-1", "soon", "inf", "NaN", "1e9", "10s"] {
            check(Some(100), Some(bad), Err(()));
        }
    }
}
