//! Where sessions run: on an engine in this process, or with another owner of the data folder, to whom the window only
//! attaches. One face for both, with the methods of an engine, so that nothing above knows a difference.

mod attached;
mod commands;
mod find;
mod follow;
mod refusals;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use mo_api::{Folders, Limits, Server};
use mo_checkpoint::Checkpoints;
use mo_core::event::StopCause;
use mo_engine::config::Config;
use mo_engine::environment::Environment;
use mo_engine::handle::EngineHandle;
use mo_journal::{DataDir, Journal};

use crate::dto::Refusal;

pub use attached::Attached;
pub use find::Folder;
pub use follow::follow;

/// How long sessions have to come to a stand when the app ends: longer than the stop ladder takes.
const FAREWELL: Duration = Duration::from_secs(20);

/// Where sessions run; it may change from there to here.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    place: RwLock<Place>,
    /// Lets commands of a terminal attach to the engine here.
    server: tokio::sync::Mutex<Option<Server>>,
}

/// One of the two.
#[derive(Clone)]
pub enum Place {
    /// In this process.
    Here(EngineHandle),
    /// With another owner.
    There(Arc<Attached>),
}

impl Host {
    /// An engine in this process, which nobody attaches to.
    pub fn here(engine: EngineHandle) -> Self {
        Self::at(Place::Here(engine))
    }

    /// The owner of a data folder; where there is none, this process becomes it and serves others.
    ///
    /// # Errors
    /// When the folder cannot be used, or its owner cannot be reached.
    pub async fn of_folder(folder: &Folder) -> Result<Self, Refusal> {
        let host = Self::at(folder.find_or_take().await?);
        host.serve().await;
        Ok(host)
    }

    fn at(place: Place) -> Self {
        Self(Arc::new(Inner { place: RwLock::new(place), server: tokio::sync::Mutex::default() }))
    }

    /// Where sessions run now.
    pub fn place(&self) -> Place {
        self.0.place.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The owner is gone: another one is found, or this process becomes it.
    async fn move_to(&self, place: Place) {
        *self.0.place.write().unwrap_or_else(PoisonError::into_inner) = place;
        self.serve().await;
    }

    async fn serve(&self) {
        let Place::Here(engine) = self.place() else { return };
        match mo_api::serve(engine, Folders::of_this_process(), Limits::default()).await {
            Ok(server) => *self.0.server.lock().await = Some(server),
            Err(error) => {
                tracing::warn!(code = error.code(), "other commands cannot reach this app: {error}");
            }
        }
    }

    /// The journal; of another owner's, for reading only.
    pub fn journal(&self) -> Arc<dyn Journal> {
        match self.place() {
            Place::Here(engine) => engine.journal(),
            Place::There(owner) => owner.journal(),
        }
    }

    /// The checkpoints.
    pub fn checkpoints(&self) -> Arc<dyn Checkpoints> {
        match self.place() {
            Place::Here(engine) => engine.checkpoints(),
            Place::There(owner) => owner.checkpoints(),
        }
    }

    /// The data folder.
    pub fn data(&self) -> DataDir {
        match self.place() {
            Place::Here(engine) => engine.data().clone(),
            Place::There(owner) => owner.data().clone(),
        }
    }

    /// The configuration; another owner may have read an older one.
    pub fn config(&self) -> Arc<Config> {
        match self.place() {
            Place::Here(engine) => engine.config(),
            Place::There(owner) => owner.config(),
        }
    }

    /// Takes another configuration: it counts for what starts from now on. Another owner keeps its own.
    pub fn reconfigure(&self, config: Config) {
        match self.place() {
            Place::Here(engine) => engine.reconfigure(config),
            Place::There(owner) => owner.reconfigure(config),
        }
    }

    /// Our own environment, as it was at the start.
    pub fn environment(&self) -> Arc<Environment> {
        match self.place() {
            Place::Here(engine) => engine.environment(),
            Place::There(owner) => owner.environment(),
        }
    }

    /// How many sessions run in this process: they come to a stand when it ends.
    pub fn at_work(&self) -> usize {
        match self.place() {
            Place::Here(engine) => engine.at_work().len(),
            Place::There(_) => 0,
        }
    }

    /// Pauses what runs in this process, waits until it stands, and ends the engine. What runs elsewhere goes on.
    pub async fn close(&self) {
        if let Some(server) = self.0.server.lock().await.take() {
            server.close().await;
        }
        let Place::Here(engine) = self.place() else { return };
        let stand = async {
            for session in engine.running() {
                // One that has ended meanwhile needs no stop.
                let _ = engine.stop(&session, StopCause::Pause, false).await;
            }
            engine.idle().await;
        };
        if tokio::time::timeout(FAREWELL, stand).await.is_err() {
            tracing::warn!("a session did not come to a stand in time; its processes are ended with the app");
        }
        engine.shut_down().await;
    }
}
