//! The engine as its users see it.

mod always;
mod answering;
mod leftovers;
mod reach;
mod recording;
mod rests;

pub use crate::keeping::Tidied;
pub use crate::rules::RuleError;
pub use answering::AnswerError;
pub use reach::DeleteError;
pub use recording::RecordError;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use mo_core::event::StopCause;
use mo_core::ids::{SessionId, WorkerName};
use mo_core::input::{Input, Rejection};
use mo_core::time::Timestamp;
use mo_core::view::resources::SessionResources;
use mo_core::view::status::{SessionView, StatusView};
use mo_core::view::timeline::TimelineEntry;
use mo_journal::{DataDir, JournalError, OwnerLock};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::dispatcher::{Dispatcher, Message, QUEUE};
use crate::effects::EffectRunner;
use crate::environment::Environment;
use crate::history;
use crate::hub::{Health, Hub, Subscription};
use crate::keeping::Keeper;
use crate::naming::Naming;
use crate::ports::Ports;
use crate::premises::Premises;
use crate::rules::Rules;
use crate::session_desk::{Desks, Purpose, SessionDesk};
use crate::start::{Outside, StartError, StartRequest, WorkPlace, take_place, validate};
use crate::wreck::Wreck;

/// What an engine is made of.
pub struct EngineSetup {
    /// The data folder.
    pub data: DataDir,
    /// The proof that this process owns it.
    pub lock: OwnerLock,
    /// The outside.
    pub ports: Ports,
    /// The configuration.
    pub config: Config,
    /// Our environment, as data.
    pub environment: Environment,
}

/// A handle on the running engine; clones are the same engine.
#[derive(Clone)]
pub struct EngineHandle {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) data: DataDir,
    lock: OwnerLock,
    pub(crate) ports: Ports,
    pub(crate) config: RwLock<Arc<Config>>,
    pub(crate) rules: Arc<Rules>,
    environment: Arc<Environment>,
    premises: Premises,
    hub: Arc<Hub>,
    queue: Mutex<Option<mpsc::Sender<Message>>>,
    desks: Desks,
    freed: Arc<Notify>,
    pub(crate) keeper: Arc<Keeper>,
    dispatcher: Mutex<Option<JoinHandle<()>>>,
    broken: watch::Receiver<Option<String>>,
}

/// Why a session does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// Its target or its agents are not to be had now.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no such session, or it has nothing to go on with.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Why a command to a session did nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The session does not run.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The engine has been shut down.
    #[error("the engine has been shut down")]
    Closed,
    /// The journal takes nothing, so nothing can be decided.
    #[error("the journal takes nothing ({0}); the session's processes were killed")]
    JournalDown(String),
}

impl CommandError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::Closed => "engine_closed",
            Self::JournalDown(_) => "journal_down",
        }
    }
}

