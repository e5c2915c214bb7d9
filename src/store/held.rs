//! Held answers at rest: who asked, which rules they broke, how they were decided on, and a sealed text for each under a
//! key that lies beside it and is overwritten with it.

use std::fmt;

use rusqlite::{OptionalExtension as _, Row, params};

use crate::types::Timestamp;

use super::{Store, StoreError, refused};

/// Where a held answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldState {
    /// Nobody has decided.
    Waiting,
    /// Whoever asked may fetch it.
    Released,
    /// It was refused: there is no text any more.
    Refused,
    /// Its time is over: there is no text any more, and the audit log does not know it yet.
    Expired,
}

impl HeldState {
    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Released => "released",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// The state of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Released, Self::Refused, Self::Expired]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// One held answer, without its text.
#[derive(Clone, Debug)]
pub struct HeldRow {
    /// Its identifier.
    pub id: String,
    /// The principal that asked.
    pub owner: String,
    /// The request that it answers.
    pub request: String,
    /// The use case, or `chat`.
    pub use_case: String,
    /// The model that wrote it.
    pub model: String,
    /// The rules that it broke, with spaces between them.
    pub rules: String,
    /// Which of the request's answers it is, from 0.
    pub choice: u32,
    /// Where it stands.
    pub state: HeldState,
    /// When it was held.
    pub created: Timestamp,
    /// From when on it is there for nobody.
    pub expires: Timestamp,
    /// How it was decided on.
    pub decision: Option<HeldDecision>,
}

/// Who decided on a held answer, when, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldDecision {
    /// The principal.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, in words, masked.
    pub reason: String,
}

/// A sealed text and what opens it, beside the node's own secret. Shows neither.
#[derive(Clone)]
pub struct HeldContent {
    /// Random bytes of which the row's key is made.
    pub key: [u8; 32],
    /// The text, sealed.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for HeldContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeldContent({} bytes)", self.sealed.len())
    }
}

/// The bounds of what is kept.
#[derive(Clone, Copy, Debug)]
pub struct HeldBounds {
    /// Most texts of one owner.
    pub per_owner: u32,
    /// Most bytes of sealed texts, of all owners together.
    pub bytes: u64,
}

/// Which held answers are listed, the oldest first.
#[derive(Clone, Copy, Debug)]
pub struct HeldList<'a> {
    /// Only those of this owner.
    pub owner: Option<&'a str>,
    /// Only those of these use cases, with spaces between them, or of `owner_too`.
    pub use_cases: Option<&'a str>,
    /// The owner whose own are listed whatever their use case.
    pub owner_too: &'a str,
    /// Only those that stand here.
    pub state: Option<HeldState>,
    /// Only those that come after this one.
    pub after: Option<&'a str>,
    /// At most as many.
    pub limit: u32,
}

const COLUMNS: &str = "id, owner, request, use_case, model, rules, choice, state, created_ms, \
                       expires_ms, decided_ms, decided_by, reason";

