//! The one thread that writes the log.
//!
//! Group commit: whatever waits is written with one write and made durable with one `fdatasync`, and
//! only then is anybody told. A write that fails (a full disk) is taken back, so no torn line stays, and
//! everyone in the batch is told; the next batch tries again. A failing `fdatasync` ends it: after that
//! nobody can know what the disk holds.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::store::{CheckpointRow, DataDirLock, SecretKey, Store};
use crate::types::{Digest, EntryId, Name, RequestId, SharedClock};

use super::AuditError;
use super::entry::{Closing, Event, Notes, Opening, Place, SubjectDigests};
use super::files::{MAX_LINE, segment_path, sync_dir};
use super::handle::{Handle, OpenEntry, Shared};
use super::note::{Signer, TreeHead};
use super::storage::{OpenSegment, Storage};
use super::subjects::digest_subjects;
use super::tree::{Frontier, leaf_hash};

/// Most entries in one write.
const MAX_BATCH: usize = 512;
/// How often the thread looks at the clock while a checkpoint or a closing is due.
const TICK: Duration = Duration::from_millis(200);
/// How long it sleeps while nothing is due.
const REST: Duration = Duration::from_secs(3600);
/// Most closings that wait for a disk with room.
const MAX_RETRIES: usize = 16 * 1024;

pub(super) type Reply<T> = oneshot::Sender<Result<T, AuditError>>;

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Command {
    Append(Append),
    Checkpoint(Reply<TreeHead>),
    Shutdown(Reply<()>),
}

/// Something to be written.
#[derive(Debug)]
pub(super) enum Append {
    Open {
        opening: Box<Opening>,
        handle: Handle,
        reply: Reply<OpenEntry>,
    },
    Close {
        closing: Box<PendingClosing>,
        /// Nobody waits for the closing of a request that was dropped.
        reply: Option<Reply<EntryId>>,
    },
    Record {
        event: Box<Event>,
        reply: Reply<EntryId>,
    },
}

/// All that a closing entry says.
#[derive(Clone, Debug)]
pub(super) struct PendingClosing {
    pub(super) opens: EntryId,
    pub(super) request: RequestId,
    pub(super) notes: Notes,
    pub(super) closing: Closing,
}

