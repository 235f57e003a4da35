//! A new session: what the form says, and its start.

use tauri::{State, WebviewWindow};

use super::Shell;
use crate::dto::{Refusal, Remembered, StartCheck, StartForm};

/// What is wrong with a form, and what would happen.
#[tauri::command]
pub async fn check_start(shell: State<'_, Shell>, form: StartForm) -> Result<StartCheck, Refusal> {
    shell.desk().await?.check_start(form).await
}

/// Starts a session.
#[tauri::command]
pub async fn start_session(shell: State<'_, Shell>, form: StartForm) -> Result<String, Refusal> {
    shell.desk().await?.start(form).await
}

/// Starts the demo.
#[tauri::command]
pub async fn start_demo(shell: State<'_, Shell>) -> Result<String, Refusal> {
    shell.desk().await?.start_demo().await
}

/// What is remembered for a new session in a folder.
#[tauri::command]
pub async fn remembered(shell: State<'_, Shell>, target: String) -> Result<Remembered, Refusal> {
    shell.desk().await?.remembered(target).await
}

/// Asks for a folder.
#[tauri::command]
pub async fn pick_folder(shell: State<'_, Shell>, window: WebviewWindow) -> Result<Option<String>, Refusal> {
    let picked = shell.picker.pick(&window).await;
    picked.map(crate::picker::as_text).transpose()
}
