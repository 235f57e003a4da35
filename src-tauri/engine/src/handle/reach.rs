//! What the API needs of the engine beyond its commands.

use std::sync::{Arc, PoisonError};

use mo_checkpoint::Checkpoints;
use mo_core::ids::SessionId;
use mo_core::team::Team;
use mo_journal::{Journal, JournalError};

use super::EngineHandle;
use crate::config::Config;
use crate::environment::Environment;
use crate::hub::{RowSubscription, Start};
use crate::keeping::Tidied;
use crate::search::learn;

/// Why a session was not deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeleteError {
    /// It still runs.
    #[error("the session still runs")]
    Running,
    /// There is none.
    #[error("the session does not exist")]
    Unknown,
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl EngineHandle {
    /// The events of all sessions or of one with their row numbers, first stored ones, then as they come.
    pub fn subscribe_rows(&self, start: Start) -> RowSubscription {
        self.shared.hub.subscribe_rows(start, self.journal())
    }

    /// Returns when the engine has broken off by itself, with the reason: everything that it ran has been ended, and
    /// it decides nothing more. Never otherwise.
    pub async fn broken(&self) -> String {
        let mut broken = self.shared.broken.clone();
        let reason = match broken.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone(),
            Err(_) => None,
        };
        match reason {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }

    /// The configuration in effect.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.shared.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes another configuration: it counts for what starts or goes on from now on. What the agents' environments
    /// are given, and how much is kept, stays as it was when the engine opened: the values were made known to what
    /// takes secrets out, and new ones would not be.
    pub fn reconfigure(&self, mut config: Config) {
        let mut current = self.shared.config.write().unwrap_or_else(PoisonError::into_inner);
        for (agent, set) in &mut config.agents {
            set.env.clone_from(&current.agent(agent).env);
        }
        config.storage = current.storage;
        self.shared.rules.set(Arc::clone(&config.rules));
        *current = Arc::new(config);
    }

    /// Our own environment, as it was at the start.
    pub fn environment(&self) -> Arc<Environment> {
        Arc::clone(&self.shared.environment)
    }

    /// Where a team's programs are is known after this.
    pub(super) async fn learn(&self, team: &Team) {
        let (config, environment) = (self.config(), &self.shared.environment);
        let agents = team.workers.iter().map(|member| &member.agent);
        learn(self.shared.ports.spawner.as_ref(), &config, environment, agents).await;
    }

    /// The journal.
    pub fn journal(&self) -> Arc<dyn Journal> {
        Arc::clone(&self.shared.ports.journal)
    }

    /// The checkpoints.
    pub fn checkpoints(&self) -> Arc<dyn Checkpoints> {
        Arc::clone(&self.shared.ports.checkpoints)
    }

    /// Replaces the text of `owner.json`. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn describe_owner(&self, owner_json: &str) -> Result<(), JournalError> {
        self.shared.lock.describe(owner_json)
    }

    /// Deletes a session that does not run: its events, transcripts and documents, and what it alone needs of the
    /// checkpoints. One that is coming to its end is waited for.
    ///
    /// # Errors
    /// When it runs, does not exist, or the journal cannot be written.
    pub async fn delete(&self, session: &SessionId) -> Result<(), DeleteError> {
        self.put_away(session).await;
        self.closed(session).await?;
        let (keeper, session) = (Arc::clone(&self.shared.keeper), session.clone());
        let deleted = tokio::task::spawn_blocking(move || keeper.delete(&session)).await;
        deleted.unwrap_or(Err(DeleteError::Journal(JournalError::Closed)))
    }

    /// Deletes the sessions whose time is over by the settings, and what no session needs of the checkpoints. Done by
    /// itself when the engine opens and whenever a session has ended.
    pub async fn tidy(&self) -> Tidied {
        let keeper = Arc::clone(&self.shared.keeper);
        tokio::task::spawn_blocking(move || keeper.tidy()).await.unwrap_or_default()
    }
}
