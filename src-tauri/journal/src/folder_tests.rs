use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::test_records::{record, session, worker};
use crate::{DataDir, Document, Journal, JournalError, SqliteJournal, Stream};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// All files and folders under a folder.
fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        }
        found.push(path);
    }
}

#[test]
fn everything_in_it_is_for_its_owner_alone() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("deep/data");
    let dir = DataDir::create(&root).unwrap();
    let _lock = dir.lock(r#"{"pid":1}"#).unwrap();
    let journal = SqliteJournal::open(&dir).unwrap();
    journal.commit(vec![record(&session(1), 1)]).wait().unwrap();
    journal.transcript(&session(1), &worker(), 1, Stream::Stderr).unwrap().write(b"x").unwrap();
    journal.put_document(&session(1), &Document::Plan, "x").unwrap();
    journal.put_document(&session(1), &Document::Receipt("one".into()), "x").unwrap();
    assert_eq!(mode(&root), 0o700);
    let mut found = Vec::new();
    walk(&root, &mut found);
    for path in &found {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(path), expected, "{}", path.display());
    }
    let names: Vec<_> = found.iter().filter_map(|path| path.strip_prefix(&root).ok()?.to_str()).collect();
    for expected in [
        "journal.db",
        "journal.db-wal",
        "owner.json",
        "sessions/orch_20261122_104207_0001/plan.md",
        "sessions/orch_20261122_104207_0001/receipts/one.json",
        "sessions/orch_20261122_104207_0001/transcripts/claude-implementer.1.stderr.txt",
        "checkpoints",
        "logs",
        "run",
    ] {
        assert!(names.contains(&expected), "{expected} in {names:?}");
    }
}

#[test]
fn a_journal_that_others_can_read_is_closed_to_them() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::create(temp.path()).unwrap();
    drop(SqliteJournal::open(&dir).unwrap());
    fs::set_permissions(dir.journal_file(), fs::Permissions::from_mode(0o644)).unwrap();
    drop(SqliteJournal::open(&dir).unwrap());
    assert_eq!(mode(&dir.journal_file()), 0o600);
}

#[test]
fn what_is_no_folder_is_told_apart() {
    let temp = tempfile::tempdir().unwrap();
    let missing = DataDir::existing(temp.path().join("none")).unwrap_err();
    assert_eq!(missing.code(), "data_folder_missing");
    assert!(!temp.path().join("none").exists(), "reading makes nothing");
    let file = temp.path().join("file");
    fs::write(&file, "").unwrap();
    for error in [DataDir::existing(&file).unwrap_err(), DataDir::create(&file).unwrap_err()] {
        assert_eq!(error.code(), "data_folder_unusable");
        assert!(error.to_string().contains("file") && error.hint().is_some(), "{error}");
    }
    DataDir::existing(temp.path()).unwrap();
}

#[test]
fn one_owner_at_a_time() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::create(temp.path()).unwrap();
    assert_eq!(dir.owner().unwrap(), None);
    let lock = dir.lock(r#"{"pid":4711}"#).unwrap();
    let refused = dir.lock(r#"{"pid":5}"#).unwrap_err();
    assert_eq!(refused, JournalError::Locked { folder: dir.path().to_owned(), pid: Some(4711) });
    assert!(refused.to_string().contains("(pid 4711)"), "{refused}");
    assert_eq!(dir.owner().unwrap().unwrap(), r#"{"pid":4711}"#, "the refused one wrote nothing");
    lock.describe(r#"{"pid":4711,"port":8000}"#).unwrap();
    assert_eq!(dir.owner().unwrap().unwrap(), r#"{"pid":4711,"port":8000}"#);
    drop(lock);
    assert_eq!(dir.owner().unwrap(), None);
    drop(dir.lock("{}").unwrap());
}

#[test]
fn an_owner_whose_file_is_unreadable_is_still_an_owner() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::create(temp.path()).unwrap();
    let _lock = dir.lock("not json").unwrap();
    assert!(matches!(dir.lock("{}"), Err(JournalError::Locked { pid: None, .. })));
}
