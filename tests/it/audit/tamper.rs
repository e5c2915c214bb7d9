//! Whatever is changed in the log's files is found.

use std::fs;
use std::path::{Path, PathBuf};

use bailiwick::audit::{AUDIT_DIR, AuditError, Closing, Event, Verdict, VerifyError, verify};
use proptest::prelude::*;
use tempfile::TempDir;

use super::log::newest_segment;
use super::{open, opening};

/// A log of two runs with several segments and checkpoints.
fn written() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for run in 0..2 {
        let log = open(dir.path()).unwrap();
        for number in 0..6 {
            let entry = log.open_entry_blocking(opening(run * 10 + number)).unwrap();
            entry
                .close_blocking(Closing::new(Verdict::Answered, 200))
                .unwrap();
        }
        log.record_blocking(Event::Stop).unwrap();
        log.shutdown_blocking().unwrap();
    }
    verify(dir.path()).unwrap();
    dir
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir.join(AUDIT_DIR))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn any_flipped_bit_in_any_file_is_found(seeds in prop::collection::vec(any::<u64>(), 150)) {
        let dir = written();
        for path in files(dir.path()) {
            let sound = fs::read(&path).unwrap();
            let bits = sound.len() as u64 * 8;
            for bit in seeds.iter().map(|seed| seed % bits).chain([0, bits - 8, bits - 1]) {
                let mut bytes = sound.clone();
                bytes[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8);
                fs::write(&path, bytes).unwrap();
                prop_assert!(verify(dir.path()).is_err(), "bit {bit} of {}", path.display());
            }
            fs::write(&path, sound).unwrap();
        }
        prop_assert!(verify(dir.path()).is_ok());
    }
}

#[test]
fn what_was_cut_off_or_swapped_is_found_and_named() {
    let dir = written();
    let audit = dir.path().join(AUDIT_DIR);
    let last = newest_segment(&audit);
    let sound = fs::read(&last).unwrap();
    let lines: Vec<&[u8]> = sound.split_inclusive(|byte| *byte == b'\n').collect();
    let check = |bytes: &[u8], wanted: &dyn Fn(&VerifyError) -> bool| {
        fs::write(&last, bytes).unwrap();
        let error = verify(dir.path()).unwrap_err();
        assert!(wanted(&error), "{error:?}");
        // The server does not start on it either.
        assert!(matches!(
            open(dir.path()),
            Err(AuditError::Shorter { .. }
                | AuditError::Differs { .. }
                | AuditError::Corrupt { .. })
        ));
        fs::write(&last, &sound).unwrap();
    };
    check(&lines[..lines.len() - 1].concat(), &|error| {
        matches!(error, VerifyError::Shorter { .. })
    });
    check(&lines[1..].concat(), &|error| {
        matches!(error, VerifyError::Entry { line: 1, .. })
    });
    let mut swapped = lines.clone();
    swapped.swap(0, 1);
    check(&swapped.concat(), &|error| {
        matches!(error, VerifyError::Entry { line: 1, .. })
    });
    let changed = String::from_utf8(sound.clone())
        .unwrap()
        .replace("answered", "refused!");
    check(changed.as_bytes(), &|error| {
        matches!(error, VerifyError::Leaf { .. })
    });
    fs::remove_file(audit.join("leaves")).unwrap();
    check(changed.as_bytes(), &|error| {
        matches!(error, VerifyError::Differs { .. })
    });
    verify(dir.path()).unwrap();
}

#[test]
fn a_log_rewound_with_all_its_files_is_found_by_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let run = || {
        let log = open(dir.path()).unwrap();
        log.record_blocking(Event::Stop).unwrap();
        log.shutdown_blocking().unwrap();
    };
    run();
    let before: Vec<_> = files(dir.path())
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    run();
    for (path, bytes) in before {
        fs::write(path, bytes).unwrap();
    }
    assert!(matches!(
        verify(dir.path()),
        Err(VerifyError::Shorter {
            expected: 2,
            found: 1,
            ..
        })
    ));
    assert!(matches!(
        open(dir.path()),
        Err(AuditError::Shorter {
            expected: 2,
            found: 1
        })
    ));
}
