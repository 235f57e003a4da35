//! Hosting the engine in this process: the data folder is made, taken and opened.

use std::path::Path;
use std::sync::Arc;

use mo_checkpoint::FolderCheckpoints;
use mo_engine::config::Config;
use mo_engine::environment::Environment;
use mo_engine::handle::{EngineHandle, EngineSetup};
use mo_engine::ports::{NoNotifier, Ports, SystemClock};
use mo_journal::{DataDir, SqliteJournal};
use mo_process::ShimSpawner;
use tokio::runtime::Runtime;

use crate::errors::Failure;
use crate::logging;

/// The runtime of commands that supervise processes. Two threads: the work is waiting.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::system("the runtime cannot start", &error))
}

/// What starts processes: this program itself is the shim.
pub(crate) fn spawner() -> Result<ShimSpawner, Failure> {
    ShimSpawner::of_this_program().map_err(|error| Failure::system("this program cannot find itself", &error))
}

/// Makes the data folder where absent, takes it, and starts the engine over it.
pub(crate) async fn open(
    data: &Path,
    config: Config,
    environment: Environment,
    verbose: u8,
) -> Result<EngineHandle, Failure> {
    let data = DataDir::create(data)?;
    let lock = data.lock(&owner())?;
    logging::start(verbose, Some(&data));
    let journal = SqliteJournal::open(&data)?;
    journal.writable()?;
    let checkpoints = FolderCheckpoints::open(data.checkpoints(), mo_checkpoint::Settings::default())?;
    let ports = Ports {
        spawner: Arc::new(spawner()?),
        clock: Arc::new(SystemClock),
        journal: Arc::new(journal),
        checkpoints: Arc::new(checkpoints),
        notifier: Arc::new(NoNotifier),
    };
    Ok(EngineHandle::open(EngineSetup { data, lock, ports, config, environment }).await?)
}

/// The text of `owner.json`.
fn owner() -> String {
    #[cfg(target_os = "linux")]
    let start_time = mo_process::ProcessIdentity::of_this_process().ok().map(|identity| identity.start_time);
    #[cfg(not(target_os = "linux"))]
    let start_time: Option<u64> = None;
    serde_json::json!({
        "pid": std::process::id(),
        "start_time": start_time,
        "program": "orchestrate",
        "socket": null,
        "port": null,
    })
    .to_string()
}
