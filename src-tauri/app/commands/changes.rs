//! Checkpoints of a session and what lies between them.

use mo_core::ids::SessionId;
use tauri::{State, WebviewWindow};

use super::Shell;
use crate::dialogs::Question;
use crate::dto::{ChangesView, CheckpointPoint, FileDiff, Refusal, RestoredView};

/// The checkpoints that stand.
#[tauri::command]
pub async fn checkpoints(shell: State<'_, Shell>, session: String) -> Result<Vec<CheckpointPoint>, Refusal> {
    shell.desk().await?.checkpoints(session).await
}

/// What changed between two of them.
#[tauri::command]
pub async fn changes(
    shell: State<'_, Shell>,
    session: String,
    from: u32,
    to: u32,
) -> Result<ChangesView, Refusal> {
    shell.desk().await?.changes(session, from, to).await
}

/// The difference of one file.
#[tauri::command]
pub async fn file_diff(
    shell: State<'_, Shell>,
    session: String,
    from: u32,
    to: u32,
    path: String,
) -> Result<FileDiff, Refusal> {
    shell.desk().await?.file_diff(session, from, to, path).await
}

/// Brings files back, once the person has said yes; answers nothing when they have not.
#[tauri::command]
pub async fn restore(
    shell: State<'_, Shell>,
    window: WebviewWindow,
    session: String,
    checkpoint: u32,
    paths: Vec<String>,
) -> Result<Option<RestoredView>, Refusal> {
    let desk = shell.desk().await?;
    let status = desk.status().await?;
    let id = SessionId::new(session.as_str());
    let target = status.sessions.into_iter().find(|view| view.id == id.as_str()).map(|view| view.target);
    let Some(target) = target else {
        return Err(Refusal::new("session_unknown", "the session does not exist", "it was deleted"));
    };
    let question = restore_question(&target, checkpoint, &paths);
    if !shell.dialogs.confirm(&window, question).await {
        return Ok(None);
    }
    desk.restore(session, checkpoint, paths).await.map(Some)
}

/// What a person says yes to before files are brought back.
pub fn restore_question(target: &str, checkpoint: u32, paths: &[String]) -> Question {
    let what = match paths {
        [] => format!("Everything in {target} comes back as it was at checkpoint {checkpoint}."),
        [path] => format!("{path} in {target} comes back as it was at checkpoint {checkpoint}."),
        paths => {
            format!("{} paths in {target} come back as they were at checkpoint {checkpoint}.", paths.len())
        }
    };
    Question {
        title: format!("Restore checkpoint {checkpoint}?"),
        text: format!(
            "{what}\n\nWhat is there now is saved as a new checkpoint first, so this can be undone."
        ),
        yes: "Restore".to_owned(),
    }
}
