//! Work on texts that ends with its answer: admitted, done off the threads that serve, closed in the log.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use crate::audit::{Closing, Verdict};
use crate::policy::{Admitted, Ask, Rate};
use crate::types::{EntryId, TokenUsage};

use super::{Parts, Pipeline, Refused};

/// An answer that was recorded.
#[derive(Debug)]
pub struct Recorded<T> {
    /// The answer.
    pub value: T,
    /// The request's entry in the audit log.
    pub entry: EntryId,
    /// What is left of the caller's limit.
    pub rate: Rate,
}

/// What the closing entry says of the work.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) usage: TokenUsage,
    pub(super) restored: u32,
    pub(super) unknown: u32,
}

impl Pipeline {
    /// Admits a request, waits for its `turn`, and runs `work`, which may take long, on the blocking pool. The
    /// entry is closed before the answer is given, whatever became of the work.
    pub(super) async fn recorded<T: Send + 'static, G: Send + 'static>(
        &self,
        admission: Ask<'_>,
        arrived: Instant,
        turn: impl Future<Output = Result<G, Refused>>,
        work: impl FnOnce(&Parts, &mut Admitted) -> Result<(T, Tally), Refused> + Send + 'static,
    ) -> Result<Recorded<T>, Refused> {
        let parts = &self.parts;
        let model = admission.model.clone();
        let admitted = self.admit(admission).await?;
        let (entry, rate) = (admitted.entry_id(), admitted.rate());
        let turn = match turn.await {
            Ok(turn) => turn,
            Err(refused) => return Err(self.close_refused(admitted, refused).await),
        };
        let shared = Arc::clone(parts);
        let done = tokio::task::spawn_blocking(move || {
            let mut admitted = admitted;
            let done = work(&shared, &mut admitted);
            drop(turn);
            (admitted, done)
        });
        let (admitted, done) = done.await.map_err(|_| Refused::Internal)?;
        let (value, tally) = match done {
            Ok(done) => done,
            Err(refused) => return Err(self.close_refused(admitted, refused).await),
        };
        let mut closing = Closing {
            usage: tally.usage,
            restored: tally.restored,
            unknown_placeholders: tally.unknown,
            ..Closing::new(Verdict::Answered, 200)
        };
        closing.timings.total = parts.clock.instant().saturating_duration_since(arrived);
        parts.close(admitted, &model, closing).await?;
        Ok(Recorded { value, entry, rate })
    }
}
