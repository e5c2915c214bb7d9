//! Answers that a rule of screening held, until a second person releases or refuses them.
//!
//! A held answer lies in the store, its text sealed under a key of its own that is overwritten with it; what is known of it
//! beside the text is names, times and rules. It outlives a restart. Whoever asked sees where it stands, and the text once
//! it is released; whoever has the role `approver` and did not ask for it sees the text while it waits, and decides.
//! Whatever is done with one is in the audit log before it is done: held, seen, released, refused, fetched, expired.

mod error;
mod giving;
mod review;
mod text;

use std::sync::Arc;

use crate::audit::HeldEvent;
use crate::config::HeldConfig;
use crate::policy::Principal;
use crate::store::{
    HeldBounds, HeldContent, HeldRow, HeldState, Place, SEAL_OVERHEAD, SecretKey, Store,
    StoreError, random_bytes, seal, unseal,
};
use crate::telemetry::{Metrics, names};
use crate::types::{Name, RequestId, SharedClock, Timestamp};

pub use self::error::HeldError;
pub(super) use self::giving::Giving;
pub use self::review::{HeldAnswer, HeldListing, Reviewed, Verdict as HeldVerdict};
pub use self::text::{HeldCall, HeldText};
use super::ids::HeldId;
use super::tasks::to_its_end;
use super::{Parts, Refused};

/// The table's name, of which each row's key is made.
const TABLE: &str = "held";

/// The node's held answers; clones are the same ones.
#[derive(Clone, Debug)]
pub struct Held(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    root: SecretKey,
    config: HeldConfig,
    metrics: Metrics,
    clock: SharedClock,
    /// One change at a time: what is written to the audit log first is what happens then.
    turn: tokio::sync::Mutex<()>,
}

/// What became of an answer that broke a rule whose action is `hold`.
#[derive(Clone, Debug)]
pub struct Hold {
    /// The rules.
    pub rules: Vec<String>,
    /// Where it is kept, and until when; or why it is not, so that the answer was only ended.
    pub kept: Result<(HeldId, Timestamp), NotKept>,
}

/// Why a held answer was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// The node has no room for it, or keeps none.
    Full,
    /// The store failed.
    Failed,
}

impl NotKept {
    /// The code that the client reads.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full => "held_full",
            Self::Failed => "held_failed",
        }
    }
}

/// An answer that broke rules.
pub(super) struct Broken {
    /// Who asked, with which request.
    pub(super) by: (Arc<Principal>, RequestId),
    /// The use case, or `chat`.
    pub(super) use_case: Name,
    /// The model that wrote it.
    pub(super) model: Name,
    /// Which of the request's answers it is, from 0.
    pub(super) choice: u32,
    /// The rules that it broke.
    pub(super) rules: Vec<String>,
}

impl Held {
    /// The held answers in `store`, sealed under keys from `root`.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn open(
        (store, root): (Arc<Store>, SecretKey),
        config: HeldConfig,
        metrics: Metrics,
        clock: SharedClock,
    ) -> Result<Self, StoreError> {
        let inner = Inner {
            store,
            root,
            config,
            metrics,
            clock,
            turn: tokio::sync::Mutex::new(()),
        };
        inner.show_waiting()?;
        Ok(Self(Arc::new(inner)))
    }

    /// Runs `work` off the threads that serve: the database writes to disk.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, HeldError> + Send + 'static,
    ) -> Result<T, HeldError> {
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.map_err(|_| HeldError::Internal)?
    }
}

impl Parts {
    /// Keeps an answer that broke rules, until somebody decides or its time is over, whether or not whoever asked
    /// for it still waits. Where that can't be done the answer is ended all the same, and its caller is told.
    ///
    /// # Errors
    ///
    /// [`Refused::Audit`]: nothing is kept that the log does not know of.
    pub(super) async fn hold(
        self: &Arc<Self>,
        broken: Broken,
        text: HeldText,
    ) -> Result<Hold, Refused> {
        let parts = Arc::clone(self);
        to_its_end(async move { parts.keep_held(&broken, text).await }).await
    }

