//! What happens in a session, from the engine in this process or from the owner that this process is attached to.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use mo_api::client::{Client, ClientError, EventStream};
use mo_api::dto::StopBy;
use mo_core::approval::{AnsweredBy, Choice};
use mo_core::event::StopCause;
use mo_core::ids::{ApprovalId, SessionId, WorkerName};
use mo_core::record::Record;
use mo_core::time::Timestamp;
use mo_core::view::status::{RuleOffer, SessionView};
use mo_engine::handle::EngineHandle;
use mo_engine::history;
use mo_engine::hub::{Health, Subscription, Update};
use mo_journal::{DataDir, Journal, SqliteJournal};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::watch;

use crate::errors::{Failure, exit};
use crate::owner;

/// How many records are read at once.
const PAGE: usize = 2_000;

/// The next thing that is to be told.
pub(crate) enum News {
    /// Of the session.
    Update(Update),
    /// Whether the journal takes what happens has changed.
    Health(Health),
}

/// An answer on its way; an error says in words why it was not taken.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// A rule that is being found; an error says in words why there is none.
pub(crate) type Finding = Pin<Box<dyn Future<Output = Result<RuleOffer, String>> + Send>>;

/// A session that is followed.
pub(crate) enum Feed {
    /// It runs in this process.
    Here(Here),
    /// It runs in the owner.
    There(Box<There>),
}

/// A session of the engine in this process.
pub(crate) struct Here {
    engine: EngineHandle,
    session: SessionId,
    updates: Subscription,
    health: watch::Receiver<Health>,
}

/// A session of the owner.
pub(crate) struct There {
    client: Client,
    session: SessionId,
    data: PathBuf,
    stream: Option<EventStream>,
    last: u64,
}

impl Feed {
    /// The events of a session of this process after a seq.
    pub(crate) fn here(engine: &EngineHandle, session: &SessionId, since: u64) -> Self {
        let (engine, session) = (engine.clone(), session.clone());
        let (updates, health) = (engine.subscribe(&session, since), engine.health());
        Self::Here(Here { engine, session, updates, health })
    }

    /// The events of a session of the owner after a seq.
    pub(crate) fn there(client: Client, session: &SessionId, data: &Path, since: u64) -> Self {
        let (session, data) = (session.clone(), data.to_owned());
        Self::There(Box::new(There { client, session, data, stream: None, last: since }))
    }

    /// Whose events these are.
    pub(crate) fn session(&self) -> &SessionId {
        match self {
            Self::Here(here) => &here.session,
            Self::There(there) => &there.session,
        }
    }

    /// Whether a view costs nothing.
    pub(crate) fn is_here(&self) -> bool {
        matches!(self, Self::Here(_))
    }

    /// The next news. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<News, Failure> {
        match self {
            Self::Here(here) => here.next().await,
            Self::There(there) => there.next().await,
        }
    }

    /// The session as it is now.
    pub(crate) async fn view(&self) -> Result<SessionView, Failure> {
        let view = match self {
            Self::Here(here) => here.engine.view(&here.session).await?,
            Self::There(there) => match there.client.state(there.session.as_str()).await {
                Ok(view) => Some(view),
                Err(_) => history::view(&there.journal()?, &there.session)?,
            },
        };
        view.ok_or_else(|| {
            let message = format!("session {} is gone", self.session());
            Failure::new(exit::FAILURE, "session_lost", message, "see the log in the data folder's logs/")
        })
    }

    /// Where nothing can be written, nothing can be decided: the team is killed, and this is what to tell the person.
    /// `None` where the journal takes what happens, or another process has it.
    pub(crate) async fn stopped_unwritten(&self, by: StopCause) -> Option<Failure> {
        let Self::Here(here) = self else { return None };
        let Health::JournalDown(reason) = here.engine.health().borrow().clone() else { return None };
        if let Err(error) = here.engine.stop(&here.session, by, true).await {
            tracing::error!(%error, "stopped without the journal");
        }
        Some(Failure::new(
            exit::FAILURE,
            "journal_down",
            format!("the team was stopped, but nothing could be written any more: {reason}"),
            "free some space on the data folder's disk; what was shown with a number is there",
        ))
    }

    /// Answers a question; the future stands on its own, and ends once the answer is durable.
    pub(crate) fn answer(&self, id: &str, choice: Choice) -> Answering {
        match self {
            Self::Here(here) => {
                let (engine, id) = (here.engine.clone(), ApprovalId::new(id));
                Box::pin(async move {
                    let told = engine.answer(&id, choice, AnsweredBy::Person).await;
                    told.map(drop).map_err(|error| error.to_string())
                })
            }
            Self::There(there) => {
                let (client, session, id) = (there.client.clone(), there.session.clone(), id.to_owned());
                Box::pin(async move {
                    client.answer(session.as_str(), &id, &choice).await.map_err(|error| error.to_string())
                })
            }
        }
    }

    /// The rule that a question can become; the future stands on its own.
    pub(crate) fn rule(&self, id: &str) -> Finding {
        match self {
            Self::Here(here) => {
                let (engine, id) = (here.engine.clone(), ApprovalId::new(id));
                Box::pin(async move { engine.rule_for(&id).await.map_err(|error| error.to_string()) })
            }
            Self::There(there) => {
                let (client, session, id) = (there.client.clone(), there.session.clone(), id.to_owned());
                Box::pin(async move {
                    client.rule(session.as_str(), &id).await.map_err(|error| error.to_string())
                })
            }
        }
    }

    /// Asks for the end without waiting for it.
    pub(crate) fn stop(&self, by: StopCause, urgent: bool) {
        match self {
            Self::Here(here) => {
                let (engine, session) = (here.engine.clone(), here.session.clone());
                tokio::spawn(async move {
                    if let Err(error) = engine.stop(&session, by, urgent).await {
                        tracing::info!(%error, "the stop came to nothing");
                    }
                });
            }
            Self::There(there) => {
                let (client, session) = (there.client.clone(), there.session.clone());
                let by = if by == StopCause::Sigterm { StopBy::Sigterm } else { StopBy::Sigint };
                tokio::spawn(async move {
                    if let Err(error) = client.stop(session.as_str(), urgent, by).await {
                        tracing::info!(%error, "the stop came to nothing");
                    }
                });
            }
        }
    }
}

