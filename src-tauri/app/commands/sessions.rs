//! What is done with a session from its list and its summary.

use std::path::PathBuf;

use tauri::State;

use super::Shell;
use crate::dto::Refusal;
use crate::outside::{self, inside};

/// Stops a session.
#[tauri::command]
pub async fn stop_session(shell: State<'_, Shell>, session: String) -> Result<(), Refusal> {
    shell.desk().await?.stop(session).await
}

/// Goes on with a session that rests, perhaps with words of the person.
#[tauri::command]
pub async fn resume_session(
    shell: State<'_, Shell>,
    session: String,
    message: Option<String>,
) -> Result<(), Refusal> {
    shell.desk().await?.resume(session, message).await
}

/// Deletes a session that does not run.
#[tauri::command]
pub async fn delete_session(shell: State<'_, Shell>, session: String) -> Result<(), Refusal> {
    shell.desk().await?.delete(session).await
}

/// Shows a session's folder in the file manager.
#[tauri::command]
pub async fn open_folder(shell: State<'_, Shell>, session: String) -> Result<(), Refusal> {
    let target = target_of(&shell, &session).await?;
    shell.native.open_folder(shell.desk().await?.tastes(), target).await
}

/// Opens a session's folder, or a file in it at a line, in the person's editor.
#[tauri::command]
pub async fn open_editor(
    shell: State<'_, Shell>,
    session: String,
    path: Option<String>,
    line: Option<u32>,
) -> Result<(), Refusal> {
    let place = inside(&target_of(&shell, &session).await?, path.as_deref())?;
    outside::open_editor(shell.desk().await?.tastes(), place, line).await
}

/// Opens a terminal in a session's folder.
#[tauri::command]
pub async fn open_terminal(shell: State<'_, Shell>, session: String) -> Result<(), Refusal> {
    let folder = inside(&target_of(&shell, &session).await?, None)?;
    outside::open_terminal(shell.desk().await?.tastes(), folder).await
}

/// Which folder that is comes from the session, not from the page.
async fn target_of(shell: &Shell, session: &str) -> Result<PathBuf, Refusal> {
    let known = shell.desk().await?.status().await?.sessions;
    let view = known.into_iter().find(|view| view.id == session).ok_or_else(|| {
        Refusal::new("session_unknown", "the session does not exist any more", "choose another one")
    })?;
    Ok(view.target.into())
}
