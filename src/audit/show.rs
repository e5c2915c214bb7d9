//! One entry with the proof that it is in the log.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::store::{Store, StoreError};
use crate::types::{Digest, EntryId};

use super::files::{AUDIT_DIR, CHECKPOINTS, segments, split_notes};
use super::note::TreeHead;
use super::tree::{inclusion_proof, leaf_hash, root, verify_inclusion};
use super::verify::{VerifyError, read_checkpoints, read_verifier};

/// An entry and its proof. The proof is checked before it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Where the entry stands.
    pub index: EntryId,
    /// The entry, byte for byte: the leaf's hash is over this text.
    pub entry: String,
    /// The leaf's hash.
    pub leaf: Digest,
    /// How many entries the proof is about.
    pub tree_size: u64,
    /// The root that the proof leads to.
    pub root: Digest,
    /// The hashes from the leaf up to the root.
    pub proof: Vec<Digest>,
    /// The signed checkpoint of that root; `None` when none covers the entry yet, and the proof leads to
    /// the root of what is there.
    pub checkpoint: Option<String>,
}

/// Why an entry can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// The log can't be read, or is not sound as far as it was read.
    #[error(transparent)]
    Log(#[from] VerifyError),
    /// There is no such entry.
    #[error("the log has {entries} entries; there is no entry {index}")]
    NoEntry {
        /// The entry that was asked for.
        index: EntryId,
        /// How many there are.
        entries: u64,
    },
    /// The entries under the checkpoint are not those that it was signed over; `audit verify` says more.
    #[error("the log does not agree with its newest checkpoint")]
    NotProved,
}

/// The entry at `index` of the log in `data_dir`, with its proof up to the newest checkpoint.
///
/// # Errors
///
/// [`ShowError`].
pub fn show(data_dir: &Path, index: EntryId) -> Result<Shown, ShowError> {
    let dir = data_dir.join(AUDIT_DIR);
    let verifier = read_verifier(&dir)?;
    let in_database = match Store::open_read_only(data_dir) {
        Ok(store) => store.checkpoints().map_err(VerifyError::from)?,
        Err(StoreError::Missing { .. }) => Vec::new(),
        Err(error) => return Err(VerifyError::from(error).into()),
    };
    let newest_in_database = in_database.last().map(|row| TreeHead {
        size: row.size,
        root: row.root,
    });
    let newest = read_checkpoints(&dir, &verifier, newest_in_database)?.pop();
    let (leaves, entry) = read(&dir, index)?;
    let entries = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
    let Some(entry) = entry else {
        return Err(ShowError::NoEntry { index, entries });
    };
    let covering = newest
        .map(|(_, head)| head)
        .filter(|head| head.size > index.0);
    let size = covering.map_or(entries, |head| head.size);
    let under = usize::try_from(size)
        .ok()
        .and_then(|size| leaves.get(..size))
        .ok_or(ShowError::NotProved)?;
    let at = usize::try_from(index.0).map_err(|_| ShowError::NotProved)?;
    let proof = inclusion_proof(under, at).ok_or(ShowError::NotProved)?;
    let root = covering.map_or_else(|| root(under), |head| head.root);
    let leaf = leaf_hash(entry.as_bytes());
    if !verify_inclusion(&leaf, index.0, size, &proof, &root) {
        return Err(ShowError::NotProved);
    }
    let checkpoint = match covering {
        Some(head) => newest_note(&dir, &verifier, &head)?,
        None => None,
    };
    Ok(Shown {
        index,
        entry,
        leaf,
        tree_size: size,
        root,
        proof,
        checkpoint,
    })
}

/// All leaves, and the entry at `index`.
fn read(dir: &Path, index: EntryId) -> Result<(Vec<Digest>, Option<String>), VerifyError> {
    let mut leaves = Vec::new();
    let mut wanted = None;
    for_each_line(dir, |line| {
        let here = usize::try_from(index.0).is_ok_and(|at| at == leaves.len());
        if here {
            wanted = Some(String::from_utf8_lossy(line).into_owned());
        }
        leaves.push(leaf_hash(line));
    })?;
    Ok((leaves, wanted))
}

/// Calls `each` with every whole line of every segment, in order.
pub(super) fn for_each_line(dir: &Path, mut each: impl FnMut(&[u8])) -> Result<(), VerifyError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| VerifyError::Io { path, source }
    };
    for (_, path) in segments(dir).map_err(io(dir))? {
        let bytes = fs::read(&path).map_err(io(&path))?;
        bytes
            .split_inclusive(|byte| *byte == b'\n')
            .filter_map(|line| line.strip_suffix(b"\n"))
            .for_each(&mut each);
    }
    Ok(())
}

fn newest_note(
    dir: &Path,
    verifier: &super::Verifier,
    head: &TreeHead,
) -> Result<Option<String>, VerifyError> {
    let path = dir.join(CHECKPOINTS);
    let text = fs::read_to_string(&path).map_err(|source| VerifyError::Io { path, source })?;
    let (notes, _) = split_notes(&text);
    let found = notes
        .iter()
        .rev()
        .find(|note| verifier.check(note).as_ref() == Ok(head));
    Ok(found.map(|note| (*note).to_owned()))
}
