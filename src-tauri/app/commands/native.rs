//! What the page may ask of the desktop.

use tauri::{AppHandle, Manager};

use crate::commands::Shell;
use crate::dto::{MissingPart, Refusal};
use crate::farewell;
use crate::missing::Missing;

/// What this desktop lacks, such as somebody who shows notifications.
#[tauri::command]
pub async fn missing(app: AppHandle) -> Result<Vec<MissingPart>, Refusal> {
    let list = tauri::async_runtime::spawn_blocking(move || app.state::<Missing>().list()).await;
    list.map_err(|error| Refusal::new("desktop_unknown", error.to_string(), "try again"))
}

/// The app starts again in the place of one that has no engine. Of one that has, what runs is not ended this way.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "a command's handle comes by value")]
pub fn start_again(app: AppHandle) -> Result<(), Refusal> {
    if matches!(app.state::<Shell>().desk.get(), Some(Err(_))) {
        farewell::start_again(&app);
        return Ok(());
    }
    Err(Refusal::new("engine_open", "the engine is there", "quit, and open the app again"))
}
