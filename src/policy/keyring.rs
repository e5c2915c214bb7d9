//! API keys: made, listed, rotated, revoked, and checked on every request.
//!
//! At rest there is only HMAC-SHA-256 of the secret under the pepper. All keys are in memory, so that a
//! request waits for no database; a server that [watches](Keyring::watch) sees what the command line
//! changes within a second.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use subtle::ConstantTimeEq as _;

use crate::audit::{AuditError, AuditLog, Event};
use crate::store::{KeyRow, SecretKey, Store, StoreError};
use crate::types::{KeyId, Name, Sensitive, SharedClock, TenantSalt, Timestamp};

use super::token::Token;
use super::{Principal, Role};

/// How often a watching keyring looks for changes.
const WATCH: Duration = Duration::from_millis(500);
/// The use of a key is noted to this precision, in milliseconds; so it costs one small write a minute.
const USE_PRECISION_MS: i64 = 60_000;
/// Changes to keys that go to the audit log at a time.
const CHANGES: u32 = 256;

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Whom it speaks for.
    pub name: Name,
    /// What it may do.
    pub roles: Vec<Role>,
    /// From when on it is refused.
    pub expires: Option<Timestamp>,
    /// The use cases that it may call; `None`: all that allow its name.
    pub use_cases: Option<Vec<Name>>,
}

/// A key as it may be shown: all but the secret, which nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The public part.
    pub id: KeyId,
    /// Whom it speaks for.
    pub name: Name,
    /// What it may do.
    pub roles: Vec<Role>,
    /// The use cases that it may call; `None`: all that allow its name.
    pub use_cases: Option<Vec<Name>>,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is refused.
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used: Option<Timestamp>,
}

/// Why a key is not good. For logs; a caller learns only that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// It was good once.
    #[error("the key has expired")]
    Expired,
    /// It doesn't have the form of a key.
    #[error("the text is not an API key")]
    Malformed,
    /// It was revoked.
    #[error("the key was revoked")]
    Revoked,
    /// There is no such key.
    #[error("there is no such key")]
    Unknown,
}

/// Why a key can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The name belongs to a key that is good; rotate that one.
    #[error("a key named `{name}` exists already; rotate or revoke it")]
    NameTaken {
        /// The name.
        name: Name,
    },
    /// A key that may do nothing.
    #[error("a key needs at least one role")]
    NoRole,
    /// There is no such key, or it is good no longer.
    #[error("there is no valid key `{id}`")]
    NotValid {
        /// The id.
        id: KeyId,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All keys of a node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keyring {
    inner: Arc<Inner>,
    /// Dropped with the last handle, which ends the thread that watches.
    _watch: Option<SyncSender<()>>,
}

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    pepper: SecretKey,
    clock: SharedClock,
    /// Compared with when there is no such key, so that it takes as long.
    nobody: [u8; 32],
    keys: RwLock<HashMap<KeyId, Arc<Cached>>>,
    /// The database's data version that `keys` is of.
    seen: Mutex<i64>,
}

#[derive(Debug)]
struct Cached {
    row: KeyRow,
    principal: Arc<Principal>,
    /// Milliseconds; 0: never.
    last_used: AtomicI64,
    /// What of it is in the database.
    noted: AtomicI64,
}

