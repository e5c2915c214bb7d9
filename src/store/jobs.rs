//! Background jobs at rest: when they end, whose they are, and a sealed text for each.

use rusqlite::{OptionalExtension as _, params};

use crate::types::Timestamp;

use super::{Store, StoreError, refused};

/// How far a job has come, as far as the database knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// A process works on it, or did when it was killed.
    Running,
    /// The process that worked on it is gone.
    Interrupted,
    /// It has ended, in whatever way; the sealed text says how.
    Ended,
}

impl JobState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Ended => "ended",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Interrupted, Self::Ended]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// One job.
#[derive(Clone, Debug)]
pub struct JobRow {
    /// Its identifier.
    pub id: String,
    /// The principal that it belongs to.
    pub owner: String,
    /// How far it has come.
    pub state: JobState,
    /// When it was begun.
    pub created: Timestamp,
    /// From when on it may be removed. Long after it has to have ended, while it runs.
    pub expires: Timestamp,
    /// The text, sealed.
    pub sealed: Vec<u8>,
}

/// The bounds of what is kept.
#[derive(Clone, Copy, Debug)]
pub struct JobBounds {
    /// Most jobs of one owner, ended ones included.
    pub per_owner: u32,
    /// Most bytes of sealed texts, of all owners together.
    pub bytes: u64,
    /// Bytes that are set aside for the result of a job that runs.
    pub reserve: u64,
}

/// Why a job is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobsFull {
    /// The owner has as many as it may have.
    Owner,
    /// There is no room left for anybody.
    Bytes,
}

impl Store {
    /// Whether one more job of `owner` has room; `Some` says what is full.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn jobs_full(
        &self,
        owner: &str,
        bounds: JobBounds,
        now: Timestamp,
    ) -> Result<Option<JobsFull>, StoreError> {
        full(&self.connection(), owner, bounds, now).map_err(refused("count background jobs"))
    }

    /// Adds a job within the bounds. `Some` says what is full: nothing was added.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn add_job(
        &self,
        job: &JobRow,
        bounds: JobBounds,
        now: Timestamp,
    ) -> Result<Option<JobsFull>, StoreError> {
        self.write("keep a background job", |transaction| {
            if let Some(what) = full(transaction, &job.owner, bounds, now)? {
                return Ok(Some(what));
            }
            transaction.execute(
                "INSERT INTO jobs (id, owner, state, created_ms, expires_ms, sealed) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    job.id,
                    job.owner,
                    job.state.as_str(),
                    job.created.as_millis(),
                    job.expires.as_millis(),
                    job.sealed
                ],
            )?;
            Ok(None)
        })
    }

    /// Ends a job that runs: `sealed` takes the place of its text, if all texts still fit into `bytes` then.
    /// Says whether it was kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn end_job(
        &self,
        (id, owner): (&str, &str),
        sealed: &[u8],
        expires: Timestamp,
        bytes: u64,
    ) -> Result<bool, StoreError> {
        self.write("keep the result of a background job", |transaction| {
            let changed = transaction.execute(
                "UPDATE jobs SET state = ?3, sealed = ?4, expires_ms = ?5 \
                 WHERE id = ?1 AND owner = ?2 AND state = ?6 AND ?7 >= length(?4) + \
                 (SELECT coalesce(sum(length(sealed)), 0) FROM jobs WHERE id <> ?1)",
                params![
                    id,
                    owner,
                    JobState::Ended.as_str(),
                    sealed,
                    expires.as_millis(),
                    JobState::Running.as_str(),
                    i64::try_from(bytes).unwrap_or(i64::MAX),
                ],
            )?;
            Ok(changed > 0)
        })
    }

    /// The job of this identifier that belongs to `owner`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`]; [`StoreError::Row`] when the row is not one of ours.
    pub fn job(&self, id: &str, owner: &str) -> Result<Option<JobRow>, StoreError> {
        let connection = self.connection();
        let found = connection
            .query_row(
                "SELECT state, created_ms, expires_ms, sealed FROM jobs WHERE id = ?1 AND owner = ?2",
                [id, owner],
                |row| {
                    let state: String = row.get(0)?;
                    Ok((state, row.get(1)?, row.get(2)?, row.get(3)?))
                },
            )
            .optional()
            .map_err(refused("find a background job"))?;
        let Some((state, created, expires, sealed)) = found else {
            return Ok(None);
        };
        let unsound = StoreError::Row {
            table: "jobs",
            column: "state",
        };
        Ok(Some(JobRow {
            id: id.to_owned(),
            owner: owner.to_owned(),
            state: JobState::parse(&state).ok_or(unsound)?,
            created: Timestamp::from_millis(created),
            expires: Timestamp::from_millis(expires),
            sealed,
        }))
    }

    /// Removes a job for good; says whether there was one. The row's bytes are overwritten, and the
    /// write-ahead log that may still hold them is emptied.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn remove_job(&self, id: &str, owner: &str) -> Result<bool, StoreError> {
        let removed = self.write("remove a background job", |transaction| {
            transaction.execute("DELETE FROM jobs WHERE id = ?1 AND owner = ?2", [id, owner])
        })?;
        self.empty_write_ahead_log()?;
        Ok(removed > 0)
    }

    /// Removes what has expired, with those that nobody has ended in all their time; says how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn remove_expired_jobs(&self, now: Timestamp) -> Result<usize, StoreError> {
        let due = self
            .connection()
            .query_row(
                "SELECT count(*) FROM jobs WHERE expires_ms <= ?1",
                [now.as_millis()],
                |row| row.get::<_, i64>(0),
            )
            .map_err(refused("count background jobs"))?;
        if due == 0 {
            return Ok(0);
        }
        let removed = self.write("remove expired background jobs", |transaction| {
            transaction.execute("DELETE FROM jobs WHERE expires_ms <= ?1", [now.as_millis()])
        })?;
        self.empty_write_ahead_log()?;
        Ok(removed)
    }

    /// Marks every job that ran as interrupted: called before the first is begun, by the one process that
    /// serves from this folder. They stay until `expires`. Says how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn interrupt_jobs(&self, expires: Timestamp) -> Result<usize, StoreError> {
        self.write("mark interrupted background jobs", |transaction| {
            transaction.execute(
                "UPDATE jobs SET state = 'interrupted', expires_ms = ?1 WHERE state = 'running'",
                [expires.as_millis()],
            )
        })
    }
}

