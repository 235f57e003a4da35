//! Short helpers: a program is run to its end for what it prints, within a time and an amount.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::error::ProbeError;
use crate::exit::Exit;
use crate::launch::{Child, LaunchCommand, Spawner, StdinMode};
use crate::reader::LineReader;

/// A helper to run, such as `claude --version`. Its `Debug` form shows no values.
#[derive(Clone)]
pub struct ProbeCommand {
    /// An absolute path, or a name to be found on the `PATH` of [`Self::env`].
    pub program: PathBuf,
    /// Arguments, without the program itself.
    pub args: Vec<OsString>,
    /// The whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// Absolute working directory.
    pub cwd: PathBuf,
    /// What it reads from standard input; empty means none at all.
    pub stdin: Vec<u8>,
    /// The time it has from its start to the end of its whole tree.
    pub timeout: Duration,
    /// How much of its standard output is taken, in bytes.
    pub output_limit: usize,
}

impl ProbeCommand {
    /// With no arguments, environment and input, ten seconds and 1 MiB.
    pub fn new(program: impl Into<PathBuf>, cwd: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: cwd.into(),
            stdin: Vec::new(),
            timeout: Duration::from_secs(10),
            output_limit: 1 << 20,
        }
    }
}

impl std::fmt::Debug for ProbeCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProbeCommand")
            .field("program", &self.program)
            .field("cwd", &self.cwd)
            .field("timeout", &self.timeout)
            .field("output_limit", &self.output_limit)
            .finish_non_exhaustive()
    }
}

/// What a helper gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeOutput {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// There was more than the limit: `stdout` is its beginning, and the helper was killed there and then.
    pub truncated: bool,
    /// The last of standard error, at most [`crate::STDERR_TAIL_LEN`].
    pub stderr: Vec<u8>,
    /// How it ended.
    pub exit: Exit,
    /// How long it took.
    pub took: Duration,
}

impl ProbeOutput {
    /// Whether it ended by itself with 0 and all of its output is there.
    pub fn success(&self) -> bool {
        self.exit.code == Some(0) && !self.truncated
    }
}

/// Runs a helper to its end. Nothing of it is left afterwards, in no case.
///
/// # Errors
/// [`ProbeError::Spawn`] when it did not start, [`ProbeError::TimedOut`] when it took too long. A helper that
/// fails is no error here: see [`ProbeOutput::exit`].
pub async fn run_probe(spawner: &dyn Spawner, probe: ProbeCommand) -> Result<ProbeOutput, ProbeError> {
    let begun = Instant::now();
    let ProbeCommand { program, args, env, cwd, stdin: input, timeout, output_limit } = probe;
    let mut command = LaunchCommand::new(&program, cwd);
    command.args = args;
    command.env = env;
    command.stdin = if input.is_empty() { StdinMode::Null } else { StdinMode::Piped };
    let Child { mut stdin, stdout: mut reader, stderr, control, .. } = spawner.spawn(command).await?;
    let mut stdout = Vec::new();
    let run = async {
        if !input.is_empty() {
            // A helper that does not read its input is free to: what counts is what it prints and how it ends.
            let _ = stdin.write(input).await;
            stdin.close();
        }
        let complete = take(&mut reader, &mut stdout, output_limit, &program).await?;
        if !complete {
            control.kill_tree();
        }
        let exit = control.wait().await;
        stderr.ended().await;
        Ok((exit, !complete))
    };
    match tokio::time::timeout(timeout, run).await {
        Ok(Ok((exit, truncated))) => {
            Ok(ProbeOutput { stdout, truncated, stderr: stderr.tail(), exit, took: begun.elapsed() })
        }
        Ok(Err(error)) => Err(error),
        Err(_) => {
            control.kill_tree();
            control.wait().await;
            Err(ProbeError::TimedOut { program, limit: timeout, stdout, stderr: stderr.tail() })
        }
    }
}

async fn take(
    reader: &mut LineReader,
    into: &mut Vec<u8>,
    limit: usize,
    program: &std::path::Path,
) -> Result<bool, ProbeError> {
    let taken = reader.read_to_limit(into, limit).await;
    taken.map_err(|source| ProbeError::Output { program: program.to_owned(), source })
}
