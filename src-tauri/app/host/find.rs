//! Finding the owner of the data folder, or becoming it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mo_api::client::{AttachError, Client, ClientError};
use mo_api::{Owner, Watch};
use mo_engine::config::Config;
use mo_journal::{DataDir, JournalError};

use super::{Attached, Place};
use crate::dto::Refusal;
use crate::open::open_engine;

/// How long an owner may take to start or to end before it counts as one that cannot be reached.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is needed to open the person's data folder.
#[derive(Clone)]
pub struct Folder {
    /// The data folder, which need not exist.
    pub data: PathBuf,
    /// The configuration that was read.
    pub config: Config,
    /// Our environment.
    pub variables: Vec<(String, String)>,
}

enum Seen {
    Owner(Client, DataDir),
    Free,
    /// Somebody who is just starting or ending, with what is to be said if it stays so.
    Coming(Refusal),
}

impl Folder {
    /// The living owner, else this process becomes it. Of two that try at once exactly one does, and the other attaches.
    ///
    /// # Errors
    /// When neither is possible.
    pub async fn find_or_take(&self) -> Result<Place, Refusal> {
        let mut wait = Wait::default();
        loop {
            let refused = match look(&self.data).await? {
                Seen::Owner(client, data) => {
                    let (config, variables) = (self.config.clone(), self.variables.clone());
                    let attached = Attached::to(client, data, config, variables)?;
                    return Ok(Place::There(Arc::new(attached)));
                }
                Seen::Coming(refused) => refused,
                Seen::Free => {
                    let (config, variables) = (self.config.clone(), self.variables.clone());
                    match open_engine(&self.data, config, variables).await {
                        Ok(engine) => return Ok(Place::Here(engine)),
                        Err(refused) if refused.code == "data_folder_locked" => refused,
                        Err(other) => return Err(other),
                    }
                }
            };
            wait.for_change(&self.data, refused).await?;
        }
    }
}

async fn look(data: &Path) -> Result<Seen, Refusal> {
    let dir = match DataDir::existing(data) {
        Ok(dir) => dir,
        Err(JournalError::Missing { .. }) => return Ok(Seen::Free),
        Err(error) => return Err(error.into()),
    };
    let locked = |pid| Refusal::from(JournalError::Locked { folder: data.to_owned(), pid });
    match Client::attach(&dir).await {
        Ok(client) => Ok(Seen::Owner(client, dir)),
        Err(error) if error.is_free() => Ok(Seen::Free),
        Err(AttachError::NotServing { pid }) if never_serves(&dir) => Err(locked(Some(pid))),
        Err(AttachError::NotServing { pid }) => Ok(Seen::Coming(locked(Some(pid)))),
        Err(AttachError::Unanswered(ClientError::Gone(_))) => Ok(Seen::Coming(locked(None))),
        // Its next owner may be about to write it anew.
        Err(error @ AttachError::Unclear { .. }) => Ok(Seen::Coming(error.into())),
        Err(error) => Err(error.into()),
    }
}

fn never_serves(data: &DataDir) -> bool {
    let owner = data.owner().ok().flatten().and_then(|text| serde_json::from_str::<Owner>(&text).ok());
    owner.is_some_and(|owner| owner.rest.get("serves") == Some(&false.into()))
}

/// Waits for an owner that is starting or ending, told by the system when it has written to the folder.
#[derive(Default)]
pub(super) struct Wait {
    since: Option<Instant>,
    watch: Option<Watch>,
}

impl Wait {
    /// Returns when it is time for another look; with the refusal when it has taken too long.
    pub(super) async fn for_change(&mut self, data: &Path, refused: Refusal) -> Result<(), Refusal> {
        let left = PATIENCE.saturating_sub(self.since.get_or_insert_with(Instant::now).elapsed());
        if left.is_zero() {
            return Err(refused);
        }
        let unwatchable = |error: std::io::Error| {
            Refusal::new("data_folder_unwatchable", error.to_string(), "open the app again")
        };
        // What happened before the watch stood is seen by the next look.
        let Some(mut watch) = self.watch.take() else {
            self.watch = Some(Watch::new([data]).map_err(unwatchable)?);
            return Ok(());
        };
        let waiting = move || {
            let told = watch.wait_at_most(left);
            (watch, told)
        };
        if let Ok((watch, told)) = tokio::task::spawn_blocking(waiting).await {
            self.watch = Some(watch);
            told.map_err(unwatchable)?;
        }
        Ok(())
    }
}