impl EngineHandle {
    /// Starts the engine on the current runtime, and settles what a former owner left in flight.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn open(setup: EngineSetup) -> Result<Self, JournalError> {
        Self::open_with(setup, Premises::default()).await
    }

    /// The same on a machine of which something is known beforehand.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn open_with(setup: EngineSetup, premises: Premises) -> Result<Self, JournalError> {
        let EngineSetup { data, lock, ports, config, environment } = setup;
        let (sender, queue) = mpsc::channel(QUEUE);
        let (hub, environment) = (Arc::new(Hub::new()), Arc::new(environment));
        let desks: Desks = Arc::default();
        let freed = Arc::new(Notify::new());
        let keeper = Arc::new(Keeper::new(
            ports.clone(),
            Arc::clone(&hub),
            data.clone(),
            Arc::clone(&desks),
            Arc::clone(&freed),
            &config.storage,
        ));
        let runner = EffectRunner::new(
            ports.clone(),
            Arc::clone(&hub),
            Arc::clone(&environment),
            sender.downgrade(),
            Arc::clone(&desks),
            Arc::clone(&freed),
            Arc::clone(&keeper),
        );
        let redactor = Arc::clone(&environment.redactor);
        let naming = Naming::new(data.path(), &environment);
        let dispatcher = Dispatcher::new(queue, ports.clone(), Arc::clone(&hub), redactor, naming, runner);
        let (broken, whole) = watch::channel(None);
        let wreck =
            Wreck { hub: Arc::clone(&hub), desks: Arc::clone(&desks), freed: Arc::clone(&freed), broken };
        let handle = Self {
            shared: Arc::new(Shared {
                data,
                lock,
                ports,
                rules: Arc::new(Rules::new(config.rules_file.clone(), Arc::clone(&config.rules))),
                config: RwLock::new(Arc::new(config)),
                environment,
                premises,
                hub,
                queue: Mutex::new(Some(sender)),
                desks,
                freed,
                keeper: Arc::clone(&keeper),
                dispatcher: Mutex::new(Some(tokio::spawn(wreck.watch(dispatcher.run())))),
                broken: whole,
            }),
        };
        handle.settle_leftovers().await?;
        // Beside what comes; the end of the engine breaks it off.
        tokio::task::spawn_blocking(move || keeper.tidy());
        Ok(handle)
    }

    /// Starts a session.
    ///
    /// # Errors
    /// A [`StartError`] that says what is wrong and how to mend it; nothing was created.
    pub async fn start(&self, request: StartRequest) -> Result<SessionId, StartError> {
        self.free_targets().await;
        self.learn(&request.team).await;
        let (shared, config) = (Arc::clone(&self.shared), self.config());
        let validated = tokio::task::spawn_blocking(move || {
            let Shared { environment, premises, data, .. } = shared.as_ref();
            validate(request, &config, environment, premises, data.path())
        })
        .await
        .unwrap_or_else(|error| Err(StartError::Journal(error.to_string())))?;
        let id = new_id(self.shared.ports.clock.now());
        let desk = self.desk(&id, validated.place, validated.created.settings.stall_timeout_ms)?;
        self.desks().insert(id.clone(), desk);
        match self.ask(&id, Input::Create(validated.created)).await {
            Ok(()) => Ok(id),
            Err(error) => {
                self.desks().remove(&id);
                Err(StartError::Journal(error.to_string()))
            }
        }
    }

    /// Goes on with a session that rests, perhaps with words of the person.
    ///
    /// # Errors
    /// When there is no such session, when it has nothing to go on with, or when its target or agents are not to be
    /// had now; nothing was changed.
    pub async fn resume(&self, session: &SessionId, message: Option<String>) -> Result<(), ResumeError> {
        self.resume_waiting(session, message, None).await
    }

    /// The same, and says whether it waits for a person from now on; `None`: as before.
    ///
    /// # Errors
    /// As for [`Self::resume`].
    pub async fn resume_waiting(
        &self,
        session: &SessionId,
        message: Option<String>,
        waits: Option<bool>,
    ) -> Result<(), ResumeError> {
        self.put_away(session).await;
        self.take_up(session, Input::Resume { message, waits }).await
    }

    /// Adopts a session that rests, by an input that makes it go on.
    async fn take_up(&self, session: &SessionId, input: Input) -> Result<(), ResumeError> {
        self.closed(session).await?;
        self.free_targets().await;
        // From the first look on it is ours: nobody deletes it meanwhile.
        let claim = self.shared.keeper.claim(session, PathBuf::new(), Purpose::Work)?;
        let claim = claim.ok_or(CommandError::Rejected(Rejection::NotAtRest))?;
        let (shared, id) = (Arc::clone(&self.shared), session.clone());
        let read = tokio::task::spawn_blocking(move || {
            let state = history::replay(shared.ports.journal.as_ref(), &id)?;
            let created = state.created.clone().ok_or(CommandError::Rejected(Rejection::Unknown))?;
            Ok::<_, ResumeError>((state, created))
        });
        let (state, created) = read.await.map_err(|_| CommandError::Closed)??;
        self.learn(&created.team).await;
        let (shared, config) = (Arc::clone(&self.shared), self.config());
        let (state, created, place) = tokio::task::spawn_blocking(move || {
            let Shared { environment, premises, data, .. } = shared.as_ref();
            let outside = Outside { config: &config, environment, premises, data: data.path() };
            let (target, mode) = (Path::new(&created.target), created.settings.permission);
            let place = take_place(target, &created.team, mode, &outside, true)?;
            Ok::<_, ResumeError>((state, created, place))
        })
        .await
        .map_err(|_| CommandError::Closed)??;
        claim.set_to_work(self.desk(session, place, created.settings.stall_timeout_ms)?);
        self.send(Message::Adopt { session: session.clone(), state: Box::new(state) }).await?;
        if let Err(error) = self.ask(session, input).await {
            self.send(Message::Forget { session: session.clone() }).await?;
            self.desks().remove(session);
            return Err(error.into());
        }
        Ok(())
    }

    /// Has the implementation reviewed now: in the middle of a turn, which waits meanwhile, or at rest; then `waits`
    /// as for [`Self::resume_waiting`].
    ///
    /// # Errors
    /// As for [`Self::resume`], and when there is nothing to review.
    pub async fn review_now(
        &self,
        session: &SessionId,
        focus: Option<String>,
        waits: Option<bool>,
    ) -> Result<(), ResumeError> {
        self.put_away(session).await;
        self.closed(session).await?;
        if self.desks().contains_key(session) {
            match self.ask(session, Input::ReviewNow { focus: focus.clone(), waits: None }).await {
                // It came to rest in this moment.
                Err(CommandError::Rejected(Rejection::Ended | Rejection::Unknown)) => {
                    self.put_away(session).await;
                }
                asked => return Ok(asked?),
            }
        }
        self.take_up(session, Input::ReviewNow { focus, waits }).await
    }

    /// Tells a worker something, after its turn in flight.
    ///
    /// # Errors
    /// When the session does not run or the worker is not at work.
    pub async fn message(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        text: &str,
    ) -> Result<(), CommandError> {
        self.ask(session, Input::Message { worker: worker.clone(), text: text.to_owned() }).await
    }

    /// Stops a session: by the ladder, or at once. With [`StopCause::Pause`] it can be resumed as it was. Effective
    /// when this returns; the burial may take its time.
    ///
    /// # Errors
    /// When it does not run. When the journal takes nothing, nothing can be decided any more: then its processes
    /// are killed, and [`CommandError::JournalDown`] says so.
    pub async fn stop(&self, session: &SessionId, by: StopCause, urgent: bool) -> Result<(), CommandError> {
        let mut health = self.shared.hub.health();
        let reason = tokio::select! {
            biased;
            // Also when that turns out only now: what has been asked would wait for as long as it lasts.
            down = health.wait_for(|health| matches!(health, Health::JournalDown(_))) => match down.as_deref() {
                Ok(Health::JournalDown(reason)) => reason.clone(),
                _ => return Err(CommandError::Closed),
            },
            stopped = self.ask(session, Input::Stop { by, urgent }) => return stopped,
        };
        if let Some(desk) = self.desks().get(session) {
            desk.kill_all();
        }
        Err(CommandError::JournalDown(reason))
    }

    /// The session's events from a seq on (exclusive), first stored ones, then as they come.
    pub fn subscribe(&self, session: &SessionId, since: u64) -> Subscription {
        self.shared.hub.subscribe(session.clone(), since, Arc::clone(&self.shared.ports.journal))
    }

    /// A session as it is now; `None` when there is no such session.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn view(&self, session: &SessionId) -> Result<Option<SessionView>, JournalError> {
        if let Some(view) = self.shared.hub.view(session) {
            return Ok(Some(view.as_ref().clone()));
        }
        let (journal, id) = (Arc::clone(&self.shared.ports.journal), session.clone());
        blocking(move || history::view(journal.as_ref(), &id)).await
    }

    /// All sessions, newest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn status(&self) -> Result<StatusView, JournalError> {
        let journal = Arc::clone(&self.shared.ports.journal);
        let mut ids = blocking(move || journal.sessions()).await?;
        ids.reverse();
        let mut sessions = Vec::with_capacity(ids.len());
        for id in ids {
            sessions.extend(self.view(&id).await?);
        }
        Ok(StatusView { sessions })
    }

    /// The story of a session from a seq on: at most `limit` entries, and the seq to go on from.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn timeline(
        &self,
        session: &SessionId,
        since: u64,
        limit: usize,
    ) -> Result<(Vec<TimelineEntry>, u64), JournalError> {
        let (journal, id) = (Arc::clone(&self.shared.ports.journal), session.clone());
        blocking(move || history::timeline(journal.as_ref(), &id, since, limit)).await
    }

    /// Whether the journal takes what happens.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.shared.hub.health()
    }

    /// What the workers of the running sessions take, at the newest look; empty while none runs.
    pub fn resources(&self) -> watch::Receiver<Arc<[SessionResources]>> {
        self.shared.hub.resources()
    }

    /// How many sessions were deleted, by whomever: no event says so.
    pub fn deletions(&self) -> watch::Receiver<u64> {
        self.shared.hub.deletions()
    }

    /// The data folder.
    pub fn data(&self) -> &DataDir {
        &self.shared.data
    }

    /// Waits until everything that is queued is durable, then ends the engine. Sessions that still run lose their
    /// processes; stop them before.
    ///
    /// With a journal that takes nothing it ends all the same; what could not be written is lost, and logged.
    pub async fn shut_down(&self) {
        self.shared.hub.close();
        let sender = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(sender);
        let dispatcher = self.shared.dispatcher.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(dispatcher) = dispatcher {
            // What there is to say about its end has been said where it was watched.
            let _ = dispatcher.await;
        }
        let keeper = Arc::clone(&self.shared.keeper);
        if let Err(error) = tokio::task::spawn_blocking(move || keeper.stop()).await {
            tracing::error!(%error, "tidying broke off");
        }
    }

    /// A session that has ended a moment ago is let out first: its last event is seen before its folders are tidied.
    pub(crate) async fn closed(&self, session: &SessionId) -> Result<(), JournalError> {
        if !self.desks().get(session).is_some_and(|desk| desk.is_at_work) {
            return Ok(());
        }
        let (journal, id) = (Arc::clone(&self.shared.ports.journal), session.clone());
        if blocking(move || history::is_over(journal.as_ref(), &id)).await? {
            self.at_rest(session).await;
        }
        Ok(())
    }

    pub(crate) async fn ask(&self, session: &SessionId, input: Input) -> Result<(), CommandError> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Asked { session: session.clone(), input: Box::new(input), reply }).await?;
        Ok(answer.await.map_err(|_| CommandError::Closed)??)
    }

    pub(crate) async fn send(&self, message: Message) -> Result<(), CommandError> {
        let sender = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        sender.ok_or(CommandError::Closed)?.send(message).await.map_err(|_| CommandError::Closed)
    }

    fn desk(
        &self,
        id: &SessionId,
        place: WorkPlace,
        stall_timeout_ms: u64,
    ) -> Result<Arc<SessionDesk>, StartError> {
        let folder = self.shared.data.session(id).map_err(|e| StartError::Journal(e.to_string()))?;
        let data = self.shared.data.path().to_owned();
        let config = self.config();
        let (max, rules) = (config.storage.transcript_max_bytes, Arc::clone(&self.shared.rules));
        Ok(SessionDesk::at_work(id.clone(), data, folder, place, stall_timeout_ms, max, rules))
    }

    pub(crate) fn desks(&self) -> std::sync::MutexGuard<'_, BTreeMap<SessionId, Arc<SessionDesk>>> {
        self.shared.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn new_id(now: Timestamp) -> SessionId {
    let (year, month, day, hour, minute, second, _) = now.civil();
    let [a, b, ..] = *uuid::Uuid::new_v4().as_bytes();
    SessionId::new(format!("orch_{year:04}{month:02}{day:02}_{hour:02}{minute:02}{second:02}_{a:02x}{b:02x}"))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(JournalError::Closed))
}
