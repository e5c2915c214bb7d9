//! What goes in comes out, in order, with proofs, and without content.

use std::fs;
use std::sync::Arc;

use bailiwick::audit::{
    AUDIT_DIR, AuditError, Closing, Event, Format, Verdict, export, forget_subject, show,
    subject_digest, verify, verify_inclusion,
};
use bailiwick::store::{Secrets, Store, StoreError};
use bailiwick::types::{Entity, EntryId};

use super::{open, opening};

#[tokio::test]
async fn entries_are_opened_closed_verified_shown_and_exported() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    for number in 0..20 {
        let mut entry = log.open_entry(opening(number)).await.unwrap();
        assert_eq!(entry.id(), EntryId(u64::try_from(number).unwrap() * 2));
        entry.set_fields(&["Subject".to_owned()], 2, &["Secret__c".to_owned()]);
        entry.set_entities(&[(Entity::Person, 3)].into());
        entry.set_prompt(b"what the model saw");
        entry
            .close(Closing::new(Verdict::Answered, 200))
            .await
            .unwrap();
    }
    drop(log.open_entry(opening(99)).await.unwrap());
    log.record(Event::Stop).await.unwrap();
    let covered = log.checkpoint().await.unwrap();
    assert_eq!(covered, log.tree_head());
    let beside = verify(dir.path()).unwrap();
    assert_eq!(beside.head, covered);
    log.shutdown().await.unwrap();
    assert!(matches!(
        log.record(Event::Stop).await,
        Err(AuditError::Closed)
    ));

    let found = verify(dir.path()).unwrap();
    assert_eq!(found.head.size, 43);
    assert_eq!(found.completed, 21);
    assert_eq!((found.interrupted.len(), found.in_flight.len()), (0, 0));
    assert_eq!(found.newest_checkpoint, Some(found.head));
    assert!(found.segments > 1 && found.database_checked);

    for index in [0, 1, 17, 42] {
        let shown = show(dir.path(), EntryId(index)).unwrap();
        assert!(shown.checkpoint.is_some());
        assert!(verify_inclusion(
            &shown.leaf,
            index,
            shown.tree_size,
            &shown.proof,
            &found.head.root
        ));
    }
    assert!(show(dir.path(), EntryId(43)).is_err());
    let abandoned = show(dir.path(), EntryId(41)).unwrap().entry;
    let said: serde_json::Value = serde_json::from_str(&abandoned).unwrap();
    let (verdict, opens) = (said["verdict"].as_str(), said["opens"].as_u64());
    assert!(
        verdict == Some("abandoned") && opens == Some(40) || said["kind"] == "stop",
        "{said}"
    );

    for (format, lines) in [
        (Format::JsonLines, 43),
        (Format::Csv, 44),
        (Format::Ocsf, 43),
    ] {
        let mut text = Vec::new();
        export(dir.path(), format, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.lines().count(), lines);
        // A record's identifier is nowhere, only a digest of it.
        assert!(!text.contains("500000000000001") && !text.contains("what the model saw"));
    }
}

#[test]
fn one_process_serves_from_a_folder_and_tools_read_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    let entry = log.open_entry_blocking(opening(1)).unwrap();
    let Err(AuditError::Store(error)) = open(dir.path()) else {
        panic!("the folder is in use");
    };
    assert!(matches!(*error, StoreError::InUse { .. }));
    assert_eq!(verify(dir.path()).unwrap().in_flight, [EntryId(0)]);
    entry
        .close_blocking(Closing::new(Verdict::Failed, 500))
        .unwrap();
    log.shutdown_blocking().unwrap();
    open(dir.path()).unwrap().shutdown_blocking().unwrap();
    assert_eq!(verify(dir.path()).unwrap().completed, 1);
}

#[test]
fn a_torn_last_line_is_cut_off_and_the_cache_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    for _ in 0..40 {
        log.record_blocking(Event::Stop).unwrap();
    }
    log.shutdown_blocking().unwrap();
    let audit = dir.path().join(AUDIT_DIR);
    let last = newest_segment(&audit);
    let whole = fs::read(&last).unwrap();
    fs::write(
        &last,
        [whole.as_slice(), b"{\"v\":1,\"index\":40,\"ti"].concat(),
    )
    .unwrap();
    fs::remove_file(audit.join("leaves")).unwrap();
    assert_eq!(verify(dir.path()).unwrap().torn_bytes, 21);
    let log = open(dir.path()).unwrap();
    assert_eq!(log.record_blocking(Event::Stop).unwrap(), EntryId(40));
    log.shutdown_blocking().unwrap();
    let found = verify(dir.path()).unwrap();
    assert_eq!((found.head.size, found.torn_bytes), (41, 0));
    assert_eq!(fs::metadata(audit.join("leaves")).unwrap().len(), 41 * 32);
}

#[test]
fn a_subject_is_found_until_its_key_is_erased() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    let entry = log.open_entry_blocking(opening(1)).unwrap();
    entry
        .close_blocking(Closing::new(Verdict::Answered, 200))
        .unwrap();
    log.shutdown_blocking().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap());
    let root = Secrets::open(dir.path()).unwrap().subject_root;
    let line = show(dir.path(), EntryId(0)).unwrap().entry;
    // The 15-character form of a Salesforce id is the same subject as the 18-character one.
    for id in ["500000000000001AAA", "500000000000001"] {
        let digest = subject_digest(&store, &root, &id.into()).unwrap().unwrap();
        assert!(line.contains(&digest.to_string()));
    }
    assert!(forget_subject(&store, &root, &"500000000000001".into()).unwrap());
    assert_eq!(
        subject_digest(&store, &root, &"500000000000001AAA".into()).unwrap(),
        None
    );
    verify(dir.path()).unwrap();
}

pub(super) fn newest_segment(audit: &std::path::Path) -> std::path::PathBuf {
    let mut names: Vec<_> = fs::read_dir(audit)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "jsonl"))
        .collect();
    names.sort();
    names.pop().unwrap()
}
