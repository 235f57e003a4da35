//! What the desktop around the window does for it. Where it offers nothing, that is said plainly.

use std::path::PathBuf;

use crate::desk::Answer;
use crate::dto::Refusal;

/// The desktop as the window sees it.
pub trait Native: Send + Sync + 'static {
    /// Shows a notification that asks for nothing.
    fn test_notification(&self) -> Answer<'_, ()>;
    /// Shows a folder in the file manager.
    fn open_folder(&self, folder: PathBuf) -> Answer<'_, ()>;
}

/// A desktop that offers nothing.
#[derive(Debug)]
pub struct NoNative;

impl Native for NoNative {
    fn test_notification(&self) -> Answer<'_, ()> {
        Box::pin(async {
            Err(Refusal::new(
                "no_notification_service",
                "there is no notification service",
                "what needs you is shown in this window all the same",
            ))
        })
    }

    fn open_folder(&self, folder: PathBuf) -> Answer<'_, ()> {
        Box::pin(async move {
            Err(Refusal::new(
                "no_file_manager",
                "there is no file manager that could be asked",
                format!("the folder is {}", folder.display()),
            ))
        })
    }
}
