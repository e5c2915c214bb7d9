//! Recomputing the whole log from its files.
//!
//! Everything is read again: each entry's hash, the tree under each checkpoint, each signature, the
//! pairing of openings and closings, the cache of leaves, and the newest checkpoint that the database
//! kept apart from the log. Works beside a running server: what grows is read after what vouches for it.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::store::{DataDirLock, Store, StoreError};
use crate::types::{Digest, EntryId};

use super::files::{
    AUDIT_DIR, CHECKPOINTS, LEAVES, LineHead, MAX_LINE, VERIFIER, line_head, read_leaves, segments,
    split_notes,
};
use super::note::{LINES, NoteError, TreeHead, Verifier};
use super::tree::{Frontier, leaf_hash};

/// What a sound log holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Verification {
    /// The log's origin.
    pub origin: String,
    /// The tree over all entries.
    pub head: TreeHead,
    /// Segment files.
    pub segments: u64,
    /// Checkpoints, all of them checked.
    pub checkpoints: u64,
    /// The newest checkpoint.
    pub newest_checkpoint: Option<TreeHead>,
    /// Openings that have their closing.
    pub completed: u64,
    /// Openings whose process ended before it could close them.
    pub interrupted: Vec<EntryId>,
    /// Openings that a running server may still close.
    pub in_flight: Vec<EntryId>,
    /// Bytes of a last line that was being written; never acknowledged.
    pub torn_bytes: u64,
    /// Whether the database's own checkpoints were there to compare with.
    pub database_checked: bool,
}

/// What is wrong with a log.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A checkpoint is not one of this log.
    #[error("the checkpoint at line {line} of `{}` is wrong: {problem}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The checkpoint's first line, from 1.
        line: u64,
        /// What is wrong.
        problem: NoteError,
    },
    /// A checkpoint is signed over other entries.
    #[error("{source_of}: the first {size} entries are not those that it was signed over")]
    Differs {
        /// Which checkpoint.
        source_of: CheckpointPlace,
        /// Its size.
        size: u64,
    },
    /// An entry is wrong.
    #[error("line {line} of `{}`: {problem}", path.display())]
    Entry {
        /// The segment.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: EntryProblem,
    },
    /// A file can't be read.
    #[error("can't read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The cache of leaves is not that of the entries.
    #[error("hash {index} in `{}` is not that of its entry", path.display())]
    Leaf {
        /// The file.
        path: PathBuf,
        /// Which hash, from 0.
        index: u64,
    },
    /// There is no log.
    #[error("`{}` holds no audit log", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// Entries that were durable are gone.
    #[error("{source_of} vouches for {expected} entries, but the log has {found}")]
    Shorter {
        /// What knows of more.
        source_of: CheckpointPlace,
        /// How many it knows of.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The database can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The checkpoints' file ends in the middle of one.
    #[error("`{}` ends in the middle of a checkpoint", path.display())]
    TornCheckpoint {
        /// The file.
        path: PathBuf,
    },
    /// The verifier key is not one.
    #[error("`{}` holds no verifier key", path.display())]
    VerifierKey {
        /// The file.
        path: PathBuf,
    },
}

/// What vouches for entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointPlace {
    /// A checkpoint of the database.
    Database,
    /// A checkpoint in the file, by its first line, from 1.
    File(u64),
    /// The cache of leaves.
    Leaves,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// Its opening has a closing already.
    #[error("it closes entry {0} a second time")]
    ClosedTwice(u64),
    /// It says that it is another entry.
    #[error("it says that it is entry {0}")]
    Index(u64),
    /// Not an entry.
    #[error("it is not an entry")]
    NotAnEntry,
    /// It closes what is no opening, or one of another request.
    #[error("it closes entry {0}, which is not its opening")]
    NotItsOpening(u64),
    /// A segment's name and its first entry differ, or a segment is missing.
    #[error("entry {0} should come here")]
    Order(u64),
    /// A segment that is not the last ends within a line.
    #[error("the line has no end")]
    Torn,
}

impl std::fmt::Display for CheckpointPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database => f.write_str("the newest checkpoint in the database"),
            Self::File(line) => write!(f, "the checkpoint at line {line}"),
            Self::Leaves => f.write_str("the cache of leaves"),
        }
    }
}

