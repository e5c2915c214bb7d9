//! The audit log from outside: through its public interface, its files and its process's death.

mod disk;
mod kill;
mod latency;
mod log;
mod tamper;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bailiwick::audit::{AuditError, AuditLog, Opening};
use bailiwick::config::AuditConfig;
use bailiwick::store::{Secrets, Store};
use bailiwick::types::{DataClass, Digest, KeyId, RequestId, SystemClock, Timestamp};

/// Small segments, so that tests have several.
pub(crate) const CONFIG: AuditConfig = AuditConfig {
    segment_bytes: 8 * 1024,
    checkpoint_interval: Duration::from_millis(500),
};

pub(crate) fn open(dir: &Path) -> Result<AuditLog, AuditError> {
    open_with(&CONFIG, dir)
}

pub(crate) fn open_with(config: &AuditConfig, dir: &Path) -> Result<AuditLog, AuditError> {
    let store = Arc::new(Store::open(dir)?);
    let secrets = Secrets::open(dir)?;
    let node = "de-1".parse().unwrap();
    AuditLog::open(config, dir, &node, store, &secrets, SystemClock::shared())
}

pub(crate) fn opening(number: i64) -> Opening {
    Opening {
        request: RequestId::new(Timestamp::from_millis(number)),
        key: KeyId::parse("abc").unwrap(),
        key_name: "crm".parse().unwrap(),
        endpoint: "chat.completions",
        use_case: "case-summary".parse().unwrap(),
        use_case_version: 1,
        use_case_digest: Some(Digest::of(b"use case")),
        purpose: "customer service".to_owned(),
        legal_basis: "contract".to_owned(),
        model: "tiny".parse().unwrap(),
        model_digest: Digest::of(b"weights"),
        node_jurisdiction: "DE".parse().unwrap(),
        residency: BTreeSet::new(),
        classes: [DataClass::Personal].into(),
        fields: vec!["Subject".to_owned()],
        subjects: vec!["500000000000001AAA".into()],
    }
}
