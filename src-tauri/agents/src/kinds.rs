//! From a kind of agent to its command line and to what it speaks.

use mo_core::approval::{Action, ToolCall};
use mo_core::ids::AgentKind;
use serde_json::Value;

use crate::launch::{Launch, LaunchError, LaunchSpec, Permission};
use crate::one_shot::{self, OneShot};
use crate::protocol::Protocol;
use crate::{acp, claude, codex, gemini, own_args};

/// The command line of a launch.
///
/// # Errors
/// When the shape is refused or the agent has none.
pub fn launch(spec: &LaunchSpec) -> Result<Launch, LaunchError> {
    if spec.permission == Permission::Ask {
        own_args::check(&spec.agent, &spec.args)?;
    }
    match spec.agent {
        AgentKind::Claude => claude::launch(spec),
        AgentKind::Codex => codex::launch(spec),
        AgentKind::Gemini => gemini::launch(spec),
        AgentKind::Acp(_) => acp::launch(spec),
    }
}

/// An edit that cannot take the place of a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the edited input of `{tool}` cannot be used: {why}")]
pub struct EditError {
    /// The tool's own name.
    pub tool: String,
    /// What is wrong with it.
    pub why: String,
}

/// What a call becomes by an edit: its whole input, and what it then does, with paths as they are written. Only calls
/// that came with their input can be edited (Claude Code's).
///
/// # Errors
/// When the edit is no input of that tool.
pub fn edited(call: &ToolCall, edit: Value, cwd: Option<&str>) -> Result<(Value, Action), EditError> {
    claude::edited(call, edit, cwd)
}

/// The client of what the launch speaks: the agent's live protocol where it asks, else the one prompt and the one
/// answer of a one-shot.
pub fn protocol(spec: &LaunchSpec) -> Box<dyn Protocol> {
    if matches!(spec.permission, Permission::Bypass(_))
        && let Some(decoder) = one_shot::decoder(spec)
    {
        return Box::new(OneShot::new(decoder));
    }
    match spec.agent {
        AgentKind::Claude => Box::new(claude::ClaudeProtocol::new(spec)),
        AgentKind::Codex => Box::new(codex::CodexProtocol::new(spec)),
        AgentKind::Gemini => Box::new(gemini::protocol(spec)),
        AgentKind::Acp(_) => Box::new(acp::protocol(spec)),
    }
}
