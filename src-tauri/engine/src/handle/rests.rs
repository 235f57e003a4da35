//! Coming to rest: which sessions run, and waiting until they do not.

use std::sync::Arc;
use std::time::Duration;

use mo_core::ids::SessionId;
use mo_core::view::status::SessionView;

use super::EngineHandle;
use crate::session_desk::Purpose;

/// How long a session that is to go on may take to come to rest.
const PUT_AWAY: Duration = Duration::from_secs(20);

impl EngineHandle {
    /// Waits until a session does not run here: it has ended, its documents are written, its target is free.
    pub async fn at_rest(&self, session: &SessionId) {
        loop {
            let freed = self.shared.freed.notified();
            if !self.desks().contains_key(session) {
                return;
            }
            freed.await;
        }
    }

    /// Waits until no session runs here: each has ended, its documents are written, its target is free.
    pub async fn idle(&self) {
        loop {
            let freed = self.shared.freed.notified();
            if self.desks().values().all(|desk| desk.purpose == Purpose::Background) {
                return;
            }
            freed.await;
        }
    }

    /// Sessions that run here now.
    pub fn running(&self) -> Vec<SessionId> {
        self.desks()
            .values()
            .filter(|desk| desk.purpose != Purpose::Background)
            .map(|desk| desk.id.clone())
            .collect()
    }

    /// Of those, the ones that have not come to their end: the others are only being put away.
    pub fn at_work(&self) -> Vec<SessionId> {
        let ended = |id: &SessionId| self.shared.hub.view(id).is_some_and(|view| view.ended_at.is_some());
        self.running().into_iter().filter(|id| !ended(id)).collect()
    }

    /// A session that has ended holds its target for a moment still: who was told of the end need not know that.
    pub(super) async fn free_targets(&self) {
        let at_work = self.at_work();
        let ours: Vec<SessionId> =
            self.desks().values().filter(|desk| desk.is_at_work).map(|desk| desk.id.clone()).collect();
        for session in ours.into_iter().filter(|session| !at_work.contains(session)) {
            let _ = tokio::time::timeout(PUT_AWAY, self.at_rest(&session)).await;
        }
    }

    /// Where a session is coming to rest, or what a person said of it is being written down, waits until that is done.
    pub(crate) async fn put_away(&self, session: &SessionId) {
        let resting = |view: &Arc<SessionView>| !matches!(view.state.as_str(), "preparing" | "running");
        // What somebody restores, deletes or takes up is not waited for: who asks meanwhile is refused.
        let desk = self.desks().get(session).cloned();
        let passes = desk.is_some_and(|desk| match desk.purpose {
            Purpose::Note => true,
            _ => desk.is_at_work && self.shared.hub.view(session).as_ref().is_some_and(resting),
        });
        if passes {
            // Longer than the ladder; what still has not ended then is not at rest.
            let _ = tokio::time::timeout(PUT_AWAY, self.at_rest(session)).await;
        }
    }
}
