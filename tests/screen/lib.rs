//! A real window on a screen of its own: for the window's tests, which look at what it does, and for `./bench`, which
//! looks at what it costs. It needs the Debian packages xvfb, dbus and webkit2gtk-driver.
//!
//! Whatever does not work here panics and says what: its callers are programs that can only end then.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "it stands for the tests that call it"
)]

pub mod desktop;
pub mod stage;
pub mod webdriver;
