//! Work that no request waits for to the end: what goes on where its request goes away, and what is looked at again
//! and again.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::Refused;

/// Runs `work` to its end, also where whoever asked for it goes away half-way: what the audit log was told is done.
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refused>> + Send + 'static,
) -> Result<T, Refused> {
    let done = tokio::spawn(work.in_current_span()).await;
    done.map_err(|_| Refused::Internal)?
}

/// Does `work` now and after each `period` until `stop`, which waits for the work that runs.
pub(super) async fn every<F: Future<Output = ()>>(
    period: Duration,
    stop: CancellationToken,
    mut work: impl FnMut() -> F,
) {
    let mut looks = interval(period);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => work().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::FutureExt as _;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_goes_on_without_whoever_asked_for_it() {
        let (go, gone) = oneshot::channel();
        let (done, is_done) = oneshot::channel();
        let mut asked = Box::pin(to_its_end(async move {
            gone.await.map_err(|_| Refused::Internal)?;
            done.send(7).map_err(|_| Refused::Internal)
        }));
        assert!(asked.as_mut().now_or_never().is_none());
        drop(asked);
        go.send(()).unwrap();
        assert_eq!(is_done.await.unwrap(), 7);
        let panicked = to_its_end::<()>(async { panic!("a bug") }).await;
        assert!(matches!(panicked, Err(Refused::Internal)));
    }

    #[tokio::test(start_paused = true)]
    async fn looks_come_until_the_stop() {
        let (looks, stop) = (Cell::new(0), CancellationToken::new());
        every(Duration::from_secs(5), stop.clone(), || {
            looks.set(looks.get() + 1);
            if looks.get() == 3 {
                stop.cancel();
            }
            std::future::ready(())
        })
        .await;
        assert_eq!(looks.get(), 3);
    }
}
