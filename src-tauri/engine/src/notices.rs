//! What the person was called for: once a matter, taken back when it is over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use mo_core::effect::Matter;
use mo_core::ids::SessionId;

use crate::ports::Notifier;

/// The calls that stand. Small: only what is open has one.
pub(crate) struct Notices {
    notifier: Arc<dyn Notifier>,
    standing: Mutex<BTreeMap<SessionId, BTreeSet<Matter>>>,
}

impl Notices {
    pub(crate) fn new(notifier: Arc<dyn Notifier>) -> Self {
        Self { notifier, standing: Mutex::default() }
    }

    /// Calls the person, unless that stands already.
    pub(crate) fn raise(&self, session: &SessionId, matter: &Matter, title: &str, body: &str) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.entry(session.clone()).or_default().insert(matter.clone()) {
            self.notifier.notify(session, matter, title, body);
        }
    }

    /// The matter is over.
    pub(crate) fn settle(&self, session: &SessionId, matter: &Matter) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(matters) = standing.get_mut(session) else { return };
        if !matters.remove(matter) {
            return;
        }
        if matters.is_empty() {
            standing.remove(session);
        }
        self.notifier.withdraw(session, matter);
    }

    /// All that the session called for is over: it is deleted.
    pub(crate) fn forget(&self, session: &SessionId) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        for matter in standing.remove(session).unwrap_or_default() {
            self.notifier.withdraw(session, &matter);
        }
    }
}
