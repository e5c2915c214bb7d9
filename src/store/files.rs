//! Uploaded files at rest: whose they are, when they end, and two sealed texts: what a file is called, and
//! what is in it.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::types::Timestamp;

use super::{Store, StoreError, refused};

/// One file, without its content.
#[derive(Clone, Debug)]
pub struct FileRow {
    /// Its identifier.
    pub id: String,
    /// The principal that it belongs to.
    pub owner: String,
    /// What it is for.
    pub purpose: String,
    /// Bytes of its content.
    pub bytes: u64,
    /// When it was uploaded.
    pub created: Timestamp,
    /// From when on it is there for nobody.
    pub expires: Timestamp,
    /// Its name, sealed: names of files name people.
    pub name: Vec<u8>,
}

/// The bounds of what is kept.
#[derive(Clone, Copy, Debug)]
pub struct FileBounds {
    /// Most files of one owner.
    pub per_owner: u32,
    /// Most bytes of contents, of all owners together.
    pub bytes: u64,
}

/// Why a file is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilesFull {
    /// The owner has as many as it may have.
    Owner,
    /// There is no room left for anybody.
    Bytes,
}

/// Which files of an owner are listed.
#[derive(Clone, Copy, Debug)]
pub struct FileList<'a> {
    /// Only those for this.
    pub purpose: Option<&'a str>,
    /// Only those that come after this one.
    pub after: Option<&'a str>,
    /// Whether the oldest come first; else the newest do.
    pub oldest_first: bool,
    /// At most as many.
    pub limit: u32,
}

const COLUMNS: &str = "id, owner, purpose, bytes, created_ms, expires_ms, name";

impl Store {
    /// Adds a file within the bounds. `Some` says what is full: nothing was added.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn add_file(
        &self,
        file: &FileRow,
        content: &[u8],
        bounds: FileBounds,
        now: Timestamp,
    ) -> Result<Option<FilesFull>, StoreError> {
        self.write("keep a file", |transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT coalesce(sum(owner = ?1), 0), coalesce(sum(length(content)), 0) FROM files \
                 WHERE expires_ms > ?2",
            )?;
            let (own, bytes) = statement.query_row(params![file.owner, now.as_millis()], |row| {
                Ok((number(row, 0)?, number(row, 1)?))
            })?;
            drop(statement);
            let more = u64::try_from(content.len()).unwrap_or(u64::MAX);
            if own >= u64::from(bounds.per_owner) {
                return Ok(Some(FilesFull::Owner));
            }
            if bytes.saturating_add(more) > bounds.bytes {
                return Ok(Some(FilesFull::Bytes));
            }
            transaction.execute(
                "INSERT INTO files (id, owner, purpose, bytes, created_ms, expires_ms, name, content) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    file.id,
                    file.owner,
                    file.purpose,
                    i64::try_from(file.bytes).unwrap_or(i64::MAX),
                    file.created.as_millis(),
                    file.expires.as_millis(),
                    file.name,
                    content
                ],
            )?;
            Ok(None)
        })
    }

    /// The file of this identifier that belongs to `owner` and has not expired.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn file(
        &self,
        (id, owner): (&str, &str),
        now: Timestamp,
    ) -> Result<Option<FileRow>, StoreError> {
        self.connection()
            .query_row(
                &format!(
                    "SELECT {COLUMNS} FROM files WHERE id = ?1 AND owner = ?2 AND expires_ms > ?3"
                ),
                params![id, owner, now.as_millis()],
                read,
            )
            .optional()
            .map_err(refused("find a file"))
    }

    /// The sealed content of a file that [`Store::file`] finds.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn file_content(
        &self,
        (id, owner): (&str, &str),
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.connection()
            .query_row(
                "SELECT content FROM files WHERE id = ?1 AND owner = ?2 AND expires_ms > ?3",
                params![id, owner, now.as_millis()],
                |row| row.get(0),
            )
            .optional()
            .map_err(refused("read a file"))
    }

    /// Files of `owner`, by the time of their upload. `None` where the one to begin after is not there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn files(
        &self,
        owner: &str,
        list: FileList<'_>,
        now: Timestamp,
    ) -> Result<Option<Vec<FileRow>>, StoreError> {
        let from = match list.after {
            None => None,
            Some(id) => match self.file((id, owner), now)? {
                Some(file) => Some(file),
                None => return Ok(None),
            },
        };
        // Files of one millisecond are told apart by their identifiers.
        let (sign, order) = if list.oldest_first {
            (">", "ASC")
        } else {
            ("<", "DESC")
        };
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM files WHERE owner = ?1 AND expires_ms > ?2 \
                 AND (?3 IS NULL OR purpose = ?3) \
                 AND (?4 IS NULL OR (created_ms, id) {sign} (?4, ?5)) \
                 ORDER BY created_ms {order}, id {order} LIMIT ?6"
            ))
            .map_err(refused("list files"))?;
        let rows = statement
            .query_map(
                params![
                    owner,
                    now.as_millis(),
                    list.purpose,
                    from.as_ref().map(|file| file.created.as_millis()),
                    from.as_ref().map(|file| &file.id),
                    list.limit
                ],
                read,
            )
            .map_err(refused("list files"))?;
        let rows = rows.collect::<Result<_, _>>();
        rows.map(Some).map_err(refused("list files"))
    }

    /// Removes a file for good; says whether there was one. The row's bytes are overwritten, and the
    /// write-ahead log that may still hold them is emptied.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn remove_file(
        &self,
        (id, owner): (&str, &str),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let removed = self.write("remove a file", |transaction| {
            transaction.execute(
                "DELETE FROM files WHERE id = ?1 AND owner = ?2 AND expires_ms > ?3",
                params![id, owner, now.as_millis()],
            )
        })?;
        self.empty_write_ahead_log()?;
        Ok(removed > 0)
    }

    /// Removes what has expired; says how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn remove_expired_files(&self, now: Timestamp) -> Result<usize, StoreError> {
        let due = self
            .connection()
            .query_row(
                "SELECT count(*) FROM files WHERE expires_ms <= ?1",
                [now.as_millis()],
                |row| row.get::<_, i64>(0),
            )
            .map_err(refused("count files"))?;
        if due == 0 {
            return Ok(0);
        }
        let removed = self.write("remove expired files", |transaction| {
            transaction.execute(
                "DELETE FROM files WHERE expires_ms <= ?1",
                [now.as_millis()],
            )
        })?;
        self.empty_write_ahead_log()?;
        Ok(removed)
    }
}

