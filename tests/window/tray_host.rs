//! Somebody who shows icons in a tray on a stage's session bus, and a person who uses their menus
//! (<https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/>, and the menu's `com.canonical.dbusmenu`).
#![allow(clippy::needless_pass_by_value, clippy::unused_self, reason = "the methods are the specification's")]

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use zbus::blocking::{Connection, connection};
use zbus::interface;
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Structure, Value};

const NAME: &str = "org.kde.StatusNotifierWatcher";
const MENU: &str = "com.canonical.dbusmenu";

struct Watcher(Sender<(String, String)>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, item: String, #[zbus(header)] header: Header<'_>) {
        let owner = header.sender().map(ToString::to_string).unwrap_or_default();
        let _ = self.0.send((owner, item));
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A tray with the app's icon in it.
pub(crate) struct Tray {
    bus: Connection,
    owner: String,
    menu: OwnedObjectPath,
    _items: Receiver<(String, String)>,
}

impl Tray {
    /// Takes its place on the bus, and waits until the app has put its icon in.
    pub(crate) fn with_icon(address: &str, within: Duration) -> Self {
        let (sender, items) = channel();
        let bus = connection::Builder::address(address).unwrap();
        let bus = bus.serve_at("/StatusNotifierWatcher", Watcher(sender)).unwrap();
        let bus = bus.name(NAME).unwrap().build().unwrap();
        let (owner, item) = items.recv_timeout(within).expect("the app's icon");
        let properties = Some("org.freedesktop.DBus.Properties");
        let about = ("org.kde.StatusNotifierItem", "Menu");
        let answer = bus.call_method(Some(owner.as_str()), item.as_str(), properties, "Get", &about).unwrap();
        let menu: OwnedValue = answer.body().deserialize().unwrap();
        Self { bus, owner, menu: menu.try_into().unwrap(), _items: items }
    }

    /// The menu's items, by their numbers.
    pub(crate) fn items(&self) -> Vec<(i32, String)> {
        type Entry = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
        let answer = self.call("GetLayout", &(0i32, 1i32, vec!["label"]));
        let (_, (_, _, children)): (u32, Entry) = answer.body().deserialize().unwrap();
        let item = |child: OwnedValue| {
            let fields = Structure::try_from(child).unwrap().into_fields();
            let number = i32::try_from(&fields[0]).unwrap();
            let shown = HashMap::<String, OwnedValue>::try_from(fields[1].try_clone().unwrap()).unwrap();
            let label =
                shown.get("label").and_then(|label| String::try_from(label.try_clone().unwrap()).ok());
            (number, label.unwrap_or_default())
        };
        children.into_iter().map(item).collect()
    }

    /// Waits until the menu has an item.
    pub(crate) fn wait_for(&self, label: &str, within: Duration) -> i32 {
        let end = Instant::now() + within;
        loop {
            let items = self.items();
            if let Some((number, _)) = items.iter().find(|(_, one)| one == label) {
                return *number;
            }
            assert!(Instant::now() < end, "no {label:?} within {within:?}: {items:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The person chooses an item.
    pub(crate) fn choose(&self, label: &str) {
        let number = self.wait_for(label, Duration::from_secs(10));
        self.call("Event", &(number, "clicked", Value::from(0i32), 0u32));
    }

    fn call<B>(&self, method: &str, body: &B) -> zbus::Message
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        self.bus.call_method(Some(self.owner.as_str()), &self.menu, Some(MENU), method, body).unwrap()
    }
}
