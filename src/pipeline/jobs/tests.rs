//! Jobs over a real database, with a clock that is moved by hand.

use std::fs;

use futures_util::FutureExt as _;

use crate::store::DATABASE_FILE;
use crate::types::{Clock as _, ManualClock, RequestId, Timestamp};

use super::*;

const ROOT: [u8; 32] = [3; 32];

struct Place {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    metrics: Metrics,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: ManualClock::at(Timestamp::from_millis(1_000_000)),
            metrics: Metrics::new("test"),
        }
    }

    fn open(&self, max_per_key: u32, max_bytes: u64) -> Jobs {
        let store = Arc::new(Store::open(self.dir.path()).unwrap());
        let config = JobsConfig {
            retention: Duration::from_secs(60),
            max_per_key,
            max_bytes,
            timeout: Duration::from_secs(600),
        };
        let clock: SharedClock = self.clock.clone();
        let root = SecretKey::from_bytes(ROOT);
        Jobs::open((store, root), config, self.metrics.clone(), clock).unwrap()
    }

    fn id(&self) -> JobId {
        JobId::of(RequestId::new(self.clock.now()))
    }

    /// Whether any file of the database has `marker` in it.
    fn files_hold(&self, marker: &str) -> bool {
        ["", "-wal", "-shm"].iter().any(|end| {
            let file = self.dir.path().join(format!("{DATABASE_FILE}{end}"));
            let bytes = fs::read(file).unwrap_or_default();
            bytes
                .windows(marker.len())
                .any(|at| at == marker.as_bytes())
        })
    }
}

fn owner(name: &str) -> Name {
    name.parse().unwrap()
}

fn text(text: &str) -> Sensitive<String> {
    Sensitive::from(text)
}

async fn is_gone(jobs: &Jobs, name: &str, id: &JobId) -> bool {
    matches!(jobs.find(&owner(name), id).await, Err(JobError::NotFound))
}

#[tokio::test]
async fn a_job_is_found_from_its_begin_to_its_expiry() {
    let place = Place::new();
    let jobs = place.open(8, 1 << 20);
    let (crm, id) = (owner("crm"), place.id());
    let job = jobs
        .begin(&crm, id.clone(), text("HEADMARK"))
        .await
        .unwrap();
    let found = jobs.find(&crm, &id).await.unwrap();
    assert!(
        matches!(&found, Found::Running { has_begun: false, head } if head.expose() == "HEADMARK")
    );
    job.begins();
    let found = jobs.find(&crm, &id).await.unwrap();
    assert!(matches!(
        found,
        Found::Running {
            has_begun: true,
            ..
        }
    ));
    job.end(JobEnd::Completed, text("RESULTMARK"))
        .await
        .unwrap();
    drop(job);
    let found = jobs.find(&crm, &id).await.unwrap();
    assert!(matches!(&found, Found::Ended(own) if own.expose() == "RESULTMARK"));
    // Nothing of it can be read in the files, nor by anybody else.
    assert!(!place.files_hold("HEADMARK") && !place.files_hold("RESULTMARK"));
    assert!(is_gone(&jobs, "other", &id).await);
    assert!(matches!(
        jobs.remove(&owner("other"), &id).await,
        Err(JobError::NotFound)
    ));
    // It expires a minute after its end, swept up or not.
    place.clock.advance(Duration::from_millis(59_999));
    jobs.expire().await;
    assert!(!is_gone(&jobs, "crm", &id).await);
    place.clock.advance(Duration::from_millis(1));
    assert!(is_gone(&jobs, "crm", &id).await);
    assert!(jobs.0.store.job(id.as_str(), "crm").unwrap().is_some());
    jobs.expire().await;
    assert!(jobs.0.store.job(id.as_str(), "crm").unwrap().is_none());
    let counted = place.metrics.render();
    assert!(
        counted.contains("bailiwick_jobs_total{status=\"completed\"} 1"),
        "{counted}"
    );
    assert!(counted.contains("bailiwick_jobs_running 0"), "{counted}");
}