impl Keyring {
    /// Reads all keys.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn open(
        store: Arc<Store>,
        pepper: &SecretKey,
        clock: SharedClock,
    ) -> Result<Self, StoreError> {
        let inner = Inner {
            seen: Mutex::new(store.data_version()?),
            store,
            nobody: SecretKey::random()?.mac(&[b"nobody"]),
            pepper: pepper.clone(),
            clock,
            keys: RwLock::default(),
        };
        inner.reload()?;
        Ok(Self {
            inner: Arc::new(inner),
            _watch: None,
        })
    }

    /// Starts a thread that takes over what other processes change, notes when keys are used, and tells
    /// the audit log of every change. It ends with the last clone of the keyring that is returned.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when the system gives no thread.
    pub fn watch(self, audit: AuditLog) -> Result<Self, StoreError> {
        let (alive, ended) = sync_channel::<()>(0);
        let inner = Arc::clone(&self.inner);
        thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || {
                while ended.recv_timeout(WATCH) == Err(RecvTimeoutError::Timeout) {
                    // What fails now (a busy database, a full disk) is tried again at the next turn.
                    let _later = inner.refresh();
                    let _later = inner.note_use(USE_PRECISION_MS);
                    let _later = inner.record_changes(&audit);
                }
                let _lost = inner.note_use(1);
            })
            .map_err(|source| StoreError::Io {
                action: "start the thread that watches",
                path: crate::store::DATABASE_FILE.into(),
                source,
            })?;
        Ok(Self {
            inner: self.inner,
            _watch: Some(alive),
        })
    }

    /// Makes a key; its text comes back once and is kept nowhere.
    ///
    /// # Errors
    ///
    /// [`KeyError::NameTaken`], [`KeyError::NoRole`], [`KeyError::Store`].
    pub fn create(&self, new: NewKey) -> Result<(KeyRecord, Sensitive<String>), KeyError> {
        self.refresh()?;
        if new.roles.is_empty() {
            return Err(KeyError::NoRole);
        }
        let now = self.inner.clock.now();
        let taken = self
            .list()?
            .iter()
            .any(|key| key.name == new.name && key.is_valid(now));
        if taken {
            return Err(KeyError::NameTaken { name: new.name });
        }
        let token = Token::random()?;
        let mut roles = new.roles;
        roles.sort_unstable();
        roles.dedup();
        let row = KeyRow {
            mac: self.inner.mac(&token),
            id: token.id.clone(),
            name: new.name,
            roles: roles
                .iter()
                .filter_map(|role| role.as_str().parse().ok())
                .collect(),
            use_cases: new.use_cases,
            created: now,
            expires: new.expires,
            revoked: None,
            last_used: None,
        };
        self.inner.store.insert_key(&row)?;
        self.inner.reload()?;
        Ok((KeyRecord::of(&row), token.text()))
    }

    /// Every key, the oldest first, also those that are good no longer.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn list(&self) -> Result<Vec<KeyRecord>, StoreError> {
        Ok(self.inner.store.keys()?.iter().map(KeyRecord::of).collect())
    }

    /// Ends a key at once.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotValid`], [`KeyError::Store`].
    pub fn revoke(&self, id: &KeyId) -> Result<(), KeyError> {
        if !self.inner.store.revoke_key(id, self.inner.clock.now())? {
            return Err(KeyError::NotValid { id: id.clone() });
        }
        self.inner.reload()?;
        Ok(())
    }

    /// Makes a key with the same name, roles and use cases; the old one stays good for `overlap`.
    /// The new one has the old one's lifetime, counted from now.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotValid`], [`KeyError::Store`].
    pub fn rotate(
        &self,
        id: &KeyId,
        overlap: Duration,
    ) -> Result<(KeyRecord, Sensitive<String>), KeyError> {
        let now = self.inner.clock.now();
        let old = self.inner.store.keys()?.into_iter();
        let old = old
            .filter(|row| KeyRecord::of(row).is_valid(now))
            .find(|row| row.id == *id)
            .ok_or_else(|| KeyError::NotValid { id: id.clone() })?;
        let token = Token::random()?;
        let lifetime = old.expires.map(|expires| {
            let millis = expires.as_millis().saturating_sub(old.created.as_millis());
            Duration::from_millis(u64::try_from(millis).unwrap_or(0))
        });
        let new = KeyRow {
            mac: self.inner.mac(&token),
            id: token.id.clone(),
            created: now,
            expires: lifetime.map(|lifetime| now.plus(lifetime)),
            revoked: None,
            last_used: None,
            ..old
        };
        self.inner.store.replace_key(id, &new, now.plus(overlap))?;
        self.inner.reload()?;
        Ok((KeyRecord::of(&new), token.text()))
    }

    /// Whose key `presented` is. Takes as long for a key that doesn't exist as for a wrong secret.
    ///
    /// # Errors
    ///
    /// [`AuthError`].
    pub fn authenticate(&self, presented: &str) -> Result<Arc<Principal>, AuthError> {
        let token = Token::parse(presented).ok_or(AuthError::Malformed)?;
        let found = self
            .inner
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&token.id)
            .cloned();
        let expected = found
            .as_ref()
            .map_or(&self.inner.nobody, |key| &key.row.mac);
        let good: bool = self.inner.mac(&token).ct_eq(expected).into();
        let key = found.filter(|_| good).ok_or(AuthError::Unknown)?;
        let now = self.inner.clock.now();
        if key.row.revoked.is_some() {
            return Err(AuthError::Revoked);
        }
        if key.row.expires.is_some_and(|expires| expires <= now) {
            return Err(AuthError::Expired);
        }
        key.last_used.fetch_max(now.as_millis(), Ordering::Relaxed);
        Ok(Arc::clone(&key.principal))
    }

    /// Whether a watching server has taken over, and written to its log, every change that was made.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn changes_are_known(&self) -> Result<bool, StoreError> {
        Ok(self.inner.store.key_changes(1)?.is_empty())
    }

    /// Takes over what another process changed. Says whether there was something.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn refresh(&self) -> Result<bool, StoreError> {
        self.inner.refresh()
    }

    /// Writes changes to keys that no log has yet to `audit`. [`Keyring::watch`] does it by itself.
    ///
    /// # Errors
    ///
    /// [`AuditError`]; what was not written stays for the next time.
    pub fn record_changes(&self, audit: &AuditLog) -> Result<(), AuditError> {
        self.inner.record_changes(audit)
    }
}

impl Inner {
    fn mac(&self, token: &Token) -> [u8; 32] {
        self.pepper.mac(&[
            b"api-key",
            token.id.as_str().as_bytes(),
            token.secret.expose().as_bytes(),
        ])
    }

