//! Controls of a session.

use mo_core::event::StopCause;
use mo_core::ids::{SessionId, WorkerName};

use super::EngineDesk;
use crate::desk::{Answer, Control};
use crate::dto::Refusal;

impl Control for EngineDesk {
    fn pause(&self, session: String) -> Answer<'_, ()> {
        Box::pin(async move {
            let session = SessionId::new(session);
            self.engine_of(&session).stop(&session, StopCause::Pause, false).await
        })
    }

    fn review_now(&self, session: String, focus: Option<String>) -> Answer<'_, ()> {
        Box::pin(async move {
            let session = SessionId::new(session);
            self.engine_of(&session).review_now(&session, focus.and_then(said), Some(true)).await
        })
    }

    fn message(&self, session: String, worker: String, text: String) -> Answer<'_, ()> {
        Box::pin(async move {
            let text = said(text).ok_or_else(|| {
                Refusal::new("message_empty", "there is nothing to say", "write what the worker should know")
            })?;
            let session = SessionId::new(session);
            self.engine_of(&session).message(&session, &WorkerName::new(worker), &text).await
        })
    }
}

/// What is only white space says nothing.
fn said(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}
