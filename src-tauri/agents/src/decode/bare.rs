//! A line read into its wire type and nothing made of it: what the speed of a decoder is measured against.

use mo_core::ids::AgentKind;

use crate::{acp, claude, codex, gemini};

/// Reads a line into the borrowed types that the CLI's decoder reads it into, by serde_json alone. `false` where it
/// is none of the frequent kinds, of which these types are made: those of streamed pieces, messages and tool calls.
pub fn read_bare(agent: &AgentKind, line: &[u8]) -> bool {
    match agent {
        AgentKind::Claude => claude::read_bare(line),
        AgentKind::Codex => codex::read_bare(line),
        AgentKind::Gemini => gemini::read_bare(line),
        AgentKind::Acp(_) => acp::read_bare(line),
    }
}