/// The thread's state.
pub(super) struct Writer {
    pub(super) dir: PathBuf,
    pub(super) node: Name,
    pub(super) clock: SharedClock,
    pub(super) store: Arc<Store>,
    pub(super) signer: Signer,
    pub(super) subject_root: SecretKey,
    pub(super) open_segment: OpenSegment,
    pub(super) segment: Box<dyn Storage>,
    pub(super) segment_len: u64,
    pub(super) segment_limit: u64,
    /// `None` after it could not be written: it is a cache, and is rebuilt at the next start.
    pub(super) leaves: Option<File>,
    pub(super) checkpoints: Box<dyn Storage>,
    pub(super) checkpoints_len: u64,
    pub(super) frontier: Frontier,
    pub(super) signed: u64,
    pub(super) signed_at: Instant,
    pub(super) interval: Duration,
    pub(super) failed: bool,
    pub(super) retries: Vec<PendingClosing>,
    pub(super) shared: Arc<Shared>,
    pub(super) _lock: DataDirLock,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("dir", &self.dir)
            .field("size", &self.frontier.size())
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Serves until told to stop, or until every handle is gone.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        loop {
            let wait = if self.is_due() { TICK } else { REST };
            let mut command = match commands.recv_timeout(wait) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut batch = Vec::new();
            let mut other = None;
            while let Some(next) = command.take() {
                self.shared.taken();
                match next {
                    Command::Append(append) => batch.push(append),
                    not_append => {
                        other = Some(not_append);
                        break;
                    }
                }
                if batch.len() < MAX_BATCH {
                    command = commands.try_recv().ok();
                }
            }
            self.commit(batch);
            match other {
                Some(Command::Checkpoint(reply)) => {
                    let signed = self.checkpoint();
                    let _gone = reply.send(signed);
                }
                Some(Command::Shutdown(reply)) => {
                    let signed = self.checkpoint().map(drop);
                    // The lock is given back before anybody is told.
                    drop(self);
                    let _gone = reply.send(signed);
                    return;
                }
                Some(Command::Append(_)) | None => self.checkpoint_if_due(),
            }
        }
        let _nobody_to_tell = self.checkpoint();
    }

    fn is_due(&self) -> bool {
        !self.failed && (self.frontier.size() > self.signed || !self.retries.is_empty())
    }

    fn checkpoint_if_due(&mut self) {
        let passed = self
            .clock
            .instant()
            .saturating_duration_since(self.signed_at);
        if self.is_due() && passed >= self.interval {
            if self.checkpoint().is_err() {
                self.shared.count_failed_checkpoint();
            }
            self.signed_at = self.clock.instant();
        }
    }

    /// Writes a batch and answers everybody in it.
    fn commit(&mut self, batch: Vec<Append>) {
        if self.failed {
            batch
                .into_iter()
                .for_each(|append| append.refuse(&AuditError::Failed));
            return;
        }
        if batch.is_empty() && self.retries.is_empty() {
            return;
        }
        let started = self.clock.instant();
        let mut draft = Draft::after(&self.frontier);
        let retried = std::mem::take(&mut self.retries);
        for closing in &retried {
            self.encode_closing(&mut draft, closing);
        }
        let mut written = Vec::with_capacity(batch.len());
        for (append, subjects) in self.with_subjects(batch) {
            match subjects.and_then(|subjects| self.encode(&mut draft, &append, &subjects)) {
                Ok(id) => written.push((append, id)),
                Err(error) => append.refuse(&error),
            }
        }
        match self.write(&draft) {
            Ok(()) => {
                self.shared.committed(
                    TreeHead {
                        size: self.frontier.size(),
                        root: self.frontier.root(),
                    },
                    draft.leaves.len(),
                    self.clock.instant().saturating_duration_since(started),
                );
                for (append, id) in written {
                    append.acknowledge(id);
                }
            }
            Err(error) => {
                self.retries = retried;
                self.shared.count_failed_write(self.failed);
                for (append, _) in written {
                    self.keep_for_later(&append);
                    append.refuse(&error);
                }
            }
        }
    }

    /// A closing is not given up because the disk is full: it is written when there is room again.
    fn keep_for_later(&mut self, append: &Append) {
        if let Append::Close { closing, .. } = append {
            if self.failed || self.retries.len() >= MAX_RETRIES {
                self.shared.count_lost_closing();
            } else {
                self.retries.push((**closing).clone());
            }
        }
    }

    /// Pairs what is to be written with the digests of its data subjects; their keys are made for the
    /// whole batch in one transaction.
    fn with_subjects(
        &self,
        batch: Vec<Append>,
    ) -> Vec<(Append, Result<SubjectDigests, AuditError>)> {
        let openings: Vec<&Opening> = batch
            .iter()
            .filter_map(|append| match append {
                Append::Open { opening, .. } => Some(&**opening),
                _ => None,
            })
            .collect();
        let digests = digest_subjects(&self.store, &self.subject_root, &openings, self.clock.now());
        let mut digests = match digests {
            Ok(digests) => digests.into_iter().map(Ok).collect::<Vec<_>>().into_iter(),
            Err(error) => openings
                .iter()
                .map(|_| Err(error.clone()))
                .collect::<Vec<_>>()
                .into_iter(),
        };
        batch
            .into_iter()
            .map(|append| {
                let subjects = match append {
                    Append::Open { .. } => digests.next().unwrap_or(Err(AuditError::Encode)),
                    _ => Ok(SubjectDigests {
                        digests: Vec::new(),
                        omitted: 0,
                    }),
                };
                (append, subjects)
            })
            .collect()
    }

    fn encode(
        &self,
        draft: &mut Draft,
        append: &Append,
        subjects: &SubjectDigests,
    ) -> Result<EntryId, AuditError> {
        let place = self.place(draft);
        let line = match append {
            Append::Open { opening, .. } => place.open(opening, subjects),
            Append::Close { closing, .. } => place.close(
                closing.opens,
                closing.request,
                &closing.notes,
                &closing.closing,
            ),
            Append::Record { event, .. } => place.event(event),
        };
        match line {
            Ok(line) if line.len() < MAX_LINE => Ok(draft.push(&line)),
            _ => Err(AuditError::Encode),
        }
    }

    fn encode_closing(&self, draft: &mut Draft, closing: &PendingClosing) {
        let place = self.place(draft);
        let line = place.close(
            closing.opens,
            closing.request,
            &closing.notes,
            &closing.closing,
        );
        if let Ok(line) = line {
            draft.push(&line);
        }
    }

    fn place(&self, draft: &Draft) -> Place<'_> {
        Place {
            index: draft.frontier.size(),
            time: self.clock.now(),
            node: &self.node,
        }
    }

    /// Makes a draft durable, or takes it back.
    fn write(&mut self, draft: &Draft) -> Result<(), AuditError> {
        if draft.leaves.is_empty() {
            return Ok(());
        }
        self.rotate()?;
        if let Err(error) = self.segment.append(&draft.bytes) {
            // The first half of a line must not stay before the next one.
            self.failed = self.segment.truncate(self.segment_len).is_err();
            return Err(AuditError::Unwritable { kind: error.kind() });
        }
        if self.segment.sync().is_err() {
            self.failed = true;
            return Err(AuditError::Failed);
        }
        self.segment_len += u64::try_from(draft.bytes.len()).unwrap_or(u64::MAX);
        let known = self.frontier.size() * 32;
        self.frontier = draft.frontier.clone();
        let hashes: Vec<u8> = draft
            .leaves
            .iter()
            .flat_map(|leaf| *leaf.as_bytes())
            .collect();
        let kept = self.leaves.as_mut().map(|leaves| leaves.append(&hashes));
        if let Some(Err(_)) = kept {
            // What stays is a right beginning; the next start completes it.
            let _torn = self.leaves.take().map(|mut leaves| leaves.truncate(known));
        }
        Ok(())
    }

    /// Begins a new segment when this one is full.
    fn rotate(&mut self) -> Result<(), AuditError> {
        if self.segment_len < self.segment_limit {
            return Ok(());
        }
        let path = segment_path(&self.dir, self.frontier.size());
        let opened = (self.open_segment)(&path).and_then(|segment| {
            sync_dir(&self.dir)?;
            Ok(segment)
        });
        self.segment = opened.map_err(|error| AuditError::Unwritable { kind: error.kind() })?;
        self.segment_len = 0;
        Ok(())
    }

    /// Signs the tree head and keeps it in the file of checkpoints and in the database.
    fn checkpoint(&mut self) -> Result<TreeHead, AuditError> {
        if self.failed {
            return Err(AuditError::Failed);
        }
        if !self.retries.is_empty() {
            self.commit(Vec::new());
        }
        let head = TreeHead {
            size: self.frontier.size(),
            root: self.frontier.root(),
        };
        if head.size == self.signed {
            return Ok(head);
        }
        let note = self.signer.sign(&head);
        let kept = self
            .checkpoints
            .append(note.as_bytes())
            .and_then(|()| self.checkpoints.sync());
        if let Err(error) = kept {
            self.failed |= self.checkpoints.truncate(self.checkpoints_len).is_err();
            return Err(AuditError::Unwritable { kind: error.kind() });
        }
        self.checkpoints_len += u64::try_from(note.len()).unwrap_or(u64::MAX);
        self.signed = head.size;
        self.signed_at = self.clock.instant();
        self.store.put_checkpoint(&CheckpointRow {
            size: head.size,
            root: head.root,
            signed: self.clock.now(),
            note,
        })?;
        Ok(head)
    }
}

