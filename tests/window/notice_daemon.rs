//! Somebody who shows notifications on a stage's session bus, and a person who clicks on them
//! (<https://specifications.freedesktop.org/notification-spec/latest/>).
#![allow(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the methods are the specification's"
)]

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use zbus::blocking::{Connection, connection};
use zbus::interface;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::OwnedValue;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// What happened on the person's screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A notification.
    Shown(Shown),
    /// The app took it away.
    Withdrawn(u32),
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The daemon's number.
    pub(crate) id: u32,
    /// The first line.
    pub(crate) title: String,
    /// The rest.
    pub(crate) body: String,
    /// The buttons: what they are called inside, and to the person.
    pub(crate) actions: Vec<(String, String)>,
}

struct Screen {
    can: Vec<String>,
    last: u32,
    seen: Sender<Seen>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Screen {
    fn notify(
        &mut self,
        _app_name: String,
        _replaces: u32,
        _icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expires: i32,
    ) -> u32 {
        self.last += 1;
        let actions = actions.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        let shown = Shown { id: self.last, title: summary, body, actions };
        let _ = self.seen.send(Seen::Shown(shown));
        self.last
    }

    async fn close_notification(&self, id: u32, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) {
        let _ = self.seen.send(Seen::Withdrawn(id));
        // 3: by a call of this method.
        Self::notification_closed(&emitter, id, 3).await.unwrap();
    }

    fn get_capabilities(&self) -> Vec<String> {
        self.can.clone()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let word = || "test".to_owned();
        (word(), word(), word(), "1.2".to_owned())
    }

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}

/// A daemon that runs until it is dropped.
pub(crate) struct NoticeDaemon {
    bus: Connection,
    seen: Receiver<Seen>,
}

impl NoticeDaemon {
    /// Takes its place on the bus; shows buttons and obeys markup.
    pub(crate) fn start(address: &str) -> Self {
        Self::start_with(address, &["actions", "body", "body-markup"])
    }

    /// The same, for one with these capabilities.
    pub(crate) fn start_with(address: &str, can: &[&str]) -> Self {
        let (sender, seen) = channel();
        let can = can.iter().map(|one| (*one).to_owned()).collect();
        let bus = connection::Builder::address(address).unwrap();
        let bus = bus.serve_at(PATH, Screen { can, last: 0, seen: sender }).unwrap();
        Self { bus: bus.name(NAME).unwrap().build().unwrap(), seen }
    }

    /// What happens next.
    pub(crate) fn next(&self, within: Duration) -> Seen {
        self.seen.recv_timeout(within).expect("something on the person's screen")
    }

    /// The next notification.
    pub(crate) fn next_shown(&self, within: Duration) -> Shown {
        match self.next(within) {
            Seen::Shown(shown) => shown,
            other @ Seen::Withdrawn(_) => panic!("{other:?}"),
        }
    }

    /// The next notification, after what is taken away meanwhile.
    pub(crate) fn next_shown_after(&self, within: Duration) -> Shown {
        loop {
            if let Seen::Shown(shown) = self.next(within) {
                return shown;
            }
        }
    }

    /// What has happened since.
    pub(crate) fn rest(&self) -> Vec<Seen> {
        self.seen.try_iter().collect()
    }

    /// The person presses a button of a notification; `default` is a click on itself.
    pub(crate) fn press(&self, id: u32, action: &str) {
        self.bus.emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &(id, action)).unwrap();
    }
}
