//! Reading what a data folder holds, also while another process owns it. Nothing is made or changed.

use std::time::Duration;

use mo_api::client::Client;
use mo_core::ids::{SessionId, WorkerName};
use mo_core::team::{Team, resolve};
use mo_core::view::status::SessionView;
use mo_engine::history;
use mo_journal::{DataDir, Journal, JournalError, SqliteJournal};

use crate::errors::{Failure, exit};
use crate::owner;
use crate::places::Places;

/// How long the owner may take to say how a session stands before the journal is read instead.
const OWNER_PATIENCE: Duration = Duration::from_secs(2);

/// A data folder that exists, with its journal open for reading.
pub(crate) struct Reading {
    /// The folder.
    pub(crate) data: DataDir,
    /// Its journal.
    pub(crate) journal: SqliteJournal,
}

impl Reading {
    /// Opens it; `None` when there is no such folder, which reads as empty.
    pub(crate) fn open(places: &Places) -> Result<Option<Self>, Failure> {
        let data = match DataDir::existing(&places.data) {
            Ok(data) => data,
            Err(JournalError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let journal = SqliteJournal::open_read_only(&data)?;
        Ok(Some(Self { data, journal }))
    }

    /// Opens it, and finds the session that was named, else the newest.
    pub(crate) fn session(places: &Places, named: Option<&str>) -> Result<(Self, SessionId), Failure> {
        let Some(reading) = Self::open(places)? else { return Err(unknown(named)) };
        let id = match named {
            Some(name) => {
                let id = SessionId::new(name);
                let exists = SessionId::is_well_formed(name) && reading.journal.last_seq(&id)? > 0;
                exists.then_some(id)
            }
            None => reading.journal.sessions()?.pop(),
        };
        id.map(|id| (reading, id)).ok_or_else(|| unknown(named))
    }

    /// All sessions as they stand, newest first. Not for use inside an async runtime.
    pub(crate) fn all(places: &Places) -> Result<Vec<SessionView>, Failure> {
        let Some(reading) = Self::open(places)? else { return Ok(Vec::new()) };
        let mut views = Vec::new();
        for id in reading.journal.sessions()?.iter().rev() {
            views.extend(reading.view(id)?);
        }
        Ok(views)
    }

    /// A session as it stands: as who runs it has it, else from the journal. One that is unfinished without anybody who
    /// runs it has crashed. Not for use inside an async runtime.
    pub(crate) fn view(&self, session: &SessionId) -> Result<Option<SessionView>, Failure> {
        if !history::is_over(&self.journal, session)?
            && let Some(view) = self.view_of_owner(session)
        {
            return Ok(Some(view));
        }
        let view = history::view(&self.journal, session)?;
        if view.as_ref().is_none_or(|view| view.ended_at.is_some()) || owner::lives(&self.data) {
            return Ok(view);
        }
        // Its owner may have ended it and itself since the first look.
        let view = history::view(&self.journal, session)?;
        Ok(view.map(|view| if view.ended_at.is_some() { view } else { crashed(view) }))
    }

    /// What the owner says of a session that it runs: it need not replay it. `None` where nobody answers.
    fn view_of_owner(&self, session: &SessionId) -> Option<SessionView> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let ask = async { Client::attach(&self.data).await.ok()?.state(session.as_str()).await.ok() };
        runtime.block_on(async { tokio::time::timeout(OWNER_PATIENCE, ask).await.ok()? })
    }

    /// Whether more will come of a session.
    ///
    /// # Errors
    /// When nobody has ended it and nobody runs it.
    pub(crate) fn goes_on(&self, session: &SessionId) -> Result<bool, Failure> {
        if history::is_over(&self.journal, session)? {
            return Ok(false);
        }
        // Its owner may have ended it and itself since the first look.
        if owner::lives(&self.data) || history::is_over(&self.journal, session)? {
            return Ok(true);
        }
        Err(owner::gone(session))
    }

    /// The worker of a session that a name means: its own, or its agent's where that is unambiguous.
    pub(crate) fn worker(&self, session: &SessionId, name: &str) -> Result<WorkerName, Failure> {
        let state = history::replay(&self.journal, session)?;
        let team: Option<&Team> = state.created.as_ref().map(|created| &created.team);
        let workers = team.map(|team| team.workers.as_slice()).unwrap_or_default();
        resolve(workers.iter().map(|w| (&w.name, &w.agent)), name).map_err(|candidates| {
            let all = || workers.iter().map(|w| w.name.to_string()).collect::<Vec<_>>().join(", ");
            if candidates.is_empty() {
                Failure::new(
                    exit::NOT_FOUND,
                    "worker_unknown",
                    format!("session {session} has no worker `{name}`"),
                    format!("its workers are {}", all()),
                )
            } else {
                Failure::new(
                    exit::USAGE,
                    "worker_ambiguous",
                    format!("`{name}` could be {}", candidates.join(" or ")),
                    "write the whole name",
                )
            }
        })
    }
}

/// Nothing of it runs, though nobody has written that down.
fn crashed(mut view: SessionView) -> SessionView {
    "crashed".clone_into(&mut view.state);
    view.reason = Some("the program that ran it went away; `orchestrate resume` goes on".to_owned());
    for worker in &mut view.workers {
        if !matches!(worker.state.as_str(), "idle" | "done" | "failed") {
            "stopped".clone_into(&mut worker.state);
            "stopped".clone_into(&mut worker.doing);
        }
    }
    view
}

/// Whether a word of the command line is a worker's name rather than a session's.
pub(crate) fn names_a_worker(word: &str) -> bool {
    !word.starts_with("orch_")
}

fn unknown(named: Option<&str>) -> Failure {
    match named {
        Some(name) => Failure::new(
            exit::NOT_FOUND,
            "session_unknown",
            format!("there is no session `{name}`"),
            "`orchestrate status` lists the sessions",
        ),
        None => Failure::new(
            exit::NOT_FOUND,
            "session_unknown",
            "there is no session yet",
            "`orchestrate run` and `orchestrate demo` start one",
        ),
    }
}
