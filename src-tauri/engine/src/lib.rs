//! The running thing (design.md §3, §5): one dispatcher owns the state of all sessions; effects run as tasks and
//! report back as inputs; a task for each process of a worker; a hub tells those who listen.

mod attend;
mod checkouts;
mod checks;
pub mod config;
mod dispatcher;
mod effects;
pub mod environment;
mod evidence;
mod excerpt;
mod fault;
mod folders;
mod git_settings;
pub mod handle;
pub mod history;
pub mod hub;
mod keeping;
mod naming;
mod outlet;
mod paths;
mod patterns;
mod pieces;
mod places;
pub mod ports;
mod prompts;
pub mod receipts;
pub mod restoring;
pub mod roster;
mod session_desk;
pub mod start;
mod storage;
mod summary;
pub mod survey;
mod transcripts;
pub mod versions;
mod worker;
mod wreck;
