//! What to start, and what one gets.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use crate::control::Control;
use crate::error::SpawnError;
use crate::identity::ProcessIdentity;
use crate::reader::{DEFAULT_MAX_LINE, LineReader};
use crate::stderr::StderrTail;
use crate::stdin::ChildStdin;

/// How long what an agent leaves behind may live on after it, before it is killed.
pub const DEFAULT_LINGER: Duration = Duration::from_millis(250);

/// A future on the heap, as the ports that are trait objects give it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The port through which everything that runs is started.
pub trait Spawner: Send + Sync {
    /// Starts the command. When the future is dropped before it is done, nothing stays behind.
    ///
    /// # Errors
    /// [`SpawnError`]: in every case nothing of it is left.
    fn spawn(&self, command: LaunchCommand) -> BoxFuture<'_, Result<Child, SpawnError>>;
}

/// Takes bytes exactly as they came from the child, before they are understood: the transcript.
///
/// Called on the reading task for each piece that was read; it should not take long.
pub trait RawSink: Send {
    /// Takes the next bytes.
    fn write(&mut self, bytes: &[u8]);

    /// Nothing more is waiting now: what is buffered may be passed on.
    fn idle(&mut self) {}
}

/// Where a child's standard input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StdinMode {
    /// Nothing to read: some CLIs wait for ever on an open pipe.
    #[default]
    Null,
    /// [`Child::stdin`].
    Piped,
}

/// Where a child's standard output goes. It is read through [`Child::stdout`] in both cases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StdoutMode {
    /// A pipe: who does not read makes the child wait.
    #[default]
    Pipe,
    /// A file, made (0600) when it is missing, else appended to; only what this launch adds is read. For CLIs that
    /// lose output on a pipe.
    File(PathBuf),
}

/// A process to start. Its `Debug` form shows neither environment values nor arguments.
pub struct LaunchCommand {
    /// An absolute path, or a name to be found on the `PATH` of [`Self::env`].
    pub program: PathBuf,
    /// Arguments, without the program itself. Anyone on the machine can read them: no secrets here.
    pub args: Vec<OsString>,
    /// The whole environment; nothing is inherited. Beside it the child has `META_ORCHESTRATOR_LAUNCH`, by which what
    /// it leaves behind is found again should somebody kill the shim.
    pub env: Vec<(OsString, OsString)>,
    /// Absolute working directory.
    pub cwd: PathBuf,
    /// Standard input.
    pub stdin: StdinMode,
    /// Standard output.
    pub stdout: StdoutMode,
    /// The longest line of standard output that is delivered whole, in bytes.
    pub max_line: usize,
    /// How long descendants may outlive the agent.
    pub linger: Duration,
    /// Gets the raw bytes of standard output, as they are read.
    pub stdout_sink: Option<Box<dyn RawSink>>,
    /// Gets the raw bytes of standard error, as they are read.
    pub stderr_sink: Option<Box<dyn RawSink>>,
}

impl LaunchCommand {
    /// The program with no arguments, an empty environment, no input and a pipe for its output.
    pub fn new(program: impl Into<PathBuf>, cwd: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: cwd.into(),
            stdin: StdinMode::default(),
            stdout: StdoutMode::default(),
            max_line: DEFAULT_MAX_LINE,
            linger: DEFAULT_LINGER,
            stdout_sink: None,
            stderr_sink: None,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Sets where standard input comes from.
    #[must_use]
    pub fn stdin(mut self, mode: StdinMode) -> Self {
        self.stdin = mode;
        self
    }

    /// Sets where standard output goes.
    #[must_use]
    pub fn stdout(mut self, mode: StdoutMode) -> Self {
        self.stdout = mode;
        self
    }
}

impl fmt::Debug for LaunchCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("LaunchCommand")
            .field("program", &self.program)
            .field("args", &self.args.len())
            .field("env", &names)
            .field("cwd", &self.cwd)
            .field("stdin", &self.stdin)
            .field("stdout", &self.stdout)
            .finish_non_exhaustive()
    }
}

/// A process that has been started. The parts are used each by its own task.
///
/// When the last [`Control`] of it is dropped, everything that it started is killed.
#[derive(Debug)]
pub struct Child {
    /// The agent itself.
    pub identity: ProcessIdentity,
    /// The shim above it. To be recorded beside `identity`, so that a sweep finds both.
    pub shim: ProcessIdentity,
    /// Standard input; closed from the start with [`StdinMode::Null`].
    pub stdin: ChildStdin,
    /// Standard output. Its end does not mean that the process has ended, nor the other way round.
    pub stdout: LineReader,
    /// Standard error.
    pub stderr: StderrTail,
    /// Signals, end, stop.
    pub control: Control,
}
