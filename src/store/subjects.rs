//! Keys of data subjects: what ties an audit entry's digest to a person, until it is erased.

use rusqlite::params;

use crate::types::Timestamp;

use super::{SecretKey, Store, StoreError, random_bytes, refused};

impl Store {
    /// The keys of `subjects` (keyed hashes of their identifiers), in their order; those that are new
    /// get a fresh key, all in one transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError::Random`], [`StoreError::Database`].
    pub fn subject_keys(
        &self,
        subjects: &[[u8; 32]],
        now: Timestamp,
    ) -> Result<Vec<SecretKey>, StoreError> {
        // Nearly always all are known, and a reader waits for nobody.
        let known = subjects
            .iter()
            .map(|subject| self.subject_key(subject))
            .collect::<Result<Option<Vec<_>>, _>>()?;
        if let Some(known) = known {
            return Ok(known);
        }
        let fresh = subjects
            .iter()
            .map(|_| random_bytes())
            .collect::<Result<Vec<_>, _>>()?;
        self.write("keep keys of data subjects", |transaction| {
            let mut find =
                transaction.prepare_cached("SELECT key FROM subject_keys WHERE subject = ?1")?;
            let mut add = transaction.prepare_cached(
                "INSERT INTO subject_keys (subject, key, created_ms) VALUES (?1, ?2, ?3) \
                 ON CONFLICT DO NOTHING",
            )?;
            subjects
                .iter()
                .zip(&fresh)
                .map(|(subject, key)| {
                    add.execute(params![subject, key, now.as_millis()])?;
                    find.query_row([subject], |row| row.get(0))
                        .map(SecretKey::from_bytes)
                })
                .collect()
        })
    }

    /// The key of a subject, where there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn subject_key(&self, subject: &[u8; 32]) -> Result<Option<SecretKey>, StoreError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached("SELECT key FROM subject_keys WHERE subject = ?1")
            .map_err(refused("find the key of a data subject"))?;
        let found = statement.query_row([subject], |row| row.get(0));
        match found {
            Ok(key) => Ok(Some(SecretKey::from_bytes(key))),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            Err(source) => Err(refused("find the key of a data subject")(source)),
        }
    }

    /// Erases a subject's key for good: the row's bytes are overwritten (`secure_delete`), and the
    /// write-ahead log that may still hold them is emptied. Says whether there was one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`].
    pub fn erase_subject(&self, subject: &[u8; 32]) -> Result<bool, StoreError> {
        let erased = self.write("erase the key of a data subject", |transaction| {
            transaction.execute("DELETE FROM subject_keys WHERE subject = ?1", [subject])
        })?;
        self.empty_write_ahead_log()?;
        Ok(erased > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::DATABASE_FILE;
    use super::*;

    #[test]
    fn a_subject_keeps_its_key_until_it_is_erased() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let now = Timestamp::from_millis(1);
        let (a, b) = ([1; 32], [2; 32]);
        let first = store.subject_keys(&[a, b, a], now).unwrap();
        assert_eq!(first[0].expose(), first[2].expose());
        assert_ne!(first[0].expose(), first[1].expose());
        let again = store.subject_keys(&[a], now).unwrap();
        assert_eq!(again[0].expose(), first[0].expose());
        assert!(store.erase_subject(&a).unwrap());
        assert!(!store.erase_subject(&a).unwrap());
        assert!(store.subject_key(&a).unwrap().is_none());
        // Nothing of the key is left in any file.
        for name in [DATABASE_FILE.to_owned(), format!("{DATABASE_FILE}-wal")] {
            let bytes = fs::read(dir.path().join(name)).unwrap_or_default();
            assert!(!bytes.windows(32).any(|window| window == first[0].expose()));
        }
    }
}
