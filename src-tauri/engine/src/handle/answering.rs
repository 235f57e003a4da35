//! Answers to questions, and grants that are taken back; of sessions that run and of those that rest.

use std::path::PathBuf;

use mo_core::approval::{AnsweredBy, Choice};
use mo_core::ids::{ApprovalId, BlockerId, SessionId};
use mo_core::input::{Input, Rejection};
use mo_core::view::status::SessionView;
use mo_journal::JournalError;

use super::recording::RecordError;
use super::{CommandError, EngineHandle};

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// No session has such a question, or such a grant.
    #[error("there is no {0}")]
    Unknown(String),
    /// No session has such a blocker.
    #[error("there is no blocker {0}")]
    NoBlocker(String),
    /// It was refused, or the engine is going away.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl AnswerError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "approval_unknown",
            Self::NoBlocker(_) => "blocker_unknown",
            Self::Command(error) => error.code(),
            Self::Journal(error) => error.code(),
        }
    }
}

impl From<RecordError> for AnswerError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Command(error) => Self::Command(error),
            RecordError::Journal(error) => Self::Journal(error),
        }
    }
}

impl EngineHandle {
    /// Answers a question, wherever it was asked. It is durable when this returns. The answer to a question of a
    /// session that rests is kept for when its worker asks the same again.
    ///
    /// # Errors
    /// When no session has such a question, or it was answered before or is void.
    pub async fn answer(
        &self,
        approval: &ApprovalId,
        choice: Choice,
        by: AnsweredBy,
    ) -> Result<SessionId, AnswerError> {
        let has = |view: &SessionView| view.approvals.iter().any(|asked| asked.id == approval.as_str());
        let unknown = || AnswerError::Unknown(format!("question {approval}"));
        let session = self.session_where(has).await?.ok_or_else(unknown)?;
        self.tell(&session, Input::Answer { approval: approval.clone(), choice, by }).await?;
        Ok(session)
    }

    /// Takes a lasting permission back: from the next request on it is asked again.
    ///
    /// # Errors
    /// When no session has such a grant.
    pub async fn revoke(&self, grant: &ApprovalId) -> Result<SessionId, AnswerError> {
        let has = |view: &SessionView| view.grants.iter().any(|given| given.id == grant.as_str());
        let unknown = || AnswerError::Unknown(format!("grant {grant}"));
        let session = self.session_where(has).await?.ok_or_else(unknown)?;
        self.tell(&session, Input::Revoke { grant: grant.clone() }).await?;
        Ok(session)
    }

    /// Takes down that a blocker is resolved; the session stays at rest.
    ///
    /// # Errors
    /// When no session has such a blocker, or it was resolved before or the session went on since.
    pub async fn resolve(&self, blocker: &BlockerId) -> Result<(), AnswerError> {
        if self.view(&blocker.session).await?.is_none() {
            return Err(AnswerError::NoBlocker(blocker.to_string()));
        }
        self.tell(&blocker.session, Input::Resolve { blocker: blocker.seq }).await
    }

    async fn session_where(
        &self,
        has: impl Fn(&SessionView) -> bool,
    ) -> Result<Option<SessionId>, JournalError> {
        let status = self.status().await?;
        Ok(status.sessions.iter().find(|view| has(view)).map(|view| SessionId::new(view.id.as_str())))
    }

    /// To a session that runs, or into the journal of one that rests.
    async fn tell(&self, session: &SessionId, input: Input) -> Result<(), AnswerError> {
        self.put_away(session).await;
        if self.desks().contains_key(session) {
            match self.ask(session, input.clone()).await {
                // It came to rest in this moment.
                Err(CommandError::Rejected(Rejection::Unknown)) => self.put_away(session).await,
                told => return Ok(told?),
            }
        }
        self.closed(session).await?;
        let claim = self.shared.keeper.claim(session, PathBuf::new(), false)?;
        let _claim = claim.ok_or(CommandError::Rejected(Rejection::Running))?;
        self.record(session, input).await?;
        Ok(self.write_view(session).await?)
    }
}
