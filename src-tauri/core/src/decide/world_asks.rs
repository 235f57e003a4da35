//! What the workers of a simulated world ask for, and a person's rules about it.

use crate::approval::{Action, ApprovalRequest, AskedVia, ToolCall};
use crate::ceiling::Freedom;
use crate::ids::{ApprovalId, ItemId, RequestId};
use crate::policy::{Bounds, KnownPlaces, Rule, Survey};

/// The `nth` request, for this.
pub(super) fn request(nth: u32, asked: &str) -> ApprovalRequest {
    ApprovalRequest {
        request: RequestId::new(format!("q{nth}")),
        item: Some(ItemId::new(format!("c{nth}"))),
        via: AskedVia::Permission,
        action: action(asked),
        reason: None,
        call: Some(ToolCall { tool: "Bash".into(), input: serde_json::json!({"command": asked}) }),
    }
}

/// What is found out about one.
pub(super) fn survey(approval: String, rules: &[Rule]) -> Survey {
    Survey {
        approval: ApprovalId::new(approval),
        bounds: Bounds { root: "/work/p".into(), ..Bounds::default() },
        known: KnownPlaces {
            resolved: [("/work/p".into(), vec!["/work/p".into()])].into(),
            ..KnownPlaces::default()
        },
        rules: rules.into(),
    }
}

/// The action of a word: a command, or what its first word names.
pub(super) fn action(asked: &str) -> Action {
    let text = |rest: &str| rest.to_owned();
    match asked.split_once(' ') {
        Some(("read", path)) => Action::Read { paths: vec![text(path)] },
        Some(("write", path)) => Action::Write { paths: vec![text(path)], diff: None },
        Some(("reach", url)) => Action::Fetch { url: text(url) },
        Some(("use", tool)) => Action::Tool { tool: text(tool), input: serde_json::Value::Null },
        _ => Action::Command { command: text(asked), cwd: None },
    }
}

/// Of each kind one that a rule of [`rules`] allows, and what it needs of the ceiling.
pub(super) const RULED: [(&str, &str, Freedom); 5] = [
    ("mytool go", "tool-of-mine", Freedom::Programs),
    ("read /elsewhere/a", "there", Freedom::ReadOutside),
    ("write /elsewhere/b", "out", Freedom::WriteOutside),
    ("reach https://docs.rs/x", "docs", Freedom::Hosts),
    ("use mcp__x", "mcp", Freedom::Tools),
];

/// A person's rules.
pub(super) fn rules() -> Vec<Rule> {
    let rules = serde_json::json!([
        {"name": "tool-of-mine", "verdict": "allow", "command": "mytool **"},
        {"name": "other", "verdict": "allow", "command": "othertool *"},
        {"name": "there", "verdict": "allow", "read": "/elsewhere/**"},
        {"name": "out", "verdict": "allow", "write": "/elsewhere/**"},
        {"name": "docs", "verdict": "allow", "host": "docs.rs"},
        {"name": "mcp", "verdict": "allow", "tool": "mcp__*"},
    ]);
    serde_json::from_value(rules).unwrap()
}

/// Whether the target is in a git repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Git {
    None,
    Found,
    /// It is, but Codex says that it is not, until it is told to do without.
    DoubtedByCodex,
}
