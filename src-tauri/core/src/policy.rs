//! The built-in policy for what a worker asks (design.md §7): reads inside the worker's folder, writes inside the
//! target for the implementer; everything else is denied, with the reason in words for the agent.

use serde::{Deserialize, Serialize};

use crate::approval::{Action, Answer};

/// Where a worker may work. Both absolute, without symlinks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The worker's folder: the target, or its read-only checkout.
    pub root: String,
    /// Our data folder: kept out of even where the root holds it, but for a checkout inside it.
    pub keep_out: String,
}

/// What a worker may do without a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling<'a> {
    /// Where.
    pub bounds: &'a Bounds,
    /// Whether it may write inside the root.
    pub may_write: bool,
}

/// A policy answer and the rule that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// The stable name of the rule.
    pub rule: Rule,
    /// Allow or deny.
    #[serde(flatten)]
    pub answer: Answer,
}

/// The rules, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the rules")]
pub enum Rule {
    ReadInside,
    WriteInside,
    OwnState,
    ReadOutside,
    WriteOutside,
    WriteNotInRole,
    Protected,
    Commands,
    Network,
    OtherTools,
    Stopping,
}

impl Ruling {
    /// The answer to everything that is asked of a process, or in a session, that is being ended.
    pub fn stopping() -> Self {
        deny(Rule::Stopping, "the work is being stopped: nothing more is let through; end your turn")
    }
}

/// What changes how tools run: never written without a person.
const PROTECTED: [&str; 14] = [
    ".git",
    ".gitmodules",
    ".claude",
    ".codex",
    ".gemini",
    ".agents",
    ".mcp.json",
    ".vscode",
    ".idea",
    ".envrc",
    ".github",
    ".gitlab-ci.yml",
    ".husky",
    ".pre-commit-config.yaml",
];

/// Judges an action whose paths are absolute and resolved (no symlink, no `..`).
pub fn judge(action: &Action, ceiling: &Ceiling<'_>) -> Ruling {
    match action {
        Action::Internal { .. } => allow(Rule::OwnState),
        Action::Read { paths } => match first_outside(paths, ceiling.bounds) {
            None => allow(Rule::ReadInside),
            Some(path) => {
                deny(Rule::ReadOutside, format!("reading outside the project folder is not allowed: {path}"))
            }
        },
        Action::Write { paths, .. } => judge_write(paths, ceiling),
        Action::Command { .. } => deny(
            Rule::Commands,
            "running commands is not allowed in this session; use the file tools, and leave running to the person",
        ),
        Action::Fetch { .. } => deny(Rule::Network, "reaching the network is not allowed in this session"),
        Action::Tool { tool, .. } => {
            deny(Rule::OtherTools, format!("the tool `{tool}` is not allowed in this session"))
        }
    }
}

fn judge_write(paths: &[String], ceiling: &Ceiling<'_>) -> Ruling {
    if !ceiling.may_write {
        return deny(
            Rule::WriteNotInRole,
            "you work read-only here; give your answer as text, change no file",
        );
    }
    if paths.is_empty() {
        return deny(Rule::WriteOutside, "a write that names no file is not allowed");
    }
    if let Some(path) = first_outside(paths, ceiling.bounds) {
        return deny(
            Rule::WriteOutside,
            format!("writing outside the project folder is not allowed: {path}"),
        );
    }
    let protected = |path: &&String| {
        inside(path, &ceiling.bounds.root)
            .unwrap_or_default()
            .split('/')
            .any(|part| PROTECTED.iter().any(|name| part.eq_ignore_ascii_case(name)))
    };
    match paths.iter().find(protected) {
        Some(path) => {
            deny(Rule::Protected, format!("{path} changes how tools run; only a person may change it"))
        }
        None => allow(Rule::WriteInside),
    }
}

fn first_outside<'a>(paths: &'a [String], bounds: &Bounds) -> Option<&'a String> {
    let keeps_out = !bounds.keep_out.is_empty() && inside(&bounds.root, &bounds.keep_out).is_none();
    paths.iter().find(|path| {
        inside(path, &bounds.root).is_none() || (keeps_out && inside(path, &bounds.keep_out).is_some())
    })
}

/// The part of `path` below `root`; `None` when it is not inside.
fn inside<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    if path.split('/').any(|part| part == "..") {
        return None;
    }
    let rest = path.strip_prefix(root.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}

fn allow(rule: Rule) -> Ruling {
    Ruling { rule, answer: Answer::Allow }
}

fn deny(rule: Rule, message: impl Into<String>) -> Ruling {
    Ruling { rule, answer: Answer::Deny { message: message.into() } }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
