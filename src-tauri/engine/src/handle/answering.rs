//! Answers to questions, and grants that are taken back; of sessions that run and of those that rest.

use std::path::PathBuf;

use mo_agents::kinds::EditError;
use mo_core::approval::{AllowFor, AnsweredBy, Choice, ToolCall};
use mo_core::ceiling::Ceiling;
use mo_core::ids::{AgentKind, ApprovalId, BlockerId, Role, SessionId};
use mo_core::input::{Backing, Edited, Input, Rejection};
use mo_core::policy::{Ground, Permit, judge};
use mo_core::view::status::SessionView;
use mo_journal::JournalError;
use serde_json::Value;

use super::recording::RecordError;
use super::{CommandError, EngineHandle};
use crate::edits;
use crate::rules::RuleError;
use crate::session_desk::Purpose;
use crate::worker::bounds;

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// No session has such a question, or such a grant.
    #[error("there is no {0}")]
    Unknown(String),
    /// No session has such a blocker.
    #[error("there is no blocker {0}")]
    NoBlocker(String),
    /// The edit is no input of the tool.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// What it was changed to may never be done.
    #[error("it cannot be changed to that: {why} (rule {rule})")]
    EditDenied {
        /// Why.
        why: String,
        /// The rule that denies it.
        rule: String,
    },
    /// No rule says just this, or none may.
    #[error("this cannot become a rule: {0}")]
    NoRule(&'static str),
    /// The rule was not added.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The journal keeps no secrets, and at rest an answer is kept nowhere else.
    #[error("the edited input holds a secret, which is not written down; edit it while the session runs")]
    EditSecret,
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
            Self::Edit(_) => "edit_unusable",
            Self::EditDenied { .. } => "edit_denied",
            Self::EditSecret => "edit_secret",
            Self::NoRule(_) => "no_rule",
            Self::Rule(RuleError::NoFile) => "no_rules_file",
            Self::Rule(RuleError::File(error)) => error.code(),
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
    /// What is allowed always is written as a rule first; one that cannot be written leaves the question as it is.
    /// An edited call must pass the policy itself: what a rule denies is not allowed by an edit either.
    ///
    /// # Errors
    /// When no session has such a question, or it was answered before or is void, or the edit cannot be used. The
    /// question stands as it was then.
    pub async fn answer(
        &self,
        approval: &ApprovalId,
        choice: Choice,
        by: AnsweredBy,
    ) -> Result<SessionId, AnswerError> {
        let has = |view: &SessionView| view.approvals.iter().any(|asked| asked.id == approval.as_str());
        let unknown = || AnswerError::Unknown(format!("question {approval}"));
        let view = self.view_where(has).await?.ok_or_else(unknown)?;
        let session = SessionId::new(view.id.as_str());
        let (choice, backing) = match choice {
            Choice::Edit { input } => {
                let (input, edited) = self.edited(&view, approval, input).await?;
                (Choice::Edit { input }, Some(Box::new(Backing::Edited(edited))))
            }
            Choice::Allow { allowed: AllowFor::Always } => {
                let rule = self.save_rule(&view, approval).await?;
                (choice, Some(Box::new(Backing::Saved(rule))))
            }
            other => (other, None),
        };
        self.tell(&session, Input::Answer { approval: approval.clone(), choice, by, backing }).await?;
        Ok(session)
    }

    /// What an edit of an open question's call makes of it.
    async fn edited(
        &self,
        view: &SessionView,
        approval: &ApprovalId,
        edit: Value,
    ) -> Result<(Value, Edited), AnswerError> {
        let rejected = |rejection| AnswerError::Command(CommandError::Rejected(rejection));
        let asked = view.approvals.iter().find(|asked| asked.id == approval.as_str());
        let asked = asked.filter(|asked| asked.state == "open");
        let asked = asked.ok_or_else(|| rejected(Rejection::ApprovalSettled))?;
        let editable = asked.edit.as_ref().ok_or_else(|| rejected(Rejection::NotEditable))?;
        let input = serde_json::from_str(&editable.input).map_err(|_| rejected(Rejection::NotEditable))?;
        let call = ToolCall { tool: editable.tool.clone(), input };
        let role = view.workers.iter().find(|worker| worker.name == asked.worker);
        let role = role.map_or(Role::Reviewer, |worker| role_of(&worker.role));
        let (cwd, folder) = (asked.cwd.clone(), PathBuf::from(&editable.folder));
        let data = self.shared.data.path().to_owned();
        let (rules, home) = (self.shared.rules.now(), self.shared.environment.home());
        let found = tokio::task::spawn_blocking(move || {
            let bounds = bounds(&folder, &data, home.as_deref());
            edits::edited(&call, edit, cwd.as_deref(), &bounds, &rules)
        });
        let (input, edited) = found.await.map_err(|_| CommandError::Closed)??;
        let survey = &edited.survey;
        let ground = Ground {
            bounds: &survey.bounds,
            role,
            may_write: role == Role::Implementer,
            places: &survey.known,
            rules: &survey.rules,
            // Only what is denied is looked at here; a ceiling denies nothing.
            ceiling: Ceiling::ALL,
        };
        let ruling = judge(&edited.action, &ground);
        if ruling.verdict == Permit::Deny {
            return Err(AnswerError::EditDenied { why: ruling.why, rule: ruling.rule });
        }
        let text = input.to_string();
        if view.ended_at.is_some() && self.shared.environment.redactor.redact(&text) != text {
            return Err(AnswerError::EditSecret);
        }
        Ok((input, edited))
    }

    /// Takes a lasting permission back: from the next request on it is asked again.
    ///
    /// # Errors
    /// When no session has such a grant.
    pub async fn revoke(&self, grant: &ApprovalId) -> Result<SessionId, AnswerError> {
        let has = |view: &SessionView| view.grants.iter().any(|given| given.id == grant.as_str());
        let unknown = || AnswerError::Unknown(format!("grant {grant}"));
        let view = self.view_where(has).await?.ok_or_else(unknown)?;
        let session = SessionId::new(view.id);
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

    /// Has an agent's usage limit tried again before it is over, in all sessions that wait for it.
    ///
    /// # Errors
    /// When no session that runs waits for such a limit.
    pub async fn lift(&self, agent: &AgentKind) -> Result<(), AnswerError> {
        let waits = |view: &SessionView| view.quotas.iter().any(|quota| quota.agent == agent.as_str());
        let unknown = || AnswerError::NoBlocker(agent.to_string());
        let view = self.view_where(waits).await?.ok_or_else(unknown)?;
        match self.ask(&SessionId::new(view.id), Input::QuotaLifted { agent: agent.clone() }).await {
            // It was over in this moment, or its session is.
            Err(CommandError::Rejected(_)) => Err(unknown()),
            told => Ok(told?),
        }
    }

    pub(super) async fn view_where(
        &self,
        has: impl Fn(&SessionView) -> bool,
    ) -> Result<Option<SessionView>, JournalError> {
        Ok(self.status().await?.sessions.into_iter().find(|view| has(view)))
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
        let claim = self.shared.keeper.claim(session, PathBuf::new(), Purpose::Note)?;
        let _claim = claim.ok_or(CommandError::Rejected(Rejection::Running))?;
        self.record(session, input).await?;
        Ok(self.write_view(session).await?)
    }
}

/// A role by its word in a view; the one with the least leave where that says nothing.
pub(super) fn role_of(word: &str) -> Role {
    let roles = [Role::Architect, Role::Implementer, Role::Reviewer];
    roles.into_iter().find(|role| role.as_str() == word).unwrap_or(Role::Reviewer)
}
