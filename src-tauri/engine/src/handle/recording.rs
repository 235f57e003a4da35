//! Journalling what was done with a session that rests: an answer to its question, files that were brought back.

use std::sync::Arc;

use mo_core::ids::SessionId;
use mo_core::input::Input;
use mo_core::view::session_view;
use mo_journal::{Document, JournalError};

use super::{CommandError, EngineHandle};
use crate::dispatcher::Message;
use crate::history;

/// Why it was not journalled.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It was refused, or the engine is going away.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl EngineHandle {
    /// Journals it. The session must be the caller's alone.
    pub(crate) async fn record(&self, session: &SessionId, input: Input) -> Result<(), RecordError> {
        let (journal, id) = (Arc::clone(&self.shared.ports.journal), session.clone());
        let state = blocking(move || history::replay(journal.as_ref(), &id)).await?;
        self.send(Message::Adopt { session: session.clone(), state: Box::new(state) }).await?;
        if let Err(error) = self.ask(session, input).await {
            self.send(Message::Forget { session: session.clone() }).await?;
            return Err(error.into());
        }
        Ok(())
    }

    /// Writes the view that `status` reads, so that it need not replay the session.
    pub(crate) async fn write_view(&self, session: &SessionId) -> Result<(), RecordError> {
        let (journal, id) = (Arc::clone(&self.shared.ports.journal), session.clone());
        blocking(move || {
            let view = session_view(&id, &history::replay(journal.as_ref(), &id)?);
            if let Some(text) = view.and_then(|view| serde_json::to_string(&view).ok()) {
                journal.put_document(&id, &Document::View, &text)?;
            }
            Ok(())
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, RecordError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|_| CommandError::Closed)??)
}
