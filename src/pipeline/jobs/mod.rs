//! Background jobs: work that goes on after the request that began it has been answered.
//!
//! A job belongs to a principal. While it runs, it is known here in memory; its input is nowhere else, for
//! the work itself holds it. What the caller may read of it lies in the store, sealed for its owner and
//! identifier: at first what is known when it begins, at the end the result, which holds restored personal
//! data. So a killed process leaves a job that says so, and no input. Results are removed when they expire,
//! also where nobody asks for them.
//!
//! The texts mean nothing here; `http` writes and reads them.

mod error;
mod running;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::config::JobsConfig;
use crate::store::{
    JobBounds, JobRow, JobState, JobsFull, Place, SecretKey, Store, StoreError, seal, unseal,
};
use crate::telemetry::{Metrics, names};
use crate::types::{LogSafe, Name, Sensitive, SharedClock};

pub use self::error::JobError;
pub use self::running::Job;
use self::running::Running;
use super::ids::JobId;
use super::tasks::every;

/// How often expired results are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// Bytes that are set aside for the result of a job that runs.
const RESERVE: u64 = 64 * 1024;
/// When to try again where there is no room: results are removed as they expire, and callers delete them.
const RETRY: Duration = Duration::from_secs(30);
/// The table's name, of which each row's key is made.
const TABLE: &str = "jobs";

/// The node's background jobs; clones are the same ones.
#[derive(Clone, Debug)]
pub struct Jobs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    root: SecretKey,
    config: JobsConfig,
    running: running::Table,
    metrics: Metrics,
    clock: SharedClock,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// With its whole answer.
    Completed,
    /// With an answer that was cut.
    Incomplete,
    /// With an error.
    Failed,
    /// Because its owner wanted it.
    Cancelled,
}

impl JobEnd {
    /// The name in responses and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::fmt::Display for JobEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl LogSafe for JobEnd {}

/// A job as its owner finds it.
#[derive(Debug)]
pub enum Found {
    /// It runs, or waits to run.
    Running {
        /// Whether the answer has begun.
        has_begun: bool,
        /// The text that it was begun with.
        head: Sensitive<String>,
    },
    /// It has ended; this is its result.
    Ended(Sensitive<String>),
    /// It will never have a result.
    Lost {
        /// Whether the process that worked on it is gone; else its result could not be kept.
        by_restart: bool,
        /// The text that it was begun with.
        head: Sensitive<String>,
    },
}

impl Jobs {
    /// The jobs in `store`, sealed under keys from `root`. Those that another process worked on are marked
    /// as interrupted: the caller holds the lock on the data folder.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn open(
        (store, root): (Arc<Store>, SecretKey),
        config: JobsConfig,
        metrics: Metrics,
        clock: SharedClock,
    ) -> Result<Self, StoreError> {
        let now = clock.now();
        let interrupted = store.interrupt_jobs(now.plus(config.retention))?;
        if interrupted > 0 {
            tracing::warn!(interrupted, "background jobs were interrupted by a restart");
        }
        store.remove_expired_jobs(now)?;
        Ok(Self(Arc::new(Inner {
            store,
            root,
            config,
            running: running::Table::default(),
            metrics,
            clock,
        })))
    }

    /// Time for one job.
    pub fn timeout(&self) -> Duration {
        self.0.config.timeout
    }

    /// Says why a job of `owner` could not be begun now, before any work is done for it.
    ///
    /// # Errors
    ///
    /// [`JobError::Disabled`], [`JobError::TooMany`], [`JobError::Full`], [`JobError::Store`].
    pub async fn check_room(&self, owner: &Name) -> Result<(), JobError> {
        if self.0.config.max_per_key == 0 {
            return Err(JobError::Disabled);
        }
        let owner = owner.clone();
        let full = self
            .blocking(move |own| {
                let now = own.clock.now();
                own.store.jobs_full(owner.as_str(), own.bounds(), now)
            })
            .await?;
        full.map_or(Ok(()), |what| Err(self.0.full(what)))
    }

    /// Begins a job of `owner`, of which `head` can be read until it ends.
    ///
    /// # Errors
    ///
    /// [`JobError`]; nothing is kept then.
    pub async fn begin(
        &self,
        owner: &Name,
        id: JobId,
        head: Sensitive<String>,
    ) -> Result<Job, JobError> {
        let (own, owner) = (self.clone(), owner.clone());
        let (give, begun) = oneshot::channel();
        // A task of its own: who asks may go away meanwhile, and a row that nobody works on would take their room.
        tokio::spawn(async move {
            let begun = own.add(&owner, id, head).await;
            if let Err(Ok(job)) = give.send(begun) {
                job.forget().await;
            }
        });
        begun.await.map_err(|_| JobError::Internal)?
    }

