//! API keys at rest, and the record of changes to them that waits for the audit log.

use std::str::FromStr;

use rusqlite::{Row, Transaction, params};

use crate::types::{KeyId, Name, Timestamp};

use super::{Store, StoreError, refused};

/// One key. The secret itself is nowhere; `mac` is its keyed hash.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// The public part.
    pub id: KeyId,
    /// The principal that the key speaks for.
    pub name: Name,
    /// HMAC-SHA-256 of the secret under the pepper.
    pub mac: [u8; 32],
    /// Names of roles.
    pub roles: Vec<Name>,
    /// The use cases that the key may call; `None`: all that allow its name.
    pub use_cases: Option<Vec<Name>>,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is refused.
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// When it was last used, to the minute or coarser.
    pub last_used: Option<Timestamp>,
}

/// What was done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChangeKind {
    /// Made.
    Create,
    /// Given an end, because another one replaces it.
    Retire,
    /// Ended at once.
    Revoke,
}

impl KeyChangeKind {
    /// The name in the database and in audit entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Retire => "retire",
            Self::Revoke => "revoke",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Create, Self::Retire, Self::Revoke]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A change to a key that the audit log has not recorded yet. Tools that run beside a server can't
/// write its log, so changes wait in the database, written in the transaction that makes them.
#[derive(Clone, Debug)]
pub struct KeyChange {
    /// Its number, rising.
    pub number: i64,
    /// When it was made.
    pub at: Timestamp,
    /// What was done.
    pub kind: KeyChangeKind,
    /// The key.
    pub key: KeyId,
    /// The key's name.
    pub name: Name,
}

impl Store {
    /// Adds a key.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`], also when the id is taken.
    pub fn insert_key(&self, key: &KeyRow) -> Result<(), StoreError> {
        self.write("add an API key", |transaction| {
            transaction.execute(
                "INSERT INTO api_keys (id, name, mac, roles, use_cases, created_ms, expires_ms) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    key.id.as_str(),
                    key.name.as_str(),
                    key.mac,
                    join(&key.roles),
                    key.use_cases.as_deref().map(join),
                    key.created.as_millis(),
                    key.expires.map(Timestamp::as_millis),
                ],
            )?;
            note_change(transaction, KeyChangeKind::Create, &key.id, key.created)
        })
    }

    /// Every key, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Row`] when a row is not one of ours.
    pub fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached(
                "SELECT id, name, mac, roles, use_cases, created_ms, expires_ms, revoked_ms, \
                 last_used_ms FROM api_keys ORDER BY created_ms, id",
            )
            .map_err(refused("list API keys"))?;
        let mut rows = statement.query([]).map_err(refused("list API keys"))?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next().map_err(refused("list API keys"))? {
            keys.push(key_row(row)?);
        }
        Ok(keys)
    }

    /// Ends a key at once. Says whether there was one to end.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn revoke_key(&self, id: &KeyId, at: Timestamp) -> Result<bool, StoreError> {
        self.write("revoke an API key", |transaction| {
            let changed = transaction.execute(
                "UPDATE api_keys SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms IS NULL",
                params![id.as_str(), at.as_millis()],
            )?;
            if changed > 0 {
                note_change(transaction, KeyChangeKind::Revoke, id, at)?;
            }
            Ok(changed > 0)
        })
    }

    /// Puts `new` in the place of `old`, which stays good until `until` (or its own earlier end).
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn replace_key(
        &self,
        old: &KeyId,
        new: &KeyRow,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("rotate an API key", |transaction| {
            transaction.execute(
                "UPDATE api_keys SET expires_ms = min(coalesce(expires_ms, ?2), ?2) WHERE id = ?1",
                params![old.as_str(), until.as_millis()],
            )?;
            note_change(transaction, KeyChangeKind::Retire, old, new.created)?;
            transaction.execute(
                "INSERT INTO api_keys (id, name, mac, roles, use_cases, created_ms, expires_ms) \
                 SELECT ?2, name, ?3, roles, use_cases, ?4, ?5 FROM api_keys WHERE id = ?1",
                params![
                    old.as_str(),
                    new.id.as_str(),
                    new.mac,
                    new.created.as_millis(),
                    new.expires.map(Timestamp::as_millis),
                ],
            )?;
            note_change(transaction, KeyChangeKind::Create, &new.id, new.created)
        })
    }

    /// Notes when keys were last used.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn touch_keys(&self, used: &[(KeyId, Timestamp)]) -> Result<(), StoreError> {
        self.write("note the use of API keys", |transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE api_keys SET last_used_ms = max(coalesce(last_used_ms, ?2), ?2) WHERE id = ?1",
            )?;
            for (id, at) in used {
                statement.execute(params![id.as_str(), at.as_millis()])?;
            }
            Ok(())
        })
    }

    /// Changes to keys that the audit log has not recorded, the oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Row`] when a row is not one of ours.
    pub fn key_changes(&self, limit: u32) -> Result<Vec<KeyChange>, StoreError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached(
                "SELECT id, at_ms, kind, key_id, key_name FROM key_changes ORDER BY id LIMIT ?1",
            )
            .map_err(refused("list changes to API keys"))?;
        let mut rows = statement
            .query([limit])
            .map_err(refused("list changes to API keys"))?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next().map_err(refused("list changes to API keys"))? {
            let unsound = |column| StoreError::Row {
                table: "key_changes",
                column,
            };
            changes.push(KeyChange {
                number: row.get("id").map_err(|_| unsound("id"))?,
                at: time(row, "at_ms").ok_or_else(|| unsound("at_ms"))?,
                kind: text(row, "kind")
                    .and_then(|kind| KeyChangeKind::parse(&kind))
                    .ok_or_else(|| unsound("kind"))?,
                key: text(row, "key_id")
                    .and_then(|id| KeyId::parse(&id))
                    .ok_or_else(|| unsound("key_id"))?,
                name: text(row, "key_name")
                    .and_then(|name| name.parse().ok())
                    .ok_or_else(|| unsound("key_name"))?,
            });
        }
        Ok(changes)
    }

    /// Forgets the changes up to `number`, which the audit log has recorded.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn forget_key_changes(&self, number: i64) -> Result<(), StoreError> {
        self.write("forget changes to API keys", |transaction| {
            transaction.execute("DELETE FROM key_changes WHERE id <= ?1", [number])
        })
        .map(drop)
    }
}

