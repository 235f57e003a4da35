//! What the owner and its shim say to each other over their socket.
//!
//! Owner to shim, once: the length of the request (8 bytes, little endian, with the child's three standard files
//! attached), then the request. After that nothing but the end, which means: kill everything.
//! The whole launch goes this way, so that the shim's own arguments and environment hold nothing of it.
//!
//! Shim to owner: one line per [`Status`]; a handle on the agent is attached to `started`.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::time::Duration;

use crate::error::SpawnError;
use crate::exit::AgentExit;
use crate::identity::ProcessIdentity;
use crate::launch::LaunchCommand;

/// A request may not be longer; arguments and environment that long would be refused by the system anyway.
pub(crate) const MAX_REQUEST: u64 = 64 << 20;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) program: PathBuf,
    pub(crate) cwd: PathBuf,
    pub(crate) linger: Duration,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(OsString, OsString)>,
}

/// The launch as bytes: fields ended by NUL, which no argument, path or variable can hold.
pub(crate) fn encode(program: &OsStr, command: &LaunchCommand) -> Result<Vec<u8>, SpawnError> {
    let mut out = Fields(Vec::with_capacity(4096));
    out.put("the program", program)?;
    out.put("the working directory", command.cwd.as_os_str())?;
    out.put("", OsStr::new(&command.linger.as_millis().to_string()))?;
    out.put("", OsStr::new(&command.args.len().to_string()))?;
    for arg in &command.args {
        out.put("an argument", arg)?;
    }
    for (name, value) in &command.env {
        if name.is_empty() || name.as_bytes().contains(&b'=') {
            return Err(malformed("the name of a variable is empty or holds a ="));
        }
        out.put("the name of a variable", name)?;
        out.put("the value of a variable", value)?;
    }
    Ok(out.0)
}

pub(crate) fn malformed(reason: &str) -> SpawnError {
    SpawnError::Malformed { reason: reason.to_owned() }
}

struct Fields(Vec<u8>);

impl Fields {
    fn put(&mut self, what: &str, value: &OsStr) -> Result<(), SpawnError> {
        if value.as_bytes().contains(&0) {
            return Err(malformed(&format!("{what} holds a NUL byte")));
        }
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(0);
        Ok(())
    }
}

/// The reverse of [`encode`]; `None` when the bytes are no request.
pub(crate) fn decode(bytes: &[u8]) -> Option<Request> {
    let mut fields = bytes.strip_suffix(b"\0")?.split(|byte| *byte == 0);
    let program = PathBuf::from(owned(fields.next()?));
    let cwd = PathBuf::from(owned(fields.next()?));
    let linger = Duration::from_millis(number(fields.next()?)?);
    let count = number::<usize>(fields.next()?)?;
    let args: Vec<_> = fields.by_ref().take(count).map(owned).collect();
    if args.len() != count {
        return None;
    }
    let mut env = Vec::new();
    while let Some(name) = fields.next() {
        env.push((owned(name), owned(fields.next()?)));
    }
    Some(Request { program, cwd, linger, args, env })
}

fn owned(field: &[u8]) -> OsString {
    OsString::from_vec(field.to_vec())
}

fn number<T: std::str::FromStr>(field: &[u8]) -> Option<T> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// Where a launch failed in the shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The shim could not set itself up.
    Shim,
    Cwd,
    Program,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Started {
        agent: ProcessIdentity,
        shim: ProcessIdentity,
    },
    Failed {
        stage: Stage,
        errno: i32,
    },
    Exited(AgentExit),
    /// After repeated killing some are left.
    Stuck,
    /// The last child of the shim has been reaped.
    Empty {
        peak_rss_kib: u64,
        cpu_ms: u64,
    },
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { agent, shim } => {
                writeln!(f, "started {} {} {} {}", agent.pid, agent.start_time, shim.pid, shim.start_time)
            }
            Self::Failed { stage, errno } => {
                let stage = match stage {
                    Stage::Shim => "shim",
                    Stage::Cwd => "cwd",
                    Stage::Program => "program",
                };
                writeln!(f, "failed {stage} {errno}")
            }
            Self::Exited(AgentExit { code: Some(code), .. }) => writeln!(f, "exited code {code}"),
            Self::Exited(AgentExit { signal, .. }) => {
                writeln!(f, "exited signal {}", signal.unwrap_or_default())
            }
            Self::Stuck => writeln!(f, "stuck"),
            Self::Empty { peak_rss_kib, cpu_ms } => writeln!(f, "empty {peak_rss_kib} {cpu_ms}"),
        }
    }
}

impl Status {
    /// Reads one line, without its line end.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|byte| *byte == b' ');
        let kind = words.next()?;
        let mut next = || words.next();
        let status = match kind {
            b"started" => Self::Started {
                agent: ProcessIdentity { pid: number(next()?)?, start_time: number(next()?)? },
                shim: ProcessIdentity { pid: number(next()?)?, start_time: number(next()?)? },
            },
            b"failed" => {
                let stage = match next()? {
                    b"shim" => Stage::Shim,
                    b"cwd" => Stage::Cwd,
                    b"program" => Stage::Program,
                    _ => return None,
                };
                Self::Failed { stage, errno: number(next()?)? }
            }
            b"exited" => Self::Exited(match next()? {
                b"code" => AgentExit { code: Some(number(next()?)?), signal: None },
                b"signal" => AgentExit { code: None, signal: Some(number(next()?)?) },
                _ => return None,
            }),
            b"stuck" => Self::Stuck,
            b"empty" => Self::Empty { peak_rss_kib: number(next()?)?, cpu_ms: number(next()?)? },
            _ => return None,
        };
        words.next().is_none().then_some(status)
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod wire_tests;