    async fn add(&self, owner: &Name, id: JobId, head: Sensitive<String>) -> Result<Job, JobError> {
        let (named, text) = ((owner.clone(), id.clone()), head.clone());
        let full = self
            .blocking(move |own| {
                let (owner, id) = named;
                let now = own.clock.now();
                let row = JobRow {
                    sealed: seal(&own.root, place(&owner, &id), text.expose().as_bytes())?,
                    id: id.as_str().to_owned(),
                    owner: owner.as_str().to_owned(),
                    state: JobState::Running,
                    created: now,
                    expires: now.plus(own.config.timeout + own.config.retention),
                };
                own.store.add_job(&row, own.bounds(), now)
            })
            .await?;
        if let Some(what) = full {
            return Err(self.0.full(what));
        }
        Ok(Job::new(self, id, Running::new(owner.clone(), head)))
    }

    /// A job of `owner`.
    ///
    /// # Errors
    ///
    /// [`JobError::NotFound`], also for other owners' jobs; [`JobError::Store`].
    pub async fn find(&self, owner: &Name, id: &JobId) -> Result<Found, JobError> {
        if let Some(running) = self.0.running.of(owner, id) {
            return Ok(Found::Running {
                has_begun: running.has_begun(),
                head: running.head().clone(),
            });
        }
        let (owner, id) = (owner.clone(), id.clone());
        let found = self
            .blocking(move |own| {
                let Some(row) = own.store.job(id.as_str(), owner.as_str())? else {
                    return Ok(None);
                };
                if row.expires <= own.clock.now() {
                    return Ok(None);
                }
                let text = unseal(&own.root, place(&owner, &id), &row.sealed)?;
                let text = String::from_utf8(text).map_err(|_| StoreError::Seal)?;
                Ok(Some((row.state, Sensitive::new(text))))
            })
            .await?;
        match found {
            None => Err(JobError::NotFound),
            Some((JobState::Ended, text)) => Ok(Found::Ended(text)),
            Some((state, head)) => Ok(Found::Lost {
                by_restart: state == JobState::Interrupted,
                head,
            }),
        }
    }

    /// Ends a job of `owner` where it still runs, and gives what became of it.
    ///
    /// # Errors
    ///
    /// As [`Jobs::find`].
    pub async fn cancel(&self, owner: &Name, id: &JobId) -> Result<Found, JobError> {
        self.stop(owner, id).await;
        self.find(owner, id).await
    }

    /// Ends a job of `owner` where it still runs, and removes it for good.
    ///
    /// # Errors
    ///
    /// As [`Jobs::find`].
    pub async fn remove(&self, owner: &Name, id: &JobId) -> Result<(), JobError> {
        self.stop(owner, id).await;
        // An expired one is there for nobody any more, whether or not it was swept up.
        self.find(owner, id).await?;
        let (owner, id) = (owner.clone(), id.clone());
        let removed = self
            .blocking(move |own| own.store.remove_job(id.as_str(), owner.as_str()))
            .await?;
        if removed {
            Ok(())
        } else {
            Err(JobError::NotFound)
        }
    }

    /// Removes what has expired, every few seconds, until `stop`.
    pub async fn sweep(&self, stop: CancellationToken) {
        every(SWEEP_EVERY, stop, || self.expire()).await;
    }

    /// Removes what has expired by now.
    async fn expire(&self) {
        let removed = self
            .blocking(|own| own.store.remove_expired_jobs(own.clock.now()))
            .await;
        match removed {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "results of background jobs expired"),
            Err(error) => tracing::error!(%error, "expired background jobs can't be removed"),
        }
    }

    async fn stop(&self, owner: &Name, id: &JobId) {
        if let Some(running) = self.0.running.of(owner, id) {
            running.stop().await;
        }
    }

    /// Runs `work` off the threads that serve: the database writes to disk.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, JobError> {
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        Ok(done.map_err(|_| JobError::Internal)??)
    }
}

impl Inner {
    fn bounds(&self) -> JobBounds {
        JobBounds {
            per_owner: self.config.max_per_key,
            bytes: self.config.max_bytes,
            reserve: RESERVE,
        }
    }

    fn full(&self, what: JobsFull) -> JobError {
        match what {
            JobsFull::Owner => JobError::TooMany {
                limit: self.config.max_per_key,
                retry_after: RETRY,
            },
            JobsFull::Bytes => JobError::Full { retry_after: RETRY },
        }
    }

    fn show_running(&self) {
        self.metrics
            .gauge(names::JOBS_RUNNING, self.running.len(), &[]);
    }
}

fn place<'a>(owner: &'a Name, id: &'a JobId) -> Place<'a> {
    Place {
        table: TABLE,
        owner: owner.as_str(),
        id: id.as_str(),
    }
}

#[cfg(test)]
mod tests;
