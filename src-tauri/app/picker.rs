//! Asking for a folder in the system's own dialog.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use tauri::WebviewWindow;
use tauri_plugin_dialog::DialogExt;
use tokio::sync::oneshot;

use crate::dto::Refusal;

/// A folder, or none when the person thought better of it.
pub type Picked = Pin<Box<dyn Future<Output = Option<PathBuf>> + Send>>;

/// Where a folder comes from.
pub trait FolderPicker: Send + Sync + 'static {
    /// Asks, over `window`.
    fn pick(&self, window: &WebviewWindow) -> Picked;
}

/// A folder's name as the page knows it.
///
/// # Errors
/// When it is not Unicode.
pub fn as_text(folder: PathBuf) -> Result<String, Refusal> {
    folder.into_os_string().into_string().map_err(|name| {
        Refusal::new(
            "target_not_utf8",
            format!("The folder's name is not valid Unicode: {}", name.to_string_lossy()),
            "Rename it, or choose another one.",
        )
    })
}

/// The system's dialog.
#[derive(Debug)]
pub struct NativePicker;

impl FolderPicker for NativePicker {
    fn pick(&self, window: &WebviewWindow) -> Picked {
        let (answer, picked) = oneshot::channel();
        window.dialog().file().set_parent(window).set_title("Choose the folder to work on").pick_folder(
            move |folder| {
                // A page that has gone meanwhile needs no answer.
                let _ = answer.send(folder.and_then(|folder| folder.into_path().ok()));
            },
        );
        Box::pin(async move { picked.await.ok().flatten() })
    }
}

/// A folder that was given beforehand; for tests, which must not depend on the toolkit's dialog.
#[cfg(debug_assertions)]
#[derive(Debug)]
pub struct GivenFolder(pub PathBuf);

#[cfg(debug_assertions)]
impl FolderPicker for GivenFolder {
    fn pick(&self, _window: &WebviewWindow) -> Picked {
        let folder = self.0.clone();
        Box::pin(async move { Some(folder) })
    }
}

/// The picker of this run: the system's; in debug builds the folder of `MO_PICK_FOLDER` where that is set.
pub fn picker() -> Box<dyn FolderPicker> {
    #[cfg(debug_assertions)]
    if let Some(folder) = std::env::var_os("MO_PICK_FOLDER") {
        return Box::new(GivenFolder(PathBuf::from(folder)));
    }
    Box::new(NativePicker)
}
