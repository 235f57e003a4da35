//! A second start of the app: the first one's window comes up. After an upgrade whoever starts the new version meets the
//! old one, and is told so. Whoever meets one that is ending, or that has no engine, gets a new one.

use std::sync::atomic::{AtomicBool, Ordering};

use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::{DialogExt, MessageDialogButtons, MessageDialogKind};

use crate::commands::Shell;
use crate::farewell::{self, Farewell};
use crate::own_program::{OwnProgram, Place};
use crate::window::bring_up;

const QUIT: &str = "Quit the old version";
const LATER: &str = "Later";

/// Whether the question stands already.
static ASKING: AtomicBool = AtomicBool::new(false);

/// Brings the window up; where another version is installed by now, offers to make room for it.
pub fn second_start(app: &AppHandle) {
    // While the first one begins there is neither yet.
    if app.try_state::<Farewell>().is_some_and(|farewell| farewell.start_after()) {
        return;
    }
    if app.try_state::<Shell>().is_some_and(|shell| matches!(shell.desk.get(), Some(Err(_)))) {
        farewell::start_again(app);
        return;
    }
    bring_up(app);
    let place = OwnProgram::find().map_or(Place::Same, |program| program.stands());
    if place != Place::Replaced || ASKING.swap(true, Ordering::AcqRel) {
        return;
    }
    let text = format!(
        "Another version was installed while this one runs. This window is still version {}. Quit it, then open the \
         app again; sessions that run are asked about first.",
        env!("CARGO_PKG_VERSION")
    );
    let dialog =
        app.dialog().message(text).title("Meta-Orchestrator was upgraded").kind(MessageDialogKind::Info);
    let app = app.clone();
    dialog.buttons(MessageDialogButtons::OkCancelCustom(QUIT.into(), LATER.into())).show(move |quit| {
        ASKING.store(false, Ordering::Release);
        if quit {
            farewell::quit(&app);
        }
    });
}
