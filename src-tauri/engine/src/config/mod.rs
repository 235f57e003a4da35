//! The person's configuration: one commented TOML, never one inside the target (design.md §9).

mod duration;
mod edit;
mod file;
mod reading;
mod rules_file;
mod shown;
mod size;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mo_agents::own_args;
use mo_core::ids::AgentKind;
use mo_core::policy::Rule;
use mo_core::settings::{PermissionMode, Settings};
use mo_core::team::Preset;

use crate::start::StartError;
pub use duration::parse_duration;
pub use edit::{EditError, change};
use reading::unreadable;
pub use reading::{read_bounded, unread_hint};
pub use rules_file::beside as rules_beside;
pub(crate) use rules_file::{append as append_rule, show as show_rule};
pub use shown::{ShownValue, Source};
pub use size::{parse_size, show_size};

/// The configuration in effect.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Config {
    /// Where it was read from, if a file was there.
    pub file: Option<PathBuf>,
    /// What is set for agents, by name.
    pub agents: BTreeMap<AgentKind, AgentConfig>,
    /// The settings of a session.
    pub session: Settings,
    /// The team of a session that names none.
    pub team: Preset,
    /// What a person is called for.
    pub notifications: Notifications,
    /// How much is kept, and for how long.
    pub storage: Storage,
    /// The person's rules for what workers ask, from `rules.toml` beside the configuration.
    pub rules: Arc<[Rule]>,
    /// Where they stand, or would.
    pub rules_file: Option<PathBuf>,
    /// Which values the file sets, as dotted names.
    pub(crate) set: std::collections::BTreeSet<String>,
}

/// What is set for one agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentConfig {
    /// Its program; the first on our own PATH when not set.
    pub path: Option<PathBuf>,
    /// Its model; the CLI's own when not set.
    pub model: Option<String>,
    /// Added to its environment.
    pub env: BTreeMap<String, String>,
    /// Added to its command line.
    pub args: Vec<String>,
    /// `acp` for agents that are none of the known ones.
    pub acp: bool,
}

/// What a person is called for by a notification of the desktop. What is not called for is shown all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notifications {
    /// Questions of workers.
    pub questions: bool,
    /// What only a person can resolve.
    pub blockers: bool,
    /// Sessions that have finished or failed.
    pub session_end: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self { questions: true, blockers: true, session_end: false }
    }
}

/// How much the data folder may hold, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// The most bytes of all checkpoints together; 0 = any number.
    pub checkpoints_max_bytes: u64,
    /// The most bytes of all transcripts of one worker in one session; 0 = any number.
    pub transcript_max_bytes: u64,
    /// Milliseconds after its end before a session that has finished or failed is deleted; 0 = never. What a person
    /// may still want to go on with, such as a paused one, stays.
    pub keep_sessions_for_ms: u64,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            checkpoints_max_bytes: 20_000_000_000,
            transcript_max_bytes: 250_000_000,
            keep_sessions_for_ms: 0,
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {} cannot be read: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        reason: String,
        /// What helps.
        hint: &'static str,
    },
    /// The file was named and is not there.
    #[error("there is no configuration {}", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// Something in it is wrong.
    #[error("{}:{line}:{column}: {reason}", file.display())]
    Broken {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What.
        reason: String,
    },
    /// A rule cannot be added to it; it is as it was.
    #[error("the rule cannot be written to {}: {reason}", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It stands inside the target, where agents can write.
    #[error("the configuration {} is inside the folder that agents work on; it is never trusted there", file.display())]
    InsideTarget {
        /// The file.
        file: PathBuf,
    },
}

impl ConfigError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "config_unreadable",
            Self::Missing { .. } => "config_missing",
            Self::Broken { .. } => "config_broken",
            Self::Unwritable { .. } => "config_unwritable",
            Self::InsideTarget { .. } => "config_inside_target",
        }
    }

    /// How to mend it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { hint, .. } => hint,
            Self::Missing { .. } => "leave --config out to use the default, or write that file",
            Self::Broken { .. } => {
                "mend that line; `orchestrate config` shows every setting with its default"
            }
            Self::Unwritable { .. } => "look at the permissions and the free space there",
            Self::InsideTarget { .. } => "move it out of the folder, or name another with --config",
        }
    }
}

static NOTHING_SET: AgentConfig =
    AgentConfig { path: None, model: None, env: BTreeMap::new(), args: Vec::new(), acp: false };

impl Config {
    /// Reads the file. A default location where no file is gives the defaults; a named file must be there.
    pub fn read(file: &Path, named: bool) -> Result<Self, ConfigError> {
        let config = match read_bounded(file) {
            Ok(text) => Self::parse(file, &text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => Self::default(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ConfigError::Missing { file: file.to_owned() });
            }
            Err(error) => return Err(unreadable(file, &error)),
        };
        let rules_file = rules_file::beside(file);
        Ok(Self { rules: rules_file::read(&rules_file)?, rules_file: Some(rules_file), ..config })
    }

    /// What is set for an agent.
    pub fn agent(&self, agent: &AgentKind) -> &AgentConfig {
        self.agents.get(agent).unwrap_or(&NOTHING_SET)
    }

    /// Whether the agent is one of the known ones or configured with `protocol = "acp"`.
    pub fn knows(&self, agent: &AgentKind) -> bool {
        !matches!(agent, AgentKind::Acp(_)) || self.agent(agent).acp
    }

    /// The settings of the checkpoints.
    pub fn checkpoints(&self) -> mo_checkpoint::Settings {
        let max_store_bytes = self.storage.checkpoints_max_bytes;
        mo_checkpoint::Settings { max_store_bytes, ..mo_checkpoint::Settings::default() }
    }

    /// Every value given to agents' environments, for the redactor.
    pub fn agent_environment(&self) -> Vec<(String, String)> {
        self.agents.values().flat_map(|a| a.env.iter()).map(|(n, v)| (n.clone(), v.clone())).collect()
    }

    /// Why no session can be started with some agents: arguments that would take the asking away.
    pub fn bad_args(&self) -> impl Iterator<Item = StartError> {
        self.agents.iter().filter_map(|(agent, set)| {
            let error = own_args::check(agent, &set.args).err()?;
            Some(StartError::Launch(agent.clone(), error))
        })
    }

    /// Refuses a configuration that stands inside the target.
    pub fn check_outside(&self, target: &Path) -> Result<(), ConfigError> {
        match &self.file {
            Some(file) if file.canonicalize().is_ok_and(|real| real.starts_with(target)) => {
                Err(ConfigError::InsideTarget { file: file.clone() })
            }
            _ => Ok(()),
        }
    }
}

fn permission_word(mode: PermissionMode) -> &'static str {
    match mode {
        PermissionMode::Ask => "ask",
        PermissionMode::Bypass => "bypass",
    }
}

#[cfg(test)]
mod tests;
