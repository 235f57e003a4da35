//! Asking in the system's own dialogs: for a yes, and for a file to write.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use tauri::WebviewWindow;
use tauri_plugin_dialog::{DialogExt, MessageDialogButtons, MessageDialogKind};
use tokio::sync::oneshot;

/// An answer of a person.
pub type Said<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What is asked for a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The window's title.
    pub title: String,
    /// What is about to be done.
    pub text: String,
    /// The button that does it.
    pub yes: String,
}

/// Where answers come from.
pub trait Dialogs: Send + Sync + 'static {
    /// Whether it is to be done.
    fn confirm(&self, window: &WebviewWindow, question: Question) -> Said<bool>;
    /// A file to write, or none when the person thought better of it.
    fn save(&self, window: &WebviewWindow, title: &str, name: &str) -> Said<Option<PathBuf>>;
}

/// The system's dialogs.
#[derive(Debug)]
pub struct NativeDialogs;

impl Dialogs for NativeDialogs {
    fn confirm(&self, window: &WebviewWindow, question: Question) -> Said<bool> {
        let (answer, said) = oneshot::channel();
        let buttons = MessageDialogButtons::OkCancelCustom(question.yes, "Cancel".to_owned());
        let dialog = window.dialog().message(question.text).title(question.title).parent(window);
        dialog.kind(MessageDialogKind::Warning).buttons(buttons).show(move |yes| {
            // A page that has gone meanwhile needs no answer.
            let _ = answer.send(yes);
        });
        Box::pin(async move { said.await.unwrap_or(false) })
    }

    fn save(&self, window: &WebviewWindow, title: &str, name: &str) -> Said<Option<PathBuf>> {
        let (answer, said) = oneshot::channel();
        window.dialog().file().set_parent(window).set_title(title).set_file_name(name).save_file(
            move |file| {
                let _ = answer.send(file.and_then(|file| file.into_path().ok()));
            },
        );
        Box::pin(async move { said.await.ok().flatten() })
    }
}

/// Answers that were given beforehand; for tests, which must not depend on the toolkit's dialogs.
#[cfg(debug_assertions)]
#[derive(Debug)]
pub struct GivenAnswers {
    /// To every question.
    pub yes: bool,
    /// To every wish for a file.
    pub file: Option<PathBuf>,
}

#[cfg(debug_assertions)]
impl Dialogs for GivenAnswers {
    fn confirm(&self, _window: &WebviewWindow, _question: Question) -> Said<bool> {
        Box::pin(std::future::ready(self.yes))
    }

    fn save(&self, _window: &WebviewWindow, _title: &str, _name: &str) -> Said<Option<PathBuf>> {
        Box::pin(std::future::ready(self.file.clone()))
    }
}

/// The dialogs of this run: the system's; in debug builds the answers of `MO_CONFIRM` (`yes` or `no`) and
/// `MO_SAVE_FILE` where the first is set.
pub fn dialogs() -> Box<dyn Dialogs> {
    #[cfg(debug_assertions)]
    if let Some(yes) = std::env::var_os("MO_CONFIRM") {
        let file = std::env::var_os("MO_SAVE_FILE").map(PathBuf::from);
        return Box::new(GivenAnswers { yes: yes == "yes", file });
    }
    Box::new(NativeDialogs)
}
