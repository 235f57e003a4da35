//! Reading sessions from the journal: replay, views and timelines, with or without a running engine.

use mo_core::event::Envelope;
use mo_core::ids::SessionId;
use mo_core::state::State;
use mo_core::view::status::SessionView;
use mo_core::view::timeline::TimelineEntry;
use mo_core::view::{session_view, timeline_entry};
use mo_journal::{Document, Journal, JournalError};

const PAGE: usize = 2_000;

/// The state that a session's events lead to. An event that this version cannot read is passed over and said.
pub fn replay(journal: &dyn Journal, session: &SessionId) -> Result<State, JournalError> {
    let mut state = State::default();
    loop {
        let page = journal.read(session, state.last_seq, PAGE)?;
        let Some(last) = page.last().map(|r| r.seq) else { return Ok(state) };
        for record in &page {
            match Envelope::from_record(record) {
                Ok(envelope) => state.apply(&envelope),
                Err(error) => tracing::warn!(%session, %error, "passed over"),
            }
        }
        state.last_seq = last;
    }
}

/// A session as the journal has it; `None` when it has no such session.
pub fn view(journal: &dyn Journal, session: &SessionId) -> Result<Option<SessionView>, JournalError> {
    if let Some(view) = view_at_rest(journal, session)? {
        return Ok(Some(view));
    }
    Ok(session_view(session, &replay(journal, session)?))
}

/// The view that was written when the session came to rest, if nothing has happened since.
fn view_at_rest(journal: &dyn Journal, session: &SessionId) -> Result<Option<SessionView>, JournalError> {
    let Some(text) = journal.document(session, &Document::View)? else { return Ok(None) };
    let newest = journal.last_seq(session)?;
    Ok(serde_json::from_str::<SessionView>(&text).ok().filter(|view| view.seq == newest))
}

/// What a person can do with a session that is over: none of it sets it going.
const AT_REST: [&str; 7] = [
    "checkpoint_taken",
    "checkpoint_restored",
    "approval_answered",
    "approval_voided",
    "grant_given",
    "grant_revoked",
    "blocker_resolved",
];

/// Whether nothing of the session runs: its last event says so, but for what a person did with it since.
pub fn is_over(journal: &dyn Journal, session: &SessionId) -> Result<bool, JournalError> {
    let mut at = journal.last_seq(session)?;
    loop {
        let newest = journal.read(session, at.saturating_sub(1), 1)?;
        let Some(record) = newest.first() else { return Ok(true) };
        // In a session that runs, other events stand before them, such as the request of a checkpoint.
        if at <= 1 || !AT_REST.contains(&record.kind.as_ref()) {
            return Ok(record.kind == "session_ended");
        }
        at -= 1;
    }
}

/// The story from a seq on: at most `limit` entries, and the seq to go on from.
pub fn timeline(
    journal: &dyn Journal,
    session: &SessionId,
    since: u64,
    limit: usize,
) -> Result<(Vec<TimelineEntry>, u64), JournalError> {
    let (mut entries, mut at) = (Vec::new(), since);
    while entries.len() < limit {
        let page = journal.read(session, at, PAGE)?;
        if page.is_empty() {
            break;
        }
        for record in &page {
            at = record.seq;
            let entry = Envelope::from_record(record).ok().and_then(|envelope| timeline_entry(&envelope));
            entries.extend(entry);
            if entries.len() >= limit {
                break;
            }
        }
    }
    Ok((entries, at))
}
