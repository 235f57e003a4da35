//! Codex: `app-server` and `exec --json`.

mod allowed;
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

/// See [`crate::decode::read_bare`].
pub(crate) fn read_bare(line: &[u8]) -> bool {
    use crate::acp::rpc::{Message, parse};
    match parse(line) {
        Ok(Message::Notification { method, params, .. }) => match method.as_str() {
            "item/started" | "item/completed" => serde_json::from_str::<wire::ItemParams<'_>>(params).is_ok(),
            "item/agentMessage/delta" => serde_json::from_str::<wire::Delta<'_>>(params).is_ok(),
            _ => false,
        },
        Ok(_) => false,
        Err(_) => exec::read_bare(line),
    }
}
