//! What can go wrong when a process is started, written to, signalled or probed.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a launch did not happen. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// No such program: neither at that path nor on the `PATH` of the launch.
    #[error("program not found: {}", program.display())]
    ProgramNotFound {
        /// As it was given.
        program: PathBuf,
    },
    /// The file is there and may not be executed.
    #[error("not allowed to execute {}: it is not an executable file for this user", program.display())]
    ProgramNotExecutable {
        /// The file.
        program: PathBuf,
    },
    /// The program is a script (or a binary) whose interpreter (or loader) is missing.
    #[error("{} cannot start: its interpreter {interpreter} is missing", program.display())]
    InterpreterMissing {
        /// The script.
        program: PathBuf,
        /// What its first line asks for.
        interpreter: String,
    },
    /// The system refused to start the program for another reason.
    #[error("cannot start {}: {source}", program.display())]
    ProgramRefused {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The working directory cannot be entered.
    #[error("cannot enter the working directory {}: {source}", cwd.display())]
    WorkingDirectory {
        /// The directory.
        cwd: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file that was to take standard output cannot be opened or watched.
    #[error("cannot write standard output to {}: {source}", path.display())]
    StdoutFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The command itself is malformed.
    #[error("malformed launch: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// The shim could not be started or did not do its part.
    #[error("cannot supervise a process with {}: {reason}", shim.display())]
    Shim {
        /// The program that should have been the shim.
        shim: PathBuf,
        /// What happened.
        reason: String,
    },
    /// No pipe, socket or thread could be made.
    #[error("the system has no resources left to start a process: {source}")]
    Resources {
        /// The system's reason.
        source: io::Error,
    },
    /// This system has no supervision yet.
    #[error("starting agents is not supported on this system yet, only on Linux")]
    Unsupported,
}

impl SpawnError {
    /// A stable word for scripts and for the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ProgramNotFound { .. } => "program_not_found",
            Self::ProgramNotExecutable { .. } => "program_not_executable",
            Self::InterpreterMissing { .. } => "interpreter_missing",
            Self::ProgramRefused { .. } => "program_refused",
            Self::WorkingDirectory { .. } => "working_directory",
            Self::StdoutFile { .. } => "stdout_file",
            Self::Malformed { .. } => "malformed_launch",
            Self::Shim { .. } => "shim_failed",
            Self::Resources { .. } => "no_resources",
            Self::Unsupported => "unsupported_system",
        }
    }
}

/// Why bytes did not go into a child's standard input.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StdinError {
    /// It has been closed on our side, or was never open.
    #[error("standard input is closed")]
    Closed,
    /// The child has closed it or has ended; what was queued is lost.
    #[error("the process does not read its standard input any more ({kind})")]
    Broken {
        /// The kind of the failed write.
        kind: io::ErrorKind,
    },
}

impl StdinError {
    /// A stable word for scripts and for the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed => "stdin_closed",
            Self::Broken { .. } => "stdin_broken",
        }
    }
}

/// Why a signal did not reach the agent.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// It has ended already.
    #[error("the process has ended")]
    Ended,
    /// The system refused.
    #[error("cannot signal the process: {source}")]
    Refused {
        /// The system's reason.
        source: io::Error,
    },
}

impl SignalError {
    /// A stable word for scripts and for the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ended => "process_ended",
            Self::Refused { .. } => "signal_refused",
        }
    }
}

/// Why a short helper gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It did not start.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// It did not end in time; it and all that it had started have been killed.
    #[error("{} gave no answer within {limit:?}", program.display())]
    TimedOut {
        /// The program.
        program: PathBuf,
        /// The limit.
        limit: Duration,
        /// What it had written to standard output, up to the output limit.
        stdout: Vec<u8>,
        /// The last of what it had written to standard error.
        stderr: Vec<u8>,
    },
    /// Its output could not be read.
    #[error("cannot read the output of {}: {source}", program.display())]
    Output {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl ProbeError {
    /// A stable word for scripts and for the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Spawn(error) => error.code(),
            Self::TimedOut { .. } => "probe_timed_out",
            Self::Output { .. } => "probe_output",
        }
    }
}
