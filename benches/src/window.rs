//! The app's real window, on a screen and a session bus of its own, against a Tauri window with one line of text.

mod flood;
mod idle;
mod million;
mod paint;
mod scene;

pub(crate) use flood::flood;
pub(crate) use idle::idle;
pub(crate) use million::million;
pub(crate) use paint::paint;
