//! The desktop shell: one window over the engine. It holds no logic of its own: it starts the engine, asks for folders,
//! and carries news to the page.

pub mod attend;
pub mod attention;
pub mod bus;
pub mod commands;
pub mod demo;
pub mod desk;
pub mod desktop_bus;
pub mod dialogs;
pub mod drop;
pub mod dto;
pub mod engine_desk;
pub mod farewell;
pub mod hints;
pub mod host;
pub mod missing;
pub mod native;
pub mod notices;
pub mod open;
pub mod outbox;
pub mod outside;
pub mod own_program;
#[cfg(target_os = "linux")]
pub mod painting;
pub mod picker;
pub mod plain;
pub mod remembered;
pub mod tray;
pub mod tray_library;
pub mod upgraded;
pub mod window;

#[cfg(test)]
mod attend_tests;
#[cfg(test)]
mod attention_tests;
#[cfg(test)]
mod bus_tests;
#[cfg(test)]
mod engine_desk_tests;
#[cfg(test)]
mod outbox_tests;
#[cfg(test)]
mod types_tests;

use std::sync::Arc;

use tauri::{AppHandle, Emitter, Manager, RunEvent, WindowEvent};
use tauri_plugin_window_state::StateFlags;
use tokio::sync::{SetOnce, mpsc, watch};

use crate::attend::{Told, attend};
use crate::attention::Standing;
use crate::bus::{BATCH, Page, Progress};
use crate::commands::Shell;
use crate::desk::Desk;
use crate::dto::Refusal;
use crate::farewell::Farewell;
use crate::missing::Missing;
use crate::window::{WINDOW, open_window};

/// News on their way to the page; the page's outbox takes them at once.
const QUEUE: usize = 8;

/// Opens the window over a desk and runs until it is closed. `open` is called inside the async runtime, while the window
/// is painted; when it refuses, the window says why.
///
/// # Errors
/// When the toolkit cannot open a window.
pub fn run<F, O>(open: F) -> tauri::Result<()>
where
    F: FnOnce() -> O + Send + 'static,
    O: Future<Output = Result<Arc<dyn Desk>, Refusal>> + Send,
{
    let size = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN;
    tauri::Builder::default()
        // First, since a second start ends in it. Without a session bus there is none to be found.
        .plugin(tauri_plugin_single_instance::init(|app, _, _| upgraded::second_start(app)))
        .plugin(tauri_plugin_window_state::Builder::new().with_state_flags(size).build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .invoke_handler(tauri::generate_handler![
            commands::attach,
            commands::ack,
            commands::status,
            commands::timeline,
            commands::setup::check_start,
            commands::setup::start_session,
            commands::setup::start_demo,
            commands::setup::remembered,
            commands::setup::pick_folder,
            commands::sessions::stop_session,
            commands::sessions::resume_session,
            commands::sessions::delete_session,
            commands::sessions::open_folder,
            commands::sessions::open_editor,
            commands::sessions::open_terminal,
            commands::settings::doctor,
            commands::settings::check_agent,
            commands::settings::settings,
            commands::settings::set_setting,
            commands::settings::explain,
            commands::settings::test_notification,
            commands::answer,
            commands::rule_for,
            commands::revoke,
            commands::session::pause_session,
            commands::session::review_now,
            commands::session::send_message,
            commands::log::log_page,
            commands::log::log_find,
            commands::log::log_marks,
            commands::log::log_raw,
            commands::log::export_log,
            commands::changes::checkpoints,
            commands::changes::changes,
            commands::changes::file_diff,
            commands::changes::restore,
            commands::details::details,
            commands::details::receipt,
            commands::resolve,
            commands::native::missing,
            commands::native::start_again,
        ])
        .setup(move |app| {
            let progress = manage_shell(app.handle());
            #[cfg(unix)]
            tauri::async_runtime::spawn(farewell::heed_signals(app.handle().clone()));
            open_window(app)?;
            farewell::opened(app.handle());
            // Beside the toolkit's thread, which paints the window meanwhile. What the page asks for waits for it.
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move { start_shell(&handle, open().await, progress) });
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|app, event| {
            if matches!(event, RunEvent::Exit) {
                farewell::at_exit(app);
            }
            let RunEvent::WindowEvent { event, .. } = &event else { return };
            match event {
                WindowEvent::CloseRequested { api, .. } => farewell::close_window(app, api),
                WindowEvent::DragDrop(moved) => drop::tell(app, moved),
                _ => {}
            }
        });
    Ok(())
}

/// What the page's commands and the window's events work with; the engine is still to come.
fn manage_shell(app: &AppHandle) -> watch::Receiver<Progress> {
    let (page, progress) = Page::new();
    app.manage(Missing::default());
    app.manage(Farewell::default());
    app.manage(Shell {
        desk: SetOnce::new(),
        page,
        picker: picker::picker(),
        dialogs: dialogs::dialogs(),
        native: Box::new(native::Desktop(app.clone())),
    });
    progress
}

fn start_shell(app: &AppHandle, desk: Result<Arc<dyn Desk>, Refusal>, progress: watch::Receiver<Progress>) {
    let (standing, now) = watch::channel(Standing::default());
    match &desk {
        Ok(desk) => {
            let (calls, called) = mpsc::unbounded_channel();
            let (forward, news) = mpsc::channel(QUEUE);
            tauri::async_runtime::spawn(attend(Arc::clone(desk), Told { calls, standing }, forward));
            tauri::async_runtime::spawn(notices::call(app.clone(), called));
            let handle = app.clone();
            tauri::async_runtime::spawn(bus::pump(news, progress, move |batch| {
                if let Err(error) = handle.emit_to(WINDOW, BATCH, batch) {
                    tracing::warn!("a batch did not reach the window: {error}");
                }
            }));
        }
        Err(refusal) => tracing::error!(code = refusal.code, "the engine did not open: {refusal}"),
    }
    let handle = app.clone();
    let shown = app.run_on_main_thread(move || {
        tray::show(&handle, now);
        // After the tray: what it lacks is among what the page asks for first. It is set only here.
        let _ = handle.state::<Shell>().desk.set(desk);
    });
    if let Err(error) = shown {
        tracing::error!(%error, "the window's thread is gone");
    }
}