fn number(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or(0))
}

/// A row of [`COLUMNS`].
fn read(row: &Row<'_>) -> rusqlite::Result<FileRow> {
    Ok(FileRow {
        id: row.get(0)?,
        owner: row.get(1)?,
        purpose: row.get(2)?,
        bytes: number(row, 3)?,
        created: Timestamp::from_millis(row.get(4)?),
        expires: Timestamp::from_millis(row.get(5)?),
        name: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: FileBounds = FileBounds {
        per_owner: 3,
        bytes: 100,
    };
    const ALL: FileList<'static> = FileList {
        purpose: None,
        after: None,
        oldest_first: true,
        limit: 100,
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn add(
        store: &Store,
        (id, owner): (&str, &str),
        created: i64,
        bytes: usize,
    ) -> Option<FilesFull> {
        let row = FileRow {
            id: id.to_owned(),
            owner: owner.to_owned(),
            purpose: if bytes.is_multiple_of(2) {
                "batch"
            } else {
                "user_data"
            }
            .to_owned(),
            bytes: bytes as u64,
            created: at(created),
            expires: at(created + 50),
            name: b"sealed name".to_vec(),
        };
        let content = vec![7; bytes];
        store.add_file(&row, &content, BOUNDS, at(created)).unwrap()
    }

    fn ids(store: &Store, owner: &str, list: FileList<'_>, now: i64) -> Option<Vec<String>> {
        let files = store.files(owner, list, at(now)).unwrap();
        files.map(|files| files.into_iter().map(|file| file.id).collect())
    }

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        (dir, store)
    }

    #[test]
    fn a_file_is_its_owners_until_it_expires() {
        let (_dir, store) = store();
        assert_eq!(add(&store, ("a", "crm"), 1, 9), None);
        for (place, now, is_there) in [
            (("a", "crm"), 50, true),
            (("a", "other"), 50, false),
            (("b", "crm"), 50, false),
            (("a", "crm"), 51, false),
        ] {
            assert_eq!(store.file(place, at(now)).unwrap().is_some(), is_there);
            let content = store.file_content(place, at(now)).unwrap();
            assert_eq!(content, is_there.then(|| vec![7; 9]), "{place:?} at {now}");
        }
        assert!(!store.remove_file(("a", "other"), at(2)).unwrap());
        assert!(!store.remove_file(("a", "crm"), at(51)).unwrap());
        assert!(store.remove_file(("a", "crm"), at(2)).unwrap());
        assert!(store.file(("a", "crm"), at(2)).unwrap().is_none());
    }

    #[test]
    fn files_are_bounded_by_owner_and_in_all() {
        let (_dir, store) = store();
        for id in ["a", "b", "c"] {
            assert_eq!(add(&store, (id, "crm"), 1, 20), None);
        }
        assert_eq!(add(&store, ("d", "crm"), 1, 1), Some(FilesFull::Owner));
        assert_eq!(add(&store, ("d", "other"), 1, 41), Some(FilesFull::Bytes));
        assert_eq!(add(&store, ("d", "other"), 1, 40), None);
        // Expired ones take up no room; the sweep removes them, and what the write-ahead log has of them.
        assert_eq!(add(&store, ("e", "crm"), 51, 100), None);
        assert_eq!(store.remove_expired_files(at(100)).unwrap(), 4);
        assert_eq!(store.remove_expired_files(at(101)).unwrap(), 1);
    }

    #[test]
    fn lists_go_page_by_page_in_both_directions() {
        let (_dir, store) = store();
        for (id, created) in [("b", 1), ("c", 2), ("a", 2)] {
            assert_eq!(add(&store, (id, "crm"), created, 8 + id.len() * 2), None);
        }
        assert_eq!(add(&store, ("z", "other"), 1, 5), None);
        let newest = FileList {
            oldest_first: false,
            ..ALL
        };
        for (list, expected) in [
            (ALL, Some(vec!["b", "a", "c"])),
            (newest, Some(vec!["c", "a", "b"])),
            (FileList { limit: 2, ..ALL }, Some(vec!["b", "a"])),
            (
                FileList {
                    after: Some("a"),
                    ..ALL
                },
                Some(vec!["c"]),
            ),
            (
                FileList {
                    after: Some("a"),
                    ..newest
                },
                Some(vec!["b"]),
            ),
            (
                FileList {
                    after: Some("z"),
                    ..ALL
                },
                None,
            ),
            (
                FileList {
                    purpose: Some("user_data"),
                    ..ALL
                },
                Some(vec![]),
            ),
        ] {
            let expected = expected.map(|ids| ids.into_iter().map(str::to_owned).collect());
            assert_eq!(ids(&store, "crm", list, 3), expected, "{list:?}");
        }
        assert_eq!(
            ids(&store, "crm", ALL, 51),
            Some(vec!["a".to_owned(), "c".to_owned()])
        );
    }
}
