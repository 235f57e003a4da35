//! Codex: `app-server` and `exec --json`.

mod answers;
mod approvals;
#[cfg(test)]
mod approvals_tests;
mod client;
#[cfg(test)]
mod client_tests;
mod exec;
#[cfg(test)]
mod exec_tests;
pub(crate) mod failure;
mod items;
mod launch;
#[cfg(test)]
mod launch_tests;
mod notifications;
#[cfg(test)]
mod notifications_tests;
mod recording;
mod thread;
mod turn;
mod wire;

pub use client::CodexProtocol;
pub use exec::CodexExecDecoder;
pub use launch::launch;

use crate::decode::Decoder;

/// The decoder of recorded Codex output of any shape.
pub fn decoder() -> Box<dyn Decoder> {
    Box::new(recording::CodexRecording::default())
}
