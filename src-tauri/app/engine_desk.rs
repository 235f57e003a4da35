//! The engine in this process as the window's desk, by subject.

mod news;
mod refusals;
mod settings;
mod setup;

mod changes;
mod control;
mod details;
mod logs;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mo_core::approval::AnsweredBy;
use mo_core::event::StopCause;
use mo_core::ids::{ApprovalId, SessionId};
use mo_core::view::status::StatusView;
use mo_core::view::timeline::TimelineEntry;
use mo_engine::config::Config;
use mo_engine::handle::EngineHandle;
use mo_engine::start::MAX_GOAL;
use mo_journal::JournalError;
use tokio::sync::mpsc;

use crate::demo::{DemoRun, start_demo};
use crate::desk::{Answer, Desk, News};
use crate::dto::{ChoiceForm, Refusal};
use crate::engine_desk::news::{watch_health, watch_resources, watch_sessions};
use crate::open::{Places, open_engine, variables};
use crate::remembered::Memory;
use logs::OpenLogs;

/// News that wait for the shell; a watcher that finds it full waits, and reads from the journal what it missed.
const QUEUE: usize = 64;
/// How long sessions have to come to a stand when the app ends: longer than the stop ladder takes.
const FAREWELL: Duration = Duration::from_secs(20);

/// The person's engine, and those of the demos that were started.
pub struct EngineDesk {
    engine: EngineHandle,
    places: Places,
    memory: Memory,
    demos: Mutex<Vec<Arc<DemoRun>>>,
    program: PathBuf,
    news: mpsc::Sender<News>,
    untaken: Mutex<Option<mpsc::Receiver<News>>>,
    logs: OpenLogs,
}

impl EngineDesk {
    /// Opens the engine on the person's data folder.
    ///
    /// # Errors
    /// When it cannot be opened; the window says why.
    pub async fn open() -> Result<Arc<Self>, Refusal> {
        let places = Places::find(|name| std::env::var_os(name).map(PathBuf::from))?;
        let config = Config::read(&places.config, false)?;
        let program = std::env::current_exe().map_err(|error| {
            Refusal::new("own_program_unknown", error.to_string(), "start the app by its full path")
        })?;
        let engine = open_engine(&places.data, config, variables()).await?;
        Ok(Self::over(engine, places, program).await?)
    }

    /// A desk over an engine that is open. `program` is a binary whose `main` lets scripted agents begin first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn over(
        engine: EngineHandle,
        places: Places,
        program: PathBuf,
    ) -> Result<Arc<Self>, JournalError> {
        let (news, untaken) = mpsc::channel(QUEUE);
        let journal = engine.journal();
        let newest = tokio::task::spawn_blocking(move || journal.last_row()).await;
        let newest = newest.unwrap_or(Err(JournalError::Closed))?;
        tokio::spawn(watch_sessions(engine.clone(), newest, news.clone()));
        let (health, told) = (engine.health(), engine.clone());
        tokio::spawn(watch_health(health, async move { told.broken().await }, news.clone()));
        tokio::spawn(watch_resources(engine.resources(), news.clone()));
        let untaken = Mutex::new(Some(untaken));
        let memory = Memory::beside(&places.data);
        Ok(Arc::new(Self {
            engine,
            places,
            memory,
            demos: Mutex::default(),
            program,
            news,
            untaken,
            logs: OpenLogs::default(),
        }))
    }

    fn demos(&self) -> Vec<Arc<DemoRun>> {
        self.demos.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The engine that has a session.
    fn engine_of(&self, session: &SessionId) -> EngineHandle {
        let demos = self.demos();
        demos.iter().find(|demo| demo.session == *session).map_or(&self.engine, |demo| &demo.engine).clone()
    }
}

