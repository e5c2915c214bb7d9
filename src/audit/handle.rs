//! What the rest of the program holds: the log's handle, and the entry that is open.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::config::AuditConfig;
use crate::store::{SecretKey, Secrets, Store};
use crate::types::{Digest, Entity, EntryId, Name, RequestId, SharedClock};

use super::AuditError;
use super::entry::{Closing, Event, MAX_NAMES, Notes, Opening, Verdict};
use super::note::{TreeHead, Verifier};
use super::open::{Opened, open};
use super::storage::OpenSegment;
use super::writer::{Append, Command, PendingClosing, Reply};

/// Commands that may wait for the writer.
const QUEUE: usize = 8192;
/// From how many waiting commands on nothing new is begun; the rest of the queue is for closings, of
/// which there is one per opening.
const QUEUE_FOR_NEW: usize = QUEUE / 2;

/// The log. Cheap to clone; one thread of its own writes.
#[derive(Clone, Debug)]
pub struct AuditLog {
    handle: Handle,
    verifier: Arc<Verifier>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// How the log is doing; counts since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditStats {
    /// Entries made durable.
    pub entries: u64,
    /// Writes that made them durable; the fewer per entry, the more group commit helps.
    pub commits: u64,
    /// Time that those took, in microseconds.
    pub commit_micros: u64,
    /// The longest of them, in microseconds.
    pub longest_commit_micros: u64,
    /// Writes that were taken back.
    pub failed_writes: u64,
    /// Checkpoints that could not be signed and kept.
    pub failed_checkpoints: u64,
    /// Closings that could not be kept for later; `audit verify` shows their entries as interrupted.
    pub lost_closings: u64,
    /// Commands that wait.
    pub waiting: u64,
    /// Whether the disk failed, so that nothing more is written.
    pub failed: bool,
}

/// The way to the thread.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    pub(super) sender: SyncSender<Command>,
    pub(super) shared: Arc<Shared>,
    pub(super) prompt_key: Arc<SecretKey>,
}

/// What the thread and the handles both see.
#[derive(Debug)]
pub(super) struct Shared {
    head: Mutex<TreeHead>,
    waiting: AtomicUsize,
    entries: AtomicU64,
    commits: AtomicU64,
    commit_micros: AtomicU64,
    longest_commit_micros: AtomicU64,
    failed_writes: AtomicU64,
    failed_checkpoints: AtomicU64,
    lost_closings: AtomicU64,
    failed: AtomicBool,
}

impl AuditLog {
    /// Opens the log in `data_dir/audit`, repairs what a killed process left behind, and starts the
    /// thread that writes. Takes the lock on the data folder: it is held until [`AuditLog::shutdown`],
    /// or until every handle and open entry is gone. Record [`Event::Start`] first: it tells entries that
    /// an earlier run left open from those at work.
    ///
    /// # Errors
    ///
    /// [`AuditError::Store`] with `InUse` when another process serves from the folder; the variants about
    /// the files when they are not as this node left them.
    pub fn open(
        config: &AuditConfig,
        data_dir: &Path,
        node: &Name,
        store: Arc<Store>,
        secrets: &Secrets,
        clock: SharedClock,
    ) -> Result<Self, AuditError> {
        let files = Opened::from_files();
        Self::open_on(files, config, data_dir, node, (store, secrets, clock))
    }

    /// Opens the log with segments from `open_segment`, for tests with failing disks.
    pub(super) fn open_on(
        open_segment: OpenSegment,
        config: &AuditConfig,
        data_dir: &Path,
        node: &Name,
        (store, secrets, clock): (Arc<Store>, &Secrets, SharedClock),
    ) -> Result<Self, AuditError> {
        let opened = Opened {
            open_segment,
            store,
            clock,
        };
        let writer = open(opened, config, data_dir, node, secrets)?;
        let verifier = Arc::new(writer.signer.verifier().clone());
        let (sender, commands) = sync_channel(QUEUE);
        let handle = Handle {
            sender,
            shared: Arc::clone(&writer.shared),
            prompt_key: Arc::new(secrets.subject_root.clone()),
        };
        let thread = thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run(&commands))
            .map_err(AuditError::io("start the writer of", data_dir))?;
        Ok(Self {
            handle,
            verifier,
            thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    /// Writes that work starts; comes back when the entry is durable.
    ///
    /// # Errors
    ///
    /// Every error means that no work may start.
    pub async fn open_entry(&self, opening: Opening) -> Result<OpenEntry, AuditError> {
        let reply = self.send_open(opening)?;
        reply.await.unwrap_or(Err(AuditError::Closed))
    }

    /// [`AuditLog::open_entry`] for threads outside an async runtime.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_entry_blocking(&self, opening: Opening) -> Result<OpenEntry, AuditError> {
        let reply = self.send_open(opening)?;
        reply.blocking_recv().unwrap_or(Err(AuditError::Closed))
    }

    /// Writes an event; comes back when it is durable.
    ///
    /// # Errors
    ///
    /// The event is not in the log then.
    pub async fn record(&self, event: Event) -> Result<EntryId, AuditError> {
        let reply = self.send_event(event)?;
        reply.await.unwrap_or(Err(AuditError::Closed))
    }

    /// [`AuditLog::record`] for threads outside an async runtime.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn record_blocking(&self, event: Event) -> Result<EntryId, AuditError> {
        let reply = self.send_event(event)?;
        reply.blocking_recv().unwrap_or(Err(AuditError::Closed))
    }

