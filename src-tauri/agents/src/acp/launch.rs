//! The command line of any other ACP agent: its program and the person's arguments.

use std::ffi::OsString;

use super::client::AcpProtocol;
use super::setup::Setup;
use crate::launch::{Access, Launch, LaunchError, LaunchSpec, Permission};

/// The command line of an ACP agent. What starts its ACP mode is in the person's `args` (such as `acp`). Bypass has
/// no shape here: it is the agent's own mode, whatever that means to it.
pub fn launch(spec: &LaunchSpec) -> Result<Launch, LaunchError> {
    if matches!(spec.permission, Permission::Bypass(_)) {
        return Err(LaunchError::unsupported(spec.agent.as_str(), "work without asking"));
    }
    Ok(Launch {
        program: spec.program.clone(),
        args: spec.args.iter().map(OsString::from).collect(),
        env: Vec::new(),
        stdout_to_file: false,
        files: Vec::new(),
    })
}

/// The client for a launched agent. The modes are those of the known agents: one that asks before each change is
/// preferred to one that lets an edit pass, and one in which a model decides what is asked is not taken at all.
///
/// claude-agent-acp: `default`, `plan`; codex-acp: `read-only` (facts/agent-clis.md §6d). opencode 1.18: `plan`, and
/// `build`, which asks what the person's own configuration says. goose: `approve`; its `auto` asks nothing. The ACP
/// documentation's example: `ask`.
pub fn protocol(spec: &LaunchSpec) -> AcpProtocol {
    let modes = match spec.access {
        Access::ReadOnly => vec!["plan", "read-only", "ask", "default", "approve", "manual"],
        Access::Write => vec!["default", "ask", "approve", "manual", "read-only"],
    };
    AcpProtocol::new(Setup {
        cwd: spec.cwd.to_string_lossy().into_owned(),
        resume: spec.resume.clone(),
        modes,
        modes_required: false,
        model: spec.model.clone(),
    })
}
