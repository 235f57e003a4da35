//! A tool call: what it is about and what it does to files.

use std::fs;
use std::path::{Component, Path, PathBuf};

use mo_core::agent_event::PlanEntry;
use serde_json::Value;

use crate::script::Step;
use crate::shell::Ran;

/// What a tool call does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Read {
        path: PathBuf,
    },
    Write {
        path: PathBuf,
        content: String,
    },
    Edit {
        path: PathBuf,
        find: String,
        replace: String,
    },
    Run {
        command: String,
    },
    /// The agent's plan; a tool of its own for Claude, a message for the others.
    Plan {
        entries: Vec<PlanEntry>,
    },
    /// Claude's answer to a schema.
    Structured {
        value: Value,
    },
}

impl Act {
    /// The call that a step makes, if it makes one.
    pub(crate) fn of(step: &Step, cwd: &Path) -> Option<Self> {
        Some(match step {
            Step::Read(path) => Self::Read { path: absolute(cwd, path) },
            Step::Write { path, content } => {
                Self::Write { path: absolute(cwd, path), content: content.clone() }
            }
            Step::Edit { path, find, replace } => {
                Self::Edit { path: absolute(cwd, path), find: find.clone(), replace: replace.clone() }
            }
            Step::Run(command) => Self::Run { command: command.clone() },
            Step::Plan(items) => {
                Self::Plan { entries: items.iter().map(crate::script::PlanItem::entry).collect() }
            }
            _ => return None,
        })
    }

    /// The file it is about.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Read { path } | Self::Write { path, .. } | Self::Edit { path, .. } => Some(path),
            Self::Run { .. } | Self::Plan { .. } | Self::Structured { .. } => None,
        }
    }
}

/// A file before and after a change.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// `None`: the file is new.
    pub(crate) before: Option<String>,
    pub(crate) after: String,
}

/// One tool call of a turn.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) act: Act,
}

impl Call {
    /// What the call would do to its file now; `None` when it changes none.
    ///
    /// # Errors
    /// In the words of Claude Code when the text to replace does not occur.
    pub(crate) fn change(&self) -> Option<Result<Change, String>> {
        match &self.act {
            Act::Write { path, content } => {
                Some(Ok(Change { before: fs::read(path).ok().map(lossy), after: content.clone() }))
            }
            Act::Edit { path, find, replace } => Some(match fs::read(path).map(lossy) {
                Err(_) => Err("File does not exist.".to_owned()),
                Ok(before) if before.contains(find.as_str()) => {
                    let after = before.replacen(find.as_str(), replace, 1);
                    Ok(Change { before: Some(before), after })
                }
                Ok(_) => Err(format!("String to replace not found in file.\nString: {find}")),
            }),
            _ => None,
        }
    }
}

/// How a call that was let through ended.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Read(String),
    Changed(Change),
    Ran(Ran),
    /// Nothing outside the agent was touched.
    Internal,
    Failed(String),
}

/// Does what a call says, except for commands, which run beside.
pub(crate) fn carry_out(call: &Call) -> Outcome {
    if let Some(change) = call.change() {
        return match change.and_then(|change| put(call, change)) {
            Ok(change) => Outcome::Changed(change),
            Err(why) => Outcome::Failed(why),
        };
    }
    match &call.act {
        Act::Read { path } => match fs::read(path) {
            Ok(bytes) => Outcome::Read(lossy(bytes)),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                Outcome::Failed("File does not exist.".to_owned())
            }
            Err(why) => Outcome::Failed(why.to_string()),
        },
        _ => Outcome::Internal,
    }
}

fn put(call: &Call, change: Change) -> Result<Change, String> {
    let path = call.act.path().ok_or_else(|| "no path".to_owned())?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|why| why.to_string())?;
    }
    fs::write(path, &change.after).map_err(|why| why.to_string())?;
    Ok(change)
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned())
}

/// A path without `.` and `..`, resolved against the agent's folder, not followed through symlinks.
pub(crate) fn absolute(cwd: &Path, path: &str) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in cwd.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// Whether a path lies in one of these folders.
pub(crate) fn inside<'a>(path: &Path, folders: impl IntoIterator<Item = &'a Path>) -> bool {
    folders.into_iter().any(|folder| path.starts_with(folder))
}