    /// Signs a checkpoint now, over everything that is durable.
    ///
    /// # Errors
    ///
    /// [`AuditError`]; the entries are durable all the same.
    pub async fn checkpoint(&self) -> Result<TreeHead, AuditError> {
        let (reply, answer) = oneshot::channel();
        self.handle.send(Command::Checkpoint(reply))?;
        answer.await.unwrap_or(Err(AuditError::Closed))
    }

    /// Signs a last checkpoint, ends the thread and gives the lock back. Entries that are still open can't
    /// be closed afterwards.
    ///
    /// # Errors
    ///
    /// [`AuditError`] when the checkpoint could not be kept; the log is closed all the same.
    pub async fn shutdown(&self) -> Result<(), AuditError> {
        let (reply, answer) = oneshot::channel();
        self.handle.send(Command::Shutdown(reply))?;
        let done = answer.await.unwrap_or(Err(AuditError::Closed));
        self.join();
        done
    }

    /// [`AuditLog::shutdown`] for threads outside an async runtime.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn shutdown_blocking(&self) -> Result<(), AuditError> {
        let (reply, answer) = oneshot::channel();
        self.handle.send(Command::Shutdown(reply))?;
        let done = answer.blocking_recv().unwrap_or(Err(AuditError::Closed));
        self.join();
        done
    }

    /// The tree over all durable entries.
    pub fn tree_head(&self) -> TreeHead {
        *lock(&self.handle.shared.head)
    }

    /// The key that checks this log's checkpoints.
    pub fn public_key(&self) -> &Verifier {
        &self.verifier
    }

    /// How the log is doing.
    pub fn stats(&self) -> AuditStats {
        self.handle.shared.stats()
    }

    /// The thread has answered its last command, so this doesn't wait.
    fn join(&self) {
        if let Some(thread) = lock(&self.thread).take() {
            let _panicked = thread.join();
        }
    }

    fn send_open(
        &self,
        opening: Opening,
    ) -> Result<oneshot::Receiver<Result<OpenEntry, AuditError>>, AuditError> {
        let (reply, answer) = oneshot::channel();
        self.handle.send_new(Append::Open {
            opening: Box::new(opening),
            handle: self.handle.clone(),
            reply,
        })?;
        Ok(answer)
    }

    fn send_event(
        &self,
        event: Event,
    ) -> Result<oneshot::Receiver<Result<EntryId, AuditError>>, AuditError> {
        let (reply, answer) = oneshot::channel();
        self.handle.send_new(Append::Record {
            event: Box::new(event),
            reply,
        })?;
        Ok(answer)
    }
}

/// Work that has started and is in the log. Must be closed; when it is dropped instead, the log says
/// `abandoned`, with all that was noted until then.
#[derive(Debug)]
#[must_use = "work that is not closed is recorded as abandoned"]
pub struct OpenEntry {
    id: EntryId,
    request: RequestId,
    notes: Notes,
    handle: Handle,
    closed: bool,
}

impl OpenEntry {
    pub(super) fn new(id: EntryId, request: RequestId, handle: Handle) -> Self {
        Self {
            id,
            request,
            notes: Notes::default(),
            handle,
            closed: false,
        }
    }

    /// Where the opening stands in the log.
    pub fn id(&self) -> EntryId {
        self.id
    }

    /// Notes which fields were read, how many were dropped, and the names of the latter. Names only.
    pub fn set_fields(&mut self, read: &[String], dropped: u64, dropped_names: &[String]) {
        let some = |names: &[String]| names.get(..MAX_NAMES).unwrap_or(names).to_vec();
        self.notes.fields_read = some(read);
        self.notes.fields_dropped = dropped;
        self.notes.dropped_names = some(dropped_names);
    }

    /// Notes how many different values of each kind were replaced by placeholders.
    pub fn set_entities(&mut self, counts: &BTreeMap<Entity, u32>) {
        self.notes.entities.clone_from(counts);
    }

    /// Notes the prompt that the model saw, as a digest under this node's key.
    pub fn set_prompt(&mut self, prompt: &[u8]) {
        let digest = self.handle.prompt_key.mac(&[b"prompt", prompt]);
        self.notes.prompt_digest = Some(Digest::from_bytes(digest));
    }

