//! The one window: opened, brought back, and told what to show.

use tauri::{AppHandle, Emitter, Manager, WebviewWindowBuilder};

use crate::dto::ShowNeed;

/// The window's label, which the capabilities name too.
pub const WINDOW: &str = "main";
/// The event that tells the page which card to open.
const SHOW_NEED: &str = "show_need";

/// The window of the configuration, which shows our own pages and nothing else.
///
/// # Errors
/// When the toolkit cannot open it.
pub fn open_window(app: &tauri::App) -> tauri::Result<()> {
    let config = app.config().app.windows.iter().find(|window| window.label == WINDOW);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    WebviewWindowBuilder::from_config(app.handle(), config)?
        .on_navigation(|url| {
            url.scheme() == "tauri" || (cfg!(windows) && url.host_str() == Some("tauri.localhost"))
        })
        .build()?;
    Ok(())
}

/// Brings the window before the person, wherever it was.
pub fn bring_up(app: &AppHandle) {
    let Some(window) = app.get_webview_window(WINDOW) else { return };
    let shown = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
    if let Err(error) = shown {
        tracing::warn!(%error, "the window cannot be brought up");
    }
}

/// Brings the window up and has the page open the card of a matter; without one, the session.
pub fn show_need(app: &AppHandle, session: &str, need: Option<&str>) {
    bring_up(app);
    let show = ShowNeed { session: session.to_owned(), need: need.map(str::to_owned) };
    if let Err(error) = app.emit_to(WINDOW, SHOW_NEED, show) {
        tracing::warn!(%error, "the page was not told what to show");
    }
}
