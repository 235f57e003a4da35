//! A conversation with a child in JSON lines, both ways, every line kept.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::sandbox::wait;
use crate::transcript::{Direction, Transcript};

/// Longest wait for one line: far above what any CLI takes here, so that only a real hang meets it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running child that speaks JSON lines.
#[derive(Debug)]
pub struct Duplex {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
    begun: Instant,
    /// All lines in both directions, in the order of sending and taking.
    pub transcript: Transcript,
}

impl Duplex {
    /// Starts the command with all three pipes.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", command.get_program().display()))?;
        let (sender, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                    if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                        return;
                    }
                }
            });
        }
        let stderr = child.stderr.take().map(|mut pipe| {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = pipe.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, lines, stderr, begun: Instant::now(), transcript: Transcript::default() })
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The child's pid.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends one line.
    ///
    /// # Errors
    /// When the child's stdin is closed.
    pub fn send(&mut self, message: Value) -> Result<()> {
        let stdin = self.stdin.as_mut().context("stdin is already closed")?;
        stdin.write_all(format!("{message}\n").as_bytes())?;
        stdin.flush()?;
        self.transcript.push(Direction::Send, message);
        Ok(())
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// At the end of the child's stdout, after a minute of silence, and for a line that is not JSON.
    pub fn take(&mut self) -> Result<Value> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                let message: Value = serde_json::from_str(&line)
                    .with_context(|| format!("a line that is not JSON: {line}"))?;
                self.transcript.push(Direction::Recv, message.clone());
                Ok(message)
            }
            Err(RecvTimeoutError::Timeout) => Err(anyhow!("no line for {PATIENCE:?}\n{}", self.transcript)),
            Err(RecvTimeoutError::Disconnected) => Err(anyhow!("the stdout has ended\n{}", self.transcript)),
        }
    }

    /// Takes lines until one satisfies `last`, and gives every line, that one too, to `answer`, which may return an
    /// answer to send. Returns the last line.
    ///
    /// # Errors
    /// As [`Self::take`] and [`Self::send`].
    pub fn until(
        &mut self,
        mut last: impl FnMut(&Value) -> bool,
        mut answer: impl FnMut(&Value) -> Option<Value>,
    ) -> Result<Value> {
        loop {
            let message = self.take()?;
            if let Some(reply) = answer(&message) {
                self.send(reply)?;
            }
            if last(&message) {
                return Ok(message);
            }
        }
    }

    /// Closes stdin, takes what still comes, and waits for the end. Gives the status and the stderr.
    ///
    /// # Errors
    /// When the child does not end within a minute; it is then killed.
    pub fn close(&mut self) -> Result<(ExitStatus, String)> {
        drop(self.stdin.take());
        let status = wait(&mut self.child, PATIENCE)?;
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.transcript.push(Direction::Recv, serde_json::from_str(&line).unwrap_or(Value::String(line)));
        }
        let Some(stderr) = self.stderr.take() else { bail!("closed twice") };
        let stderr = stderr.join().map_err(|_| anyhow!("reading stderr panicked"))?;
        Ok((status, stderr))
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
