//! What is shown of a session: derived from its state and events, never stored. The only place of the core that
//! knows TypeScript (`ts-rs` derives); domain types do not.

pub mod status;
pub mod timeline;
