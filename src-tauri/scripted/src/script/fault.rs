//! Steps in which the agent misbehaves.

use mo_core::outcome::FailureClass;
use serde::{Deserialize, Serialize};

/// How it dies: a signal's number, or an object that says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Crash {
    /// By this signal.
    Signal(i32),
    /// By this signal.
    NamedSignal {
        /// The signal's number.
        signal: i32,
    },
    /// With this exit code.
    Code {
        /// The exit code.
        code: i32,
    },
}

/// Many lines, well-formed ones of message text unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flood {
    /// How many.
    pub lines: u64,
    /// The length of each, newline included; at least that of an empty message of the agent's protocol.
    #[serde(default = "line_of_300")]
    pub bytes: u64,
    /// Whether each ends; without it they are one endless line.
    #[serde(default = "yes")]
    pub newline: bool,
    /// Lines that are no message instead.
    #[serde(default)]
    pub broken: bool,
}

/// Bytes that are no message; a newline follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Garbage {
    /// As text.
    Text(String),
    /// As bytes, for what is not UTF-8.
    Bytes {
        /// The bytes.
        bytes: Vec<u8>,
    },
}

impl Garbage {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes { bytes } => bytes,
        }
    }
}

/// A process that outlives its agent. It ends by itself after `live_ms`, so that a broken test leaves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a word of the script format")]
pub struct Grandchild {
    /// In a session of its own, out of reach of a signal to the process group.
    #[serde(default)]
    pub setsid: bool,
    /// Its parent dies at once, so that it belongs to nobody.
    #[serde(default)]
    pub double_fork: bool,
    /// Forks and executes itself anew every few milliseconds, so that no pid of it stays valid.
    #[serde(default)]
    pub hydra: bool,
    /// Keeps the agent's stdout open.
    #[serde(default)]
    pub holds_stdout: bool,
    /// How long it lives, in milliseconds.
    #[serde(default = "a_minute")]
    pub live_ms: u64,
}

/// A turn that fails as the real CLI fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorStep {
    /// Which failure.
    pub class: FailureClass,
    /// What the model's server said; the CLI's own usual text if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// For a usage limit: after how many seconds it ends.
    #[serde(default = "an_hour")]
    pub resets_in_s: u64,
}

fn yes() -> bool {
    true
}

fn line_of_300() -> u64 {
    300
}

fn a_minute() -> u64 {
    60_000
}

fn an_hour() -> u64 {
    3600
}
