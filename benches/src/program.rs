//! The command `orchestrate` as a whole process.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::figures::{median, ms_since};

/// The program, beside this one: `./bench` builds both.
pub(crate) fn orchestrate() -> Result<PathBuf> {
    let me = std::env::current_exe()?;
    let program = me.parent().context("this program has no folder")?.join("orchestrate");
    ensure!(program.is_file(), "{} is not there; ./bench builds it", program.display());
    Ok(program)
}

/// The command over the data folder `data` below a folder, with nothing of ours in its environment.
pub(crate) fn command(folder: &Path, args: &[&str]) -> Result<Command> {
    let mut command = Command::new(orchestrate()?);
    command.env_clear().env("HOME", folder.join("home")).env("PATH", "/usr/bin:/bin").env("TZ", "UTC");
    command.arg("--data-dir").arg(folder.join("data")).args(args).stdin(Stdio::null());
    Ok(command)
}

/// How long the command takes as a whole process, in ms: the median of some runs, after one that fills the caches.
pub(crate) fn time(folder: &Path, args: &[&str], runs: u32) -> Result<f64> {
    let mut times = Vec::new();
    for run in 0..=runs {
        let mut command = command(folder, args)?;
        let start = Instant::now();
        let output = command.output()?;
        let took = ms_since(start);
        ensure!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        if run > 0 {
            times.push(took);
        }
    }
    median(&times)
}

/// A headless owner. Ended when dropped.
pub(crate) struct Owner {
    child: Child,
    started: Instant,
    /// From its start until it said that it serves, in ms.
    pub(crate) serves_after: f64,
}

impl Owner {
    /// Starts one and waits until it serves.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let mut command = command(folder, &["--json", "serve"])?;
        command.stdout(Stdio::piped()).stderr(Stdio::inherit());
        let started = Instant::now();
        let mut child = command.spawn()?;
        let said = child.stdout.as_mut().context("it has no stdout")?;
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        let owner = Self { child, started, serves_after: ms_since(started) };
        ensure!(line.contains("\"serving\""), "the owner said {line:?}");
        Ok(owner)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Since its start, in ms.
    pub(crate) fn age(&self) -> f64 {
        ms_since(self.started)
    }

    /// Ends it in order.
    pub(crate) fn end(mut self) -> Result<()> {
        self.terminate();
        self.child.wait()?;
        Ok(())
    }

    fn terminate(&self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Fails when it has ended by itself.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.terminate();
            let _ = self.child.wait();
        }
    }
}
