use std::fs;

use rusqlite::Connection;

use crate::sqlite::{Access, queue, schema, writer};
use crate::test_records::{record, records, session};
use crate::{DataDir, Journal, JournalError, SqliteJournal};

fn opened() -> (tempfile::TempDir, DataDir, SqliteJournal) {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::create(temp.path()).unwrap();
    let journal = SqliteJournal::open(&dir).unwrap();
    (temp, dir, journal)
}

/// A second connection, to get in the writer's way.
fn intruder(dir: &DataDir) -> Connection {
    Connection::open(dir.journal_file()).unwrap()
}

/// Returns once the writer has taken everything from the queue.
fn until_taken(journal: &SqliteJournal) {
    let Access::Writing { jobs: Some(jobs), .. } = &journal.access else { panic!("it writes") };
    while jobs.waiting_bytes() > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_failed_write_gives_everything_back_in_order() {
    let (_temp, dir, journal) = opened();
    journal.commit(records(&session(1), 1..=2)).wait().unwrap();
    let intruder = intruder(&dir);
    intruder
        .execute_batch(
            "CREATE TRIGGER failing BEFORE INSERT ON event WHEN NEW.seq = 4
             BEGIN SELECT RAISE(ABORT, 'no'); END;
             BEGIN IMMEDIATE;",
        )
        .unwrap();
    let first = journal.commit(records(&session(1), 3..=4));
    until_taken(&journal);
    // The writer now waits for the intruder, and these for the writer.
    let second = journal.commit(records(&session(1), 5..=6));
    let other = journal.commit(records(&session(2), 1..=1));
    intruder.execute_batch("COMMIT").unwrap();
    let first = first.wait().unwrap_err();
    assert_eq!(first.error.code(), "journal_io", "{first}");
    let (second, other) = (second.wait().unwrap_err(), other.wait().unwrap_err());
    assert_eq!((&second.error, &other.error), (&JournalError::Behind, &JournalError::Behind));
    assert!(first.error.is_retryable() && second.error.is_retryable());
    assert_eq!(journal.last_row().unwrap(), 2, "nothing of the failed ones is stored");
    let again = journal.commit(first.records.clone()).wait().unwrap_err();
    assert_eq!(again.error.code(), "journal_io", "still failing");

    intruder.execute_batch("DROP TRIGGER failing").unwrap();
    for batch in [again.records, second.records, other.records] {
        journal.commit(batch).wait().unwrap();
    }
    assert_eq!(journal.read(&session(1), 0, 10).unwrap(), records(&session(1), 1..=6));
    assert_eq!(journal.read_rows(6, 10).unwrap(), [(7, record(&session(2), 1))]);
}

#[test]
fn a_full_queue_refuses_and_gives_back() {
    let (_temp, dir, journal) = opened();
    let intruder = intruder(&dir);
    intruder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let first = journal.commit(vec![record(&session(1), 1)]);
    until_taken(&journal);
    let mut huge = record(&session(1), 2);
    huge.data = format!("\"{}\"", "x".repeat(queue::MAX_WAITING_BYTES));
    let second = journal.commit(vec![huge]);
    let third = journal.commit(vec![record(&session(1), 3)]).wait().unwrap_err();
    assert_eq!((&third.error, third.records.len()), (&JournalError::Busy, 1));
    intruder.execute_batch("COMMIT").unwrap();
    first.wait().unwrap();
    second.wait().unwrap();
    assert_eq!(journal.commit(third.records).wait().unwrap().first_row, 3);
}

#[test]
fn a_full_database_refuses_and_goes_on_once_there_is_room() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::create(temp.path()).unwrap();
    let connection = schema::open_writer(&dir.journal_file()).unwrap();
    connection.pragma_update(None, "max_page_count", 200).unwrap();
    let (jobs, receiver) = queue::job_queue();
    let writer = writer::Writer::new(connection, &dir, receiver).unwrap();
    let thread = std::thread::spawn(move || writer.run());
    jobs.commit(records(&session(1), 1..=3000)).wait().unwrap();
    let mut next = 1;
    let refused = loop {
        match jobs.commit(records(&session(2), next..=next + 99)).wait() {
            Ok(_) => next += 100,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused.error, JournalError::DiskFull { file: dir.journal_file() });
    assert!(jobs.delete(session(1)).wait().unwrap());
    jobs.commit(refused.records).wait().unwrap();
    drop(jobs);
    thread.join().unwrap();
    let journal = SqliteJournal::open(&dir).unwrap();
    assert_eq!(journal.last_seq(&session(2)).unwrap(), next + 99);
    assert_eq!(journal.sessions().unwrap(), [session(2)]);
}

#[test]
fn a_task_awaits_commits_in_any_order() {
    let (_temp, _dir, journal) = opened();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let first = journal.commit(records(&session(1), 1..=3));
        let second = journal.commit(records(&session(1), 4..=5));
        assert_eq!(second.await.unwrap().first_row, 4);
        assert_eq!(first.await.unwrap().first_row, 1);
        assert!(journal.delete(&session(1)).await.unwrap());
    });
}

