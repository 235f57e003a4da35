//! The rules of Meta-Orchestrator as total functions over values (design.md §3). Nothing here reads a clock, a
//! file, the environment or a source of randomness: time, ids and nonces come in as data.

pub mod agent_event;
pub mod approval;
pub mod ids;
pub mod outcome;
pub mod record;
pub mod sandbox;
pub mod time;
pub mod view;
