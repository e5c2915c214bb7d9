//! The log's files: names, order, lines.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::types::Digest;

/// The log's folder within the data folder.
pub const AUDIT_DIR: &str = "audit";
/// All checkpoints, one after the other.
pub(super) const CHECKPOINTS: &str = "checkpoints";
/// The verifier key.
pub(super) const VERIFIER: &str = "verifier.pub";
/// The hashes of the leaves, 32 bytes each: a cache that can be rebuilt from the segments.
pub(super) const LEAVES: &str = "leaves";
/// Longest line that is written or read; with the bounds on an entry's parts none comes near it.
pub(super) const MAX_LINE: usize = 256 * 1024;

/// The file of the segment whose first entry is `first`. Twenty digits, so names sort as numbers do.
pub(super) fn segment_path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("segment-{first:020}.jsonl"))
}

/// The segments of `dir` by the index of their first entry, in order.
pub(super) fn segments(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let first = name.to_str().and_then(|name| {
            let digits = name.strip_prefix("segment-")?.strip_suffix(".jsonl")?;
            (digits.len() == 20).then(|| digits.parse().ok()).flatten()
        });
        if let Some(first) = first {
            found.push((first, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Opens a file of the log for appending; only its owner may read it.
pub(super) fn open_append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

/// Takes the right to read a file from everybody but its owner.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

/// Makes the entries of a folder durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// The hashes of leaves in the cache; what is left of a torn one is not among them.
pub(super) fn read_leaves(dir: &Path) -> io::Result<Vec<Digest>> {
    match fs::read(dir.join(LEAVES)) {
        Ok(bytes) => Ok(bytes
            .as_chunks::<32>()
            .0
            .iter()
            .map(|hash| Digest::from_bytes(*hash))
            .collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The signed notes in a file of checkpoints, and how many bytes at its end are no whole note.
pub(super) fn split_notes(text: &str) -> (Vec<&str>, usize) {
    let (mut notes, mut start, mut lines) = (Vec::new(), 0, 0);
    for (at, _) in text.match_indices('\n') {
        lines += 1;
        if lines == super::note::LINES {
            notes.push(&text[start..=at]);
            (start, lines) = (at + 1, 0);
        }
    }
    (notes, text.len() - start)
}

/// The parts of a line that the tree and the pairing of entries need.
#[derive(Debug, Deserialize)]
pub(super) struct LineHead {
    pub(super) v: u8,
    pub(super) index: u64,
    pub(super) kind: String,
    pub(super) request: Option<String>,
    pub(super) opens: Option<u64>,
}

/// Reads the head of a line; `None` when it is not one of ours.
pub(super) fn line_head(line: &[u8]) -> Option<LineHead> {
    let head: LineHead = serde_json::from_slice(line).ok()?;
    (head.v == 1).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_sort_by_their_first_entry_and_other_files_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["segment-1.jsonl", "checkpoints", "segment-x.jsonl"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        for first in [1000, 9, 0] {
            fs::write(segment_path(dir.path(), first), "").unwrap();
        }
        let found: Vec<u64> = segments(dir.path())
            .unwrap()
            .into_iter()
            .map(|(first, _)| first)
            .collect();
        assert_eq!(found, [0, 9, 1000]);
    }

    #[test]
    fn notes_split_at_every_fifth_line() {
        assert_eq!(split_notes(""), (vec![], 0));
        assert_eq!(split_notes("a\nb\nc\n\ne\nf"), (vec!["a\nb\nc\n\ne\n"], 1));
    }
}
