//! The log on a disk that fails.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::config::AuditConfig;
use crate::store::{Secrets, Store};
use crate::types::{EntryId, SystemClock};

use super::files::open_append;
use super::storage::{OpenSegment, Storage};
use super::{AuditError, AuditLog, Closing, Event, Verdict, verify};

const SOUND: u8 = 0;
const SYNC_FAILS: u8 = 1;
const TRUNCATE_FAILS: u8 = 2;

/// A disk with room for so many bytes, and with faults.
#[derive(Debug, Default)]
struct Disk {
    room: AtomicI64,
    fault: AtomicU8,
}

#[derive(Debug)]
struct FaultyFile {
    file: std::fs::File,
    disk: Arc<Disk>,
}

impl Storage for FaultyFile {
    /// As a full disk does it: what fits is written, and then comes the error.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = self.disk.room.load(Ordering::SeqCst).max(0);
        let fits = bytes.len().min(usize::try_from(room).unwrap());
        self.file.append(&bytes[..fits])?;
        self.disk
            .room
            .fetch_sub(i64::try_from(fits).unwrap(), Ordering::SeqCst);
        if fits < bytes.len() {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        match self.disk.fault.load(Ordering::SeqCst) {
            SYNC_FAILS => Err(io::Error::from_raw_os_error(5)),
            _ => self.file.sync(),
        }
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        match self.disk.fault.load(Ordering::SeqCst) {
            TRUNCATE_FAILS => Err(io::Error::from_raw_os_error(5)),
            _ => self.file.truncate(len),
        }
    }
}

fn on(disk: &Arc<Disk>) -> OpenSegment {
    let disk = Mutex::new(Arc::clone(disk));
    Box::new(move |path: &Path| {
        let disk = Arc::clone(&disk.lock().unwrap());
        let file = open_append(path)?;
        Ok(Box::new(FaultyFile { file, disk }) as Box<dyn Storage>)
    })
}

fn open(dir: &Path, disk: &Arc<Disk>) -> AuditLog {
    let config = AuditConfig {
        segment_bytes: 1 << 20,
        checkpoint_interval: Duration::from_secs(3600),
    };
    let store = Arc::new(Store::open(dir).unwrap());
    let secrets = Secrets::open(dir).unwrap();
    let rest = (store, &secrets, SystemClock::shared());
    AuditLog::open_on(on(disk), &config, dir, &"de-1".parse().unwrap(), rest).unwrap()
}

fn opening() -> super::Opening {
    use crate::types::{Digest, KeyId, RequestId, Timestamp};
    super::Opening {
        request: RequestId::new(Timestamp::from_millis(1)),
        key: KeyId::parse("k").unwrap(),
        key_name: "crm".parse().unwrap(),
        endpoint: "chat.completions",
        use_case: "chat".parse().unwrap(),
        use_case_version: 0,
        use_case_digest: None,
        purpose: String::new(),
        legal_basis: String::new(),
        model: "tiny".parse().unwrap(),
        model_digest: Digest::of(b""),
        node_jurisdiction: "DE".parse().unwrap(),
        residency: std::collections::BTreeSet::new(),
        classes: std::collections::BTreeSet::new(),
        fields: Vec::new(),
        subjects: Vec::new(),
    }
}

#[test]
fn a_full_disk_refuses_work_leaves_no_torn_line_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(Disk::default());
    disk.room.store(1_000, Ordering::SeqCst);
    let log = open(dir.path(), &disk);
    let entry = log.open_entry_blocking(opening()).unwrap();
    disk.room.store(50, Ordering::SeqCst);
    for _ in 0..3 {
        let refused = log.open_entry_blocking(opening());
        assert!(matches!(
            refused,
            Err(AuditError::Unwritable {
                kind: ErrorKind::StorageFull
            })
        ));
    }
    // A closing is kept; it is the first thing that is written when there is room.
    let refused = entry.close_blocking(Closing::new(Verdict::Answered, 200));
    assert!(matches!(refused, Err(AuditError::Unwritable { .. })));
    assert_eq!(verify(dir.path()).unwrap().torn_bytes, 0);
    assert_eq!((log.stats().failed_writes, log.stats().failed), (4, false));
    disk.room.store(1 << 20, Ordering::SeqCst);
    assert_eq!(log.record_blocking(Event::Stop).unwrap(), EntryId(2));
    log.shutdown_blocking().unwrap();
    let found = verify(dir.path()).unwrap();
    assert_eq!((found.head.size, found.completed), (3, 1));
    assert_eq!(log.stats().lost_closings, 0);
}

#[test]
fn after_a_failed_sync_or_rollback_nothing_more_is_taken() {
    for fault in [SYNC_FAILS, TRUNCATE_FAILS] {
        let dir = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk::default());
        disk.room.store(1 << 20, Ordering::SeqCst);
        let log = open(dir.path(), &disk);
        log.record_blocking(Event::Stop).unwrap();
        disk.fault.store(fault, Ordering::SeqCst);
        if fault == TRUNCATE_FAILS {
            disk.room.store(10, Ordering::SeqCst);
        }
        assert!(log.open_entry_blocking(opening()).is_err());
        disk.fault.store(SOUND, Ordering::SeqCst);
        disk.room.store(1 << 20, Ordering::SeqCst);
        assert!(matches!(
            log.open_entry_blocking(opening()),
            Err(AuditError::Failed)
        ));
        assert!(log.stats().failed);
        assert!(matches!(log.shutdown_blocking(), Err(AuditError::Failed)));
        // A restart finds a log that is whole: what was acknowledged is there.
        let log = open(dir.path(), &disk);
        assert!(log.record_blocking(Event::Stop).unwrap() >= EntryId(1));
        log.shutdown_blocking().unwrap();
        assert!(verify(dir.path()).unwrap().head.size >= 2);
    }
}
