//! The log of a session, of which only what is looked at is in memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mo_core::ids::SessionId;
use mo_core::view::log::{LogFilter, LogFound, LogMark, LogPage, LogRaw, RawSource};
use mo_engine::log::LogReader;
use mo_journal::JournalError;

use super::EngineDesk;
use crate::desk::{Answer, Logs};
use crate::dto::Refusal;

/// How long one call may look on through what was not looked at yet: who jumps to rows meanwhile waits for it.
const BUDGET: Duration = Duration::from_millis(20);
/// The same for a call that brings rows, which somebody waits for already.
const BESIDE_ROWS: Duration = Duration::from_millis(4);
/// So many sessions' logs are held open; a further one takes the place of the oldest.
const OPEN: usize = 2;

/// The logs that are looked at.
#[derive(Default)]
pub(super) struct OpenLogs(Mutex<Vec<(SessionId, Arc<Mutex<LogReader>>)>>);

impl EngineDesk {
    pub(super) fn log_of(&self, session: &SessionId) -> Arc<Mutex<LogReader>> {
        let mut open = self.logs.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = open.iter().position(|(id, _)| id == session).map(|at| open.remove(at));
        let log = known.unwrap_or_else(|| {
            let reader = LogReader::new(self.engine_of(session).journal(), session.clone());
            (session.clone(), Arc::new(Mutex::new(reader)))
        });
        let reader = Arc::clone(&log.1);
        open.push(log);
        if open.len() > OPEN {
            open.remove(0);
        }
        reader
    }

    /// Reads in a session's log on a thread that may block.
    pub(super) fn in_log<T: Send + 'static>(
        &self,
        session: String,
        read: impl FnOnce(&mut LogReader) -> Result<T, Refusal> + Send + 'static,
    ) -> Answer<'_, T> {
        let log = self.log_of(&SessionId::new(session));
        Box::pin(blocking(move || read(&mut log.lock().unwrap_or_else(PoisonError::into_inner))))
    }
}

/// On a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(JournalError::Closed.into()))
}

impl Logs for EngineDesk {
    fn log(&self, session: String, filter: LogFilter, from: u64, limit: usize) -> Answer<'_, LogPage> {
        let budget = if limit == 0 { BUDGET } else { BESIDE_ROWS };
        self.in_log(session, move |log| Ok(log.page(&filter, from, limit, budget)?))
    }

    fn find_in_log(
        &self,
        session: String,
        filter: LogFilter,
        needle: String,
        from: Option<u64>,
        backwards: bool,
    ) -> Answer<'_, LogFound> {
        self.in_log(session, move |log| Ok(log.find(&filter, &needle, from, backwards, BUDGET)?))
    }

    fn log_marks(&self, session: String, filter: LogFilter, parts: u32) -> Answer<'_, Vec<LogMark>> {
        self.in_log(session, move |log| Ok(log.marks(&filter, parts.min(2_000))))
    }

    fn log_raw(&self, session: String, source: Option<RawSource>, seq: u64) -> Answer<'_, Option<LogRaw>> {
        self.in_log(session, move |log| Ok(log.raw(source.as_ref(), seq)?))
    }

    fn export_log(&self, session: String, filter: LogFilter, into: PathBuf) -> Answer<'_, u64> {
        let id = SessionId::new(session);
        // A reader of its own: the one that is looked at must not wait for it.
        let mut log = LogReader::new(self.engine_of(&id).journal(), id);
        Box::pin(blocking(move || {
            let file = File::create(&into).map_err(|error| unwritable(&into, &error))?;
            let mut file = BufWriter::new(file);
            let count = log
                .each(&filter, |line| writeln!(file, "{line}").map_err(|error| unwritable(&into, &error)))?;
            file.flush().map_err(|error| unwritable(&into, &error))?;
            Ok(count)
        }))
    }
}

fn unwritable(file: &Path, error: &std::io::Error) -> Refusal {
    let message = format!("{} cannot be written: {error}", file.display());
    Refusal::new("export_unwritable", message, "choose another place")
}