/// What is full, with what has expired left out.
fn full(
    connection: &rusqlite::Connection,
    owner: &str,
    bounds: JobBounds,
    now: Timestamp,
) -> rusqlite::Result<Option<JobsFull>> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(sum(owner = ?1), 0), coalesce(sum(length(sealed)), 0), \
         coalesce(sum(state = 'running'), 0) FROM jobs WHERE expires_ms > ?2",
    )?;
    let (own, bytes, running) = statement.query_row(params![owner, now.as_millis()], |row| {
        let number = |at| row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or(0));
        Ok((number(0)?, number(1)?, number(2)?))
    })?;
    let reserved = bounds.reserve.saturating_mul(running + 1);
    Ok(if own >= u64::from(bounds.per_owner) {
        Some(JobsFull::Owner)
    } else if bytes.saturating_add(reserved) > bounds.bytes {
        Some(JobsFull::Bytes)
    } else {
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: JobBounds = JobBounds {
        per_owner: 3,
        bytes: 100,
        reserve: 10,
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn row(id: &str, owner: &str) -> JobRow {
        JobRow {
            id: id.to_owned(),
            owner: owner.to_owned(),
            state: JobState::Running,
            created: at(1),
            expires: at(50),
            sealed: vec![7; 10],
        }
    }

    fn add(store: &Store, id: &str, owner: &str) -> Option<JobsFull> {
        store.add_job(&row(id, owner), BOUNDS, at(10)).unwrap()
    }

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        (dir, store)
    }

    #[test]
    fn a_job_is_its_owners() {
        let (_dir, store) = store();
        assert_eq!(add(&store, "a", "crm"), None);
        assert!(store.job("a", "other").unwrap().is_none());
        assert!(!store.remove_job("a", "other").unwrap());
        assert!(!store.end_job(("a", "other"), b"x", at(90), 100).unwrap());
        assert!(store.end_job(("a", "crm"), b"result", at(90), 100).unwrap());
        let found = store.job("a", "crm").unwrap().unwrap();
        assert_eq!(
            (found.state, found.sealed),
            (JobState::Ended, b"result".to_vec())
        );
        // An ended one is not ended again.
        assert!(!store.end_job(("a", "crm"), b"other", at(90), 100).unwrap());
        assert!(store.remove_job("a", "crm").unwrap());
        assert!(store.job("a", "crm").unwrap().is_none());
    }

    #[test]
    fn jobs_are_bounded_by_owner_and_in_all() {
        let (_dir, store) = store();
        for id in ["a", "b", "c"] {
            assert_eq!(add(&store, id, "crm"), None);
        }
        assert_eq!(add(&store, "d", "crm"), Some(JobsFull::Owner));
        // Three texts of ten bytes, and four places for results, of which one is the newcomer's.
        assert_eq!(add(&store, "d", "other"), None);
        assert_eq!(add(&store, "e", "other"), None);
        assert_eq!(add(&store, "f", "other"), Some(JobsFull::Bytes));
        // A result that does not fit is not taken: 50 bytes are others', and 51 are too many.
        assert!(!store.end_job(("a", "crm"), &[1; 61], at(90), 100).unwrap());
        assert!(store.end_job(("a", "crm"), &[1; 60], at(90), 100).unwrap());
    }

    #[test]
    fn what_has_expired_goes_and_what_runs_stays() {
        let (_dir, store) = store();
        for id in ["ended", "fresh"] {
            assert_eq!(add(&store, id, "crm"), None);
        }
        let runs = JobRow {
            expires: at(65),
            ..row("runs", "crm")
        };
        assert_eq!(store.add_job(&runs, BOUNDS, at(10)).unwrap(), None);
        assert!(store.end_job(("ended", "crm"), b"x", at(60), 100).unwrap());
        assert!(store.end_job(("fresh", "crm"), b"x", at(61), 100).unwrap());
        assert_eq!(store.remove_expired_jobs(at(59)).unwrap(), 0);
        // Room that only an expired one takes is free.
        assert_eq!(
            store.jobs_full("crm", BOUNDS, at(59)).unwrap(),
            Some(JobsFull::Owner)
        );
        assert_eq!(store.jobs_full("crm", BOUNDS, at(60)).unwrap(), None);
        assert_eq!(store.remove_expired_jobs(at(60)).unwrap(), 1);
        for (id, is_there) in [("runs", true), ("ended", false), ("fresh", true)] {
            assert_eq!(store.job(id, "crm").unwrap().is_some(), is_there, "{id}");
        }
        assert_eq!(store.interrupt_jobs(at(70)).unwrap(), 1);
        assert_eq!(
            store.job("runs", "crm").unwrap().unwrap().state,
            JobState::Interrupted
        );
        assert_eq!(store.remove_expired_jobs(at(70)).unwrap(), 2);
        // One that nobody works on any more takes no room for ever.
        assert_eq!(store.add_job(&runs, BOUNDS, at(10)).unwrap(), None);
        assert_eq!(store.remove_expired_jobs(at(64)).unwrap(), 0);
        assert_eq!(store.remove_expired_jobs(at(65)).unwrap(), 1);
    }
}