impl Store {
    /// Whether one more text of `owner`, of `more` bytes, is too much.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn held_is_full(
        &self,
        (owner, more): (&str, u64),
        bounds: HeldBounds,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (own, bytes) = self
            .connection()
            .query_row(
                "SELECT coalesce(sum(owner = ?1), 0), coalesce(sum(length(sealed)), 0) FROM held \
                 WHERE state IN ('waiting', 'released') AND expires_ms > ?2",
                params![owner, now.as_millis()],
                |row| Ok((number(row, 0)?, number(row, 1)?)),
            )
            .map_err(refused("count held answers"))?;
        Ok(own >= u64::from(bounds.per_owner) || bytes.saturating_add(more) > bounds.bytes)
    }

    /// Keeps a held answer.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn add_held(&self, row: &HeldRow, content: &HeldContent) -> Result<(), StoreError> {
        self.write("keep a held answer", |transaction| {
            transaction.execute(
                "INSERT INTO held (id, owner, request, use_case, model, rules, choice, state, \
                 created_ms, expires_ms, key, sealed) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                params![
                    row.id,
                    row.owner,
                    row.request,
                    row.use_case,
                    row.model,
                    row.rules,
                    row.choice,
                    row.state.as_str(),
                    row.created.as_millis(),
                    row.expires.as_millis(),
                    content.key,
                    content.sealed
                ],
            )
        })
        .map(drop)
    }

    /// The held answer of this identifier that has not expired.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`]; [`StoreError::Row`] when the row is not one of ours.
    pub fn held(&self, id: &str, now: Timestamp) -> Result<Option<HeldRow>, StoreError> {
        let found = self
            .connection()
            .query_row(
                &format!("SELECT {COLUMNS} FROM held WHERE id = ?1 AND expires_ms > ?2"),
                params![id, now.as_millis()],
                read,
            )
            .optional()
            .map_err(refused("find a held answer"))?;
        found.transpose()
    }

    /// The sealed text of a held answer that [`Store::held`] finds and that has one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn held_content(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<HeldContent>, StoreError> {
        self.connection()
            .query_row(
                "SELECT key, sealed FROM held WHERE id = ?1 AND expires_ms > ?2 \
                 AND state IN ('waiting', 'released')",
                params![id, now.as_millis()],
                |row| {
                    Ok(HeldContent {
                        key: row.get(0)?,
                        sealed: row.get(1)?,
                    })
                },
            )
            .optional()
            .map_err(refused("read a held answer"))
    }

    /// Held answers, the oldest first. `None` where the one to begin after is not there.
    ///
    /// # Errors
    ///
    /// As [`Store::held`].
    pub fn held_list(
        &self,
        list: HeldList<'_>,
        now: Timestamp,
    ) -> Result<Option<Vec<HeldRow>>, StoreError> {
        let from = match list.after {
            None => None,
            Some(id) => match self.held(id, now)? {
                Some(row) => Some(row),
                None => return Ok(None),
            },
        };
        let connection = self.connection();
        // Names have no spaces.
        let mut statement = connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM held WHERE expires_ms > ?1 AND (?2 IS NULL OR owner = ?2) \
                 AND (?3 IS NULL OR owner = ?4 OR instr(' ' || ?3 || ' ', ' ' || use_case || ' ') > 0) \
                 AND (?5 IS NULL OR state = ?5) \
                 AND (?6 IS NULL OR (created_ms, id) > (?6, ?7)) \
                 ORDER BY created_ms, id LIMIT ?8"
            ))
            .map_err(refused("list held answers"))?;
        let rows = statement
            .query_map(
                params![
                    now.as_millis(),
                    list.owner,
                    list.use_cases,
                    list.owner_too,
                    list.state.map(HeldState::as_str),
                    from.as_ref().map(|row| row.created.as_millis()),
                    from.as_ref().map(|row| &row.id),
                    list.limit
                ],
                read,
            )
            .map_err(refused("list held answers"))?;
        let rows: Vec<_> = rows
            .collect::<Result<_, _>>()
            .map_err(refused("list held answers"))?;
        rows.into_iter().collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// How many wait for a decision.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn held_waiting(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.connection()
            .query_row(
                "SELECT count(*) FROM held WHERE state = 'waiting' AND expires_ms > ?1",
                [now.as_millis()],
                |row| number(row, 0),
            )
            .map_err(refused("count held answers"))
    }

    /// Decides on a held answer that waits; says whether one did. One that is released stays until `expires`; the text
    /// of one that is refused is overwritten with its key.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn decide_held(
        &self,
        id: &str,
        state: HeldState,
        decision: &HeldDecision,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        let erases = state == HeldState::Refused;
        let decided = self.write("decide on a held answer", |transaction| {
            let changed = transaction.execute(
                "UPDATE held SET state = ?2, decided_ms = ?3, decided_by = ?4, reason = ?5, expires_ms = ?6 \
                 WHERE id = ?1 AND state = 'waiting' AND expires_ms > ?3",
                params![
                    id,
                    state.as_str(),
                    decision.at.as_millis(),
                    decision.by,
                    decision.reason,
                    expires.as_millis()
                ],
            )?;
            if changed > 0 && erases {
                transaction.execute(
                    "UPDATE held SET key = zeroblob(32), sealed = zeroblob(0) WHERE id = ?1",
                    [id],
                )?;
            }
            Ok(changed > 0)
        })?;
        if decided && erases {
            self.empty_write_ahead_log()?;
        }
        Ok(decided)
    }

    /// Overwrites the texts whose time is over, with their keys, and removes those that had none any more. Gives the
    /// ones that the audit log has still to hear of; [`Store::remove_held`] forgets them then.
    ///
    /// # Errors
    ///
    /// As [`Store::held`].
    pub fn expire_held(&self, now: Timestamp) -> Result<Vec<HeldRow>, StoreError> {
        let due = self
            .connection()
            .query_row(
                "SELECT count(*) FROM held WHERE expires_ms <= ?1",
                [now.as_millis()],
                |row| number(row, 0),
            )
            .map_err(refused("count held answers"))?;
        if due == 0 {
            return Ok(Vec::new());
        }
        let rows: Vec<_> = self.write("erase expired held answers", |transaction| {
            transaction.execute(
                "DELETE FROM held WHERE state = 'refused' AND expires_ms <= ?1",
                [now.as_millis()],
            )?;
            transaction.execute(
                "UPDATE held SET state = 'expired', key = zeroblob(32), sealed = zeroblob(0) \
                 WHERE state IN ('waiting', 'released') AND expires_ms <= ?1",
                [now.as_millis()],
            )?;
            let mut statement = transaction.prepare(&format!(
                "SELECT {COLUMNS} FROM held WHERE state = 'expired'"
            ))?;
            let rows = statement.query_map([], read)?;
            rows.collect()
        })?;
        self.empty_write_ahead_log()?;
        rows.into_iter().collect()
    }

    /// Forgets a held answer.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn remove_held(&self, id: &str) -> Result<(), StoreError> {
        self.write("forget a held answer", |transaction| {
            transaction.execute("DELETE FROM held WHERE id = ?1", [id])
        })
        .map(drop)
    }
}

