//! Jobs that run: what their workers and their owners share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::store::seal;
use crate::telemetry::names;
use crate::types::{Name, Sensitive};

use super::{JobEnd, JobError, JobId, Jobs, place};

/// A job while it runs.
#[derive(Debug)]
pub(super) struct Running {
    owner: Name,
    head: Sensitive<String>,
    begun: AtomicBool,
    cancel: CancellationToken,
    gone: CancellationToken,
}

impl Running {
    pub(super) fn new(owner: Name, head: Sensitive<String>) -> Arc<Self> {
        Arc::new(Self {
            owner,
            head,
            begun: AtomicBool::new(false),
            cancel: CancellationToken::new(),
            gone: CancellationToken::new(),
        })
    }

    pub(super) fn head(&self) -> &Sensitive<String> {
        &self.head
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// Asks the worker to end, and waits until it has.
    pub(super) async fn stop(&self) {
        self.cancel.cancel();
        self.gone.cancelled().await;
    }
}

/// The jobs that run, by their identifiers.
#[derive(Debug, Default)]
pub(super) struct Table(Mutex<BTreeMap<JobId, Arc<Running>>>);

impl Table {
    /// A running job, if it is `owner`'s.
    pub(super) fn of(&self, owner: &Name, id: &JobId) -> Option<Arc<Running>> {
        let found = self.lock().get(id).map(Arc::clone);
        found.filter(|running| running.owner == *owner)
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<JobId, Arc<Running>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The worker's end of a job. Dropping it takes the job off the list of those that run; without a result it
/// is one that was lost.
#[must_use = "the job counts as running only while this lives"]
#[derive(Debug)]
pub struct Job {
    jobs: Jobs,
    id: JobId,
    running: Arc<Running>,
}

impl Job {
    pub(super) fn new(jobs: &Jobs, id: JobId, running: Arc<Running>) -> Self {
        let inner = &jobs.0;
        inner
            .running
            .lock()
            .insert(id.clone(), Arc::clone(&running));
        inner.show_running();
        Self {
            jobs: jobs.clone(),
            id,
            running,
        }
    }

    /// Which one it is.
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// Notes that the answer has begun.
    pub fn begins(&self) {
        self.running.begun.store(true, Ordering::Relaxed);
    }

    /// Comes back when the owner wants no answer any more.
    pub async fn cancelled(&self) {
        self.running.cancel.cancelled().await;
    }

    /// Keeps the result, sealed. The job runs until this value is dropped.
    ///
    /// # Errors
    ///
    /// [`JobError::TooLarge`] when there is no room for it, [`JobError::Store`]; nothing is kept then.
    pub async fn end(&self, end: JobEnd, result: Sensitive<String>) -> Result<(), JobError> {
        let (owner, id) = (self.running.owner.clone(), self.id.clone());
        let kept = self
            .jobs
            .blocking(move |own| {
                let sealed = seal(&own.root, place(&owner, &id), result.expose().as_bytes())?;
                let expires = own.clock.now().plus(own.config.retention);
                let key = (id.as_str(), owner.as_str());
                own.store
                    .end_job(key, &sealed, expires, own.config.max_bytes)
            })
            .await?;
        if !kept {
            return Err(JobError::TooLarge);
        }
        let metrics = &self.jobs.0.metrics;
        metrics.count(names::JOBS, 1, &[("status", &end)]);
        Ok(())
    }

    /// Ends a job that nobody waits for before it has begun, and removes it.
    pub(super) async fn forget(self) {
        let (owner, id) = (self.running.owner.clone(), self.id.clone());
        let removed = self
            .jobs
            .blocking(move |own| own.store.remove_job(id.as_str(), owner.as_str()));
        if let Err(error) = removed.await {
            tracing::error!(%error, "a background job that nobody waits for can't be removed");
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let inner = &self.jobs.0;
        inner.running.lock().remove(&self.id);
        inner.show_running();
        self.running.gone.cancel();
    }
}
