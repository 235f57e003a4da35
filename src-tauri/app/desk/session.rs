//! What the screens of one session ask of the engine.

use mo_core::view::log::{LogFilter, LogFound, LogMark, LogPage, LogRaw, RawSource};

use super::Answer;
use crate::dto::{ChangesView, CheckpointPoint, DetailsView, FileDiff, ReceiptView, RestoredView};

/// Controls of a session.
pub trait Control: Send + Sync {
    /// Brings what runs to a stand that can be resumed as it was.
    fn pause(&self, session: String) -> Answer<'_, ()>;
    /// Has the work reviewed now.
    fn review_now(&self, session: String, focus: Option<String>) -> Answer<'_, ()>;
    /// Tells a worker something after its turn.
    fn message(&self, session: String, worker: String, text: String) -> Answer<'_, ()>;
}

/// The log of a session.
pub trait Logs: Send + Sync {
    /// At most `limit` rows from the `from`th that matches; one whose page is not whole is asked again.
    fn log(&self, session: String, filter: LogFilter, from: u64, limit: usize) -> Answer<'_, LogPage>;
    /// The next row in which `needle` stands.
    fn find_in_log(
        &self,
        session: String,
        filter: LogFilter,
        needle: String,
        from: Option<u64>,
        backwards: bool,
    ) -> Answer<'_, LogFound>;
    /// Which of `parts` equal parts of what matches hold a warning or an error.
    fn log_marks(&self, session: String, filter: LogFilter, parts: u32) -> Answer<'_, Vec<LogMark>>;
    /// A row as it is stored.
    fn log_raw(&self, session: String, source: Option<RawSource>, seq: u64) -> Answer<'_, Option<LogRaw>>;
    /// Writes what matches into a file, a line each; answers how many.
    fn export_log(&self, session: String, filter: LogFilter, into: std::path::PathBuf) -> Answer<'_, u64>;
}

/// Checkpoints of a session.
pub trait Changes: Send + Sync {
    /// Those that stand, in order.
    fn checkpoints(&self, session: String) -> Answer<'_, Vec<CheckpointPoint>>;
    /// What changed from one to the other.
    fn changes(&self, session: String, from: u32, to: u32) -> Answer<'_, ChangesView>;
    /// The difference of one file.
    fn file_diff(&self, session: String, from: u32, to: u32, path: String) -> Answer<'_, FileDiff>;
    /// Brings the target back to a checkpoint, wholly or at these paths.
    fn restore(&self, session: String, checkpoint: u32, paths: Vec<String>) -> Answer<'_, RestoredView>;
}

/// What a session rests on.
pub trait Details: Send + Sync {
    /// Its agents, guarantees, recoveries and places.
    fn details(&self, session: String) -> Answer<'_, DetailsView>;
    /// The receipt of its `number`th decision, once it is written.
    fn receipt(&self, session: String, number: u32) -> Answer<'_, Option<ReceiptView>>;
}
