//! Claude Code: its command lines, stream-json, and the control protocol that asks before a tool runs.

mod closing;
mod control;
mod decoder;
#[cfg(test)]
mod decoder_tests;
mod edit;
pub(crate) mod failure;
mod items;
mod launch;
#[cfg(test)]
mod launch_tests;
mod protocol;
#[cfg(test)]
mod protocol_tests;
mod spent;
mod streaming;
mod system;
mod tools;
#[cfg(test)]
mod tools_tests;
mod wire;

pub use decoder::ClaudeDecoder;
pub(crate) use edit::edited;
pub use launch::launch;
pub use protocol::ClaudeProtocol;

/// The decoder for captures.
pub fn decoder() -> Box<dyn crate::decode::Decoder> {
    Box::new(ClaudeDecoder::new())
}

/// See [`crate::decode::read_bare`].
pub(crate) fn read_bare(line: &[u8]) -> bool {
    match crate::shared::json::leading_type(line) {
        Some("stream_event") => serde_json::from_slice::<wire::StreamLine<'_>>(line).is_ok(),
        Some("assistant") => serde_json::from_slice::<wire::AssistantLine<'_>>(line).is_ok(),
        Some("user") => serde_json::from_slice::<wire::UserLine<'_>>(line).is_ok(),
        _ => false,
    }
}