impl Desk for EngineDesk {
    fn start_demo(&self) -> Answer<'_, String> {
        Box::pin(async move {
            let demo = Arc::new(start_demo(&self.program, variables()).await?);
            tokio::spawn(watch_sessions(demo.engine.clone(), 0, self.news.clone()));
            tokio::spawn(watch_resources(demo.engine.resources(), self.news.clone()));
            let session = demo.session.to_string();
            self.demos.lock().unwrap_or_else(PoisonError::into_inner).push(demo);
            Ok(session)
        })
    }

    fn status(&self) -> Answer<'_, StatusView> {
        Box::pin(async move {
            let mut sessions = self.engine.status().await?.sessions;
            for demo in self.demos() {
                sessions.extend(demo.engine.view(&demo.session).await?);
            }
            sessions.sort_by(|a, b| b.created_at.cmp(&a.created_at));
            Ok(StatusView { sessions })
        })
    }

    fn timeline(&self, session: String, since: u64, limit: usize) -> Answer<'_, Vec<TimelineEntry>> {
        Box::pin(async move {
            let session = SessionId::new(session);
            let (entries, _) = self.engine_of(&session).timeline(&session, since, limit).await?;
            Ok(entries)
        })
    }

    fn stop(&self, session: String) -> Answer<'_, ()> {
        Box::pin(async move {
            let session = SessionId::new(session);
            Ok(self.engine_of(&session).stop(&session, StopCause::Person, false).await?)
        })
    }

    fn resume(&self, session: String, message: Option<String>) -> Answer<'_, ()> {
        Box::pin(async move {
            if let Some(message) = &message {
                check_words(message)?;
            }
            let session = SessionId::new(session);
            // The window is there to be asked.
            Ok(self.engine_of(&session).resume_waiting(&session, message, Some(true)).await?)
        })
    }

    fn delete(&self, session: String) -> Answer<'_, ()> {
        Box::pin(async move {
            let session = SessionId::new(session);
            let engine = self.engine_of(&session);
            engine.delete(&session).await?;
            let demo = {
                let mut demos = self.demos.lock().unwrap_or_else(PoisonError::into_inner);
                demos.iter().position(|demo| demo.session == session).map(|at| demos.swap_remove(at))
            };
            if demo.is_some() {
                // It was all that its engine was for; with it goes its folder.
                engine.shut_down().await;
            }
            Ok(())
        })
    }

    fn answer(&self, session: String, approval: String, choice: ChoiceForm) -> Answer<'_, ()> {
        Box::pin(async move {
            let engine = self.engine_of(&SessionId::new(session));
            engine.answer(&ApprovalId::new(approval), choice.try_into()?, AnsweredBy::Person).await?;
            Ok(())
        })
    }

    fn revoke(&self, session: String, grant: String) -> Answer<'_, ()> {
        Box::pin(async move {
            let engine = self.engine_of(&SessionId::new(session));
            engine.revoke(&ApprovalId::new(grant)).await?;
            Ok(())
        })
    }

    fn news(&self) -> mpsc::Receiver<News> {
        let untaken = self.untaken.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A second listener would take half of the news; it hears that there are none.
        untaken.unwrap_or_else(|| mpsc::channel(1).1)
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let demos = std::mem::take(&mut *self.demos.lock().unwrap_or_else(PoisonError::into_inner));
            let mut ending = tokio::task::JoinSet::new();
            for engine in std::iter::once(&self.engine).chain(demos.iter().map(|demo| &demo.engine)) {
                ending.spawn(close_engine(engine.clone()));
            }
            ending.join_all().await;
            // With them go their folders: the process ends without running destructors.
            drop(demos);
            Ok(())
        })
    }
}

/// Pauses what runs, waits until it stands, and ends the engine.
async fn close_engine(engine: EngineHandle) {
    let stand = async {
        for session in engine.running() {
            // One that has ended meanwhile needs no stop.
            let _ = engine.stop(&session, StopCause::Pause, false).await;
        }
        engine.idle().await;
    };
    if tokio::time::timeout(FAREWELL, stand).await.is_err() {
        tracing::warn!("a session did not come to a stand in time; its processes are ended with the app");
    }
    engine.shut_down().await;
}

/// What a person says: something, and no more than a goal may have.
fn check_words(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::new("words_empty", "nothing was said", "say what is to be done"));
    }
    if text.len() > MAX_GOAL {
        let message = format!("the words have {} bytes; at most {MAX_GOAL} are possible", text.len());
        let hint = "put the details into a file of the project and name it";
        return Err(Refusal::new("words_too_long", message, hint));
    }
    Ok(())
}
