//! The rules of Meta-Orchestrator as total functions over values (design.md §3). Nothing here reads a clock, a
//! file, the environment or a source of randomness: time, ids and nonces come in as data.
//!
//! The way of a fact: an [`input::Input`] comes in, [`decide::decide`] says which events it leads to,
//! [`state::State::apply`] makes the next state of them, [`effect::effects`] says what the outside is to do.

pub mod agent_event;
pub mod approval;
pub mod ceiling;
pub mod decide;
pub mod effect;
pub mod event;
pub mod grant;
pub mod ids;
pub mod input;
pub mod limits;
pub mod money;
pub mod outcome;
pub mod policy;
pub mod progress;
pub mod record;
pub mod recovery;
pub mod review;
pub mod sandbox;
pub mod settings;
pub mod shell_line;
pub mod state;
pub mod team;
pub mod time;
pub mod view;
