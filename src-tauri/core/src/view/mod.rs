//! What is shown of a session: derived from its state and events, never stored. The only place of the core that
//! knows TypeScript (`ts-rs` derives); domain types do not.

pub mod log;
mod of_approvals;
mod of_blockers;
mod of_event;
mod of_grants;
mod of_limits;
mod of_recovery;
mod of_session;
mod receipt;
pub mod resources;
pub mod status;
pub mod timeline;

pub use of_event::{action_words, standing, timeline_entry};
pub use of_session::{session_state, session_view};
pub use receipt::receipt;
