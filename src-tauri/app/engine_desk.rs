//! The engine as the window's desk, by subject: in this process, or the owner's that was found.

mod news;
mod refusals;
mod settings;
mod setup;

mod changes;
mod control;
mod details;
mod logs;

pub(crate) use news::watch_engine;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mo_core::approval::AnsweredBy;
use mo_core::event::StopCause;
use mo_core::ids::{ApprovalId, BlockerId, SessionId};
use mo_core::view::status::{RuleOffer, StatusView};
use mo_core::view::timeline::TimelineEntry;
use mo_engine::config::Config;
use mo_engine::handle::{AnswerError, EngineHandle};
use mo_engine::start::MAX_GOAL;
use mo_journal::JournalError;
use tokio::sync::mpsc;

use crate::demo::{self, DemoRun, start_demo};
use crate::desk::{Answer, Desk, News};
use crate::dto::{ChoiceForm, Refusal};
use crate::engine_desk::news::{watch_resources, watch_sessions};
use crate::host::{Folder, Host, Place, follow};
use crate::open::{Places, variables};
use crate::outside::Tastes;
use crate::own_program::OwnProgram;
use crate::remembered::Memory;
use logs::OpenLogs;

/// News that wait for the shell; a watcher that finds it full waits, and reads from the journal what it missed.
const QUEUE: usize = 64;

/// The person's engine, and those of the demos that were started.
pub struct EngineDesk {
    host: Host,
    places: Places,
    memory: Memory,
    /// Held from looking at the configuration to when it counts, so that an older one never counts again.
    reading: tokio::sync::Mutex<()>,
    demos: Mutex<Vec<Arc<DemoRun>>>,
    program: OwnProgram,
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
        let program = OwnProgram::find().map_err(|error| {
            Refusal::new("own_program_unknown", error.to_string(), "start the app by its full path")
        })?;
        let folder = Folder { data: places.data.clone(), config, variables: variables() };
        let host = Host::of_folder(&folder).await?;
        let (desk, news, newest) = Self::made(host.clone(), places, program).await?;
        tokio::spawn(follow(host, folder, newest, news));
        tokio::task::spawn_blocking(demo::sweep);
        Ok(desk)
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
        let program = OwnProgram::at(program);
        let (desk, news, newest) = Self::made(Host::here(engine.clone()), places, program).await?;
        tokio::spawn(watch_engine(engine, newest, Duration::ZERO, news));
        Ok(desk)
    }

    /// The desk, where its news go in, and the row after which they begin.
    async fn made(
        host: Host,
        places: Places,
        program: OwnProgram,
    ) -> Result<(Arc<Self>, mpsc::Sender<News>, u64), JournalError> {
        let (news, untaken) = mpsc::channel(QUEUE);
        let journal = host.journal();
        let newest = tokio::task::spawn_blocking(move || journal.last_row()).await;
        let newest = newest.unwrap_or(Err(JournalError::Closed))?;
        let desk = Self {
            host,
            memory: Memory::beside(&places.data),
            places,
            reading: tokio::sync::Mutex::default(),
            demos: Mutex::default(),
            program,
            news: news.clone(),
            untaken: Mutex::new(Some(untaken)),
            logs: OpenLogs::default(),
        };
        Ok((Arc::new(desk), news, newest))
    }

    fn demos(&self) -> Vec<Arc<DemoRun>> {
        self.demos.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where a session runs.
    fn engine_of(&self, session: &SessionId) -> Host {
        let demos = self.demos();
        let demo = demos.iter().find(|demo| demo.session == *session);
        demo.map_or_else(|| self.host.clone(), |demo| Host::here(demo.engine.clone()))
    }
}

