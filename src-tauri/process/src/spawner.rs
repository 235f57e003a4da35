//! The real spawner: every launch under a shim.

use std::path::PathBuf;

use crate::error::SpawnError;
use crate::launch::{BoxFuture, Child, LaunchCommand, Spawner};

/// Starts every process under a shim, which is a re-execution of a program that calls [`crate::reexec_entry`].
#[derive(Debug, Clone)]
pub struct ShimSpawner {
    shim_program: PathBuf,
}

impl ShimSpawner {
    /// `shim_program` is the absolute path of a program whose `main` calls [`crate::reexec_entry`] first.
    ///
    /// The smaller it is the quicker a launch: a program that links many shared libraries loads all of them for
    /// each shim.
    pub fn new(shim_program: impl Into<PathBuf>) -> Self {
        Self { shim_program: shim_program.into() }
    }

    /// The current program as the shim, as it is running: replacing its file by an update does not matter.
    ///
    /// # Errors
    /// When the system does not tell where the current program is.
    pub fn of_this_program() -> std::io::Result<Self> {
        #[cfg(target_os = "linux")]
        return Ok(Self::new("/proc/self/exe"));
        #[cfg(not(target_os = "linux"))]
        return std::env::current_exe().map(Self::new);
    }
}

impl Spawner for ShimSpawner {
    #[cfg(target_os = "linux")]
    fn spawn(&self, command: LaunchCommand) -> BoxFuture<'_, Result<Child, SpawnError>> {
        let shim_program = self.shim_program.clone();
        Box::pin(async move {
            // A task of its own: when the caller goes away meanwhile, what was started is taken down in order.
            let launch = tokio::spawn(crate::start::start(shim_program, command));
            launch
                .await
                .unwrap_or_else(|error| Err(SpawnError::Resources { source: std::io::Error::other(error) }))
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn spawn(&self, _command: LaunchCommand) -> BoxFuture<'_, Result<Child, SpawnError>> {
        let _ = &self.shim_program;
        Box::pin(std::future::ready(Err(SpawnError::Unsupported)))
    }
}
