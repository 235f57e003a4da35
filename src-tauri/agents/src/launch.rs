//! What is needed to start an agent, and the command line that comes of it.

use std::ffi::OsString;
use std::path::PathBuf;

use mo_core::ids::AgentKind;
use mo_core::sandbox::Proven;

/// Whether the worker may change files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads only: architects and reviewers.
    ReadOnly,
    /// May write where the policy allows: implementers.
    Write,
}

/// How permissions are handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// The agent asks us, live.
    Ask,
    /// The agent asks nobody. Only with guarantees that a sandbox has proven (design.md §8).
    Bypass(Proven),
}

/// What is asked of an agent's process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchSpec {
    /// Which CLI.
    pub agent: AgentKind,
    /// Its executable.
    pub program: PathBuf,
    /// The folder it works in: the target, or a read-only checkout of a checkpoint.
    pub cwd: PathBuf,
    /// Further folders it may use.
    pub add_dirs: Vec<PathBuf>,
    /// Whether it may write.
    pub access: Access,
    /// How it asks.
    pub permission: Permission,
    /// A model other than the CLI's own.
    pub model: Option<String>,
    /// The person's extra arguments; they stand before `--add-dir`, which is variadic.
    pub args: Vec<String>,
    /// The agent's own session to go on with.
    pub resume: Option<String>,
    /// Codex one-shot: adds `--skip-git-repo-check`.
    pub skip_git_repo_check: bool,
    /// Gemini: adds `--skip-trust`.
    pub skip_trust: bool,
    /// A JSON schema for every answer of this process (Claude takes it on the command line only).
    pub schema: Option<serde_json::Value>,
    /// An existing folder of ours, out of the worker's reach, for the files of [`Launch::files`].
    pub files_dir: PathBuf,
}

/// A command line. The prompt is never in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables to add to the worker's allow-listed environment: telemetry, self-update and relaunching off.
    pub env: Vec<(&'static str, &'static str)>,
    /// Whether stdout must go to a file because the CLI loses output on a pipe (Gemini one-shot).
    pub stdout_to_file: bool,
    /// Files that must be written, whole, before the start: each its path and text.
    pub files: Vec<(PathBuf, &'static str)>,
}

/// Why a launch is refused before anything starts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    /// Bypass flags without proven guarantees.
    #[error(
        "bypass is refused: the sandbox has not proven {}; use `permission = \"ask\"`",
        missing.join(", ")
    )]
    BypassRefused {
        /// The guarantees that are missing.
        missing: Vec<&'static str>,
    },
    /// The agent has no such shape.
    #[error("{agent} cannot {what}")]
    Unsupported {
        /// Which agent.
        agent: String,
        /// What was asked.
        what: &'static str,
    },
}

impl LaunchError {
    /// `agent` has no such shape.
    pub(crate) fn unsupported(agent: impl Into<String>, what: &'static str) -> Self {
        Self::Unsupported { agent: agent.into(), what }
    }

    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BypassRefused { .. } => "bypass_refused",
            Self::Unsupported { .. } => "launch_unsupported",
        }
    }
}
