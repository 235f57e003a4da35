//! Attaching to a running owner: how a command or a window that is not the owner asks it, and follows it.

mod attach;
mod error;
mod events;
mod form;
mod request;
mod sse;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use hyper::Method;
use mo_core::approval::Choice;
use mo_core::view::status::{RuleOffer, SessionView, StatusView};

use crate::dto::{
    Checkpoints, Diff, DiffAnswer, HealthAnswer, LogPage, MessageForm, PauseForm, ResolveForm, RestoreAnswer,
    RestoreForm, ResumeForm, ReviewNowForm, SessionNamed, StartForm, StopBy, StopForm,
};
use crate::owner::Owner;

pub use attach::AttachError;
pub use error::ClientError;
pub use events::EventStream;
pub use sse::EventLine;

/// A way to the owner of a data folder. Each call is a connection of its own, so a client may be kept and cloned.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
    owner: Owner,
}

/// Every call needs a tokio runtime, and fails with a [`ClientError`]: the owner refused, is gone, or is silent.
impl Client {
    /// Who was found.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Where.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// How the owner is.
    pub async fn health(&self) -> Result<HealthAnswer, ClientError> {
        self.get("/api/v1/health").await
    }

    /// Starts a session; its id.
    pub async fn start(&self, form: &StartForm) -> Result<String, ClientError> {
        let named: SessionNamed = self.post("/api/v1/orchestrate", form).await?;
        Ok(named.session)
    }

    /// All sessions, newest first.
    pub async fn sessions(&self) -> Result<StatusView, ClientError> {
        self.get("/api/v1/sessions").await
    }

    /// A session as it is now; its `seq` is what it is true for.
    pub async fn state(&self, session: &str) -> Result<SessionView, ClientError> {
        self.get(&of(session, "state")).await
    }

    /// Stops a session by the ladder, or at once. Effective when this returns.
    pub async fn stop(&self, session: &str, urgent: bool, by: StopBy) -> Result<(), ClientError> {
        self.command(session, "stop", &StopForm { urgent, by }).await
    }

    /// Pauses a session. Effective when this returns.
    pub async fn pause(&self, session: &str) -> Result<(), ClientError> {
        self.command(session, "pause", &PauseForm {}).await
    }

    /// Goes on with a session that rests.
    pub async fn resume(&self, session: &str, message: Option<String>) -> Result<(), ClientError> {
        self.resume_waiting(session, message, None).await
    }

    /// The same, and says whether it waits while a question to a person is open.
    pub async fn resume_waiting(
        &self,
        session: &str,
        message: Option<String>,
        waits_for_person: Option<bool>,
    ) -> Result<(), ClientError> {
        self.command(session, "resume", &ResumeForm { message, waits_for_person }).await
    }

    /// Has the work reviewed now.
    pub async fn review(
        &self,
        session: &str,
        focus: Option<String>,
        waits_for_person: Option<bool>,
    ) -> Result<(), ClientError> {
        self.command(session, "review", &ReviewNowForm { focus, waits_for_person }).await
    }

    /// Tells a worker something.
    pub async fn message(&self, session: &str, worker: &str, text: &str) -> Result<(), ClientError> {
        let form = MessageForm { worker: worker.to_owned(), text: text.to_owned() };
        self.command(session, "messages", &form).await
    }

    /// Answers a question. Durable when this returns.
    pub async fn answer(&self, session: &str, approval: &str, choice: &Choice) -> Result<(), ClientError> {
        let path = format!("{}/{}", of(session, "approvals"), encoded(approval));
        let _named: SessionNamed = self.post(&path, choice).await?;
        Ok(())
    }

    /// The rule that a question can become; nothing is written.
    pub async fn rule(&self, session: &str, approval: &str) -> Result<RuleOffer, ClientError> {
        self.get(&format!("{}/{}/rule", of(session, "approvals"), encoded(approval))).await
    }

    /// Takes a lasting permission back.
    pub async fn revoke(&self, session: &str, grant: &str) -> Result<(), ClientError> {
        let path = format!("{}/{}", of(session, "grants"), encoded(grant));
        self.call(Method::DELETE, &path, None).await.map(drop)
    }

    /// Says that a blocker is resolved; with `retry` the session goes on. Durable when this returns.
    pub async fn resolve(&self, session: &str, blocker: &str, retry: bool) -> Result<(), ClientError> {
        let path = format!("{}/{}", of(session, "blockers"), encoded(blocker));
        let _named: SessionNamed = self.post(&path, &ResolveForm { retry }).await?;
        Ok(())
    }

    /// What a worker did after a seq, in words.
    pub async fn logs(&self, session: &str, worker: &str, since: u64) -> Result<LogPage, ClientError> {
        self.get(&format!("{}/{}?since={since}", of(session, "logs"), encoded(worker))).await
    }

    /// The checkpoints that stand.
    pub async fn checkpoints(&self, session: &str) -> Result<Checkpoints, ClientError> {
        self.get(&of(session, "checkpoints")).await
    }

    /// What changed from one checkpoint to another, or to the newest.
    pub async fn diff(&self, session: &str, from: u32, to: Option<u32>) -> Result<Diff, ClientError> {
        let to = to.map(|to| format!("&to={to}")).unwrap_or_default();
        let answer: DiffAnswer = self.get(&format!("{}?from={from}{to}", of(session, "diff"))).await?;
        Ok(answer.diff)
    }

    /// Brings files of a session's target back to a checkpoint; all where no path is named. Waits as long as it takes.
    pub async fn restore(&self, session: &str, form: &RestoreForm) -> Result<RestoreAnswer, ClientError> {
        self.post_patiently(&of(session, "restore"), form).await
    }

    /// Deletes a session that does not run.
    pub async fn delete(&self, session: &str) -> Result<(), ClientError> {
        self.call(Method::DELETE, &format!("/api/v1/{}", encoded(session)), None).await.map(drop)
    }

    /// A session's events above a seq, then those to come. Goes on by itself where a connection breaks.
    pub async fn events(&self, session: &str, since_seq: u64) -> Result<EventStream, ClientError> {
        EventStream::open(self.clone(), format!("{}?since={since_seq}", of(session, "events"))).await
    }

    /// The events of all sessions above a row, then those to come.
    pub async fn all_events(&self, since_row: u64) -> Result<EventStream, ClientError> {
        EventStream::open(self.clone(), format!("/api/v1/events?since={since_row}")).await
    }
}

fn of(session: &str, what: &str) -> String {
    format!("/api/v1/{}/{what}", encoded(session))
}

/// A name as one part of a path, whatever is in it.
fn encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut part, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            part.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(part, "%{byte:02X}");
        }
        part
    })
}