/// Checks the log of `data_dir`, every byte of it.
///
/// # Errors
///
/// [`VerifyError`] names the file, the line and what is wrong with it.
pub fn verify(data_dir: &Path) -> Result<Verification, VerifyError> {
    let dir = data_dir.join(AUDIT_DIR);
    let running = DataDirLock::is_held(data_dir);
    let verifier = read_verifier(&dir)?;
    // What vouches for entries is read before the entries, so that a log that grows meanwhile is sound.
    let database = match Store::open_read_only(data_dir) {
        Ok(store) => Some(store.checkpoints()?),
        Err(StoreError::Missing { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let database_checked = database.is_some();
    let mut heads: Vec<(CheckpointPlace, TreeHead)> = Vec::new();
    for row in database.unwrap_or_default() {
        let head = verifier
            .check(&row.note)
            .ok()
            .filter(|head| (head.size, head.root) == (row.size, row.root))
            .ok_or(VerifyError::Differs {
                source_of: CheckpointPlace::Database,
                size: row.size,
            })?;
        heads.push((CheckpointPlace::Database, head));
    }
    let newest_in_database = heads.last().map(|(_, head)| *head);
    let in_file = read_checkpoints(&dir, &verifier, newest_in_database)?;
    let newest_checkpoint = in_file
        .last()
        .map(|(_, head)| *head)
        .into_iter()
        .chain(newest_in_database)
        .max_by_key(|head| head.size);
    let checkpoints = count(in_file.len());
    heads.extend(in_file);
    let leaves_path = dir.join(LEAVES);
    let leaves = read_leaves(&dir).map_err(io_error(&leaves_path))?;
    let scan = Scan::over(&dir, heads, &leaves)?;
    if count(leaves.len()) > scan.frontier.size() {
        return Err(VerifyError::Shorter {
            source_of: CheckpointPlace::Leaves,
            expected: count(leaves.len()),
            found: scan.frontier.size(),
        });
    }
    let (mut interrupted, mut in_flight) = (Vec::new(), Vec::new());
    for index in scan.openings.keys() {
        // Only this run's openings can still be closed, and only while it runs.
        if running && scan.last_start.is_none_or(|start| *index > start) {
            in_flight.push(EntryId(*index));
        } else {
            interrupted.push(EntryId(*index));
        }
    }
    Ok(Verification {
        origin: verifier.origin().to_owned(),
        head: TreeHead {
            size: scan.frontier.size(),
            root: scan.frontier.root(),
        },
        segments: scan.segments,
        checkpoints,
        newest_checkpoint,
        completed: scan.completed,
        interrupted,
        in_flight,
        torn_bytes: scan.torn_bytes,
        database_checked,
    })
}

/// The log's verifier key.
pub(super) fn read_verifier(dir: &Path) -> Result<Verifier, VerifyError> {
    let path = dir.join(VERIFIER);
    let text = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(VerifyError::Missing {
                path: dir.to_owned(),
            });
        }
        Err(source) => return Err(VerifyError::Io { path, source }),
    };
    std::str::from_utf8(&text)
        .ok()
        .and_then(|text| text.strip_suffix('\n'))
        .and_then(|text| Verifier::parse(text).ok())
        .ok_or(VerifyError::VerifierKey { path })
}

/// The checkpoints of the file with their first lines, their signatures checked. A torn last one is
/// tolerated only where the database vouches for the one before it: then it was being written.
pub(super) fn read_checkpoints(
    dir: &Path,
    verifier: &Verifier,
    newest_in_database: Option<TreeHead>,
) -> Result<Vec<(CheckpointPlace, TreeHead)>, VerifyError> {
    let path = dir.join(CHECKPOINTS);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(VerifyError::Io { path, source }),
    };
    let text = String::from_utf8_lossy(&bytes);
    let (notes, torn) = split_notes(&text);
    let mut heads = Vec::with_capacity(notes.len());
    for (number, note) in notes.iter().enumerate() {
        let line = count(number * LINES) + 1;
        let wrong = |problem| VerifyError::Checkpoint {
            path: path.clone(),
            line,
            problem,
        };
        let head = verifier.check(note).map_err(wrong)?;
        if heads
            .last()
            .is_some_and(|(_, before): &(_, TreeHead)| before.size > head.size)
        {
            return Err(VerifyError::Differs {
                source_of: CheckpointPlace::File(line),
                size: head.size,
            });
        }
        heads.push((CheckpointPlace::File(line), head));
    }
    let newest = heads.last().map(|(_, head)| *head);
    let vouched = newest_in_database.map_or(0, |head| head.size);
    if torn > 0 && (newest_in_database.is_none() || newest.is_none_or(|head| head.size < vouched)) {
        return Err(VerifyError::TornCheckpoint { path });
    }
    Ok(heads)
}

/// One pass over all entries.
#[derive(Default)]
struct Scan {
    frontier: Frontier,
    segments: u64,
    completed: u64,
    /// Openings that have no closing yet, with their requests.
    openings: BTreeMap<u64, Option<String>>,
    last_start: Option<u64>,
    torn_bytes: u64,
}