fn note_change(
    transaction: &Transaction<'_>,
    kind: KeyChangeKind,
    id: &KeyId,
    at: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .execute(
            "INSERT INTO key_changes (at_ms, kind, key_id, key_name) \
             SELECT ?1, ?2, id, name FROM api_keys WHERE id = ?3",
            params![at.as_millis(), kind.as_str(), id.as_str()],
        )
        .map(drop)
}

fn key_row(row: &Row<'_>) -> Result<KeyRow, StoreError> {
    let unsound = |column| StoreError::Row {
        table: "api_keys",
        column,
    };
    let use_cases: Option<String> = row.get("use_cases").map_err(|_| unsound("use_cases"))?;
    Ok(KeyRow {
        id: text(row, "id")
            .and_then(|id| KeyId::parse(&id))
            .ok_or_else(|| unsound("id"))?,
        name: text(row, "name")
            .and_then(|name| name.parse().ok())
            .ok_or_else(|| unsound("name"))?,
        mac: row.get("mac").map_err(|_| unsound("mac"))?,
        roles: text(row, "roles")
            .and_then(|names| split(&names))
            .ok_or_else(|| unsound("roles"))?,
        use_cases: match use_cases {
            Some(names) => Some(split(&names).ok_or_else(|| unsound("use_cases"))?),
            None => None,
        },
        created: time(row, "created_ms").ok_or_else(|| unsound("created_ms"))?,
        expires: time(row, "expires_ms"),
        revoked: time(row, "revoked_ms"),
        last_used: time(row, "last_used_ms"),
    })
}

fn text(row: &Row<'_>, column: &str) -> Option<String> {
    row.get(column).ok()
}

fn time(row: &Row<'_>, column: &str) -> Option<Timestamp> {
    row.get(column).ok().map(Timestamp::from_millis)
}

/// Names hold no space.
fn join(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(Name::as_str).collect();
    names.join(" ")
}

fn split(names: &str) -> Option<Vec<Name>> {
    names
        .split_whitespace()
        .map(|name| Name::from_str(name).ok())
        .collect()
}
