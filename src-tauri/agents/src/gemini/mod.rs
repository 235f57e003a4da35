//! Gemini CLI: ACP, stream-json and json.

#[cfg(test)]
mod client_tests;
pub(crate) mod failure;
mod launch;
#[cfg(test)]
mod launch_tests;
mod object;
mod policy;
mod recording;
mod stream;
#[cfg(test)]
mod stream_tests;

pub use launch::{SYSTEM_SETTINGS, SYSTEM_SETTINGS_VARIABLE, launch, one_shot, protocol};
pub use stream::GeminiStreamDecoder;

use crate::decode::Decoder;

/// The decoder of recorded Gemini CLI output of any shape.
pub fn decoder() -> Box<dyn Decoder> {
    Box::new(recording::GeminiRecording::default())
}

/// See [`crate::decode::read_bare`].
pub(crate) fn read_bare(line: &[u8]) -> bool {
    stream::read_bare(line) || crate::acp::read_bare(line)
}