    async fn keep_held(&self, broken: &Broken, text: HeldText) -> Result<Hold, Refused> {
        let held = self.held.clone();
        let _turn = held.0.turn.lock().await;
        let now = self.clock.now();
        let id = HeldId::of(RequestId::new(now));
        let rules = broken.rules.clone();
        let row = broken.row(&id, now, now.plus(held.0.config.retention));
        let by = Some((&*broken.by.0, broken.by.1));
        let plain = text.encode();
        let size = u64::try_from(plain.len() + SEAL_OVERHEAD).unwrap_or(u64::MAX);
        let owner = row.owner.clone();
        let full = held.blocking(move |own| own.is_full(&owner, size, now));
        let kept = match full.await {
            Ok(false) => Ok((id, row.expires)),
            Ok(true) => Err(NotKept::Full),
            Err(error) => Err(lost(&error)),
        };
        let change = if kept.is_ok() { "held" } else { "not-kept" };
        self.record_held(change, by, &row, None).await?;
        if kept.is_err() {
            return Ok(Hold { rules, kept });
        }
        let again = row.clone();
        let added = held.blocking(move |own| own.add(&row, &plain)).await;
        let kept = match added {
            Ok(()) => kept,
            Err(error) => {
                self.record_held("not-kept", by, &again, None).await?;
                Err(lost(&error))
            }
        };
        Ok(Hold { rules, kept })
    }

    /// Writes to the audit log what is done with a held answer, before it is done.
    async fn record_held(
        &self,
        change: &'static str,
        by: Option<(&Principal, RequestId)>,
        row: &HeldRow,
        reason: Option<String>,
    ) -> Result<(), Refused> {
        let event = HeldEvent {
            change,
            request: by.map(|(_, request)| request),
            by: by.map(|(own, _)| (own.key_id().clone(), own.name().clone())),
            held: row.id.clone(),
            asked_by: row.owner.clone(),
            asked_in: row.request.clone(),
            use_case: row.use_case.clone(),
            rules: row.rules.split_whitespace().map(str::to_owned).collect(),
            reason,
        };
        self.gate.record(crate::audit::Event::Held(event)).await?;
        self.metrics.count(names::HELD, 1, &[("change", &change)]);
        Ok(())
    }
}

impl Broken {
    fn row(&self, id: &HeldId, now: Timestamp, expires: Timestamp) -> HeldRow {
        HeldRow {
            id: id.as_str().to_owned(),
            owner: self.by.0.name().as_str().to_owned(),
            request: self.by.1.to_string(),
            use_case: self.use_case.as_str().to_owned(),
            model: self.model.as_str().to_owned(),
            rules: self.rules.join(" "),
            choice: self.choice,
            state: HeldState::Waiting,
            created: now,
            expires,
            decision: None,
        }
    }
}

impl Inner {
    fn is_full(&self, owner: &str, more: u64, now: Timestamp) -> Result<bool, HeldError> {
        let bounds = HeldBounds {
            per_owner: self.config.max_per_owner,
            bytes: self.config.max_bytes,
        };
        Ok(self.store.held_is_full((owner, more), bounds, now)?)
    }

    fn add(&self, row: &HeldRow, plain: &[u8]) -> Result<(), HeldError> {
        let key = random_bytes()?;
        let content = HeldContent {
            key,
            sealed: seal(&self.row_root(&key), place(row), plain)?,
        };
        self.store.add_held(row, &content)?;
        Ok(self.show_waiting()?)
    }

    /// The text of a row that has one.
    fn text(&self, row: &HeldRow, now: Timestamp) -> Result<HeldText, HeldError> {
        let content = self.store.held_content(&row.id, now)?;
        let content = content.ok_or(HeldError::NotFound)?;
        let plain = unseal(&self.row_root(&content.key), place(row), &content.sealed)?;
        let plain = zeroize::Zeroizing::new(plain);
        HeldText::decode(&plain).ok_or(HeldError::Store(StoreError::Seal))
    }

    /// What the key of a row is derived from: the node's secret, and bytes that are overwritten with the row's text.
    fn row_root(&self, key: &[u8; 32]) -> SecretKey {
        SecretKey::from_bytes(self.root.mac(&[b"held answer", key]))
    }

    fn show_waiting(&self) -> Result<(), StoreError> {
        let waiting = self.store.held_waiting(self.clock.now())?;
        let waiting = usize::try_from(waiting).unwrap_or(usize::MAX);
        self.metrics.gauge(names::HELD_WAITING, waiting, &[]);
        Ok(())
    }
}

fn place(row: &HeldRow) -> Place<'_> {
    Place {
        table: TABLE,
        owner: &row.owner,
        id: &row.id,
    }
}

fn lost(error: &HeldError) -> NotKept {
    tracing::error!(%error, "a held answer can't be kept");
    NotKept::Failed
}