impl Scan {
    fn over(
        dir: &Path,
        heads: Vec<(CheckpointPlace, TreeHead)>,
        leaves: &[Digest],
    ) -> Result<Self, VerifyError> {
        let mut by_size: HashMap<u64, Vec<(CheckpointPlace, TreeHead)>> = HashMap::new();
        for head in heads {
            by_size.entry(head.1.size).or_default().push(head);
        }
        let mut scan = Self::default();
        scan.compare(by_size.remove(&0))?;
        let found = segments(dir).map_err(io_error(dir))?;
        let last = found.len();
        for (number, (first, path)) in found.into_iter().enumerate() {
            if first != scan.frontier.size() {
                return Err(VerifyError::Entry {
                    path,
                    line: 1,
                    problem: EntryProblem::Order(scan.frontier.size()),
                });
            }
            scan.segments += 1;
            scan.segment(&path, number + 1 == last, &mut by_size, leaves, dir)?;
        }
        let beyond = by_size.into_values().flatten();
        match beyond.max_by_key(|(_, head)| head.size) {
            Some((source_of, head)) => Err(VerifyError::Shorter {
                source_of,
                expected: head.size,
                found: scan.frontier.size(),
            }),
            None => Ok(scan),
        }
    }

    fn segment(
        &mut self,
        path: &Path,
        is_last: bool,
        by_size: &mut HashMap<u64, Vec<(CheckpointPlace, TreeHead)>>,
        leaves: &[Digest],
        dir: &Path,
    ) -> Result<(), VerifyError> {
        let mut reader = BufReader::new(File::open(path).map_err(io_error(path))?);
        let mut bytes = Vec::new();
        for line in 1.. {
            let wrong = |problem| VerifyError::Entry {
                path: path.to_owned(),
                line,
                problem,
            };
            bytes.clear();
            let limit = count(MAX_LINE) + 1;
            let read = (&mut reader)
                .take(limit)
                .read_until(b'\n', &mut bytes)
                .map_err(io_error(path))?;
            if read == 0 {
                break;
            }
            let Some(entry) = bytes.strip_suffix(b"\n") else {
                let problem = match (read > MAX_LINE, is_last) {
                    (true, _) => EntryProblem::NotAnEntry,
                    (false, false) => EntryProblem::Torn,
                    (false, true) => {
                        self.torn_bytes = count(read);
                        break;
                    }
                };
                return Err(wrong(problem));
            };
            self.entry(entry).map_err(wrong)?;
            let index = self.frontier.size();
            let leaf = leaf_hash(entry);
            let cached = usize::try_from(index)
                .ok()
                .and_then(|index| leaves.get(index));
            if cached.is_some_and(|cached| *cached != leaf) {
                return Err(VerifyError::Leaf {
                    path: dir.join(LEAVES),
                    index,
                });
            }
            self.frontier.push(leaf);
            self.compare(by_size.remove(&self.frontier.size()))?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &[u8]) -> Result<(), EntryProblem> {
        let index = self.frontier.size();
        let LineHead {
            index: said,
            kind,
            request,
            opens,
            ..
        } = line_head(entry).ok_or(EntryProblem::NotAnEntry)?;
        if said != index {
            return Err(EntryProblem::Index(said));
        }
        match kind.as_str() {
            "open" => {
                self.openings.insert(index, request);
            }
            "close" => {
                let opens = opens.ok_or(EntryProblem::NotAnEntry)?;
                match self.openings.remove(&opens) {
                    Some(opened) if opened == request => self.completed += 1,
                    Some(_) => return Err(EntryProblem::NotItsOpening(opens)),
                    None if opens < index => return Err(EntryProblem::ClosedTwice(opens)),
                    None => return Err(EntryProblem::NotItsOpening(opens)),
                }
            }
            "start" => self.last_start = Some(index),
            _ => {}
        }
        Ok(())
    }

    /// Compares the tree as it is now with the checkpoints of its size.
    fn compare(&self, heads: Option<Vec<(CheckpointPlace, TreeHead)>>) -> Result<(), VerifyError> {
        let heads = heads.unwrap_or_default();
        if heads.is_empty() {
            return Ok(());
        }
        let root = self.frontier.root();
        match heads.into_iter().find(|(_, head)| head.root != root) {
            Some((source_of, head)) => Err(VerifyError::Differs {
                source_of,
                size: head.size,
            }),
            None => Ok(()),
        }
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> VerifyError {
    let path = path.to_owned();
    move |source| VerifyError::Io { path, source }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
