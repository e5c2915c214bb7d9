//! Who sees a held answer, and who decides on it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::policy::{NotAllowed, Principal, Rate, Role};
use crate::store::{HeldDecision, HeldList, HeldRow, HeldState};
use crate::types::{Name, RequestId, Sensitive, Timestamp};

use super::super::ids::HeldId;
use super::super::tasks::{every, to_its_end};
use super::super::{Pipeline, Refused};
use super::{HeldError, HeldText, Inner};

/// How often it is looked whose time is over.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// Endpoints as the audit log names them.
const RELEASE: &str = "held.release";
const REFUSE: &str = "held.refuse";

/// How somebody decides on a held answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Whoever asked for it may have it.
    Release,
    /// Nobody gets it: its text is erased.
    Refuse,
}

/// A held answer, as one may see it.
#[derive(Debug)]
pub struct HeldAnswer {
    /// What is known of it.
    pub row: HeldRow,
    /// What it says, for those who may read it now.
    pub text: Option<HeldText>,
}

/// Which held answers are asked for.
#[derive(Debug, Default)]
pub struct HeldListing {
    /// Only those that stand here.
    pub state: Option<HeldState>,
    /// Only those after this one.
    pub after: Option<HeldId>,
    /// At most as many.
    pub limit: u32,
}

/// What was asked for, and what is left of the caller's limit.
#[derive(Debug)]
pub struct Reviewed<T> {
    /// What was asked for.
    pub value: T,
    /// What is left.
    pub rate: Rate,
}

impl Pipeline {
    /// Held answers, the oldest first, without their texts, and whether there are more: a caller's own, and for an
    /// approver those of everybody, as far as its key's use cases go.
    ///
    /// # Errors
    ///
    /// [`Refused`]; [`HeldError::NotFound`] where there is none to begin after.
    pub async fn held_list(
        &self,
        principal: &Principal,
        listing: HeldListing,
    ) -> Result<Reviewed<(Vec<HeldRow>, bool)>, Refused> {
        let rate = self.parts.gate.count(principal)?;
        // Who may not know of one may not ask what comes after it either.
        if let Some(after) = &listing.after {
            self.held_row(principal, after.clone()).await?;
        }
        let owner = principal.name().clone();
        let use_cases = principal.use_cases().map(joined);
        let all = principal.has(Role::Approver);
        let rows = self.parts.held.blocking(move |own| {
            let list = HeldList {
                owner: (!all).then_some(owner.as_str()),
                use_cases: use_cases.as_deref().filter(|_| all),
                owner_too: owner.as_str(),
                state: listing.state,
                after: listing.after.as_ref().map(HeldId::as_str),
                limit: listing.limit.saturating_add(1),
            };
            let rows = own.store.held_list(list, own.clock.now())?;
            let mut rows = rows.ok_or(HeldError::NotFound)?;
            let most = usize::try_from(listing.limit).unwrap_or(usize::MAX);
            let has_more = rows.len() > most;
            rows.truncate(most);
            Ok((rows, has_more))
        });
        let value = rows.await?;
        Ok(Reviewed { value, rate })
    }

    /// A held answer: with its text where the caller may decide on it, or has asked for it and it is released. The
    /// audit log knows of each text that is given.
    ///
    /// # Errors
    ///
    /// [`HeldError::NotFound`], also for those who may not know of it; [`Refused`].
    pub async fn held(
        &self,
        (principal, request): (&Principal, RequestId),
        id: HeldId,
    ) -> Result<Reviewed<HeldAnswer>, Refused> {
        let parts = &self.parts;
        let rate = parts.gate.count(principal)?;
        let row = self.held_row(principal, id).await?;
        let is_own = row.owner == principal.name().as_str();
        let change = match (row.state, is_own) {
            (HeldState::Waiting, false) => "seen",
            (HeldState::Released, true) => "fetched",
            _ => {
                let value = HeldAnswer { row, text: None };
                return Ok(Reviewed { value, rate });
            }
        };
        let wanted = row.clone();
        let text = parts.held.blocking(move |own| {
            let text = own.text(&wanted, own.clock.now())?;
            Ok(text)
        });
        let text = Some(text.await?);
        let by = Some((principal, request));
        parts.record_held(change, by, &row, None).await?;
        let value = HeldAnswer { row, text };
        Ok(Reviewed { value, rate })
    }

