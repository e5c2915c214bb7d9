//! Identifiers.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LogSafe, Timestamp};

/// The identifier of one request, ours; shows as `req_` and 32 hexadecimal digits.
///
/// The first bits are the time (UUID version 7), so identifiers sort by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A fresh identifier for a request that came at `now`.
    pub fn new(now: Timestamp) -> Self {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let (secs, nanos) = (
            millis / 1000,
            u32::try_from(millis % 1000).unwrap_or(0) * 1_000_000,
        );
        let time = uuid::Timestamp::from_unix(uuid::NoContext, secs, nanos);
        Self(Uuid::new_v7(time))
    }

    /// The 32 hexadecimal digits alone, to build other identifiers (`chatcmpl-…`) from.
    pub fn hex(&self) -> String {
        self.0.simple().to_string()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "req_{}", self.0.simple())
    }
}

impl LogSafe for RequestId {}

/// The public part of an API key: identifies it in logs, metrics and audit entries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// A key id from its text: ASCII letters and digits only, at most 32; `None` otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        let sound =
            (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        sound.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LogSafe for KeyId {}

/// The position of an entry in the audit log, from 0: the index of its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub u64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl LogSafe for EntryId {}

/// Separates tenants in shared caches: the engine sees this number and no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TenantSalt(pub u64);
