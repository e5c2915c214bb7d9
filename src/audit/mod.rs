//! The audit log: a transparency log of what was asked, by whom, under which rule, and how it ended.
//!
//! Entries are lines of JSON in append-only segment files, and the leaves of a Merkle tree (RFC 6962).
//! Tree heads are signed (Ed25519, C2SP signed notes), at least every `checkpoint_interval` while
//! entries come and when the log is closed. One entry says that work starts and is durable before it
//! does; one says how it ended. Neither holds content: names, counts, digests under keys, times.
//!
//! | file under `data_dir/audit` | what |
//! |---|---|
//! | `segment-<index of its first entry>.jsonl` | the entries |
//! | `checkpoints` | every signed tree head; the newest are in the database too |
//! | `verifier.pub` | the key that checks them |
//! | `leaves` | hashes of the entries: a cache, rebuilt when it is gone |

mod entry;
mod error;
mod export;
mod files;
mod handle;
mod note;
mod open;
mod recover;
mod show;
mod storage;
mod subjects;
#[cfg(test)]
mod tests;
mod tree;
mod verify;
mod writer;

pub use self::entry::{
    Closing, ClosingTimings, Event, HeldEvent, MAX_NAMES, MAX_SUBJECTS, Opening, RefusalEvent,
    Residence, Verdict,
};
pub use self::error::AuditError;
pub use self::export::{ExportError, Format, export};
pub use self::files::AUDIT_DIR;
pub use self::handle::{AuditLog, AuditStats, OpenEntry};
pub use self::note::{NoteError, TreeHead, Verifier};
pub use self::show::{ShowError, Shown, show};
pub use self::subjects::{forget_subject, subject_digest};
pub use self::tree::{
    Frontier, consistency_proof, inclusion_proof, leaf_hash, root, verify_consistency,
    verify_inclusion,
};
pub use self::verify::{CheckpointPlace, EntryProblem, Verification, VerifyError, verify};
