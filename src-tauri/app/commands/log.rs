//! The log of a session.

use mo_core::view::log::{LogFilter, LogFound, LogMark, LogPage, LogRaw, RawSource};
use tauri::{State, WebviewWindow};

use super::Shell;
use crate::dto::Refusal;

/// A piece of the log.
#[tauri::command]
pub async fn log_page(
    shell: State<'_, Shell>,
    session: String,
    filter: LogFilter,
    from: u64,
    limit: usize,
) -> Result<LogPage, Refusal> {
    shell.desk().await?.log(session, filter, from, limit).await
}

/// Where something is found next.
#[tauri::command]
pub async fn log_find(
    shell: State<'_, Shell>,
    session: String,
    filter: LogFilter,
    needle: String,
    from: Option<u64>,
    backwards: bool,
) -> Result<LogFound, Refusal> {
    shell.desk().await?.find_in_log(session, filter, needle, from, backwards).await
}

/// Where warnings are.
#[tauri::command]
pub async fn log_marks(
    shell: State<'_, Shell>,
    session: String,
    filter: LogFilter,
    parts: u32,
) -> Result<Vec<LogMark>, Refusal> {
    shell.desk().await?.log_marks(session, filter, parts).await
}

/// A row as it is stored.
#[tauri::command]
pub async fn log_raw(
    shell: State<'_, Shell>,
    session: String,
    source: Option<RawSource>,
    seq: u64,
) -> Result<Option<LogRaw>, Refusal> {
    shell.desk().await?.log_raw(session, source, seq).await
}

/// Writes what matches into a file that the person chooses; answers how many lines, or nothing when they thought
/// better of it.
#[tauri::command]
pub async fn export_log(
    shell: State<'_, Shell>,
    window: WebviewWindow,
    session: String,
    filter: LogFilter,
) -> Result<Option<u64>, Refusal> {
    let desk = shell.desk().await?;
    let name = format!("{session}.jsonl");
    let Some(file) = shell.dialogs.save(&window, "Export the log", &name).await else { return Ok(None) };
    desk.export_log(session, filter, file).await.map(Some)
}