#[test]
fn dropping_waits_for_what_is_queued() {
    let (_temp, dir, journal) = opened();
    let waiting: Vec<_> = (1..=200).map(|seq| journal.commit(records(&session(1), seq..=seq))).collect();
    drop(journal);
    for commit in waiting {
        commit.wait().unwrap();
    }
    assert!(!dir.path().join("journal.db-wal").exists(), "a clean exit leaves no log");
    assert_eq!(SqliteJournal::open_read_only(&dir).unwrap().last_seq(&session(1)).unwrap(), 200);
}

#[test]
fn deleted_text_is_in_no_file() {
    let (_temp, dir, journal) = opened();
    let mut batch = records(&session(1), 1..=3000);
    for record in &mut batch {
        record.data = r#"{"text":"never-to-be-seen-again"}"#.to_owned();
    }
    journal.commit(batch).wait().unwrap();
    journal.commit(records(&session(2), 1..=10)).wait().unwrap();
    assert!(journal.delete(&session(1)).wait().unwrap());
    drop(journal);
    for entry in fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_file() {
            let bytes = fs::read(&entry).unwrap();
            assert!(memchr::memmem::find(&bytes, b"never-to-be-seen").is_none(), "{}", entry.display());
        }
    }
}

#[test]
fn a_delete_that_was_cut_short_is_finished_later() {
    let (_temp, dir, journal) = opened();
    journal.commit(records(&session(1), 1..=5000)).wait().unwrap();
    journal.commit(records(&session(2), 1..=1)).wait().unwrap();
    drop(journal);
    let hide = "UPDATE session SET deleting = id, id = NULL WHERE no = 1";
    intruder(&dir).execute_batch(hide).unwrap();
    let journal = SqliteJournal::open(&dir).unwrap();
    assert_eq!(journal.sessions().unwrap(), [session(2)]);
    // One step for each job, so that it comes to an end under load as well.
    for seq in 2..=6 {
        journal.commit(records(&session(2), seq..=seq)).wait().unwrap();
    }
    let left: i64 = intruder(&dir).query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 6);
    let sessions: i64 =
        intruder(&dir).query_row("SELECT count(*) FROM session", [], |row| row.get(0)).unwrap();
    assert_eq!(sessions, 1);
}

#[test]
fn a_person_can_read_it_with_the_shell() {
    let (_temp, dir, journal) = opened();
    journal.commit(records(&session(1), 1..=1)).wait().unwrap();
    let line: String = intruder(&dir)
        .query_row("SELECT session || ' ' || seq || ' ' || at || ' ' || kind FROM events", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(line, "orch_20261122_104207_0001 1 2027-01-15T08:00:00 item_started");
}