    /// Notes what the client said of its request, as a digest under this node's key: equal for equal `tags`, and
    /// nobody can read it.
    pub fn set_client(&mut self, tags: &[u8]) {
        let digest = self.handle.prompt_key.mac(&[b"client", tags]);
        self.notes.client_digest = Some(Digest::from_bytes(digest));
    }

    /// Writes how the work ended; comes back when that is durable.
    ///
    /// # Errors
    ///
    /// With [`AuditError::Unwritable`] the closing is kept and written as soon as there is room.
    pub async fn close(self, closing: Closing) -> Result<EntryId, AuditError> {
        let answer = self.send_closing(closing)?;
        answer.await.unwrap_or(Err(AuditError::Closed))
    }

    /// [`OpenEntry::close`] for threads outside an async runtime.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn close_blocking(self, closing: Closing) -> Result<EntryId, AuditError> {
        let answer = self.send_closing(closing)?;
        answer.blocking_recv().unwrap_or(Err(AuditError::Closed))
    }

    /// Writes how the work ended, for where nobody is left to wait until that is durable.
    pub fn close_detached(mut self, closing: Closing) {
        // Counted where it can't be sent.
        let _sent = self.end(closing, None);
    }

    fn send_closing(
        mut self,
        closing: Closing,
    ) -> Result<oneshot::Receiver<Result<EntryId, AuditError>>, AuditError> {
        let (reply, answer) = oneshot::channel();
        self.end(closing, Some(reply))?;
        Ok(answer)
    }

    fn end(&mut self, closing: Closing, reply: Option<Reply<EntryId>>) -> Result<(), AuditError> {
        self.closed = true;
        let closing = Box::new(PendingClosing {
            opens: self.id,
            request: self.request,
            notes: std::mem::take(&mut self.notes),
            closing,
        });
        let sent = self
            .handle
            .send(Command::Append(Append::Close { closing, reply }));
        if sent.is_err() {
            self.handle.shared.count_lost_closing();
        }
        sent
    }
}

impl Drop for OpenEntry {
    fn drop(&mut self) {
        if !self.closed {
            // Counted where it can't be sent.
            let _sent = self.end(Closing::new(Verdict::Abandoned, 0), None);
        }
    }
}

impl Handle {
    /// Sends what begins something: refused while much waits, so that what ends something still gets in.
    fn send_new(&self, append: Append) -> Result<(), AuditError> {
        if self.shared.waiting.load(Ordering::Relaxed) >= QUEUE_FOR_NEW {
            return Err(AuditError::Busy);
        }
        self.send(Command::Append(append))
    }

    fn send(&self, command: Command) -> Result<(), AuditError> {
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = self.sender.try_send(command);
        if sent.is_err() {
            self.shared.taken();
        }
        sent.map_err(|error| match error {
            TrySendError::Full(_) => AuditError::Busy,
            TrySendError::Disconnected(_) => AuditError::Closed,
        })
    }
}

impl Shared {
    pub(super) fn new(head: TreeHead) -> Self {
        Self {
            head: Mutex::new(head),
            waiting: AtomicUsize::new(0),
            entries: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            commit_micros: AtomicU64::new(0),
            longest_commit_micros: AtomicU64::new(0),
            failed_writes: AtomicU64::new(0),
            failed_checkpoints: AtomicU64::new(0),
            lost_closings: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        }
    }

    pub(super) fn taken(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn committed(&self, head: TreeHead, entries: usize, took: Duration) {
        *lock(&self.head) = head;
        let add = |counter: &AtomicU64, by| counter.fetch_add(by, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        add(&self.entries, u64::try_from(entries).unwrap_or(u64::MAX));
        add(&self.commits, 1);
        add(&self.commit_micros, micros);
        self.longest_commit_micros
            .fetch_max(micros, Ordering::Relaxed);
    }

    pub(super) fn count_failed_write(&self, failed: bool) {
        self.failed_writes.fetch_add(1, Ordering::Relaxed);
        self.failed.fetch_or(failed, Ordering::Relaxed);
    }

    pub(super) fn count_failed_checkpoint(&self) {
        self.failed_checkpoints.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_lost_closing(&self) {
        self.lost_closings.fetch_add(1, Ordering::Relaxed);
    }

    fn stats(&self) -> AuditStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        AuditStats {
            entries: read(&self.entries),
            commits: read(&self.commits),
            commit_micros: read(&self.commit_micros),
            longest_commit_micros: read(&self.longest_commit_micros),
            failed_writes: read(&self.failed_writes),
            failed_checkpoints: read(&self.failed_checkpoints),
            lost_closings: read(&self.lost_closings),
            waiting: u64::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(u64::MAX),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
