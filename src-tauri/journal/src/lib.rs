//! What must outlive the process: the durable events of all sessions, the raw transcripts of their workers, and the
//! data folder that holds both (design.md §9). [`SqliteJournal`] is the real one, [`MemoryJournal`] its twin without
//! a disk; both stand behind the port [`Journal`] and pass the same tests.

pub mod document;
pub mod error;
pub mod folder;
pub mod memory;
pub mod owner_lock;
pub mod port;
mod private;
pub mod redact;
pub mod sqlite;
pub mod tapped;
pub mod transcript;

pub use document::Document;
pub use error::{CommitError, JournalError};
pub use folder::DataDir;
pub use memory::MemoryJournal;
pub use owner_lock::OwnerLock;
pub use port::{CommitFuture, Committed, DeleteFuture, Journal};
pub use redact::{RedactingSink, Redactor};
pub use sqlite::SqliteJournal;
pub use tapped::{TappedJournal, Taps};
pub use transcript::{Stream, TranscriptInfo, TranscriptPage, TranscriptSink};

#[cfg(test)]
mod contract_tests;
#[cfg(test)]
mod folder_tests;
#[cfg(test)]
mod test_records;
#[cfg(test)]
mod transcript_tests;
