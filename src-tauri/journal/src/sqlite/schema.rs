//! The database's format, how a file is opened, and what is done with one that is new, newer, foreign or damaged.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::JournalError;
use crate::private;

/// The format written here, in `PRAGMA user_version`. Raise it with every change, keep a file of each old one under
/// `tests/journals`, and migrate in [`open_writer`].
pub(super) const FORMAT: i64 = 2;

/// `PRAGMA application_id`: "MOjl".
const APPLICATION_ID: i64 = 0x4d4f_6a6c;

/// `event.data` stays in the row whatever its size: SQLite chains long texts over pages of their own, so a scan of
/// other rows never reads them, a commit stays one transaction over one file, and a delete forgets nothing. Events
/// that large are rare, and the decoder bounds them.
const TABLES: &str = "
CREATE TABLE session (
    no INTEGER PRIMARY KEY,          -- in the order in which sessions began
    id TEXT UNIQUE,                  -- NULL from the moment the session is deleted
    deleting TEXT                    -- its id while its events are being removed
) STRICT;
CREATE TABLE event (
    row INTEGER PRIMARY KEY,         -- over all sessions; never used twice
    session INTEGER NOT NULL,        -- session.no
    seq INTEGER NOT NULL,            -- dense from 1 in a session
    at INTEGER NOT NULL,             -- milliseconds since 1970 UTC
    worker TEXT,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,              -- a JSON object
    UNIQUE (session, seq)
) STRICT;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
";

/// Since format 2: what names checkpoints is found without reading all else, and the view speaks to old shells too
/// (`%F` and `%T` came with SQLite 3.44).
const FORMAT_2: &str = "
CREATE INDEX event_of_checkpoints ON event (row) WHERE kind IN ('checkpoint_taken', 'checkpoint_restored');
DROP VIEW IF EXISTS events;
CREATE VIEW events AS                -- for a person with the sqlite3 shell
    SELECT e.row, s.id AS session, e.seq, strftime('%Y-%m-%dT%H:%M:%S', e.at / 1000, 'unixepoch') AS at, e.worker, e.kind, e.data
    FROM event e JOIN session s ON s.no = e.session WHERE s.id IS NOT NULL;
";

/// What a file turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing in it yet.
    Empty,
    /// A journal of this format or an older one.
    Known,
    /// A journal of a format from the future.
    Newer(i64),
}

/// Looks without changing anything.
pub(super) fn inspect(file: &Path) -> Result<Found, JournalError> {
    let failed = |error: rusqlite::Error| JournalError::sqlite("cannot open", file, &error);
    match fs::metadata(file) {
        Ok(meta) if meta.len() == 0 => return Ok(Found::Empty),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Empty),
        Err(error) => return Err(JournalError::io("cannot open", file, &error)),
    }
    let connection = open_reader(file)?;
    let number = |pragma: &str| -> Result<i64, JournalError> {
        connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(failed)
    };
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION_ID, version) if version > FORMAT => Ok(Found::Newer(version)),
        (APPLICATION_ID, _) => Ok(Found::Known),
        (0, 0) => {
            // A process that was killed while it made the file leaves a database without tables.
            let tables: i64 = connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
                .map_err(failed)?;
            if tables == 0 { Ok(Found::Empty) } else { Err(JournalError::Foreign { file: file.to_owned() }) }
        }
        _ => Err(JournalError::Foreign { file: file.to_owned() }),
    }
}

/// A connection that cannot write.
pub(super) fn open_reader(file: &Path) -> Result<Connection, JournalError> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "cache_size", READER_CACHE_KIB)?;
        Ok(connection)
    };
    open().map_err(|error| JournalError::sqlite("cannot open", file, &error))
}

/// The one connection that writes, with the tables made where absent. After an unclean exit the file is checked.
pub(super) fn open_writer(file: &Path) -> Result<Connection, JournalError> {
    private::open_or_create(file)
        .and_then(|_| file.parent().map_or(Ok(()), private::sync_dir))
        .map_err(|error| JournalError::io("cannot open", file, &error))?;
    // The last connection to close removes the write-ahead log; one with content means that none could.
    let unclean = fs::metadata(wal_file(file)).is_ok_and(|wal| wal.len() > 0);
    let failed = |error: rusqlite::Error| JournalError::sqlite("cannot open", file, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    if unclean {
        quick_check(&connection, file)?;
    }
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = {WRITER_CACHE_KIB};
             PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {WAL_KEPT_BYTES};
             PRAGMA foreign_keys = OFF; PRAGMA secure_delete = ON;"
        ))
        .map_err(failed)?;
    let (tables, since_2) = match inspect_version(&connection).map_err(failed)? {
        0 => (TABLES, FORMAT_2),
        1 => ("", FORMAT_2),
        _ => return Ok(connection),
    };
    connection
        .execute_batch(&format!(
            "BEGIN IMMEDIATE; {tables} {since_2} PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {FORMAT}; COMMIT;"
        ))
        .map_err(failed)?;
    Ok(connection)
}

fn inspect_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn quick_check(connection: &Connection, file: &Path) -> Result<(), JournalError> {
    let answer: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| JournalError::sqlite("cannot check", file, &error))?;
    if answer == "ok" {
        return Ok(());
    }
    Err(JournalError::Corrupt { file: file.to_owned(), detail: answer })
}

fn wal_file(file: &Path) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Others hold the file's locks only while they open, recover or close it.
pub(super) const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
/// Page caches; negative means KiB.
const READER_CACHE_KIB: i64 = -1024;
const WRITER_CACHE_KIB: i64 = -4096;
/// What a write-ahead log may keep of the disk after a peak.
const WAL_KEPT_BYTES: i64 = 32 << 20;
