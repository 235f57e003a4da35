//! Hosting the engine in this process: the data folder is made, taken, opened and served.

use std::path::Path;
use std::sync::Arc;

use mo_api::{Folders, Limits, Server};
use mo_checkpoint::FolderCheckpoints;
use mo_core::event::StopCause;
use mo_core::ids::SessionId;
use mo_engine::config::Config;
use mo_engine::environment::Environment;
use mo_engine::handle::{CommandError, EngineHandle, EngineSetup};
use mo_engine::ports::{Ports, SystemClock, SystemGauge};
use mo_journal::{DataDir, OwnerLock, SqliteJournal};
use mo_process::ShimSpawner;
use tokio::runtime::Runtime;

use crate::drive::Signals;
use crate::errors::Failure;
use crate::logging;
use crate::output::aside;

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

/// Whether others can attach to an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serves {
    /// It serves as soon as it has settled what a former owner left.
    Soon,
    /// Never: what it runs is its own affair.
    Never,
}

/// A data folder that this process owns.
#[derive(Debug)]
pub(crate) struct Taken {
    data: DataDir,
    lock: OwnerLock,
}

/// Makes the data folder where absent, and takes it.
pub(crate) fn take(data: &Path, serves: Serves) -> Result<Taken, Failure> {
    let data = DataDir::create(data)?;
    let lock = data.lock(&owner(serves))?;
    Ok(Taken { data, lock })
}

/// An engine in this process, which others may attach to.
pub(crate) struct Host {
    /// The engine.
    pub(crate) engine: EngineHandle,
    server: Option<Server>,
}

impl Host {
    /// Starts the engine over a data folder that was taken. What a former owner left in flight has been settled when
    /// this returns.
    pub(crate) async fn open(
        taken: Taken,
        config: Config,
        environment: Environment,
        verbose: u8,
    ) -> Result<Self, Failure> {
        let Taken { data, lock } = taken;
        logging::start(verbose, Some(&data));
        let journal = SqliteJournal::open(&data)?;
        journal.writable()?;
        let checkpoints = FolderCheckpoints::open(data.checkpoints(), config.checkpoints())?;
        let ports = Ports {
            spawner: Arc::new(spawner()?),
            clock: Arc::new(SystemClock),
            journal: Arc::new(journal),
            checkpoints: Arc::new(checkpoints),
            gauge: Arc::new(SystemGauge::default()),
        };
        let engine = EngineHandle::open(EngineSetup { data, lock, ports, config, environment }).await?;
        engine.idle().await;
        Ok(Self { engine, server: None })
    }

    /// Lets others attach. Where that is impossible, this process does its own work all the same, and says so.
    pub(crate) async fn serve(&mut self) {
        match mo_api::serve(self.engine.clone(), Folders::of_this_process(), Limits::default()).await {
            Ok(server) => self.server = Some(server),
            Err(error) => {
                tracing::warn!(%error, "not served");
                let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
                aside(&format!("other commands cannot reach this one: {error}{hint}"));
            }
        }
    }

    /// Where others attach.
    pub(crate) fn socket(&self) -> Option<&Path> {
        self.server.as_ref().map(Server::socket)
    }

    /// Waits until what a session leaves is written, such as summary.md.
    pub(crate) async fn settle(&self, session: &SessionId) {
        self.engine.at_rest(session).await;
    }

    /// Ends after the last session that somebody else has started here. Signals stop those sessions.
    pub(crate) async fn end_after_others(mut self, signals: &mut Signals) {
        loop {
            if !self.wait_for_others(signals).await {
                return self.end().await;
            }
            let Some(server) = self.server.take() else { break };
            server.close().await;
            // Nobody gets in any more; whoever did in the last moment is served on.
            if self.engine.running().is_empty() {
                break;
            }
            self.serve().await;
        }
        self.engine.shut_down().await;
    }

    /// Ends at once; nothing runs, or what runs is to go.
    pub(crate) async fn end(mut self) {
        if let Some(server) = self.server.take() {
            server.close().await;
        }
        self.engine.shut_down().await;
    }

    /// Waits until no session runs here; `false` when none can come to an end any more.
    async fn wait_for_others(&self, signals: &mut Signals) -> bool {
        let others = self.engine.running();
        if others.is_empty() {
            return true;
        }
        let named: Vec<String> = others.iter().map(ToString::to_string).collect();
        aside(&format!("this command hosts {} too and ends after it; Ctrl+C stops it", named.join(", ")));
        loop {
            tokio::select! {
                () = self.engine.idle() => return true,
                (cause, count) = signals.next() => if !self.stop_all(cause, count).await {
                    return false;
                },
            }
        }
    }

    /// Stops every session that runs here: by the ladder the first time, at once the second time. `false` when their
    /// end cannot be written, so that they were killed instead.
    pub(crate) async fn stop_all(&self, by: StopCause, count: u32) -> bool {
        if count > 2 {
            std::process::exit(if by == StopCause::Sigterm { 143 } else { 130 });
        }
        let mut written = true;
        for session in self.engine.running() {
            if let Err(error) = self.engine.stop(&session, by, count > 1).await {
                tracing::info!(%session, %error, "the stop came to nothing");
                written &= !matches!(error, CommandError::JournalDown(_));
            }
        }
        written
    }
}

/// The text of `owner.json`.
fn owner(serves: Serves) -> String {
    #[cfg(target_os = "linux")]
    let start_time = mo_process::ProcessIdentity::of_this_process().ok().map(|identity| identity.start_time);
    #[cfg(not(target_os = "linux"))]
    let start_time: Option<u64> = None;
    serde_json::json!({
        "pid": std::process::id(),
        "start_time": start_time,
        "program": "orchestrate",
        "serves": serves == Serves::Soon,
        "socket": null,
        "port": null,
    })
    .to_string()
}
