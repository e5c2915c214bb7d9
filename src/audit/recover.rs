//! Opening the log after whatever happened to the last process.
//!
//! A last line without its end was never acknowledged (acknowledging comes after the write was made
//! durable) and is cut off. Anything else that is wrong is not repaired but refused: it is for
//! `audit verify` and a person to look at.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use crate::types::Digest;

use super::AuditError;
use super::files::{self, LEAVES, line_head, read_leaves, segment_path, segments};
use super::note::TreeHead;
use super::tree::{Frontier, leaf_hash};

/// The log as it was found.
#[derive(Debug)]
pub(super) struct Recovered {
    /// The tree over all entries.
    pub(super) frontier: Frontier,
    /// The segment that grows, and its length in bytes.
    pub(super) segment: PathBuf,
    pub(super) segment_len: u64,
}

/// Reads the log in `dir`, cuts off a torn last line, brings the cache of leaves up to date, and checks
/// the entries against the newest checkpoint that is known.
pub(super) fn recover(dir: &Path, newest: Option<&TreeHead>) -> Result<Recovered, AuditError> {
    let found = segments(dir).map_err(AuditError::io("list", dir))?;
    let cached = read_leaves(dir).map_err(AuditError::io("read", &dir.join(LEAVES)))?;
    let expected = newest.map_or(0, |head| head.size).max(count(&cached));
    let Some((last_first, last)) = found.last().cloned() else {
        if expected > 0 {
            return Err(AuditError::Shorter { found: 0, expected });
        }
        return Ok(Recovered {
            frontier: Frontier::default(),
            segment: segment_path(dir, 0),
            segment_len: 0,
        });
    };
    // Closed segments are taken from the cache where it reaches that far; the checkpoint's root then
    // vouches for them, and if it doesn't, they are read.
    let closed = usize::try_from(last_first).unwrap_or(usize::MAX);
    let from_cache = cached.get(..closed).map(<[Digest]>::to_vec);
    let quick = from_cache.is_some() && closed > 0;
    let mut leaves = match from_cache {
        Some(leaves) => leaves,
        None => read_closed(&found)?,
    };
    let segment_len = read_last(&last, &mut leaves)?;
    if quick && newest.is_some_and(|head| !holds(&leaves, head)) {
        leaves = read_closed(&found)?;
        read_last(&last, &mut leaves)?;
    }
    if count(&leaves) < expected {
        return Err(AuditError::Shorter {
            found: count(&leaves),
            expected,
        });
    }
    if let Some(head) = newest.filter(|head| !holds(&leaves, head)) {
        return Err(AuditError::Differs { size: head.size });
    }
    refresh_cache(dir, &cached, &leaves)?;
    let mut frontier = Frontier::default();
    leaves.into_iter().for_each(|leaf| frontier.push(leaf));
    Ok(Recovered {
        frontier,
        segment: last,
        segment_len,
    })
}

fn count(leaves: &[Digest]) -> u64 {
    u64::try_from(leaves.len()).unwrap_or(u64::MAX)
}

fn holds(leaves: &[Digest], head: &TreeHead) -> bool {
    let size = usize::try_from(head.size).unwrap_or(usize::MAX);
    leaves.get(..size).is_some_and(|under| {
        let mut frontier = Frontier::default();
        under.iter().for_each(|leaf| frontier.push(*leaf));
        frontier.root() == head.root
    })
}

/// The leaves of all segments but the last.
fn read_closed(found: &[(u64, PathBuf)]) -> Result<Vec<Digest>, AuditError> {
    let mut leaves = Vec::new();
    for (first, path) in found.iter().take(found.len().saturating_sub(1)) {
        if *first != count(&leaves) {
            return Err(AuditError::Corrupt {
                path: path.clone(),
                line: 1,
            });
        }
        let bytes = fs::read(path).map_err(AuditError::io("read", path))?;
        let used = read_lines(path, &bytes, &mut leaves)?;
        if used != bytes.len() {
            return Err(AuditError::Corrupt {
                path: path.clone(),
                line: count(&leaves) - first + 1,
            });
        }
    }
    Ok(leaves)
}

/// Adds the leaves of the last segment, cuts off what is torn, and gives its length.
fn read_last(path: &Path, leaves: &mut Vec<Digest>) -> Result<u64, AuditError> {
    let bytes = fs::read(path).map_err(AuditError::io("read", path))?;
    let used = read_lines(path, &bytes, leaves)?;
    let len = u64::try_from(used).unwrap_or(u64::MAX);
    if used < bytes.len() {
        OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|file| file.set_len(len).and_then(|()| file.sync_all()))
            .map_err(AuditError::io("cut a torn line off", path))?;
    }
    Ok(len)
}

/// Adds the leaf of every whole line; gives the length of the whole lines.
fn read_lines(path: &Path, bytes: &[u8], leaves: &mut Vec<Digest>) -> Result<usize, AuditError> {
    let (mut used, mut number) = (0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        number += 1;
        let Some(entry) = line.strip_suffix(b"\n") else {
            break;
        };
        if line_head(entry).is_none_or(|head| head.index != count(leaves)) {
            return Err(AuditError::Corrupt {
                path: path.to_owned(),
                line: number,
            });
        }
        leaves.push(leaf_hash(entry));
        used += line.len();
    }
    Ok(used)
}

/// Writes the cache anew, beside its place first, unless it is right.
fn refresh_cache(dir: &Path, cached: &[Digest], leaves: &[Digest]) -> Result<(), AuditError> {
    let path = dir.join(LEAVES);
    let whole = fs::metadata(&path).map_or(0, |found| found.len()) == count(leaves) * 32;
    if whole && cached == leaves {
        return Ok(());
    }
    let draft = dir.join(format!("{LEAVES}.new"));
    let bytes: Vec<u8> = leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect();
    fs::write(&draft, bytes)
        .and_then(|()| files::make_private(&draft))
        .and_then(|()| fs::rename(&draft, &path))
        .map_err(AuditError::io("rebuild", &path))
}
