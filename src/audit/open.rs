//! From a folder to a writer: the lock, recovery, the verifier key, the files that grow.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use crate::config::AuditConfig;
use crate::store::{DataDirLock, Secrets, Store};
use crate::types::{Name, SharedClock};

use super::AuditError;
use super::files::{
    AUDIT_DIR, CHECKPOINTS, LEAVES, VERIFIER, make_private, open_append, split_notes, sync_dir,
};
use super::handle::Shared;
use super::note::{Signer, TreeHead};
use super::recover::recover;
use super::storage::{OpenSegment, Storage};
use super::writer::Writer;

/// What the writer is built on.
pub(super) struct Opened {
    pub(super) open_segment: OpenSegment,
    pub(super) store: Arc<Store>,
    pub(super) clock: SharedClock,
}

impl Opened {
    /// Segments as plain files.
    pub(super) fn from_files() -> OpenSegment {
        Box::new(|path| open_append(path).map(|file| Box::new(file) as Box<dyn Storage>))
    }
}

/// Opens the log of `data_dir` for writing.
pub(super) fn open(
    on: Opened,
    config: &AuditConfig,
    data_dir: &Path,
    node: &Name,
    secrets: &Secrets,
) -> Result<Writer, AuditError> {
    let lock = DataDirLock::acquire(data_dir)?;
    let dir = data_dir.join(AUDIT_DIR);
    match fs::create_dir(&dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(AuditError::io("create", &dir)(error));
        }
        _ => {}
    }
    let signer = Signer::new(node, &secrets.audit_signing);
    publish_key(&dir, &signer)?;
    let (checkpoints_len, in_file) = newest_in_file(&dir, &signer)?;
    let in_database = on.store.checkpoints()?.last().map(|row| TreeHead {
        size: row.size,
        root: row.root,
    });
    let newest = [in_file, in_database]
        .into_iter()
        .flatten()
        .max_by_key(|head| head.size);
    let recovered = recover(&dir, newest.as_ref())?;
    let open = |path: &Path| open_append(path).map_err(AuditError::io("open", path));
    let segment = (on.open_segment)(&recovered.segment)
        .map_err(AuditError::io("open", &recovered.segment))?;
    let leaves = open(&dir.join(LEAVES))?;
    let checkpoints = open(&dir.join(CHECKPOINTS))?;
    sync_dir(&dir).map_err(AuditError::io("sync", &dir))?;
    let head = TreeHead {
        size: recovered.frontier.size(),
        root: recovered.frontier.root(),
    };
    Ok(Writer {
        dir,
        node: node.clone(),
        signed_at: on.clock.instant(),
        clock: on.clock,
        store: on.store,
        signer,
        subject_root: secrets.subject_root.clone(),
        open_segment: on.open_segment,
        segment,
        segment_len: recovered.segment_len,
        segment_limit: config.segment_bytes.max(1),
        leaves: Some(leaves),
        checkpoints: Box::new(checkpoints),
        checkpoints_len,
        frontier: recovered.frontier,
        signed: newest.map_or(0, |head| head.size),
        interval: config.checkpoint_interval,
        failed: false,
        retries: Vec::new(),
        shared: Arc::new(Shared::new(head)),
        _lock: lock,
    })
}

/// Writes the verifier key on first use; afterwards it must be this node's.
fn publish_key(dir: &Path, signer: &Signer) -> Result<(), AuditError> {
    let path = dir.join(VERIFIER);
    let expected = signer.verifier().to_string();
    match fs::read_to_string(&path) {
        Ok(found) if found.strip_suffix('\n') == Some(expected.as_str()) => Ok(()),
        Ok(found) => Err(AuditError::OtherLog {
            path,
            // The file is no secret, but it could hold anything.
            found: found
                .lines()
                .next()
                .unwrap_or("")
                .chars()
                .take(128)
                .collect(),
            expected,
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let draft = dir.join(format!("{VERIFIER}.new"));
            fs::write(&draft, format!("{expected}\n"))
                .and_then(|()| make_private(&draft))
                .and_then(|()| fs::File::open(&draft)?.sync_all())
                .and_then(|()| fs::rename(&draft, &path))
                .map_err(AuditError::io("create", &path))
        }
        Err(error) => Err(AuditError::io("read", &path)(error)),
    }
}

/// Cuts a torn checkpoint off the file's end; gives the file's length and the newest checkpoint.
fn newest_in_file(dir: &Path, signer: &Signer) -> Result<(u64, Option<TreeHead>), AuditError> {
    let path = dir.join(CHECKPOINTS);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((0, None)),
        Err(error) => return Err(AuditError::io("read", &path)(error)),
    };
    let corrupt = |line: usize| AuditError::Corrupt {
        path: path.clone(),
        line: u64::try_from(line).unwrap_or(u64::MAX),
    };
    // A torn character is part of a torn note.
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default())
                .unwrap_or_default()
        }
        Err(_) => return Err(corrupt(1)),
    };
    let (notes, torn) = split_notes(text);
    let len = text.len() - torn;
    if len < bytes.len() {
        let cut = |len: usize| -> io::Result<()> {
            let file = fs::OpenOptions::new().write(true).open(&path)?;
            file.set_len(u64::try_from(len).unwrap_or(u64::MAX))?;
            file.sync_all()
        };
        cut(len).map_err(AuditError::io("cut a torn checkpoint off", &path))?;
    }
    let newest = match notes.last() {
        Some(note) => Some(
            signer
                .verifier()
                .check(note)
                .map_err(|_| corrupt((notes.len() - 1) * super::note::LINES + 1))?,
        ),
        None => None,
    };
    Ok((u64::try_from(len).unwrap_or(u64::MAX), newest))
}
