//! A real engine over a folder of its own. Nothing of it is replaced but that its commits are counted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use mo_checkpoint::FolderCheckpoints;
use mo_core::ids::{AgentKind, Role};
use mo_core::settings::Settings;
use mo_core::team::{Member, Team};
use mo_engine::config::{AgentConfig, Config};
use mo_engine::environment::Environment;
use mo_engine::handle::{EngineHandle, EngineSetup};
use mo_engine::ports::{Ports, SystemClock, SystemGauge};
use mo_engine::start::StartRequest;
use mo_journal::{DataDir, SqliteJournal, TappedJournal, Taps};
use mo_process::ShimSpawner;

/// How many records each commit had: the bare loop then commits in the same sizes.
pub(crate) type Sizes = Arc<Mutex<Vec<u32>>>;

/// The engine and where it lives.
pub(crate) struct Rig {
    pub(crate) engine: EngineHandle,
    /// How many records each commit had.
    pub(crate) sizes: Sizes,
    /// The folder, with `data`, `home` and `target` in it.
    pub(crate) folder: PathBuf,
}

impl Rig {
    /// Opens an engine whose Claude is the agent that is given.
    pub(crate) async fn open(folder: &Path, claude: AgentConfig) -> Result<Self> {
        let folder = folder.canonicalize()?;
        let home = folder.join("home");
        fs::create_dir_all(folder.join("target"))?;
        fs::create_dir_all(&home)?;
        let mut config = Config::default();
        config.agents.insert(AgentKind::Claude, claude);
        let data = DataDir::create(folder.join("data"))?;
        let lock = data.lock("{}")?;
        let sizes = Sizes::default();
        let noted = Arc::clone(&sizes);
        let commit = Box::new(move |records: &mut Vec<_>| {
            let size = u32::try_from(records.len()).unwrap_or(u32::MAX);
            noted.lock().unwrap_or_else(PoisonError::into_inner).push(size);
        });
        let taps = Taps { commit, ..Taps::default() };
        let journal = TappedJournal::new(SqliteJournal::open(&data)?, taps);
        let checkpoints = FolderCheckpoints::open(data.checkpoints(), mo_checkpoint::Settings::default())?;
        let ports = Ports {
            spawner: Arc::new(ShimSpawner::new(std::env::current_exe()?)),
            clock: Arc::new(SystemClock),
            journal: Arc::new(journal),
            checkpoints: Arc::new(checkpoints),
            gauge: Arc::new(SystemGauge::default()),
        };
        let vars = [("PATH", "/usr/bin:/bin".to_owned()), ("HOME", home.display().to_string())];
        let environment = Environment::new(vars.map(|(name, value)| (name.to_owned(), value)), [])?;
        let engine = EngineHandle::open(EngineSetup { data, lock, ports, config, environment }).await?;
        Ok(Self { engine, sizes, folder })
    }
}

/// A session of one implementer and nobody else: the team's own check would ask for a reviewer, whose turn nobody
/// wants to measure.
pub(crate) fn request(goal: &str, target: PathBuf) -> StartRequest {
    let team = Team { workers: vec![Member::new(AgentKind::Claude, Role::Implementer)], reviews: Vec::new() };
    let settings = Settings { stall_timeout_ms: 0, ..Settings::default() };
    StartRequest { goal: goal.into(), target, team, settings, yes_really: false }
}

/// A runtime such as the app's.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
