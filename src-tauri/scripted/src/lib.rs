//! Scripted agents: programs that speak the real wire formats of Claude Code, Codex and Gemini CLI and do what a
//! script says, without a model, a network or a login. They are the demo's team and the tests' fakes.
//!
//! A binary calls [`reexec_entry`] first in `main`; [`install`] writes programs named `claude`, `codex` and
//! `gemini` that lead there; [`demo`] has the sample project and the scripts of the demo.

mod argv;
mod call;
mod claude;
mod codex;
pub mod demo;
mod dialect;
mod entry;
mod gemini;
mod grandchild;
mod inbox;
pub mod install;
mod one_shot;
mod out;
mod perform;
pub mod script;
mod shell;
mod stamp;
mod store;

pub use entry::reexec_entry;

/// Held for writing while a test writes a program, for reading while one starts a process: a child that is forked in
/// between would hold the program open for writing for a moment, and nobody could execute it ("text file busy").
#[cfg(test)]
static FORKS: std::sync::RwLock<()> = std::sync::RwLock::new(());
