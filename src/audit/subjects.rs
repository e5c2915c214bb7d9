//! Digests of data subjects, each under a key of its own that can be erased (GDPR Art. 17).

use crate::store::{SecretKey, Store, StoreError};
use crate::types::{Digest, Sensitive, Timestamp};

use super::AuditError;
use super::entry::{MAX_SUBJECTS, Opening, SubjectDigests};

/// Where the key of `subject` is found in the database: not by its identifier, which must not be there.
fn lookup(root: &SecretKey, subject: &str) -> [u8; 32] {
    root.mac(&[b"subject", normal(subject).as_bytes()])
}

/// A Salesforce id in its 18-character form is its 15-character form and a checksum; both are one subject.
fn normal(subject: &str) -> &str {
    let is_id = subject.len() == 18 && subject.bytes().all(|b| b.is_ascii_alphanumeric());
    match subject.get(..15) {
        Some(short) if is_id => short,
        _ => subject,
    }
}

fn digest(key: &SecretKey, subject: &str) -> Digest {
    Digest::from_bytes(key.mac(&[b"digest", normal(subject).as_bytes()]))
}

/// The digests of the subjects of each of `openings`, in order; new subjects get a key.
pub(super) fn digest_subjects(
    store: &Store,
    root: &SecretKey,
    openings: &[&Opening],
    now: Timestamp,
) -> Result<Vec<SubjectDigests>, AuditError> {
    let subjects: Vec<&Sensitive<String>> = openings
        .iter()
        .flat_map(|opening| opening.subjects.iter().take(MAX_SUBJECTS))
        .collect();
    let mut keys = if subjects.is_empty() {
        Vec::new()
    } else {
        let names: Vec<[u8; 32]> = subjects
            .iter()
            .map(|subject| lookup(root, subject.expose()))
            .collect();
        store.subject_keys(&names, now)?
    }
    .into_iter();
    Ok(openings
        .iter()
        .map(|opening| SubjectDigests {
            digests: opening
                .subjects
                .iter()
                .take(MAX_SUBJECTS)
                .zip(keys.by_ref())
                .map(|(subject, key)| digest(&key, subject.expose()))
                .collect(),
            omitted: opening.subjects.len().saturating_sub(MAX_SUBJECTS),
        })
        .collect())
}

/// The digest under which `subject` stands in entries; `None` when it has no key, or no longer.
///
/// # Errors
///
/// [`StoreError`].
pub fn subject_digest(
    store: &Store,
    root: &SecretKey,
    subject: &Sensitive<String>,
) -> Result<Option<Digest>, StoreError> {
    let key = store.subject_key(&lookup(root, subject.expose()))?;
    Ok(key.map(|key| digest(&key, subject.expose())))
}

/// Erases the key of `subject`: the digests in the log stay, and nobody can tie them to it any more.
/// Says whether there was a key. Record [`super::Event::SubjectErased`] after it.
///
/// # Errors
///
/// [`StoreError`].
pub fn forget_subject(
    store: &Store,
    root: &SecretKey,
    subject: &Sensitive<String>,
) -> Result<bool, StoreError> {
    store.erase_subject(&lookup(root, subject.expose()))
}
