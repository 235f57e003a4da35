use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::test_records::{record, records, session};
use crate::{DataDir, Journal, JournalError, SqliteJournal};

fn folder() -> (tempfile::TempDir, DataDir) {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::create(temp.path()).unwrap();
    (temp, dir)
}

fn filled(dir: &DataDir, count: u64) {
    let journal = SqliteJournal::open(dir).unwrap();
    journal.commit(records(&session(1), 1..=count)).wait().unwrap();
}

fn error_of(result: Result<SqliteJournal, JournalError>) -> JournalError {
    result.err().expect("it must not open")
}

#[test]
fn a_file_that_is_no_database_is_told_with_how_to_mend_it() {
    let (_temp, dir) = folder();
    fs::write(dir.journal_file(), "this is not a database, but a text of some length").unwrap();
    for error in [error_of(SqliteJournal::open(&dir)), error_of(SqliteJournal::open_read_only(&dir))] {
        assert_eq!(error.code(), "journal_corrupt");
        let file = dir.journal_file().display().to_string();
        assert!(error.to_string().contains(&file) && error.hint().unwrap().contains(&file), "{error}");
        assert!(!error.is_retryable());
    }
    assert!(fs::read(dir.journal_file()).unwrap().starts_with(b"this is not"), "nothing was overwritten");
}

#[test]
fn damage_is_found_after_an_unclean_exit_and_when_it_is_read() {
    let (_temp, dir) = folder();
    filled(&dir, 2000);
    let mut bytes = fs::read(dir.journal_file()).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    fs::write(dir.journal_file(), &bytes).unwrap();
    // A clean exit is trusted at the start: only reading what is damaged meets the damage.
    let journal = SqliteJournal::open(&dir).unwrap();
    assert_eq!(journal.read(&session(1), 0, 2000).unwrap_err().code(), "journal_corrupt");
    drop(journal);
    let mut log = dir.journal_file().into_os_string();
    log.push("-wal");
    fs::write(Path::new(&log), [0; 100]).unwrap();
    let error = error_of(SqliteJournal::open(&dir));
    assert_eq!(error.code(), "journal_corrupt", "{error}");
}

#[test]
fn a_log_that_was_left_behind_is_taken_up() {
    let (_temp, dir) = folder();
    let (_other, copy) = folder();
    let journal = SqliteJournal::open(&dir).unwrap();
    journal.commit(records(&session(1), 1..=50)).wait().unwrap();
    for suffix in ["", "-wal"] {
        let name = format!("journal.db{suffix}");
        fs::copy(dir.path().join(&name), copy.path().join(&name)).unwrap();
    }
    let copied = SqliteJournal::open(&copy).unwrap();
    assert_eq!(copied.read(&session(1), 0, 100).unwrap(), records(&session(1), 1..=50));
    copied.commit(records(&session(1), 51..=51)).wait().unwrap();
}

#[test]
fn a_newer_file_is_read_and_not_touched() {
    let (_temp, dir) = folder();
    filled(&dir, 3);
    Connection::open(dir.journal_file()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(dir.journal_file()).unwrap();
    let journal = SqliteJournal::open(&dir).unwrap();
    let newer = JournalError::Newer { file: dir.journal_file(), found: 99, supported: super::schema::FORMAT };
    assert_eq!(journal.writable().unwrap_err(), newer);
    let refused = journal.commit(vec![record(&session(1), 4)]).wait().unwrap_err();
    assert_eq!((refused.error, refused.records.len()), (newer.clone(), 1));
    assert_eq!(journal.delete(&session(1)).wait().unwrap_err(), newer);
    assert_eq!(journal.read(&session(1), 0, 10).unwrap(), records(&session(1), 1..=3));
    drop(journal);
    assert!(fs::read(dir.journal_file()).unwrap() == before);
}

#[test]
fn a_database_of_others_is_refused() {
    for statement in ["CREATE TABLE mine (x)", "PRAGMA user_version = 1", "PRAGMA application_id = 7"] {
        let (_temp, dir) = folder();
        Connection::open(dir.journal_file()).unwrap().execute_batch(statement).unwrap();
        assert_eq!(error_of(SqliteJournal::open(&dir)).code(), "journal_foreign", "{statement}");
        assert_eq!(error_of(SqliteJournal::open_read_only(&dir)).code(), "journal_foreign", "{statement}");
    }
}

#[test]
fn a_file_whose_making_was_cut_short_is_made_again() {
    let (_temp, dir) = folder();
    fs::write(dir.journal_file(), "").unwrap();
    assert_eq!(SqliteJournal::open_read_only(&dir).unwrap().sessions().unwrap(), []);
    filled(&dir, 1);
    let (_temp, dir) = folder();
    Connection::open(dir.journal_file()).unwrap().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    assert_eq!(SqliteJournal::open_read_only(&dir).unwrap().sessions().unwrap(), []);
    filled(&dir, 1);
}

#[test]
fn reading_makes_and_writes_nothing() {
    let (_temp, dir) = folder();
    let journal = SqliteJournal::open_read_only(&dir).unwrap();
    assert_eq!(journal.read_rows(0, 10).unwrap(), []);
    assert!(!dir.journal_file().exists());
    let refused = journal.commit(vec![record(&session(1), 1)]).wait().unwrap_err();
    assert_eq!((refused.error, refused.records.len()), (JournalError::ReadOnly, 1));
    assert!(journal.put_document(&session(1), &crate::Document::Plan, "x").is_err());
    filled(&dir, 2);
    assert_eq!(journal.last_seq(&session(1)).unwrap(), 2, "one that is made later is seen");
}

/// A file of every format that was ever written is kept, and must open.
#[test]
fn old_files_open() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals");
    for format in 1..=super::schema::FORMAT {
        let (_temp, dir) = folder();
        fs::copy(kept.join(format!("format-{format}.db")), dir.journal_file()).unwrap();
        let journal = SqliteJournal::open(&dir).unwrap();
        assert_eq!(journal.sessions().unwrap(), [session(2), session(1)]);
        assert_eq!(journal.read(&session(1), 0, 10).unwrap(), records(&session(1), 1..=3));
        let done = journal.commit(records(&session(1), 4..=4)).wait().unwrap();
        assert_eq!(done.first_row, 8, "rows go on behind a session that was deleted");
        drop(journal);
        let shell = Connection::open(dir.journal_file()).unwrap();
        let text = |query: &str, column: usize| -> String {
            shell.query_row(query, [], |row| row.get(column)).unwrap()
        };
        assert_eq!(text("SELECT at FROM events", 0), "2027-01-15T08:00:00", "format {format}");
        let plan = "EXPLAIN QUERY PLAN SELECT row FROM event \
                    WHERE row > 0 AND kind IN ('checkpoint_taken', 'checkpoint_restored') ORDER BY row";
        assert!(text(plan, 3).contains("event_of_checkpoints"), "format {format}: {}", text(plan, 3));
        assert_eq!(shell.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap(), 2);
    }
}

#[test]
#[ignore = "writes the file of the current format that old_files_open keeps"]
fn write_a_file_of_this_format() {
    let (_temp, dir) = folder();
    let journal = SqliteJournal::open(&dir).unwrap();
    journal.commit(records(&session(2), 1..=1)).wait().unwrap();
    journal.commit(records(&session(1), 1..=3)).wait().unwrap();
    journal.commit(records(&session(3), 1..=3)).wait().unwrap();
    journal.delete(&session(3)).wait().unwrap();
    drop(journal);
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals");
    fs::copy(dir.journal_file(), kept.join(format!("format-{}.db", super::schema::FORMAT))).unwrap();
}