#[tokio::test]
async fn a_cancelled_job_is_waited_for() {
    let place = Place::new();
    let jobs = place.open(8, 1 << 20);
    let (crm, id) = (owner("crm"), place.id());
    let job = jobs.begin(&crm, id.clone(), text("head")).await.unwrap();
    let worker = tokio::spawn(async move {
        job.cancelled().await;
        job.end(JobEnd::Cancelled, text("was cancelled"))
            .await
            .unwrap();
    });
    // Nobody else can.
    assert!(matches!(
        jobs.cancel(&owner("other"), &id).await,
        Err(JobError::NotFound)
    ));
    let found = jobs.cancel(&crm, &id).await.unwrap();
    assert!(matches!(&found, Found::Ended(own) if own.expose() == "was cancelled"));
    worker.await.unwrap();
    jobs.remove(&crm, &id).await.unwrap();
    assert!(is_gone(&jobs, "crm", &id).await);
}

#[tokio::test]
async fn a_job_without_a_result_says_so() {
    let place = Place::new();
    let (crm, id, later) = (owner("crm"), place.id(), place.id());
    {
        let jobs = place.open(8, 1 << 20);
        // A worker that panicked: the job is dropped.
        drop(jobs.begin(&crm, id.clone(), text("head")).await.unwrap());
        let found = jobs.find(&crm, &id).await.unwrap();
        assert!(matches!(
            found,
            Found::Lost {
                by_restart: false,
                ..
            }
        ));
        // A process that was killed: nobody drops anything.
        let job = jobs.begin(&crm, later.clone(), text("head")).await.unwrap();
        tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(job);
        });
    }
    let jobs = place.open(8, 1 << 20);
    let found = jobs.find(&crm, &later).await.unwrap();
    assert!(matches!(&found, Found::Lost { by_restart: true, head } if head.expose() == "head"));
    // It is kept for the whole retention from then on, and no longer.
    place.clock.advance(Duration::from_secs(60));
    assert!(is_gone(&jobs, "crm", &later).await);
}

#[tokio::test]
async fn jobs_are_bounded() {
    let place = Place::new();
    let none = place.open(0, 1 << 20);
    assert!(matches!(
        none.check_room(&owner("crm")).await,
        Err(JobError::Disabled)
    ));
    let jobs = place.open(1, 3 * RESERVE);
    let crm = owner("crm");
    let first = jobs.begin(&crm, place.id(), text("head")).await.unwrap();
    let full = |result| matches!(result, Err(JobError::TooMany { limit: 1, .. }));
    assert!(full(jobs.check_room(&crm).await));
    assert!(full(
        jobs.begin(&crm, place.id(), text("head")).await.map(drop)
    ));
    let _second = jobs
        .begin(&owner("other"), place.id(), text("head"))
        .await
        .unwrap();
    let third = jobs.begin(&owner("third"), place.id(), text("head")).await;
    assert!(matches!(third, Err(JobError::Full { .. })));
    // A result that is too large for what is left is refused; a smaller one is kept then.
    let large = "x".repeat(usize::try_from(3 * RESERVE).unwrap());
    let kept = first.end(JobEnd::Completed, text(&large)).await;
    assert!(matches!(kept, Err(JobError::TooLarge)));
    first.end(JobEnd::Failed, text("too large")).await.unwrap();
}

#[tokio::test]
async fn who_goes_away_leaves_no_job() {
    let place = Place::new();
    let jobs = place.open(1, 1 << 20);
    let (crm, id) = (owner("crm"), place.id());
    let mut begun = Box::pin(jobs.begin(&crm, id.clone(), text("head")));
    assert!(begun.as_mut().now_or_never().is_none());
    drop(begun);
    // Until nothing of it goes on.
    while Arc::strong_count(&jobs.0) > 1 {
        tokio::task::yield_now().await;
    }
    assert!(is_gone(&jobs, "crm", &id).await);
    jobs.check_room(&crm).await.unwrap();
}
