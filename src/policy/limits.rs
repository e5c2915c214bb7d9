//! How much a principal may ask: requests in any minute, requests in flight.
//!
//! Both are values that travel with the request. A place in flight is given back when its value is
//! dropped; a request that was counted and then not admitted is uncounted the same way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::config::LimitsConfig;
use crate::types::{Name, SharedClock};

use super::Refusal;

/// Seconds that count: a minute, and the second that is running, so that no sixty seconds hold more than
/// the limit.
const SLOTS: usize = 61;

/// The limit on requests, for the `x-ratelimit-*` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests in any minute.
    pub limit: u32,
    /// How many are left now.
    pub remaining: u32,
    /// When all of them are there again, if none is made.
    pub reset: Duration,
}

/// The limits of all principals.
#[derive(Debug)]
pub(super) struct Limits {
    concurrency: usize,
    per_minute: u32,
    clock: SharedClock,
    origin: Instant,
    /// By the principal's name, so that a rotated key has no second quota. As many as there are keys.
    principals: Mutex<HashMap<Name, Usage>>,
}

/// A place in flight and a counted request; dropping it gives the place back, and the count too unless
/// `Permit::keep` was called.
#[derive(Debug)]
#[must_use = "the place is given back when this is dropped"]
pub struct Permit {
    limits: Arc<Limits>,
    name: Name,
    second: u64,
    kept: bool,
}

#[derive(Debug)]
struct Usage {
    in_flight: usize,
    /// Requests per second, by second modulo the length.
    slots: [u32; SLOTS],
    /// The newest second that the slots are about.
    second: u64,
}

impl Limits {
    pub(super) fn new(config: &LimitsConfig, clock: SharedClock) -> Arc<Self> {
        Arc::new(Self {
            concurrency: config.concurrency,
            per_minute: config.requests_per_minute,
            origin: clock.instant(),
            clock,
            principals: Mutex::default(),
        })
    }

    /// Counts a request of `name`.
    pub(super) fn take(self: &Arc<Self>, name: &Name) -> Result<(Permit, Rate), Refusal> {
        let since = self.clock.instant().saturating_duration_since(self.origin);
        let second = since.as_secs();
        let mut principals = self.principals();
        let usage = principals.entry(name.clone()).or_insert_with(|| Usage {
            in_flight: 0,
            slots: [0; SLOTS],
            second,
        });
        usage.move_to(second);
        let counted = usage.slots.iter().sum::<u32>();
        if counted >= self.per_minute {
            return Err(Refusal::TooManyRequests {
                retry_after: usage.until_free(since, usage.ages().rev()),
                rate: self.rate(usage, since),
            });
        }
        if usage.in_flight >= self.concurrency {
            return Err(Refusal::Concurrency {
                limit: self.concurrency,
                retry_after: Duration::from_secs(1),
                rate: self.rate(usage, since),
            });
        }
        usage.in_flight += 1;
        if let Some(slot) = usage.slots.get_mut(slot_of(second)) {
            *slot += 1;
        }
        let rate = self.rate(usage, since);
        drop(principals);
        let permit = Permit {
            limits: Arc::clone(self),
            name: name.clone(),
            second,
            kept: false,
        };
        Ok((permit, rate))
    }

    fn rate(&self, usage: &Usage, since: Duration) -> Rate {
        let counted = usage.slots.iter().sum::<u32>();
        Rate {
            limit: self.per_minute,
            remaining: self.per_minute.saturating_sub(counted),
            reset: usage.until_free(since, usage.ages()),
        }
    }

    fn principals(&self) -> MutexGuard<'_, HashMap<Name, Usage>> {
        self.principals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Usage {
    /// Forgets the seconds that no longer count.
    fn move_to(&mut self, second: u64) {
        let passed = second.saturating_sub(self.second);
        for step in 1..=passed.min(SLOTS as u64) {
            if let Some(slot) = self.slots.get_mut(slot_of(self.second + step)) {
                *slot = 0;
            }
        }
        self.second = self.second.max(second);
    }

    /// How many seconds back a second can lie and still count.
    fn ages(&self) -> std::ops::Range<u64> {
        0..(SLOTS as u64).min(self.second + 1)
    }

    /// How long until the first of the seconds of `ages` that has requests stops counting.
    fn until_free(&self, since: Duration, mut ages: impl Iterator<Item = u64>) -> Duration {
        let used = |age: &u64| {
            let slot = self.slots.get(slot_of(self.second - age));
            slot.is_some_and(|count| *count > 0)
        };
        ages.find(used).map_or(Duration::ZERO, |age| {
            let free = Duration::from_secs(self.second - age + SLOTS as u64);
            free.saturating_sub(since)
        })
    }
}

impl Permit {
    /// The request was admitted: its count stays.
    pub(super) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut principals = self.limits.principals();
        let Some(usage) = principals.get_mut(&self.name) else {
            return;
        };
        usage.in_flight = usage.in_flight.saturating_sub(1);
        let still_counts = usage.second - self.second.min(usage.second) < SLOTS as u64;
        if !self.kept
            && still_counts
            && let Some(slot) = usage.slots.get_mut(slot_of(self.second))
        {
            *slot = slot.saturating_sub(1);
        }
    }
}

/// Where a second is counted.
fn slot_of(second: u64) -> usize {
    usize::try_from(second % SLOTS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::types::{ManualClock, Timestamp};

    use super::*;

    fn limits(concurrency: usize, requests_per_minute: u32) -> (Arc<ManualClock>, Arc<Limits>) {
        let clock = ManualClock::at(Timestamp::from_millis(0));
        let config = LimitsConfig {
            concurrency,
            requests_per_minute,
            deadline: None,
        };
        let limits = Limits::new(&config, Arc::clone(&clock) as SharedClock);
        (clock, limits)
    }

    fn ask(limits: &Arc<Limits>) -> Result<Rate, Refusal> {
        limits
            .take(&"app".parse().unwrap())
            .map(|(mut permit, rate)| {
                permit.keep();
                rate
            })
    }

    #[test]
    fn no_minute_holds_more_than_the_limit() {
        let (clock, limits) = limits(10, 3);
        for remaining in [2, 1, 0] {
            assert_eq!(ask(&limits).unwrap().remaining, remaining);
            clock.advance(Duration::from_secs(10));
        }
        let Err(Refusal::TooManyRequests { retry_after, rate }) = ask(&limits) else {
            panic!("the fourth request in a minute is refused");
        };
        assert_eq!(retry_after, Duration::from_secs(31));
        assert_eq!((rate.limit, rate.remaining), (3, 0));
        assert_eq!(rate.reset, Duration::from_secs(51));
        clock.advance(Duration::from_millis(30_999));
        assert!(ask(&limits).is_err());
        clock.advance(Duration::from_millis(1));
        assert!(ask(&limits).is_ok());
        assert!(ask(&limits).is_err());
        clock.advance(Duration::from_secs(3600));
        assert_eq!(ask(&limits).unwrap().remaining, 2);
    }

    #[test]
    fn places_and_counts_are_given_back() {
        let (_clock, limits) = limits(1, 2);
        let name = "app".parse().unwrap();
        let (first, _) = limits.take(&name).unwrap();
        assert!(matches!(
            limits.take(&name),
            Err(Refusal::Concurrency { limit: 1, .. })
        ));
        assert!(limits.take(&"other".parse().unwrap()).is_ok());
        drop(first);
        for _ in 0..5 {
            drop(limits.take(&name).unwrap());
        }
        assert_eq!(ask(&limits).unwrap().remaining, 1);
    }
}