impl Desk for EngineDesk {
    fn start_demo(&self) -> Answer<'_, String> {
        Box::pin(async move {
            let demo = Arc::new(start_demo(self.program.again(), variables()).await?);
            // First of all it is found: who hears of it asks for it.
            self.demos.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&demo));
            tokio::spawn(watch_sessions(demo.engine.clone(), 0, self.news.clone()));
            tokio::spawn(watch_resources(demo.engine.resources(), self.news.clone()));
            Ok(demo.session.to_string())
        })
    }

    fn status(&self) -> Answer<'_, StatusView> {
        Box::pin(async move {
            let mut sessions = self.host.status().await?.sessions;
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
            self.engine_of(&session).stop(&session, StopCause::Person, false).await
        })
    }

    fn resume(&self, session: String, message: Option<String>) -> Answer<'_, ()> {
        Box::pin(async move {
            if let Some(message) = &message {
                check_words(message)?;
            }
            let session = SessionId::new(session);
            // The window is there to be asked.
            self.engine_of(&session).resume_waiting(&session, message, Some(true)).await
        })
    }

    fn delete(&self, session: String) -> Answer<'_, ()> {
        Box::pin(async move {
            let session = SessionId::new(session);
            let engine = self.engine_of(&session);
            engine.delete(&session).await?;
            // Another owner tells nobody.
            let _ = self.news.send(News::Deleted).await;
            let demo = {
                let mut demos = self.demos.lock().unwrap_or_else(PoisonError::into_inner);
                demos.iter().position(|demo| demo.session == session).map(|at| demos.swap_remove(at))
            };
            if demo.is_some() {
                // It was all that its engine was for; with it goes its folder.
                engine.close().await;
            }
            Ok(())
        })
    }

    fn answer(&self, session: String, approval: String, choice: ChoiceForm) -> Answer<'_, ()> {
        Box::pin(async move {
            let (session, approval) = (SessionId::new(session), ApprovalId::new(approval));
            let choice = choice.try_into()?;
            self.engine_of(&session).answer(&session, &approval, choice, AnsweredBy::Person).await
        })
    }

    fn rule_for(&self, session: String, approval: String) -> Answer<'_, RuleOffer> {
        Box::pin(async move {
            let session = SessionId::new(session);
            self.engine_of(&session).rule_for(&session, &ApprovalId::new(approval)).await
        })
    }

    fn revoke(&self, session: String, grant: String) -> Answer<'_, ()> {
        Box::pin(async move {
            let session = SessionId::new(session);
            self.engine_of(&session).revoke(&session, &ApprovalId::new(grant)).await
        })
    }

    fn resolve(&self, session: String, blocker: String) -> Answer<'_, ()> {
        Box::pin(async move {
            let engine = self.engine_of(&SessionId::new(session));
            let named = BlockerId::parse(&blocker).ok_or(AnswerError::NoBlocker(blocker))?;
            engine.resolve(&named).await
        })
    }

    fn news(&self) -> mpsc::Receiver<News> {
        let untaken = self.untaken.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A second listener would take half of the news; it hears that there are none.
        untaken.unwrap_or_else(|| mpsc::channel(1).1)
    }

    fn at_work(&self) -> usize {
        let of_demos: usize = self.demos().iter().map(|demo| demo.engine.at_work().len()).sum();
        self.host.at_work() + of_demos
    }

    fn elsewhere(&self) -> Option<u32> {
        match self.host.place() {
            Place::Here(_) => None,
            Place::There(owner) => Some(owner.client().owner().pid),
        }
    }

    fn tastes(&self) -> Tastes {
        let environment = self.host.environment();
        let said = |name: &str| environment.var(name).filter(|value| !value.is_empty()).map(str::to_owned);
        Tastes {
            path: environment.search_path(),
            editor: said("VISUAL").or_else(|| said("EDITOR")),
            terminal: said("TERMINAL"),
        }
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let demos = std::mem::take(&mut *self.demos.lock().unwrap_or_else(PoisonError::into_inner));
            let mut ending = tokio::task::JoinSet::new();
            let of_demos = demos.iter().map(|demo| Host::here(demo.engine.clone()));
            for host in std::iter::once(self.host.clone()).chain(of_demos) {
                ending.spawn(async move { host.close().await });
            }
            ending.join_all().await;
            // With them go their folders: the process ends without running destructors.
            drop(demos);
            Ok(())
        })
    }
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
