//! Commands that a tool call really runs.

use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::SyncSender;
use std::time::Instant;

use crate::inbox::Arrival;

/// More output than this is dropped, as the real CLIs cut it too.
const OUTPUT_LIMIT: u64 = 1 << 20;

/// A command that has ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// 128 + n when a signal ended it, as a shell says it.
    pub(crate) code: i32,
    pub(crate) ms: u64,
}

impl Ran {
    /// Both outputs.
    pub(crate) fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A command that runs, in a process group of its own.
pub(crate) struct Running {
    pid: u32,
}

impl Running {
    /// Starts it; its end arrives in the inbox.
    pub(crate) fn start(line: &str, cwd: &Path, ended: SyncSender<Arrival>) -> std::io::Result<Self> {
        let started = Instant::now();
        let mut child = Command::new("/bin/sh")
            .args(["-c", line])
            .current_dir(cwd)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let pid = child.id();
        std::thread::spawn(move || {
            let mut ran = collect(&mut child);
            ran.ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            // The agent may have ended already.
            let _ended = ended.send(Arrival::Ran(ran));
        });
        Ok(Self { pid })
    }

    /// Kills it with everything in its group.
    pub(crate) fn kill(&self) {
        kill_group(self.pid);
    }

    /// The id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }
}

/// Kills a process group of ours; one that is gone already is no error.
pub(crate) fn kill_group(pid: u32) {
    if let Some(group) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

fn collect(child: &mut Child) -> Ran {
    let errors = child.stderr.take().map(|stream| std::thread::spawn(move || bounded(stream)));
    let stdout = child.stdout.take().map(bounded).unwrap_or_default();
    let stderr = errors.and_then(|thread| thread.join().ok()).unwrap_or_default();
    let code = child
        .wait()
        .map_or(1, |status| status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()));
    Ran { stdout, stderr, code, ms: 0 }
}

fn bounded(mut stream: impl Read) -> String {
    let mut bytes = Vec::new();
    // An unreadable end of the output leaves what was read before it.
    let _kept = stream.by_ref().take(OUTPUT_LIMIT).read_to_end(&mut bytes);
    let _dropped = std::io::copy(&mut stream, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a command only reads, so that the CLIs run it without asking: one of a few programs, without anything
/// of the shell. (Each real CLI has a longer list; a command of a script that is not here is asked.)
pub(crate) fn only_reads(line: &str) -> bool {
    const READERS: [&str; 11] =
        ["ls", "cat", "head", "tail", "pwd", "wc", "grep", "rg", "whoami", "date", "true"];
    let shell = |c: char| "|&;<>()$`\\\"'*?[#~=%!{}\n".contains(c);
    !line.contains(shell) && line.split_whitespace().next().is_some_and(|first| READERS.contains(&first))
}
