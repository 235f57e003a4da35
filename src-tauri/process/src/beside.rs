//! Programs of the person's own, such as an editor: started beside us and left alone. They are no children that we
//! supervise: what the person does in them goes on when we end.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::sync::oneshot;

/// How long a program is watched for failing at once, as one without a display does.
const AT_ONCE: Duration = Duration::from_millis(500);

/// A program to be started beside us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BesideCommand {
    /// Absolute.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Where it starts.
    pub folder: PathBuf,
}

/// Why a program did not start beside us.
#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    /// The system refused to start it.
    #[error("{} does not start: {reason}", program.display())]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// It ended at once, and said that it failed.
    #[error("{} failed at once: {status}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
}

impl BesideError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotStarted { .. } => "program_not_started",
            Self::Failed { .. } => "program_failed",
        }
    }
}

/// Starts a program with our environment, without our input and output, in a process group of its own.
///
/// # Errors
/// When it does not start, or fails within half a second.
pub async fn start_beside(command: BesideCommand) -> Result<(), BesideError> {
    let BesideCommand { program, args, folder } = command;
    let not_started = |reason| BesideError::NotStarted { program: program.clone(), reason };
    let mut prepared = Command::new(&program);
    prepared.args(args).current_dir(folder);
    prepared.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut prepared, 0);
    let (told, ended) = oneshot::channel();
    // A thread waits for its end, however late, so that no zombie is left; it is not ours to end.
    let waits = move || -> std::io::Result<()> {
        let mut child = prepared.spawn()?;
        std::thread::Builder::new().name("beside".to_owned()).spawn(move || {
            if let Ok(status) = child.wait() {
                let _ = told.send(status);
            }
        })?;
        Ok(())
    };
    match tokio::task::spawn_blocking(waits).await {
        Ok(started) => started.map_err(not_started)?,
        Err(error) => return Err(not_started(std::io::Error::other(error))),
    }
    match tokio::time::timeout(AT_ONCE, ended).await {
        Ok(Ok(status)) if !status.success() => Err(BesideError::Failed { program, status }),
        _ => Ok(()),
    }
}

#[cfg(all(test, unix))]
#[path = "beside_tests.rs"]
mod tests;
