//! What can go wrong with the journal, by stable codes.

use std::io;
use std::path::{Path, PathBuf};

use mo_core::ids::SessionId;
use mo_core::record::Record;

/// A failure of the journal or of the data folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The operating system or the database refused.
    #[error("{what}: {detail}")]
    Io {
        /// What was tried, with the file.
        what: String,
        /// What the system said.
        detail: String,
    },
    /// No space is left on the disk that holds the file.
    #[error("the disk is full: {} could not be written", .file.display())]
    DiskFull {
        /// The file that could not grow.
        file: PathBuf,
    },
    /// The file is damaged.
    #[error("the journal {} is damaged: {detail}", .file.display())]
    Corrupt {
        /// The damaged file.
        file: PathBuf,
        /// What the check found.
        detail: String,
    },
    /// The file was written by a newer version of this program.
    #[error("the journal {} has format {found}; this version knows formats up to {supported} and only reads it", .file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format known here.
        supported: i64,
    },
    /// The file is a database of another program.
    #[error("{} is not a journal of Meta-Orchestrator", .file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// Another process owns the data folder.
    #[error("the data folder {} is in use by another process{}", .folder.display(), pid_text(*.pid))]
    Locked {
        /// The data folder.
        folder: PathBuf,
        /// The owner's process id, when it is known.
        pid: Option<u32>,
    },
    /// The data folder cannot be made or used.
    #[error("the data folder {} cannot be used: {detail}", .folder.display())]
    Unusable {
        /// The data folder.
        folder: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// There is no such data folder.
    #[error("there is no data folder {}", .folder.display())]
    Missing {
        /// The folder looked for.
        folder: PathBuf,
    },
    /// A name that must not become part of a path.
    #[error("`{name}` is not the name of a {what}")]
    BadName {
        /// What it should have named.
        what: &'static str,
        /// The text given.
        name: String,
    },
    /// A record that does not follow the last one of its session.
    #[error("session {session}: the next event is number {expected}, not {found}")]
    OutOfOrder {
        /// The session.
        session: SessionId,
        /// The number that must come next.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// An earlier commit failed while this one was queued, so this one was not tried.
    #[error("not written, because an earlier write failed")]
    Behind,
    /// More waits to be written than the queue may hold.
    #[error("the journal has too much waiting to be written")]
    Busy,
    /// The journal was opened for reading.
    #[error("the journal is open for reading only")]
    ReadOnly,
    /// The writer has ended.
    #[error("the journal is closed")]
    Closed,
}

fn pid_text(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
}

impl JournalError {
    /// The stable code that scripts may rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "journal_io",
            Self::DiskFull { .. } => "disk_full",
            Self::Corrupt { .. } => "journal_corrupt",
            Self::Newer { .. } => "journal_newer",
            Self::Foreign { .. } => "journal_foreign",
            Self::Locked { .. } => "data_folder_locked",
            Self::Unusable { .. } => "data_folder_unusable",
            Self::Missing { .. } => "data_folder_missing",
            Self::BadName { .. } => "bad_name",
            Self::OutOfOrder { .. } => "journal_out_of_order",
            Self::Behind => "journal_behind",
            Self::Busy => "journal_busy",
            Self::ReadOnly => "journal_read_only",
            Self::Closed => "journal_closed",
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::DiskFull { .. } => {
                "free some space on that disk; nothing is lost and writing goes on by itself".to_owned()
            }
            Self::Corrupt { file, .. } => {
                let file = file.display();
                format!(
                    "move {file} and its -wal and -shm files away and start again, or mend it with \
                     `sqlite3 {file} .recover | sqlite3 mended.db`; plans, summaries, transcripts and checkpoints \
                     stay as they are in the folders beside it until you delete them"
                )
            }
            Self::Newer { .. } => "use the newer version, or another data folder".to_owned(),
            Self::Foreign { .. } => "choose another data folder with --data-dir".to_owned(),
            Self::Locked { .. } => {
                "use the running one, end it, or choose another data folder with --data-dir".to_owned()
            }
            Self::Unusable { .. } => {
                "make it a folder that you can write to, or choose another with --data-dir".to_owned()
            }
            Self::Io { .. } => "look at its permissions, and at the disk".to_owned(),
            _ => return None,
        })
    }

    /// Whether the same commit may succeed later without any change to it.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::DiskFull { .. } | Self::Behind | Self::Busy)
    }

    /// From a file operation.
    pub(crate) fn io(what: &str, file: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull {
            return Self::DiskFull { file: file.to_owned() };
        }
        Self::Io { what: format!("{what} {}", file.display()), detail: error.to_string() }
    }

    /// From an operation without which the data folder is of no use.
    pub(crate) fn unusable(folder: &Path, file: &Path, error: &io::Error) -> Self {
        match Self::io("cannot use", file, error) {
            Self::Io { .. } => {
                let at = file.strip_prefix(folder).ok().filter(|at| !at.as_os_str().is_empty());
                let at = at.map(|at| format!("{}: ", at.display())).unwrap_or_default();
                Self::Unusable { folder: folder.to_owned(), detail: format!("{at}{error}") }
            }
            full => full,
        }
    }

    /// From a database operation.
    pub(crate) fn sqlite(what: &str, file: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { file: file.to_owned(), detail: error.to_string() }
            }
            Some(ErrorCode::DiskFull) => Self::DiskFull { file: file.to_owned() },
            // The shared-memory file beside the journal could not grow.
            _ if error.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => {
                Self::DiskFull { file: file.to_owned() }
            }
            _ => Self::Io { what: format!("{what} {}", file.display()), detail: error.to_string() },
        }
    }
}

/// A commit that did not happen. Nothing of it is stored, and nothing of it is lost.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct CommitError {
    /// Why.
    #[source]
    pub error: JournalError,
    /// The records as they were given, to be committed again.
    pub records: Vec<Record>,
}