fn number(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or(0))
}

/// A row of [`COLUMNS`].
fn read(row: &Row<'_>) -> rusqlite::Result<Result<HeldRow, StoreError>> {
    let state: String = row.get(7)?;
    let Some(state) = HeldState::parse(&state) else {
        return Ok(Err(StoreError::Row {
            table: "held",
            column: "state",
        }));
    };
    let decided: Option<i64> = row.get(10)?;
    let decision = match decided {
        None => None,
        Some(at) => Some(HeldDecision {
            at: Timestamp::from_millis(at),
            by: row.get(11)?,
            reason: row.get(12)?,
        }),
    };
    Ok(Ok(HeldRow {
        id: row.get(0)?,
        owner: row.get(1)?,
        request: row.get(2)?,
        use_case: row.get(3)?,
        model: row.get(4)?,
        rules: row.get(5)?,
        choice: row.get(6)?,
        state,
        created: Timestamp::from_millis(row.get(8)?),
        expires: Timestamp::from_millis(row.get(9)?),
        decision,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: HeldBounds = HeldBounds {
        per_owner: 2,
        bytes: 25,
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        (dir, store)
    }

    fn add(store: &Store, id: &str, owner: &str, use_case: &str) {
        let row = HeldRow {
            id: id.to_owned(),
            owner: owner.to_owned(),
            request: "req_1".to_owned(),
            use_case: use_case.to_owned(),
            model: "m".to_owned(),
            rules: "personal".to_owned(),
            choice: 0,
            state: HeldState::Waiting,
            created: at(1),
            expires: at(50),
            decision: None,
        };
        let content = HeldContent {
            key: [7; 32],
            sealed: vec![9; 10],
        };
        store.add_held(&row, &content).unwrap();
    }

    fn decision() -> HeldDecision {
        HeldDecision {
            by: "dpo".to_owned(),
            at: at(20),
            reason: "fine".to_owned(),
        }
    }

    #[test]
    fn held_answers_are_bounded_by_owner_and_in_all() {
        let (_dir, store) = store();
        let full = |owner, more, now| store.held_is_full((owner, more), BOUNDS, at(now)).unwrap();
        add(&store, "a", "crm", "chat");
        assert!(!full("crm", 15, 10) && full("crm", 16, 10));
        add(&store, "b", "crm", "chat");
        assert!(full("crm", 1, 10) && !full("other", 5, 10) && full("other", 6, 10));
        // One that has no text any more, or whose time is over, takes no room.
        assert!(
            store
                .decide_held("a", HeldState::Refused, &decision(), at(50))
                .unwrap()
        );
        assert!(!full("crm", 15, 10));
        assert!(!full("crm", 25, 50));
    }

    #[test]
    fn an_answer_is_decided_on_once_and_what_is_refused_is_gone() {
        let (_dir, store) = store();
        add(&store, "a", "crm", "chat");
        add(&store, "b", "crm", "chat");
        assert_eq!(store.held_waiting(at(10)).unwrap(), 2);
        let decide = |id, state, expires| {
            store
                .decide_held(id, state, &decision(), at(expires))
                .unwrap()
        };
        assert!(decide("a", HeldState::Released, 90));
        assert!(!decide("a", HeldState::Refused, 90), "twice");
        assert!(decide("b", HeldState::Refused, 50));
        assert!(!decide("none", HeldState::Refused, 50));
        let text = |id, now| store.held_content(id, at(now)).unwrap();
        assert_eq!(text("a", 60).unwrap().sealed, vec![9; 10]);
        assert!(text("b", 20).is_none() && text("a", 90).is_none());
        let row = store.held("b", at(20)).unwrap().unwrap();
        assert_eq!(
            (row.state, row.decision),
            (HeldState::Refused, Some(decision()))
        );
        // Over its time nobody decides.
        add(&store, "c", "crm", "chat");
        let late = HeldDecision {
            at: at(50),
            ..decision()
        };
        assert!(
            !store
                .decide_held("c", HeldState::Released, &late, at(90))
                .unwrap()
        );
        assert_eq!(store.held_waiting(at(50)).unwrap(), 0);
    }

    #[test]
    fn what_expires_is_erased_and_waits_until_the_log_knows() {
        let (_dir, store) = store();
        for id in ["waits", "released", "refused"] {
            add(&store, id, "crm", "chat");
        }
        store
            .decide_held("released", HeldState::Released, &decision(), at(60))
            .unwrap();
        store
            .decide_held("refused", HeldState::Refused, &decision(), at(50))
            .unwrap();
        assert!(store.expire_held(at(49)).unwrap().is_empty());
        let expired = |now| {
            let rows = store.expire_held(at(now)).unwrap().into_iter();
            rows.map(|row| row.id).collect::<Vec<_>>()
        };
        assert_eq!(expired(50), ["waits"]);
        assert_eq!(expired(60), ["waits", "released"], "until it is forgotten");
        let bytes: i64 = store
            .connection()
            .query_row("SELECT sum(length(sealed)) FROM held", [], |row| row.get(0))
            .unwrap();
        assert_eq!(bytes, 0);
        store.remove_held("waits").unwrap();
        assert_eq!(expired(60), ["released"]);
    }

    #[test]
    fn a_list_is_whose_it_may_be() {
        let (_dir, store) = store();
        for (id, owner, use_case) in [
            ("a", "crm", "chat"),
            ("b", "crm", "case-summary"),
            ("c", "shop", "chat"),
            ("d", "dpo", "chat"),
        ] {
            add(&store, id, owner, use_case);
        }
        store
            .decide_held("c", HeldState::Refused, &decision(), at(50))
            .unwrap();
        let all = HeldList {
            owner: None,
            use_cases: None,
            owner_too: "dpo",
            state: None,
            after: None,
            limit: 10,
        };
        let check = |list, expected: &str| {
            let rows = store.held_list(list, at(10)).unwrap().unwrap();
            let ids: String = rows.into_iter().map(|row| row.id).collect();
            assert_eq!(ids, expected, "{list:?}");
        };
        check(all, "abcd");
        let owner = Some("crm");
        check(HeldList { owner, ..all }, "ab");
        let use_cases = Some("reply-draft case-summary");
        check(HeldList { use_cases, ..all }, "bd");
        let use_cases = Some("summary");
        check(HeldList { use_cases, ..all }, "d");
        let state = Some(HeldState::Waiting);
        check(HeldList { state, ..all }, "abd");
        let after = Some("b");
        check(HeldList { after, ..all }, "cd");
        check(
            HeldList {
                limit: 1,
                after,
                ..all
            },
            "c",
        );
        let after = Some("none");
        assert!(
            store
                .held_list(HeldList { after, ..all }, at(10))
                .unwrap()
                .is_none()
        );
    }
}
