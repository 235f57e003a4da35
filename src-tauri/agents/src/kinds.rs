//! From a kind of agent to its command line and its live protocol.

use mo_core::ids::AgentKind;

use crate::launch::{Launch, LaunchError, LaunchSpec};
use crate::protocol::Protocol;
use crate::{acp, claude, codex, gemini};

/// The command line of a launch.
///
/// # Errors
/// When the shape is refused or the agent has none.
pub fn launch(spec: &LaunchSpec) -> Result<Launch, LaunchError> {
    match spec.agent {
        AgentKind::Claude => claude::launch(spec),
        AgentKind::Codex => codex::launch(spec),
        AgentKind::Gemini => gemini::launch(spec),
        AgentKind::Acp(_) => acp::launch(spec),
    }
}

/// The client of the live protocol that the launch speaks.
pub fn protocol(spec: &LaunchSpec) -> Box<dyn Protocol> {
    match spec.agent {
        AgentKind::Claude => Box::new(claude::ClaudeProtocol::new(spec)),
        AgentKind::Codex => Box::new(codex::CodexProtocol::new(spec)),
        AgentKind::Gemini => Box::new(gemini::protocol(spec)),
        AgentKind::Acp(_) => Box::new(acp::protocol(spec)),
    }
}
