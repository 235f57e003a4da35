//! Controls of a session.

use tauri::State;

use super::Shell;
use crate::dto::Refusal;

/// Brings a session to a stand that can be resumed.
#[tauri::command]
pub async fn pause_session(shell: State<'_, Shell>, session: String) -> Result<(), Refusal> {
    shell.desk().await?.pause(session).await
}

/// Has the work reviewed now.
#[tauri::command]
pub async fn review_now(
    shell: State<'_, Shell>,
    session: String,
    focus: Option<String>,
) -> Result<(), Refusal> {
    shell.desk().await?.review_now(session, focus).await
}

/// Tells a worker something.
#[tauri::command]
pub async fn send_message(
    shell: State<'_, Shell>,
    session: String,
    worker: String,
    text: String,
) -> Result<(), Refusal> {
    shell.desk().await?.message(session, worker, text).await
}
