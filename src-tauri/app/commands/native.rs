//! What the page may ask of the desktop.

use tauri::{AppHandle, Manager};

use crate::dto::{MissingPart, Refusal};
use crate::missing::Missing;

/// What this desktop lacks, such as somebody who shows notifications.
#[tauri::command]
pub async fn missing(app: AppHandle) -> Result<Vec<MissingPart>, Refusal> {
    let list = tauri::async_runtime::spawn_blocking(move || app.state::<Missing>().list()).await;
    list.map_err(|error| Refusal::new("desktop_unknown", error.to_string(), "try again"))
}
