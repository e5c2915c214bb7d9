//! Keys, residency and limits through the gate, with the audit log behind it.

mod gate;
mod keys;

use std::path::Path;
use std::sync::Arc;

use bailiwick::policy::{Keyring, NewKey, Principal, Role};
use bailiwick::store::{Secrets, Store};
use bailiwick::types::SharedClock;

pub(crate) fn keyring(dir: &Path, clock: SharedClock) -> Keyring {
    let store = Arc::new(Store::open(dir).unwrap());
    let pepper = Secrets::open(dir).unwrap().pepper;
    Keyring::open(store, &pepper, clock).unwrap()
}

pub(crate) fn new_key(name: &str) -> NewKey {
    NewKey {
        name: name.parse().unwrap(),
        roles: vec![Role::App],
        expires: None,
        use_cases: None,
    }
}

pub(crate) fn principal(keyring: &Keyring, key: NewKey) -> Arc<Principal> {
    let (_, text) = keyring.create(key).unwrap();
    keyring.authenticate(text.expose()).unwrap()
}