impl Here {
    async fn next(&mut self) -> Result<News, Failure> {
        tokio::select! {
            update = self.updates.next() => match update {
                Some(update) => Ok(News::Update(update?)),
                None => Err(Failure::new(
                    exit::FAILURE,
                    "engine_gone",
                    "the engine ended before the session did",
                    "the log in the data folder's logs/ says why",
                )),
            },
            Ok(()) = self.health.changed() => Ok(News::Health(self.health.borrow_and_update().clone())),
        }
    }
}

impl There {
    async fn next(&mut self) -> Result<News, Failure> {
        loop {
            let Some(stream) = &mut self.stream else {
                match self.client.events(self.session.as_str(), self.last).await {
                    Ok(stream) => self.stream = Some(stream),
                    Err(error @ ClientError::Refused { .. }) => return Err(error.into()),
                    Err(error) => {
                        tracing::info!(%error, "no stream");
                        if let Some(records) = self.catch_up().await? {
                            return Ok(News::Update(Update::Events(Arc::new(records))));
                        }
                    }
                }
                continue;
            };
            match stream.next().await {
                Ok(event) => {
                    let record = record(&event.line)?;
                    self.last = record.seq;
                    return Ok(News::Update(Update::Events(Arc::new(vec![record]))));
                }
                Err(error) => {
                    tracing::info!(%error, "the stream ended");
                    self.stream = None;
                }
            }
        }
    }

    /// The owner has ended or was ended: what it has written since, else the next owner.
    async fn catch_up(&mut self) -> Result<Option<Vec<Record>>, Failure> {
        let records = self.journal()?.read(&self.session, self.last, PAGE)?;
        if let Some(newest) = records.last() {
            self.last = newest.seq;
            return Ok(Some(records));
        }
        let Some(client) = owner::find(&self.data).await? else {
            return Err(owner::gone(&self.session));
        };
        self.client = client;
        Ok(None)
    }

    fn journal(&self) -> Result<SqliteJournal, Failure> {
        Ok(SqliteJournal::open_read_only(&DataDir::existing(&self.data)?)?)
    }
}

/// A line of the stream as the record that it was.
fn record(line: &str) -> Result<Record, Failure> {
    #[derive(Deserialize)]
    struct Line<'a> {
        seq: u64,
        at: String,
        session: SessionId,
        worker: Option<WorkerName>,
        kind: String,
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let unreadable = |why: String| {
        let message = format!("the owner's event cannot be read: {why}");
        Failure::new(exit::FAILURE, "owner_unreadable", message, "use the command that came with the owner")
    };
    let line: Line<'_> = serde_json::from_str(line).map_err(|error| unreadable(error.to_string()))?;
    let at = Timestamp::parse(&line.at).ok_or_else(|| unreadable(format!("`{}` is no time", line.at)))?;
    Ok(Record {
        seq: line.seq,
        at,
        session: line.session,
        worker: line.worker,
        kind: line.kind.into(),
        data: line.data.get().to_owned(),
    })
}
