//! A worker's rights as a policy file of the highest tier (`--admin-policy`).
//!
//! The mode alone does not hold: a rule of the person's own, in `~/.gemini/policies` or `tools.allowed` of their
//! settings, is of a higher tier than those of mode `plan`, so that with "always allow" for the shell an architect
//! runs commands, in `default` mode unasked (measured on 0.61.0). Where an administrator has set policies for the whole
//! machine, Gemini CLI ignores ours and says so on stderr.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::launch::{Access, LaunchError, LaunchSpec};

/// Tools that only read the workspace, or keep the agent's own list and state. A subagent's tools are judged by the
/// same rules.
macro_rules! allowed {
    () => {
        r#"
[[rule]]
toolName = [
  "glob", "grep_search", "list_directory", "read_file", "read_many_files",
  "complete_task", "update_topic", "write_todos", "invoke_agent",
  "tracker_create_task", "tracker_update_task", "tracker_get_task", "tracker_list_tasks",
  "tracker_add_dependency", "tracker_visualize"
]
decision = "allow"
priority = 2
"#
    };
}

/// Architects and reviewers: reading alone. What is denied, the model is not offered.
const READ_ONLY: &str = concat!(
    r#"# Written by Meta-Orchestrator for one of its workers.
[[rule]]
toolName = "*"
decision = "deny"
priority = 1
denyMessage = "You work read-only here; give your answer as text, change no file, run nothing."
"#,
    allowed!()
);

/// Implementers: everything else is asked.
const ASKING: &str = concat!(
    r#"# Written by Meta-Orchestrator for one of its workers.
[[rule]]
toolName = "*"
decision = "ask_user"
priority = 1
"#,
    allowed!()
);

/// The arguments that name the policy of a spec, and the file that they name with its text.
pub(super) fn policy(spec: &LaunchSpec) -> Result<([OsString; 2], (PathBuf, &'static str)), LaunchError> {
    let (name, text) = match spec.access {
        Access::ReadOnly => ("gemini-read-only.toml", READ_ONLY),
        Access::Write => ("gemini-asking.toml", ASKING),
    };
    let file = spec.files_dir.join(name);
    // The option splits its value at commas.
    if file.as_os_str().as_encoded_bytes().contains(&b',') {
        return Err(LaunchError::unsupported(
            spec.agent.as_str(),
            "use a data folder with a comma in its name",
        ));
    }
    Ok((["--admin-policy".into(), file.clone().into_os_string()], (file, text)))
}