/// Entries that are about to be written, and the tree as it will be then.
struct Draft {
    bytes: Vec<u8>,
    leaves: Vec<Digest>,
    frontier: Frontier,
}

impl Draft {
    fn after(frontier: &Frontier) -> Self {
        Self {
            bytes: Vec::new(),
            leaves: Vec::new(),
            frontier: frontier.clone(),
        }
    }

    fn push(&mut self, line: &[u8]) -> EntryId {
        let id = EntryId(self.frontier.size());
        let leaf = leaf_hash(line);
        self.frontier.push(leaf);
        self.leaves.push(leaf);
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
        id
    }
}

impl Append {
    /// Tells whoever waits that the entry is durable. An [`OpenEntry`] that nobody takes closes itself.
    fn acknowledge(self, id: EntryId) {
        match self {
            Self::Open {
                opening,
                handle,
                reply,
            } => {
                let _gone = reply.send(Ok(OpenEntry::new(id, opening.request, handle)));
            }
            Self::Close { reply, .. } => {
                let _gone = reply.map(|reply| reply.send(Ok(id)));
            }
            Self::Record { reply, .. } => {
                let _gone = reply.send(Ok(id));
            }
        }
    }

    fn refuse(self, error: &AuditError) {
        let error = error.clone();
        match self {
            Self::Open { reply, .. } => {
                let _gone = reply.send(Err(error));
            }
            Self::Close { reply, .. } => {
                let _gone = reply.map(|reply| reply.send(Err(error)));
            }
            Self::Record { reply, .. } => {
                let _gone = reply.send(Err(error));
            }
        }
    }
}
