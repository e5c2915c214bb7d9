//! The demo's keys: one for an app and one for an administrator, each in a file of the data folder.

use std::path::Path;

use crate::policy::{Keyring, NewKey, Role};
use crate::types::Name;

/// Makes sure that `dir` holds valid keys.
pub(super) fn keys(keyring: &Keyring, dir: &Path) -> anyhow::Result<()> {
    key(keyring, dir, "demo-app", Role::App)?;
    key(keyring, dir, "demo-admin", Role::Admin)
}

/// Makes sure that `DIR/NAME.key` holds a valid key of this name.
fn key(keyring: &Keyring, dir: &Path, name: &str, role: Role) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = dir.join(format!("{name}.key"));
    if let Ok(text) = std::fs::read_to_string(&path)
        && keyring.authenticate(text.trim()).is_ok()
    {
        return Ok(());
    }
    let name: Name = name.parse()?;
    for record in keyring.list()? {
        if record.name == name && record.revoked.is_none() {
            keyring.revoke(&record.id)?;
        }
    }
    let (_, key) = keyring.create(NewKey {
        name,
        roles: vec![role],
        expires: None,
        use_cases: None,
    })?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)?;
    writeln!(file, "{}", key.expose())?;
    Ok(())
}
