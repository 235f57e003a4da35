//! Any agent that speaks the Agent Client Protocol, version 1: JSON-RPC lines over stdio.

#[cfg(test)]
pub(crate) mod anything;
mod client;
#[cfg(test)]
mod client_tests;
mod conversation;
mod diff;
pub(crate) mod failure;
mod launch;
mod login;
mod questions;
#[cfg(test)]
mod questions_tests;
mod recording;
#[cfg(test)]
pub(crate) mod replay;
pub(crate) mod rpc;
pub(crate) mod run;
#[cfg(test)]
mod run_tests;
mod settings;
mod setup;
mod tools;
#[cfg(test)]
mod tools_tests;
mod updates;
mod wire;

pub use client::AcpProtocol;
pub use launch::{launch, protocol};
pub use setup::Setup;

use crate::decode::Decoder;

/// The decoder of recorded ACP lines.
pub fn decoder() -> Box<dyn Decoder> {
    Box::new(recording::AcpRecording::default())
}

/// See [`crate::decode::read_bare`].
pub(crate) fn read_bare(line: &[u8]) -> bool {
    let Ok(rpc::Message::Notification { params, .. }) = rpc::parse(line) else { return false };
    serde_json::from_str::<wire::UpdateParams<'_>>(params).is_ok_and(|params| {
        updates::KNOWN.contains(&params.update.kind.as_str()) && updates::chunk_text(&params.update).is_ok()
    })
}
