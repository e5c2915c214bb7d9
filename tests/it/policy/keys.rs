//! API keys through their life.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use bailiwick::audit::{Format, export};
use bailiwick::policy::{AuthError, KeyError, Role};
use bailiwick::types::{ManualClock, SystemClock, Timestamp};

use super::{keyring, new_key};
use crate::audit::open;

#[test]
fn a_key_is_good_until_it_expires_or_is_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(Timestamp::from_millis(1_000_000));
    let keys = keyring(dir.path(), clock.clone());
    let mut new = new_key("crm");
    new.expires = Some(Timestamp::from_millis(1_060_000));
    let (record, text) = keys.create(new.clone()).unwrap();
    assert!(matches!(keys.create(new), Err(KeyError::NameTaken { .. })));
    let principal = keys.authenticate(text.expose()).unwrap();
    assert_eq!(
        (principal.key_id(), principal.name().as_str()),
        (&record.id, "crm")
    );
    assert!(principal.has(Role::App) && !principal.has(Role::Admin));
    clock.advance(Duration::from_secs(60));
    assert_eq!(
        keys.authenticate(text.expose()).unwrap_err(),
        AuthError::Expired
    );

    let (record, text) = keys.create(new_key("crm")).unwrap();
    keys.revoke(&record.id).unwrap();
    assert_eq!(
        keys.authenticate(text.expose()).unwrap_err(),
        AuthError::Revoked
    );
    assert!(matches!(
        keys.revoke(&record.id),
        Err(KeyError::NotValid { .. })
    ));

    // A right id with another key's secret, and things that are no keys.
    let (_, a) = keys.create(new_key("a")).unwrap();
    let other = keyring(tempfile::tempdir().unwrap().path(), clock);
    let (_, b) = other.create(new_key("a")).unwrap();
    assert_eq!(
        keys.authenticate(b.expose()).unwrap_err(),
        AuthError::Unknown
    );
    for text in [
        "",
        "bwk_",
        "sk-123",
        &a.expose()[1..],
        &format!("{} ", a.expose()),
    ] {
        assert_eq!(keys.authenticate(text).unwrap_err(), AuthError::Malformed);
    }
    let mut none = new_key("none");
    none.roles.clear();
    assert!(matches!(keys.create(none), Err(KeyError::NoRole)));
}

#[test]
fn a_rotated_key_overlaps_and_keeps_its_name_rights_and_salt() {
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(Timestamp::from_millis(0));
    let keys = keyring(dir.path(), clock.clone());
    let mut new = new_key("crm");
    new.use_cases = Some(vec!["case-summary".parse().unwrap()]);
    let (old, old_text) = keys.create(new).unwrap();
    let before = keys.authenticate(old_text.expose()).unwrap();
    let (new, new_text) = keys.rotate(&old.id, Duration::from_secs(60)).unwrap();
    let after = keys.authenticate(new_text.expose()).unwrap();
    assert_ne!(new.id, old.id);
    assert_eq!((after.name(), after.salt()), (before.name(), before.salt()));
    assert!(after.may_call(&"case-summary".parse().unwrap()));
    assert!(!after.may_call(&"reply-draft".parse().unwrap()));
    assert!(keys.authenticate(old_text.expose()).is_ok());
    clock.advance(Duration::from_secs(60));
    assert_eq!(
        keys.authenticate(old_text.expose()).unwrap_err(),
        AuthError::Expired
    );
    assert!(keys.authenticate(new_text.expose()).is_ok());
    assert!(matches!(
        keys.rotate(&old.id, Duration::ZERO),
        Err(KeyError::NotValid { .. })
    ));
}

#[test]
fn no_secret_is_at_rest() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keyring(dir.path(), SystemClock::shared());
    let (record, text) = keys.create(new_key("crm")).unwrap();
    let secret = &text.expose()[17..60];
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            let held = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!held, "{}", path.display());
        }
    }
    assert!(!format!("{record:?} {keys:?}").contains(secret));
}

/// What the command line does beside a running server is seen by it, and is in its audit log.
#[test]
fn changes_by_another_process_are_seen_and_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let audit = open(dir.path()).unwrap();
    let server = keyring(dir.path(), SystemClock::shared())
        .watch(audit.clone())
        .unwrap();
    let tool = keyring(dir.path(), SystemClock::shared());
    let (record, text) = tool.create(new_key("crm")).unwrap();
    let wait_for = |good: bool| {
        let wait = Duration::from_millis(100);
        let (_never, nothing) = std::sync::mpsc::sync_channel::<()>(0);
        for _ in 0..20 {
            if server.authenticate(text.expose()).is_ok() == good {
                return;
            }
            let _later = nothing.recv_timeout(wait);
        }
        panic!("not seen within two seconds");
    };
    wait_for(true);
    tool.revoke(&record.id).unwrap();
    wait_for(false);
    server.record_changes(&audit).unwrap();
    drop(server);
    audit.shutdown_blocking().unwrap();
    let mut log = Vec::new();
    export(dir.path(), Format::JsonLines, &mut log).unwrap();
    let log = String::from_utf8(log).unwrap();
    for change in ["create", "revoke"] {
        assert!(log.contains(&format!(
            "\"change\":\"{change}\",\"key\":\"{}\"",
            record.id
        )));
    }
}

#[test]
fn many_keys_authenticate_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Arc::new(keyring(dir.path(), SystemClock::shared()));
    let texts: Vec<_> = (0..8)
        .map(|number| keys.create(new_key(&format!("app-{number}"))).unwrap().1)
        .collect();
    std::thread::scope(|scope| {
        for text in &texts {
            scope.spawn(|| {
                for _ in 0..500 {
                    keys.authenticate(text.expose()).unwrap();
                }
            });
        }
    });
}
