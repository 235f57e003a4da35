//! Opens the engine on the person's own data folder and configuration, or a demo's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mo_checkpoint::{CheckpointError, FolderCheckpoints};
use mo_engine::config::{Config, ConfigError};
use mo_engine::environment::Environment;
use mo_engine::handle::{EngineHandle, EngineSetup};
use mo_engine::ports::{Ports, SystemClock, SystemGauge};
use mo_journal::{DataDir, JournalError, SqliteJournal};
use mo_process::ShimSpawner;
use serde_json::json;

use crate::dto::Refusal;
use crate::hints::{of_config, of_journal};

/// The folder's name under the XDG folders.
const NAME: &str = "meta-orchestrator";

/// Where the configuration and the data are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The configuration file, which need not exist.
    pub config: PathBuf,
    /// The data folder, which need not exist.
    pub data: PathBuf,
    /// Whether a variable of the environment moved the data folder from its usual place.
    pub data_from_environment: bool,
}

impl Places {
    /// The XDG folders of an environment; as the XDG specification has it, a relative path counts as not set.
    ///
    /// # Errors
    /// When neither they nor a home folder are known.
    pub fn find(var: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, Refusal> {
        let set = |name: &str| var(name).filter(|path| path.is_absolute());
        let under = |xdg: &str, below_home: &str| {
            set(xdg)
                .or_else(|| Some(set("HOME")?.join(below_home)))
                .map(|folder| folder.join(NAME))
                .ok_or_else(|| {
                    let message = format!("neither HOME nor {xdg} is set to an absolute path");
                    Refusal::new("no_home", message, "set HOME and open the app again")
                })
        };
        let config = under("XDG_CONFIG_HOME", ".config")?.join("config.toml");
        let data = under("XDG_DATA_HOME", ".local/share")?;
        let usual = set("HOME").map(|home| home.join(".local/share").join(NAME));
        let data_from_environment = usual.as_deref() != Some(data.as_path());
        Ok(Self { config, data, data_from_environment })
    }
}

/// Our environment as data; what is not UTF-8 no agent could read either.
pub fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Our environment, and what a configuration gives to agents, with their secrets known.
///
/// # Errors
/// When the secrets are too many to search for.
pub fn open_environment(variables: Vec<(String, String)>, config: &Config) -> Result<Environment, Refusal> {
    Environment::new(variables, config.agent_environment()).map_err(|error| {
        Refusal::new("too_many_secrets", error.to_string(), "unset variables that are not needed")
    })
}

/// Opens an engine on a data folder, which is made where absent.
///
/// # Errors
/// When the folder is another process's or cannot be used.
pub async fn open_engine(
    data: &Path,
    config: Config,
    variables: Vec<(String, String)>,
) -> Result<EngineHandle, Refusal> {
    open_at(data, config, variables).await.map_err(at_start)
}

/// What is said of a full disk while sessions run is wrong before there are any: nothing goes on by itself.
fn at_start(refusal: Refusal) -> Refusal {
    if refusal.code != "disk_full" {
        return refusal;
    }
    Refusal { hint: Some("make room on that disk, then try again; nothing is lost".to_owned()), ..refusal }
}

async fn open_at(
    data: &Path,
    config: Config,
    variables: Vec<(String, String)>,
) -> Result<EngineHandle, Refusal> {
    let environment = open_environment(variables, &config)?;
    let data = DataDir::create(data)?;
    let lock = data.lock(&owner())?;
    let spawner = ShimSpawner::of_this_program().map_err(|error| {
        Refusal::new("own_program_unknown", error.to_string(), "start the app by its full path")
    })?;
    let journal = SqliteJournal::open(&data)?;
    // One of a newer version could only be looked at; the person is told now rather than by the first session.
    journal.writable()?;
    let ports = Ports {
        spawner: Arc::new(spawner),
        clock: Arc::new(SystemClock),
        journal: Arc::new(journal),
        checkpoints: Arc::new(FolderCheckpoints::open(data.checkpoints(), config.checkpoints())?),
        gauge: Arc::new(SystemGauge::default()),
    };
    Ok(EngineHandle::open(EngineSetup { data, lock, ports, config, environment }).await?)
}

/// The text of `owner.json` until the engine is served.
fn owner() -> String {
    #[cfg(target_os = "linux")]
    let start_time = mo_process::ProcessIdentity::of_this_process().ok().map(|identity| identity.start_time);
    #[cfg(not(target_os = "linux"))]
    let start_time: Option<u64> = None;
    json!({ "pid": std::process::id(), "start_time": start_time, "program": NAME }).to_string()
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string(), hint: of_journal(&error) }
    }
}

impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Self {
        Self::new(error.code(), error.to_string(), of_config(&error))
    }
}

impl From<CheckpointError> for Refusal {
    fn from(error: CheckpointError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string(), hint: None }
    }
}

#[cfg(test)]
mod tests {
    use mo_journal::JournalError;

    use super::at_start;
    use crate::dto::Refusal;

    #[test]
    fn a_full_disk_at_the_start_says_to_make_room_and_try_again() {
        let full = at_start(JournalError::DiskFull { file: "/d/journal.db".into() }.into());
        assert!(full.hint.is_some_and(|hint| hint.contains("try again") && !hint.contains("by itself")));
        let other = Refusal::from(JournalError::Foreign { file: "/d/journal.db".into() });
        assert_eq!(at_start(other.clone()).hint, other.hint);
    }
}
