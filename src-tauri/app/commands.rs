//! What the page may ask of the shell, by subject.

pub mod changes;
pub mod details;
pub mod log;
pub mod native;
pub mod session;
pub mod sessions;
pub mod settings;
pub mod setup;

use std::sync::Arc;

use mo_core::view::status::{RuleOffer, StatusView};
use mo_core::view::timeline::TimelineEntry;
use mo_engine::start::MAX_GOAL;
use tauri::{AppHandle, Manager, State};
use tokio::sync::SetOnce;

use crate::bus::Page;
use crate::desk::Desk;
use crate::dialogs::Dialogs;
use crate::dto::{Attached, ChoiceForm, Refusal};
use crate::native::Native;
use crate::outbox::clip;
use crate::picker::FolderPicker;

/// The most entries that one call of [`timeline`] answers.
const MAX_PAGE: usize = 500;

/// In the page's type of numbers.
#[expect(clippy::cast_possible_truncation, reason = "it is far smaller")]
const LONGEST_GOAL: u32 = MAX_GOAL as u32;

/// What the commands work with.
pub struct Shell {
    /// The engine, or why there is none; empty while it is being opened.
    pub desk: SetOnce<Result<Arc<dyn Desk>, Refusal>>,
    /// How far the page is.
    pub page: Page,
    /// Where folders come from.
    pub picker: Box<dyn FolderPicker>,
    /// The desktop around the window.
    pub native: Box<dyn Native>,
    /// Where other answers of the person come from.
    pub dialogs: Box<dyn Dialogs>,
}

impl Shell {
    /// The engine, once it has been opened.
    ///
    /// # Errors
    /// When it could not be.
    pub async fn desk(&self) -> Result<&Arc<dyn Desk>, Refusal> {
        self.desk.wait().await.as_ref().map_err(Clone::clone)
    }
}

/// The page is there: begins a new run of batches for it.
#[tauri::command]
pub async fn attach(shell: State<'_, Shell>) -> Result<Attached, Refusal> {
    let desk = shell.desk().await?;
    // First the epoch, then the status: what happens between them comes in a batch too, and is not missed.
    let epoch = shell.page.attach();
    let status = desk.status().await?;
    let home = std::env::home_dir().and_then(|home| home.into_os_string().into_string().ok());
    let first = desk.first_start().await?;
    let elsewhere = desk.elsewhere();
    Ok(Attached { epoch, status, home, first, elsewhere, longest_goal: LONGEST_GOAL })
}

/// The page has applied batch `number`.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "a command's state comes by value")]
pub fn ack(shell: State<'_, Shell>, epoch: u32, number: u32) {
    shell.page.ack(epoch, number);
}

/// All sessions.
#[tauri::command]
pub async fn status(shell: State<'_, Shell>) -> Result<StatusView, Refusal> {
    shell.desk().await?.status().await
}

/// A piece of a session's story.
#[tauri::command]
pub async fn timeline(
    shell: State<'_, Shell>,
    session: String,
    since: u64,
    limit: usize,
) -> Result<Vec<TimelineEntry>, Refusal> {
    let mut entries = shell.desk().await?.timeline(session, since, limit.clamp(1, MAX_PAGE)).await?;
    entries.iter_mut().for_each(clip);
    Ok(entries)
}

/// Answers a question of a session.
#[tauri::command]
pub async fn answer(
    shell: State<'_, Shell>,
    session: String,
    approval: String,
    choice: ChoiceForm,
) -> Result<(), Refusal> {
    shell.desk().await?.answer(session, approval, choice).await
}

/// The same from elsewhere than the page.
///
/// # Errors
/// When there is no engine, or it refuses: the question may be answered already.
pub async fn answer_as(
    app: &AppHandle,
    session: &str,
    approval: &str,
    choice: ChoiceForm,
) -> Result<(), Refusal> {
    let desk = Arc::clone(app.state::<Shell>().desk().await?);
    desk.answer(session.to_owned(), approval.to_owned(), choice).await
}

/// The rule that a question can become; nothing is written.
#[tauri::command]
pub async fn rule_for(
    shell: State<'_, Shell>,
    session: String,
    approval: String,
) -> Result<RuleOffer, Refusal> {
    shell.desk().await?.rule_for(session, approval).await
}

/// Takes back what was allowed for a whole session.
#[tauri::command]
pub async fn revoke(shell: State<'_, Shell>, session: String, grant: String) -> Result<(), Refusal> {
    shell.desk().await?.revoke(session, grant).await
}

/// Takes down that a blocker is resolved, and goes on with its session.
#[tauri::command]
pub async fn resolve(shell: State<'_, Shell>, session: String, blocker: String) -> Result<(), Refusal> {
    shell.desk().await?.resolve(session, blocker).await
}
