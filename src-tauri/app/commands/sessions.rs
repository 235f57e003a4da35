//! What is done with a session from its list and its summary.

use tauri::State;

use super::Shell;
use crate::dto::Refusal;

/// Stops a session.
#[tauri::command]
pub async fn stop_session(shell: State<'_, Shell>, session: String) -> Result<(), Refusal> {
    shell.desk()?.stop(session).await
}

/// Goes on with a session that rests, perhaps with words of the person.
#[tauri::command]
pub async fn resume_session(
    shell: State<'_, Shell>,
    session: String,
    message: Option<String>,
) -> Result<(), Refusal> {
    shell.desk()?.resume(session, message).await
}

/// Deletes a session that does not run.
#[tauri::command]
pub async fn delete_session(shell: State<'_, Shell>, session: String) -> Result<(), Refusal> {
    shell.desk()?.delete(session).await
}

/// Shows a session's folder in the file manager. Which folder that is comes from the session, not from the page.
#[tauri::command]
pub async fn open_folder(shell: State<'_, Shell>, session: String) -> Result<(), Refusal> {
    let known = shell.desk()?.status().await?.sessions;
    let view = known.into_iter().find(|view| view.id == session).ok_or_else(|| {
        Refusal::new("session_unknown", "the session does not exist any more", "choose another one")
    })?;
    shell.native.open_folder(view.target.into()).await
}
