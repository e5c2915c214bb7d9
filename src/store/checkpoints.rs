//! The audit log's newest checkpoints, kept apart from the log's own files.

use rusqlite::params;

use crate::types::{Digest, Timestamp};

use super::{Store, StoreError, refused};

/// How many checkpoints are kept here; the log's own file has them all.
const KEPT: u32 = 64;

/// A signed tree head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Entries under it.
    pub size: u64,
    /// The Merkle root over them.
    pub root: Digest,
    /// When it was signed.
    pub signed: Timestamp,
    /// The signed note, whole.
    pub note: String,
}

impl Store {
    /// Keeps a checkpoint. Sizes never fall, so one of a size that is known changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn put_checkpoint(&self, checkpoint: &CheckpointRow) -> Result<(), StoreError> {
        let size = i64::try_from(checkpoint.size).unwrap_or(i64::MAX);
        self.write("keep a checkpoint", |transaction| {
            transaction.execute(
                "INSERT INTO checkpoints (size, root, signed_ms, note) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT DO NOTHING",
                params![
                    size,
                    checkpoint.root.as_bytes(),
                    checkpoint.signed.as_millis(),
                    checkpoint.note
                ],
            )?;
            transaction.execute(
                "DELETE FROM checkpoints WHERE size NOT IN \
                 (SELECT size FROM checkpoints ORDER BY size DESC LIMIT ?1)",
                [KEPT],
            )
        })
        .map(drop)
    }

    /// The kept checkpoints, the smallest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Row`] when a row is not one of ours.
    pub fn checkpoints(&self) -> Result<Vec<CheckpointRow>, StoreError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached("SELECT size, root, signed_ms, note FROM checkpoints ORDER BY size")
            .map_err(refused("read checkpoints"))?;
        let mut rows = statement.query([]).map_err(refused("read checkpoints"))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(refused("read checkpoints"))? {
            let unsound = |column| StoreError::Row {
                table: "checkpoints",
                column,
            };
            let size: i64 = row.get("size").map_err(|_| unsound("size"))?;
            found.push(CheckpointRow {
                size: u64::try_from(size).map_err(|_| unsound("size"))?,
                root: Digest::from_bytes(row.get("root").map_err(|_| unsound("root"))?),
                signed: Timestamp::from_millis(
                    row.get("signed_ms").map_err(|_| unsound("signed_ms"))?,
                ),
                note: row.get("note").map_err(|_| unsound("note"))?,
            });
        }
        Ok(found)
    }
}
