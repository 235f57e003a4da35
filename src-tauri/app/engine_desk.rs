//! The engine in this process as the window's desk.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mo_core::approval::AnsweredBy;
use mo_core::event::{Envelope, StopCause};
use mo_core::ids::{ApprovalId, SessionId};
use mo_core::team::Team;
use mo_core::view::status::StatusView;
use mo_core::view::timeline::TimelineEntry;
use mo_core::view::timeline_entry;
use mo_engine::config::Config;
use mo_engine::handle::{AnswerError, CommandError, EngineHandle};
use mo_engine::hub::{Health, RowBatch, Start};
use mo_engine::start::{StartError, StartRequest};
use mo_journal::JournalError;
use tokio::sync::{mpsc, watch};

use crate::demo::{DemoRun, start_demo};
use crate::desk::{Answer, Desk, News, Update};
use crate::dto::{ChoiceForm, Refusal, StartForm};
use crate::open::{Places, open_engine, variables};

/// News that wait for the shell; a watcher that finds it full waits, and reads from the journal what it missed.
const QUEUE: usize = 64;
/// How long sessions have to come to a stand when the app ends: longer than the stop ladder takes.
const FAREWELL: Duration = Duration::from_secs(20);

/// The person's engine, and those of the demos that were started.
pub struct EngineDesk {
    engine: EngineHandle,
    demos: Mutex<Vec<Arc<DemoRun>>>,
    program: PathBuf,
    news: mpsc::Sender<News>,
    untaken: Mutex<Option<mpsc::Receiver<News>>>,
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
        Ok(Self::over(engine, program).await?)
    }

    /// A desk over an engine that is open. `program` is a binary whose `main` lets scripted agents begin first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn over(engine: EngineHandle, program: PathBuf) -> Result<Arc<Self>, JournalError> {
        let (news, untaken) = mpsc::channel(QUEUE);
        let journal = engine.journal();
        let newest = tokio::task::spawn_blocking(move || journal.last_row()).await;
        let newest = newest.unwrap_or(Err(JournalError::Closed))?;
        tokio::spawn(watch_sessions(engine.clone(), newest, news.clone()));
        let (health, told) = (engine.health(), engine.clone());
        tokio::spawn(watch_health(health, async move { told.broken().await }, news.clone()));
        let untaken = Mutex::new(Some(untaken));
        Ok(Arc::new(Self { engine, demos: Mutex::default(), program, news, untaken }))
    }

    fn demos(&self) -> Vec<Arc<DemoRun>> {
        self.demos.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The engine that has a session.
    fn engine_of(&self, session: &SessionId) -> EngineHandle {
        let demos = self.demos();
        demos.iter().find(|demo| demo.session == *session).map_or(&self.engine, |demo| &demo.engine).clone()
    }

    fn request(&self, form: StartForm) -> Result<StartRequest, Refusal> {
        let target = expand_home(&form.target);
        if !target.is_absolute() {
            let message = format!("{} is not a whole path", target.display());
            return Err(Refusal::new(
                "target_not_absolute",
                message,
                "write it from / or ~/ on, or choose the folder",
            ));
        }
        let settings = self.engine.config().session.clone();
        Ok(StartRequest { goal: form.goal, target, team: Team::default_trio(), settings, yes_really: false })
    }
}

impl Desk for EngineDesk {
    fn start(&self, form: StartForm) -> Answer<'_, String> {
        Box::pin(async move {
            let session = self.engine.start(self.request(form)?).await?;
            Ok(session.to_string())
        })
    }

    fn start_demo(&self) -> Answer<'_, String> {
        Box::pin(async move {
            let demo = Arc::new(start_demo(&self.program, variables()).await?);
            tokio::spawn(watch_sessions(demo.engine.clone(), 0, self.news.clone()));
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

/// Tells the news of all sessions of an engine, from the row after `after` on.
async fn watch_sessions(engine: EngineHandle, after: u64, news: mpsc::Sender<News>) {
    let mut rows = engine.subscribe_rows(Start::AllAfterRow(after));
    while let Some(batch) = rows.next().await {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(%error, "the news of the sessions broke off");
                let _ = news.send(News::Trouble(Some(error.into()))).await;
                return;
            }
        };
        for (session, entries) in stories(&batch) {
            let view = match engine.view(&session).await {
                Ok(Some(view)) => view,
                // Deleted meanwhile.
                Ok(None) => continue,
                Err(error) => {
                    tracing::error!(%session, %error, "the session's view cannot be made");
                    continue;
                }
            };
            if news.send(News::Session(Box::new(Update { view, entries }))).await.is_err() {
                return;
            }
        }
    }
}

/// What each session's story gains by a batch, in the order in which the sessions come up in it.
fn stories(batch: &RowBatch) -> Vec<(SessionId, Vec<TimelineEntry>)> {
    let mut stories: Vec<(SessionId, Vec<TimelineEntry>)> = Vec::new();
    for (_, record) in batch.iter() {
        let known = stories.iter().position(|(session, _)| *session == record.session);
        let at = known.unwrap_or(stories.len());
        if known.is_none() {
            stories.push((record.session.clone(), Vec::new()));
        }
        let entry = Envelope::from_record(record).ok().and_then(|envelope| timeline_entry(&envelope));
        stories[at].1.extend(entry);
    }
    stories
}

/// Tells whether the journal takes what happens, and, last of all, that the engine has broken off.
async fn watch_health(
    mut health: watch::Receiver<Health>,
    broken: impl Future<Output = String>,
    news: mpsc::Sender<News>,
) {
    let mut broken = std::pin::pin!(broken);
    loop {
        let trouble = match &*health.borrow_and_update() {
            Health::Good => None,
            Health::JournalDown(why) => Some(Refusal::new(
                "journal_down",
                format!("the journal takes nothing: {why}"),
                "Nothing is lost. Work goes on by itself as soon as it can be written again.",
            )),
        };
        if news.send(News::Trouble(trouble)).await.is_err() {
            return;
        }
        tokio::select! {
            biased;
            reason = &mut broken => {
                let hint = "Everything that ran was ended. Start the app again; sessions go on from where they stood.";
                let trouble = Refusal::new("engine_broken", format!("the engine broke off: {reason}"), hint);
                // A shell that is gone shows nothing.
                let _ = news.send(News::Trouble(Some(trouble))).await;
                return;
            }
            changed = health.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

/// A path as a person types it.
fn expand_home(typed: &str) -> PathBuf {
    let typed = typed.trim();
    match (typed.strip_prefix('~'), std::env::home_dir()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(typed),
    }
}

impl From<StartError> for Refusal {
    fn from(error: StartError) -> Self {
        // The engine's hints name options of the command line where there are some.
        let hint = match &error {
            StartError::TargetMissing(_) => "check the path, or choose the folder".to_owned(),
            StartError::TargetTooWide(..) => "choose the project's own folder".to_owned(),
            StartError::TargetAndData(..) => "choose another folder".to_owned(),
            StartError::TargetBusy(_) => "wait for it, or stop it".to_owned(),
            other => other.hint(),
        };
        Self::new(error.code(), error.to_string(), hint)
    }
}

impl From<AnswerError> for Refusal {
    fn from(error: AnswerError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string(), hint: None }
    }
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string(), hint: None }
    }
}

#[cfg(test)]
#[path = "engine_desk_trouble_tests.rs"]
mod trouble_tests;
