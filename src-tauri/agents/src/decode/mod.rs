//! Captures decoded after the fact: raw stdout of any shape of a CLI, and duplex recordings
//! (`{"dir":"recv|send","msg":…}` lines). What a bug report is read with.

mod bare;
mod capture;
#[cfg(test)]
mod capture_tests;
mod lines;
#[cfg(test)]
mod lines_tests;

use mo_core::outcome::FailureClass;
use serde_json::Value;

use crate::protocol::{Exchange, Exit, Line};

pub use bare::read_bare;
pub use capture::{Decode, Summary};
pub use lines::MAX_LINE;

/// The decoder of one CLI over all its output formats; it finds the format from the lines. Total: no input panics
/// or stops it, a line it cannot read becomes `AgentEvent::Malformed`, one it does not know
/// `AgentEvent::Unrecognized`.
///
/// For the other CLIs' folders: each has `pub fn decoder() -> Box<dyn Decoder>` in its `mod.rs` (`codex::decoder`
/// for exec JSONL and app-server lines; `gemini::decoder` for stream-json, the pretty object of `--output-format
/// json` over several lines, and ACP lines; `acp::decoder` for ACP). The live [`crate::protocol::Protocol`] can use
/// the same type inside, with `out` passed through. `Exchange::send` stays untouched here.
pub trait Decoder: Send {
    /// A line of the agent's stdout, without its newline; blank ones included.
    fn line(&mut self, line: Line<'_>, out: &mut Exchange);
    /// A message that the client wrote (duplex recordings only): which requests and prompts were ours.
    fn sent(&mut self, message: &Value, out: &mut Exchange);
    /// The process has ended (an unknown exit is `Exit::default()`); `stderr` is what it wrote there. Ends an open
    /// turn with one `TurnEnded`; also where no turn was ever seen, since a capture is of something that was asked.
    /// [`crate::shared::unclosed::unclosed`] is the rule. Nothing more where the last turn had ended.
    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange);
    /// As [`crate::protocol::Protocol::retrying`].
    fn retrying(&self) -> Option<FailureClass> {
        None
    }
}