    fn refresh(&self) -> Result<bool, StoreError> {
        let version = self.store.data_version()?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == version {
            return Ok(false);
        }
        self.reload()?;
        *seen = version;
        Ok(true)
    }

    fn reload(&self) -> Result<(), StoreError> {
        let rows = self.store.keys()?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = rows.into_iter().map(|row| {
            let known = keys.get(&row.id);
            let in_row = row.last_used.map_or(0, Timestamp::as_millis);
            let used = known.map_or(in_row, |key| key.last_used.load(Ordering::Relaxed));
            let cached = Cached {
                principal: Arc::new(self.principal(&row)),
                last_used: AtomicI64::new(used),
                noted: AtomicI64::new(in_row),
                row,
            };
            (cached.row.id.clone(), Arc::new(cached))
        });
        let fresh = fresh.collect();
        *keys = fresh;
        Ok(())
    }

    fn principal(&self, row: &KeyRow) -> Principal {
        let [a, b, c, d, e, f, g, h, ..] = self
            .pepper
            .mac(&[b"tenant-salt", row.name.as_str().as_bytes()]);
        Principal {
            key_id: row.id.clone(),
            name: row.name.clone(),
            roles: roles(&row.roles),
            use_cases: row.use_cases.clone(),
            salt: TenantSalt(u64::from_be_bytes([a, b, c, d, e, f, g, h])),
        }
    }

    /// Writes when keys were used, those whose noted use is older by `precision` milliseconds or more.
    fn note_use(&self, precision: i64) -> Result<(), StoreError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let late: Vec<Arc<Cached>> = keys
            .values()
            .filter(|key| {
                let used = key.last_used.load(Ordering::Relaxed);
                used.saturating_sub(key.noted.load(Ordering::Relaxed)) >= precision
            })
            .cloned()
            .collect();
        drop(keys);
        if late.is_empty() {
            return Ok(());
        }
        let used = |key: &Cached| key.last_used.load(Ordering::Relaxed);
        let rows: Vec<(KeyId, Timestamp)> = late
            .iter()
            .map(|key| {
                let coarse = used(key) - used(key).rem_euclid(USE_PRECISION_MS);
                (key.row.id.clone(), Timestamp::from_millis(coarse))
            })
            .collect();
        self.store.touch_keys(&rows)?;
        for key in late {
            key.noted.store(used(&key), Ordering::Relaxed);
        }
        Ok(())
    }

    fn record_changes(&self, audit: &AuditLog) -> Result<(), AuditError> {
        let changes = self.store.key_changes(CHANGES)?;
        if !changes.is_empty() {
            // First, for who waits until a change is gone from the list relies on it from then on.
            self.refresh()?;
        }
        for change in changes {
            audit.record_blocking(Event::KeyChange {
                at: change.at,
                change: change.kind.as_str(),
                key: change.key,
                name: change.name,
            })?;
            // After a crash between the two the change is in the log twice, never not at all.
            self.store.forget_key_changes(change.number)?;
        }
        Ok(())
    }
}

impl KeyRecord {
    fn of(row: &KeyRow) -> Self {
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            roles: roles(&row.roles),
            use_cases: row.use_cases.clone(),
            created: row.created,
            expires: row.expires,
            revoked: row.revoked,
            last_used: row.last_used,
        }
    }

    /// Whether the key is good at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| expires > now)
    }
}

/// A role that this program doesn't know gives no right.
fn roles(names: &[Name]) -> Vec<Role> {
    names
        .iter()
        .filter_map(|name| name.as_str().parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::store::Secrets;
    use crate::types::{Clock as _, ManualClock};

    use super::*;

    #[test]
    fn the_use_of_a_key_is_noted_to_the_minute_and_seldom() {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(Timestamp::from_millis(1_000_000_000));
        let store = Arc::new(Store::open(dir.path()).unwrap());
        let beside = Store::open(dir.path()).unwrap();
        let pepper = Secrets::open(dir.path()).unwrap().pepper;
        let keys = Keyring::open(store, &pepper, clock.clone()).unwrap();
        let new = NewKey {
            name: "crm".parse().unwrap(),
            roles: vec![Role::App],
            expires: None,
            use_cases: None,
        };
        let (_, text) = keys.create(new).unwrap();
        let mut written = 0;
        for _ in 0..180 {
            let before = beside.data_version().unwrap();
            keys.authenticate(text.expose()).unwrap();
            keys.inner.note_use(USE_PRECISION_MS).unwrap();
            written += i32::from(beside.data_version().unwrap() != before);
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(written, 3);
        let noted = keys.list().unwrap()[0].last_used.unwrap();
        assert_eq!(noted.as_millis() % USE_PRECISION_MS, 0);
        assert!(clock.now().as_millis() - noted.as_millis() <= 2 * USE_PRECISION_MS);
    }
}
