//! Another owner of the data folder: its client for what is to be done, and the folder itself for what is only read.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use mo_api::client::Client;
use mo_checkpoint::{Checkpoints, FolderCheckpoints};
use mo_engine::config::Config;
use mo_engine::environment::Environment;
use mo_journal::{DataDir, Journal, SqliteJournal};

use crate::dto::Refusal;
use crate::open::open_environment;

/// An owner that was found.
pub struct Attached {
    client: Client,
    data: DataDir,
    journal: Arc<SqliteJournal>,
    checkpoints: Arc<FolderCheckpoints>,
    config: RwLock<Arc<Config>>,
    environment: Arc<Environment>,
}

impl Attached {
    /// Opens for reading what a found owner has.
    ///
    /// # Errors
    /// When the journal or the checkpoints cannot be read.
    pub fn to(
        client: Client,
        data: DataDir,
        config: Config,
        variables: Vec<(String, String)>,
    ) -> Result<Self, Refusal> {
        let environment = Arc::new(open_environment(variables, &config)?);
        let journal = Arc::new(SqliteJournal::open_read_only(&data)?);
        let checkpoints = Arc::new(FolderCheckpoints::open(data.checkpoints(), config.checkpoints())?);
        let config = RwLock::new(Arc::new(config));
        Ok(Self { client, data, journal, checkpoints, config, environment })
    }

    /// The way to it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its socket.
    pub fn socket(&self) -> &Path {
        self.client.socket()
    }

    /// The data folder.
    pub fn data(&self) -> &DataDir {
        &self.data
    }

    /// The journal, for reading.
    pub fn journal(&self) -> Arc<dyn Journal> {
        Arc::clone(&self.journal) as Arc<dyn Journal>
    }

    /// The checkpoints, for reading.
    pub fn checkpoints(&self) -> Arc<dyn Checkpoints> {
        Arc::clone(&self.checkpoints) as Arc<dyn Checkpoints>
    }

    /// Our configuration.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes another configuration: what this window says and asks for, not what the owner does.
    pub fn reconfigure(&self, config: Config) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    /// Our own environment.
    pub fn environment(&self) -> Arc<Environment> {
        Arc::clone(&self.environment)
    }
}
