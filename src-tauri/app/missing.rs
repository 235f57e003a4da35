//! What this desktop lacks. The app works without it, and says so.

use std::sync::{Mutex, PoisonError};

use crate::desktop_bus::{NoticeServer, notice_server};
use crate::dto::MissingPart;
use crate::own_program::{OwnProgram, Place};

/// What was found to be missing when the app started.
#[derive(Debug, Default)]
pub struct Missing(Mutex<Vec<MissingPart>>);

impl Missing {
    /// Something is not there for as long as the app runs.
    pub fn note(&self, part: MissingPart) {
        tracing::warn!(part = part.part, "{} {}", part.message, part.hint);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(part);
    }

    /// All that is missing now. Blocks for at most a few seconds.
    pub fn list(&self) -> Vec<MissingPart> {
        let mut list: Vec<MissingPart> = of_notices(&notice_server()).into_iter().collect();
        list.extend(OwnProgram::find().ok().and_then(|program| of_program(program.stands())));
        list.extend(self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        list
    }
}

fn of_notices(server: &NoticeServer) -> Option<MissingPart> {
    let part = |message: &str, hint: &str| Some(MissingPart::new("notifications", message, hint));
    match server {
        NoticeServer::NoBus => part(
            "There is no session bus: you are not called when something needs you, and a second window can be opened.",
            "Start the app from a desktop session, or under dbus-run-session.",
        ),
        NoticeServer::Nobody => part(
            "Nobody shows notifications here: you are not called when something needs you.",
            "Start a notification daemon, such as dunst or that of your desktop.",
        ),
        NoticeServer::There { actions: false, .. } => part(
            "Notifications have no buttons here: questions are answered in the window.",
            "Another notification daemon may have them.",
        ),
        NoticeServer::There { actions: true, .. } => None,
    }
}

fn of_program(place: Place) -> Option<MissingPart> {
    let part = |message: &str, hint: &str| Some(MissingPart::new("program", message, hint));
    let version = env!("CARGO_PKG_VERSION");
    match place {
        Place::Same => None,
        Place::Replaced => part(
            &format!(
                "Another version of the app was installed while it runs: this is still version {version}."
            ),
            "Quit and open it again; sessions that run are paused before, and go on when you resume them.",
        ),
        Place::Removed => part(
            &format!("The app was removed while it runs: this is still version {version}."),
            "It works on until you quit; install it before you open it again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{MissingPart, NoticeServer, Place, of_notices, of_program};

    #[test]
    fn every_lack_is_named_with_what_to_do() {
        let said = |server| of_notices(&server).map(|MissingPart { message, .. }| message);
        assert!(said(NoticeServer::NoBus).unwrap().contains("no session bus"));
        assert!(said(NoticeServer::Nobody).unwrap().contains("Nobody shows notifications"));
        assert!(said(NoticeServer::There { actions: false, markup: true }).unwrap().contains("no buttons"));
        assert_eq!(said(NoticeServer::There { actions: true, markup: false }), None);
        let said = |place| of_program(place).map(|MissingPart { message, .. }| message);
        assert_eq!(said(Place::Same), None);
        assert!(said(Place::Replaced).unwrap().contains(env!("CARGO_PKG_VERSION")));
        assert!(said(Place::Removed).unwrap().contains("removed"));
    }
}
