//! What the person's desktop offers on the session bus.

/// Who shows notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeServer {
    /// Somebody does.
    There {
        /// It shows buttons.
        actions: bool,
        /// It obeys markup in the body.
        markup: bool,
    },
    /// There is a session bus and nobody on it who shows notifications.
    Nobody,
    /// There is no session bus.
    NoBus,
}

/// Asks; blocks for at most a few seconds.
#[cfg(target_os = "linux")]
pub fn notice_server() -> NoticeServer {
    let Some(bus) = session_bus() else { return NoticeServer::NoBus };
    let name = "org.freedesktop.Notifications";
    let answer =
        bus.call_method(Some(name), "/org/freedesktop/Notifications", Some(name), "GetCapabilities", &());
    match answer.and_then(|message| message.body().deserialize::<Vec<String>>()) {
        Ok(can) => {
            let can = |what: &str| can.iter().any(|one| one == what);
            NoticeServer::There { actions: can("actions"), markup: can("body-markup") }
        }
        Err(error) => {
            tracing::debug!(%error, "nobody shows notifications");
            NoticeServer::Nobody
        }
    }
}

/// Elsewhere the system itself shows them.
#[cfg(not(target_os = "linux"))]
pub fn notice_server() -> NoticeServer {
    NoticeServer::There { actions: true, markup: false }
}

/// Whether somebody shows icons of apps in a tray. Blocks for at most a few seconds.
#[cfg(target_os = "linux")]
pub fn has_tray_host() -> bool {
    let name = "org.kde.StatusNotifierWatcher";
    let Some(bus) = session_bus() else { return false };
    let answer = bus.call_method(
        Some("org.freedesktop.DBus"),
        "/org/freedesktop/DBus",
        Some("org.freedesktop.DBus"),
        "NameHasOwner",
        &name,
    );
    answer.and_then(|message| message.body().deserialize::<bool>()).unwrap_or(false)
}

/// Elsewhere the system itself does.
#[cfg(not(target_os = "linux"))]
pub fn has_tray_host() -> bool {
    true
}

#[cfg(target_os = "linux")]
fn session_bus() -> Option<zbus::blocking::Connection> {
    let bus = zbus::blocking::connection::Builder::session();
    let bus = bus.and_then(|bus| bus.method_timeout(std::time::Duration::from_secs(3)).build());
    bus.inspect_err(|error| tracing::debug!(%error, "there is no session bus")).ok()
}
