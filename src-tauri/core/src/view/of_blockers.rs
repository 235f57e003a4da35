//! Blockers as people see them.

use super::status::{BlockerView, NeedView};
use crate::ids::{BlockerId, SessionId};
use crate::state::{BlockerStand, BlockerState, State};

/// All of them, in their order.
pub(super) fn blockers(session: &SessionId, state: &State) -> Vec<BlockerView> {
    state.blockers.iter().map(|one| view(session, one)).collect()
}

fn view(session: &SessionId, one: &BlockerState) -> BlockerView {
    let id = BlockerId { session: session.clone(), seq: one.seq };
    BlockerView {
        id: id.to_string(),
        worker: one.worker.as_ref().map(ToString::to_string),
        at: one.at.to_string(),
        state: one.stand.as_str().to_owned(),
        title: one.blocker.title.clone(),
        details: one.blocker.details.clone(),
        required_actions: one.blocker.required_actions.clone(),
        suggestions: one.blocker.suggestions.clone(),
    }
}

/// What a person can do about the one that is open.
pub(super) fn need(session: &SessionId, state: &State) -> Option<NeedView> {
    let open = state.blockers.iter().rev().find(|one| one.stand == BlockerStand::Open)?;
    let BlockerView { id, title, details, required_actions, mut suggestions, .. } = view(session, open);
    suggestions.push(format!("once that is done: `orchestrate resolve {id} --retry`"));
    Some(NeedView {
        kind: "permission_blocker".to_owned(),
        id: Some(id),
        title,
        details,
        required_actions,
        suggestions,
    })
}