    /// Releases or refuses an answer that waits, for `reason`, which is masked before it is kept or recorded. An
    /// approver may; whoever asked for the answer may not. What is decided stands whether or not its caller waits to
    /// hear of it.
    ///
    /// # Errors
    ///
    /// [`HeldError`]; [`Refused`].
    pub async fn decide_held(
        &self,
        (principal, request): (&Arc<Principal>, RequestId),
        id: HeldId,
        (verdict, reason): (Verdict, Sensitive<String>),
    ) -> Result<Reviewed<HeldAnswer>, Refused> {
        let endpoint = match verdict {
            Verdict::Release => RELEASE,
            Verdict::Refuse => REFUSE,
        };
        let gate = &self.parts.gate;
        let rate = gate.count(principal)?;
        gate.admit_approver(principal, (request, endpoint)).await?;
        let row = self.held_row(principal, id.clone()).await?;
        if row.owner == principal.name().as_str() {
            let refusal = gate.refuse(principal, (request, endpoint), NotAllowed::OwnAnswer);
            return Err(refusal.await.into());
        }
        let reason = self.masked_reason(reason).await?;
        let (own, by) = (self.clone(), Arc::clone(principal));
        let decided = async move { own.decide((&by, request), id, (verdict, reason)).await };
        let value = HeldAnswer {
            row: to_its_end(decided).await?,
            text: None,
        };
        Ok(Reviewed { value, rate })
    }

    /// Decides on an answer that waits: first in the audit log, then in the store.
    async fn decide(
        &self,
        (principal, request): (&Principal, RequestId),
        id: HeldId,
        (verdict, reason): (Verdict, String),
    ) -> Result<HeldRow, Refused> {
        let parts = &self.parts;
        let held = parts.held.clone();
        let _turn = held.0.turn.lock().await;
        // What was true before the turn may be so no more.
        let mut row = self.held_row(principal, id).await?;
        if row.state != HeldState::Waiting {
            return Err(HeldError::Decided.into());
        }
        let now = parts.clock.now();
        let (state, expires) = match verdict {
            Verdict::Release => (HeldState::Released, now.plus(held.0.config.retention)),
            Verdict::Refuse => (HeldState::Refused, row.expires),
        };
        let by = Some((principal, request));
        let said = Some(reason.clone());
        parts.record_held(state.as_str(), by, &row, said).await?;
        let decision = HeldDecision {
            by: principal.name().as_str().to_owned(),
            at: now,
            reason,
        };
        row.decision = Some(decision.clone());
        (row.state, row.expires) = (state, expires);
        let id = row.id.clone();
        let decided = held.blocking(move |own| {
            let decided = own.store.decide_held(&id, state, &decision, expires)?;
            own.show_waiting()?;
            Ok(decided)
        });
        let error = match decided.await {
            Ok(true) => return Ok(row),
            // Its time was over in this very moment.
            Ok(false) => HeldError::NotFound,
            Err(error) => error,
        };
        // What the log was told is not so.
        parts.record_held("not-decided", by, &row, None).await?;
        Err(error.into())
    }

    /// Erases the texts whose time is over, every few seconds, until `stop`.
    pub async fn sweep_held(&self, stop: CancellationToken) {
        every(SWEEP_EVERY, stop, || async {
            if let Err(error) = self.expire_held().await {
                tracing::error!(%error, "expired held answers can't be removed");
            }
        })
        .await;
    }

    /// Erases the texts whose time is over by now, tells the audit log, and forgets them.
    async fn expire_held(&self) -> Result<(), Refused> {
        let held = &self.parts.held;
        let _turn = held.0.turn.lock().await;
        let expired = held.blocking(|own| {
            let rows = own.store.expire_held(own.clock.now())?;
            own.show_waiting()?;
            Ok(rows)
        });
        // Texts go first, come what may; what the log has not heard of, it hears the next time.
        for row in expired.await? {
            self.parts.record_held("expired", None, &row, None).await?;
            held.blocking(move |own| Ok(own.store.remove_held(&row.id)?))
                .await?;
        }
        Ok(())
    }

    /// A held answer that `principal` may know of: its own, or one that it may decide on.
    async fn held_row(&self, principal: &Principal, id: HeldId) -> Result<HeldRow, HeldError> {
        let row = self.parts.held.blocking(move |own| own.find(&id)).await?;
        let decides = || {
            let use_case = row.use_case.parse::<Name>();
            principal.has(Role::Approver) && use_case.is_ok_and(|own| principal.may_call(&own))
        };
        if row.owner == principal.name().as_str() || decides() {
            return Ok(row);
        }
        Err(HeldError::NotFound)
    }

    /// A reason in words without what is found in it of people: it stays in the audit log for good.
    async fn masked_reason(&self, reason: Sensitive<String>) -> Result<String, Refused> {
        let parts = Arc::clone(&self.parts);
        let masked =
            tokio::task::spawn_blocking(move || parts.redactor.mask_remark(reason.expose()));
        Ok(masked.await.map_err(|_| Refused::Internal)??)
    }
}

impl Inner {
    fn find(&self, id: &HeldId) -> Result<HeldRow, HeldError> {
        let now: Timestamp = self.clock.now();
        let found = self.store.held(id.as_str(), now)?;
        found.ok_or(HeldError::NotFound)
    }
}

fn joined(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(Name::as_str).collect();
    names.join(" ")
}
