//! One process owns the folder; another is refused, reads beside it, and takes over when it has been killed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "all of it is test")]

mod child;

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use child::{records, session};
use mo_journal::{DataDir, Journal, JournalError, SqliteJournal};

#[test]
fn a_second_process_reads_but_does_not_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = child::command("child_that_owns", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut asks = owner.stdin.take().unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut until = |wanted: &str| while lines.next().expect("the owner lives") != wanted {};
    until("ready");

    let dir = DataDir::existing(folder.path()).unwrap();
    let refused = dir.lock(r#"{"pid":1}"#).unwrap_err();
    assert_eq!(refused, JournalError::Locked { folder: dir.path().to_owned(), pid: Some(owner.id()) });

    let reader = SqliteJournal::open_read_only(&dir).unwrap();
    for batch in 1..=50 {
        writeln!(asks, "write").unwrap();
        until("written");
        assert_eq!(reader.last_seq(&session(1)).unwrap(), batch * 10, "what is durable is seen at once");
        assert_eq!(reader.read(&session(1), (batch - 1) * 10, 100).unwrap(), {
            records(&session(1), batch * 10 - 9..=batch * 10)
        });
    }
    owner.kill().unwrap();
    owner.wait().unwrap();
    let stale = dir.owner().unwrap().unwrap();
    assert!(stale.contains(&owner.id().to_string()), "a killed owner leaves its file, not its lock");
    let _lock = dir.lock(r#"{"pid":1}"#).unwrap();
    let journal = SqliteJournal::open(&dir).unwrap();
    journal.commit(records(&session(1), 501..=510)).wait().unwrap();
    assert_eq!(reader.last_seq(&session(1)).unwrap(), 510);
}

#[test]
#[ignore = "the child of the test above"]
fn child_that_owns() {
    let dir = DataDir::create(child::folder()).unwrap();
    let _lock = dir.lock(&format!(r#"{{"pid":{}}}"#, std::process::id())).unwrap();
    let journal = SqliteJournal::open(&dir).unwrap();
    let mut out = std::io::stdout().lock();
    let mut next = 1;
    // A line of its own: the harness may have begun one.
    writeln!(out, "\nready").unwrap();
    for _ in std::io::stdin().lines() {
        journal.commit(records(&session(1), next..=next + 9)).wait().unwrap();
        next += 10;
        writeln!(out, "written").unwrap();
    }
}
