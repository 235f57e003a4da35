//! Codex: `app-server` and `exec --json`.

mod approvals;
mod client;
mod exec;
pub(crate) mod failure;
mod items;
mod launch;
mod notifications;
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
