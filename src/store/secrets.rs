//! The node's own keys: 32 random bytes each, made on first use, readable by their owner only.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::Sha256;
use zeroize::{Zeroize as _, ZeroizeOnDrop};

use super::StoreError;
use super::lock::create_private_dir;

/// The folder of the secrets within the data folder.
pub const SECRETS_DIR: &str = "secrets";

/// 32 secret bytes; zeroised on drop, never shown.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// A fresh random key.
    ///
    /// # Errors
    ///
    /// [`StoreError::Random`].
    pub fn random() -> Result<Self, StoreError> {
        random_bytes().map(Self)
    }

    /// From bytes that the caller keeps.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the algorithm that needs them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key of its own for `purpose`, which this one can't be computed from.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self(self.mac(&[b"derive", purpose.as_bytes()]))
    }

    /// HMAC-SHA-256 of the parts under this key. Each part goes in with its length, so no two lists
    /// of parts read the same.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC takes keys of every length; the default can't be reached.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return [0; 32];
        };
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The secrets of a node.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Keys the hashes of API keys, and the tenants' salts.
    pub pepper: SecretKey,
    /// The seed of the Ed25519 key that signs audit checkpoints.
    pub audit_signing: SecretKey,
    /// Keys the names under which per-subject keys are found, and the digests of prompts.
    pub subject_root: SecretKey,
    /// What the keys of sealed rows are derived from.
    pub sealed_root: SecretKey,
}

impl Secrets {
    /// Reads the secrets of `data_dir`; makes those that are missing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Secret`] when a file is not a private file of 32 bytes, [`StoreError::Io`].
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let dir = data_dir.join(SECRETS_DIR);
        create_private_dir(&dir)?;
        Ok(Self {
            pepper: open(&dir, "pepper")?,
            audit_signing: open(&dir, "audit-signing-key")?,
            subject_root: open(&dir, "subject-root")?,
            sealed_root: open(&dir, "sealed-root")?,
        })
    }
}

/// 32 bytes of the system's randomness.
///
/// # Errors
///
/// [`StoreError::Random`].
pub fn random_bytes() -> Result<[u8; 32], StoreError> {
    let mut bytes = [0; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| StoreError::Random)?;
    Ok(bytes)
}

fn open(dir: &Path, name: &str) -> Result<SecretKey, StoreError> {
    let path = dir.join(name);
    match read(&path) {
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            create(dir, name)?;
            // Whoever won a race to create it, both read the same file.
            read(&path)
        }
        other => other,
    }
}

fn read(path: &Path) -> Result<SecretKey, StoreError> {
    let io = |source| StoreError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(io)?;
    let found = file.metadata().map_err(io)?;
    let mut bytes = [0; 32];
    let sound = found.is_file() && found.len() == 32 && found.mode() & 0o077 == 0;
    if !sound {
        return Err(StoreError::Secret {
            path: path.to_owned(),
        });
    }
    file.read_exact(&mut bytes).map_err(io)?;
    let key = SecretKey(bytes);
    bytes.zeroize();
    Ok(key)
}

/// Writes a fresh key beside its place and links it there, so that nobody ever reads half a key and
/// an existing one is never replaced.
fn create(dir: &Path, name: &str) -> Result<(), StoreError> {
    let key = SecretKey::random()?;
    let draft = dir.join(format!(".{name}.{}", std::process::id()));
    let io = |source| StoreError::Io {
        action: "create",
        path: dir.join(name),
        source,
    };
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(key.expose())?;
        file.sync_all()?;
        match fs::hard_link(&draft, dir.join(name)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    })();
    let removed = fs::remove_file(&draft);
    written.and(removed).map_err(io)?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn secrets_are_made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let first = Secrets::open(dir.path()).unwrap();
        let again = Secrets::open(dir.path()).unwrap();
        assert_eq!(first.pepper.expose(), again.pepper.expose());
        assert_ne!(first.pepper.expose(), first.audit_signing.expose());
        let folder = dir.path().join(SECRETS_DIR);
        assert_eq!(folder.metadata().unwrap().mode() & 0o777, 0o700);
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600);
            names.push(entry.file_name().into_string().unwrap());
        }
        names.sort();
        assert_eq!(
            names,
            ["audit-signing-key", "pepper", "sealed-root", "subject-root"]
        );
        assert_eq!(format!("{:?}", first.pepper), "[secret]");
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        drop(Secrets::open(dir.path()).unwrap());
        let path = dir.path().join(SECRETS_DIR).join("pepper");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = |dir: &Path| matches!(Secrets::open(dir), Err(StoreError::Secret { path: named }) if named == path);
        assert!(refused(dir.path()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, b"short").unwrap();
        assert!(refused(dir.path()));
    }

    #[test]
    fn macs_tell_lists_of_parts_apart() {
        let key = SecretKey::from_bytes([7; 32]);
        assert_ne!(key.mac(&[b"ab", b"c"]), key.mac(&[b"a", b"bc"]));
        assert_ne!(
            key.mac(&[b"a"]),
            SecretKey::from_bytes([8; 32]).mac(&[b"a"])
        );
    }
}
