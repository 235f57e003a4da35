//! What is asked of the engine, or of the owner that runs the sessions.

use mo_api::client::ClientError;
use mo_api::dto::{RestoreForm, StartForm, StopBy};
use mo_checkpoint::RelPath;
use mo_core::approval::{AnsweredBy, Choice};
use mo_core::event::{CheckpointRestored, StopCause};
use mo_core::ids::{ApprovalId, BlockerId, CheckpointNo, SessionId, WorkerName};
use mo_core::view::status::{RuleOffer, SessionView, StatusView};
use mo_core::view::timeline::TimelineEntry;
use mo_engine::history;
use mo_engine::start::StartRequest;

use super::{Host, Place};
use crate::dto::Refusal;

/// The methods of an engine; each fails when the engine, or the other owner, refuses or is gone.
impl Host {
    /// All sessions, newest first.
    pub async fn status(&self) -> Result<StatusView, Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.status().await?),
            Place::There(owner) => Ok(owner.client().sessions().await?),
        }
    }

    /// A session as it stands; `None` when there is none of that name.
    pub async fn view(&self, session: &SessionId) -> Result<Option<SessionView>, Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.view(session).await?),
            Place::There(owner) => match owner.client().state(session.as_str()).await {
                Ok(view) => Ok(Some(view)),
                Err(ClientError::Refused { status: 404, .. }) => Ok(None),
                Err(error) => Err(error.into()),
            },
        }
    }

    /// The story from a seq on: at most `limit` entries, and the seq to go on from.
    pub async fn timeline(
        &self,
        session: &SessionId,
        since: u64,
        limit: usize,
    ) -> Result<(Vec<TimelineEntry>, u64), Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.timeline(session, since, limit).await?),
            Place::There(owner) => {
                let (journal, session) = (owner.journal(), session.clone());
                let read = move || history::timeline(journal.as_ref(), &session, since, limit);
                let read = tokio::task::spawn_blocking(read).await;
                Ok(read.unwrap_or(Err(mo_journal::JournalError::Closed))?)
            }
        }
    }

    /// Starts a session; its id.
    pub async fn start(&self, request: StartRequest) -> Result<SessionId, Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.start(request).await?),
            Place::There(owner) => Ok(SessionId::new(owner.client().start(&StartForm::of(&request)).await?)),
        }
    }

    /// Stops or pauses a session by the ladder, or at once.
    pub async fn stop(&self, session: &SessionId, by: StopCause, urgent: bool) -> Result<(), Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.stop(session, by, urgent).await?),
            Place::There(owner) if by == StopCause::Pause => {
                Ok(owner.client().pause(session.as_str()).await?)
            }
            Place::There(owner) => Ok(owner.client().stop(session.as_str(), urgent, StopBy::Person).await?),
        }
    }

    /// Goes on with a session that rests; `waits` says whether it waits while a question to a person is open.
    pub async fn resume_waiting(
        &self,
        session: &SessionId,
        message: Option<String>,
        waits: Option<bool>,
    ) -> Result<(), Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.resume_waiting(session, message, waits).await?),
            Place::There(owner) => {
                Ok(owner.client().resume_waiting(session.as_str(), message, waits).await?)
            }
        }
    }

    /// Takes down that a blocker is resolved, and goes on with its session.
    pub async fn resolve(&self, blocker: &BlockerId) -> Result<(), Refusal> {
        match self.place() {
            Place::Here(engine) => {
                engine.resolve(blocker).await?;
                Ok(engine.resume(&blocker.session, None).await?)
            }
            Place::There(owner) => {
                Ok(owner.client().resolve(blocker.session.as_str(), &blocker.to_string(), true).await?)
            }
        }
    }

    /// Has the work reviewed now.
    pub async fn review_now(
        &self,
        session: &SessionId,
        focus: Option<String>,
        waits: Option<bool>,
    ) -> Result<(), Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.review_now(session, focus, waits).await?),
            Place::There(owner) => Ok(owner.client().review(session.as_str(), focus, waits).await?),
        }
    }

    /// Tells a worker something.
    pub async fn message(&self, session: &SessionId, worker: &WorkerName, text: &str) -> Result<(), Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.message(session, worker, text).await?),
            Place::There(owner) => {
                Ok(owner.client().message(session.as_str(), worker.as_str(), text).await?)
            }
        }
    }

    /// Brings files of a session's target back to a checkpoint; all where no path is named.
    pub async fn restore(
        &self,
        session: &SessionId,
        checkpoint: CheckpointNo,
        paths: Vec<RelPath>,
    ) -> Result<CheckpointRestored, Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.restore(session, checkpoint, paths).await?),
            Place::There(owner) => {
                let form = RestoreForm { checkpoint, paths };
                Ok(owner.client().restore(session.as_str(), &form).await?.restored)
            }
        }
    }

    /// Deletes a session that does not run.
    pub async fn delete(&self, session: &SessionId) -> Result<(), Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.delete(session).await?),
            Place::There(owner) => Ok(owner.client().delete(session.as_str()).await?),
        }
    }

    /// Answers a question of a session. Durable when this returns.
    pub async fn answer(
        &self,
        session: &SessionId,
        approval: &ApprovalId,
        choice: Choice,
        by: AnsweredBy,
    ) -> Result<(), Refusal> {
        match self.place() {
            Place::Here(engine) => {
                engine.answer(approval, choice, by).await?;
                Ok(())
            }
            Place::There(owner) => {
                Ok(owner.client().answer(session.as_str(), approval.as_str(), &choice).await?)
            }
        }
    }

    /// The rule that a question can become; nothing is written.
    pub async fn rule_for(&self, session: &SessionId, approval: &ApprovalId) -> Result<RuleOffer, Refusal> {
        match self.place() {
            Place::Here(engine) => Ok(engine.rule_for(approval).await?),
            Place::There(owner) => Ok(owner.client().rule(session.as_str(), approval.as_str()).await?),
        }
    }

    /// Takes a lasting permission back.
    pub async fn revoke(&self, session: &SessionId, grant: &ApprovalId) -> Result<(), Refusal> {
        match self.place() {
            Place::Here(engine) => {
                engine.revoke(grant).await?;
                Ok(())
            }
            Place::There(owner) => Ok(owner.client().revoke(session.as_str(), grant.as_str()).await?),
        }
    }
}
