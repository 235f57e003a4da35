//! A disk that really is full: nothing durable is lost, and the same journal goes on once there is space.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "all of it is test")]

mod child;

use std::fs;
use std::process::Command;

use child::{records, session};
use mo_core::ids::WorkerName;
use mo_journal::{DataDir, Journal, JournalError, SqliteJournal, Stream};

/// Mounts a small file system in a mount namespace of the child alone, where the system allows that. Where it does
/// not, a database of bounded size stands in for it: `a_full_database_refuses_and_goes_on_once_there_is_room`.
#[test]
fn a_full_disk_is_borne() {
    let allowed =
        Command::new("unshare").args(["-rm", "true"]).output().is_ok_and(|done| done.status.success());
    if !allowed {
        println!("not run: this system lets us mount nothing");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let inner = child::command("child_on_a_small_disk", place.path());
    let mount = "mount -t tmpfs -o size=12m tmpfs \"$MO_TEST_FOLDER\" && exec \"$@\"";
    let done = Command::new("unshare")
        .args(["-rm", "sh", "-c", mount, "sh"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env("MO_TEST_FOLDER", place.path())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && said.contains("all is there"), "{said}");
}

#[test]
#[ignore = "the child of the test above"]
fn child_on_a_small_disk() {
    let folder = child::folder();
    let ballast = folder.join("ballast");
    // More than all the rest: once there is space, the database takes over what its log holds, too.
    fs::write(&ballast, vec![1; 7 << 20]).unwrap();
    let dir = DataDir::create(folder.join("data")).unwrap();
    let journal = SqliteJournal::open(&dir).unwrap();
    let worker = WorkerName::new("claude-implementer");
    let mut transcript = journal.transcript(&session(1), &worker, 1, Stream::Stdout).unwrap();
    transcript.write(b"before\n").unwrap();

    let mut next = 1;
    let refused = loop {
        match journal.commit(records(&session(1), next..=next + 49)).wait() {
            Ok(_) => next += 50,
            Err(refused) => break refused,
        }
        assert!(next < 100_000, "the disk must become full");
    };
    assert_eq!(refused.error, JournalError::DiskFull { file: dir.journal_file() });
    assert_eq!(refused.error.code(), "disk_full");
    // Every byte of it.
    let mut rest = fs::OpenOptions::new().create(true).append(true).open(folder.join("rest")).unwrap();
    while std::io::Write::write(&mut rest, &[0; 512]).is_ok_and(|written| written > 0) {}
    let again = journal.commit(refused.records).wait().unwrap_err();
    assert_eq!(again.error.code(), "disk_full", "still");
    assert_eq!(journal.last_seq(&session(1)).unwrap(), next - 1, "reading goes on");
    transcript.write(&vec![b'x'; 100_000]).unwrap();
    assert!(transcript.flush().is_err(), "a transcript says so too");
    assert_eq!(
        journal.put_document(&session(1), &mo_journal::Document::Plan, "#").unwrap_err().code(),
        "disk_full"
    );

    fs::remove_file(&ballast).unwrap();
    journal.commit(again.records).wait().unwrap();
    journal.commit(records(&session(1), next + 50..=next + 99)).wait().unwrap();
    transcript.write(b"after\n").unwrap();
    drop(transcript);
    drop(journal);
    let journal = SqliteJournal::open(&dir).unwrap();
    let mut seq = 0;
    while seq < next + 99 {
        let page = journal.read(&session(1), seq, 1000).unwrap();
        assert_eq!(page, records(&session(1), seq + 1..=page.last().unwrap().seq));
        seq = page.last().unwrap().seq;
    }
    let page = journal.read_transcript(&session(1), &worker, 1, Stream::Stdout, 0, 1 << 20).unwrap();
    assert_eq!(page.bytes, [b"before\n", &vec![b'x'; 100_000][..], b"after\n"].concat());
    println!("all is there");
}
