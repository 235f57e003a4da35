//! What a session rests on.

use tauri::State;

use super::Shell;
use crate::dto::{DetailsView, ReceiptView, Refusal};

/// Agents, guarantees, recoveries and places.
#[tauri::command]
pub async fn details(shell: State<'_, Shell>, session: String) -> Result<DetailsView, Refusal> {
    shell.desk().await?.details(session).await
}

/// What a decision rests on.
#[tauri::command]
pub async fn receipt(
    shell: State<'_, Shell>,
    session: String,
    number: u32,
) -> Result<Option<ReceiptView>, Refusal> {
    shell.desk().await?.receipt(session, number).await
}
