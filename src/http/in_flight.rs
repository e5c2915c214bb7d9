//! How many requests of the API are being answered: what a drain waits for.

use std::sync::Arc;

use tokio::sync::watch;

/// A count that can be waited for; clones count together.
#[derive(Clone, Debug)]
pub(super) struct InFlight(Arc<watch::Sender<usize>>);

/// One request; it counts until this is dropped.
#[must_use = "the request counts only while this lives"]
#[derive(Debug)]
pub(super) struct Counted(InFlight);

impl InFlight {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// Counts one more.
    pub(super) fn enter(&self) -> Counted {
        self.0.send_modify(|count| *count += 1);
        Counted(self.clone())
    }

    /// Comes back when none is counted.
    pub(super) async fn none(&self) {
        let mut count = self.0.subscribe();
        // The sender lives as long as `self`, so waiting can't fail.
        let _ = count.wait_for(|count| *count == 0).await;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0
            .0
            .send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn waiting_ends_with_the_last_request() {
        let counter = InFlight::new();
        counter.none().await;
        let (first, second) = (counter.enter(), counter.enter());
        drop(first);
        assert!(counter.none().now_or_never().is_none());
        drop(second);
        counter.none().await;
    }
}
