//! What the desktop around the window does for it. Where it offers nothing, that is said plainly.

use std::path::PathBuf;

use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt;

use crate::desk::Answer;
use crate::desktop_bus::{NoticeServer, notice_server};
use crate::dto::Refusal;
use crate::outside::Tastes;
#[cfg(target_os = "linux")]
use crate::outside::open_folder as show;

/// The desktop as the window sees it.
pub trait Native: Send + Sync + 'static {
    /// Shows a notification that asks for nothing.
    fn test_notification(&self) -> Answer<'_, ()>;
    /// Shows a folder in the file manager.
    fn open_folder(&self, tastes: Tastes, folder: PathBuf) -> Answer<'_, ()>;
}

/// The person's desktop.
pub struct Desktop(pub AppHandle);

impl Native for Desktop {
    fn test_notification(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let server = tauri::async_runtime::spawn_blocking(notice_server).await;
            if !matches!(server, Ok(NoticeServer::There { .. })) {
                return Err(Refusal::new(
                    "no_notification_service",
                    "there is no notification service",
                    "what needs you is shown in this window all the same",
                ));
            }
            let notice = self.0.notification().builder().title("Meta-Orchestrator");
            let shown = notice.body("This is how you are called when something needs you.").show();
            shown.map_err(|error| {
                Refusal::new("notification_refused", error.to_string(), "look at your desktop's settings")
            })
        })
    }

    fn open_folder(&self, tastes: Tastes, folder: PathBuf) -> Answer<'_, ()> {
        Box::pin(async move {
            // Whatever stands there now: a program would be started by some desktops.
            if !folder.is_dir() {
                let message = "the folder is not there any more";
                let hint = format!("it was {}", folder.display());
                return Err(Refusal::new("place_gone", message, hint));
            }
            show(tastes, folder).await
        })
    }
}

/// Elsewhere the system has one of its own.
#[cfg(not(target_os = "linux"))]
async fn show(_: Tastes, folder: PathBuf) -> Result<(), Refusal> {
    let refused =
        |why: String| Refusal::new("no_file_manager", why, format!("the folder is {}", folder.display()));
    let at = folder.clone();
    let opened = move || tauri_plugin_opener::open_path(at, None::<&str>);
    match tauri::async_runtime::spawn_blocking(opened).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(refused(format!("no file manager could be asked: {error}"))),
        Err(error) => Err(refused(error.to_string())),
    }
}
