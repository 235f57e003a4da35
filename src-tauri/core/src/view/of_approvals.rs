//! Questions and grants as people see them.

use super::of_grants::bound;
use super::status::{ApprovalView, EditView, NeedView};
use crate::approval::{Action, AllowFor, AnsweredBy, ApprovalAnswered, Choice};
use crate::state::{Approvals, OpenApproval, SettledApproval, Settling};

/// All of them, in their order.
pub(super) fn approvals(approvals: &Approvals) -> Vec<ApprovalView> {
    approvals.settled.iter().map(settled).chain(approvals.open.iter().map(open)).collect()
}

fn open(open: &OpenApproval) -> ApprovalView {
    let asked = &open.asked;
    let diff = match &asked.request.action {
        Action::Write { diff, .. } => diff.clone(),
        _ => None,
    };
    ApprovalView {
        id: asked.approval.to_string(),
        worker: open.worker.to_string(),
        asked_at: open.at.to_string(),
        state: if open.answer.is_some() { "answered" } else { "open" }.to_owned(),
        waits: open.waiting.is_some(),
        by: open.answer.as_ref().map(|kept| kept.by.as_str().to_owned()),
        instead: open.answer.as_ref().and_then(|kept| kept.instead.as_ref()).map(Action::in_words),
        call: None,
        what: asked.request.action.in_words(),
        kind: Some(asked.request.action.kind().to_owned()),
        exactly: exactly(&asked.request.action),
        cwd: match &asked.request.action {
            Action::Command { cwd, .. } => cwd.clone(),
            _ => None,
        },
        reason: asked.request.reason.clone(),
        edit: asked.request.call.as_ref().map(|call| EditView {
            tool: call.tool.clone(),
            input: serde_json::to_string_pretty(&call.input).unwrap_or_default(),
            folder: asked.folder.clone(),
        }),
        grants: asked.options.contains(&AllowFor::Session).then(|| granted(open)),
        rule: Some(asked.rule.clone()),
        why: Some(asked.why.clone()),
        risk: Some(asked.risk.as_str().to_owned()),
        diff,
        options: asked.options.iter().map(|option| option.as_str().to_owned()).collect(),
        expires_at: asked.expires_at.map(|at| at.to_string()),
    }
}

/// What exactly is asked: what a person must have seen in full before they answer.
fn exactly(action: &Action) -> Vec<String> {
    match action {
        Action::Read { paths } | Action::Write { paths, .. } => paths.clone(),
        Action::Command { command, .. } => vec![command.clone()],
        Action::Fetch { url } => vec![url.clone()],
        Action::Internal { tool } => vec![tool.clone()],
        Action::Tool { tool, input } => {
            vec![tool.clone(), serde_json::to_string_pretty(input).unwrap_or_default()]
        }
    }
}

/// What a yes for the session lets through, in words: the very same and nothing more.
fn granted(open: &OpenApproval) -> String {
    let (worker, action) = (&open.worker, &open.asked.request.action);
    let bound = bound(action);
    format!("{worker} may {} without being asked again, until the session ends: {bound}", action.in_words())
}

fn settled(settled: &SettledApproval) -> ApprovalView {
    let (state, by): (_, Option<AnsweredBy>) = match settled.outcome {
        Settling::Allowed(by) => ("allowed", Some(by)),
        Settling::Denied(by) => ("denied", Some(by)),
        Settling::Void => ("void", None),
    };
    ApprovalView {
        id: settled.approval.to_string(),
        worker: settled.worker.to_string(),
        asked_at: settled.at.to_string(),
        state: state.to_owned(),
        waits: false,
        by: by.map(|by| by.as_str().to_owned()),
        call: settled.call.map(|call| call.as_str().to_owned()),
        what: settled.what.to_string(),
        instead: settled.instead.as_ref().map(ToString::to_string),
        edit: None,
        kind: None,
        exactly: Vec::new(),
        cwd: None,
        reason: None,
        grants: None,
        rule: None,
        why: None,
        risk: None,
        diff: None,
        options: Vec::new(),
        expires_at: None,
    }
}

/// What a person can do about an open question.
pub(super) fn need(open: &OpenApproval) -> NeedView {
    let asked = &open.asked;
    let id = asked.approval.to_string();
    let mut required_actions = vec![format!("allow it once: orchestrate approve {id}")];
    if asked.options.contains(&AllowFor::Session) {
        required_actions.push(format!("allow it for the session: orchestrate approve {id} --session"));
    }
    if asked.options.contains(&AllowFor::Always) {
        required_actions.push(format!("allow it always in this folder: orchestrate approve {id} --always"));
    }
    if asked.request.call.is_some() {
        required_actions.push(format!("allow something else instead: orchestrate approve {id} --edit FILE"));
    }
    required_actions.push(format!("refuse it: orchestrate deny {id} -m \"why\""));
    NeedView {
        kind: "approval".to_owned(),
        id: Some(id),
        title: format!("{} asks to {}", open.worker, asked.request.action.in_words()),
        details: asked.why.clone(),
        required_actions,
        suggestions: Vec::new(),
    }
}

/// What was said, in words.
pub(super) fn choice_words(answered: &ApprovalAnswered) -> String {
    match &answered.choice {
        Choice::Edit { .. } => match &answered.instead {
            Some(action) => format!("allowed instead: {}", action.in_words()),
            None => "allowed with another input".to_owned(),
        },
        Choice::Allow { allowed: AllowFor::Once } => "allowed once".to_owned(),
        Choice::Allow { allowed: AllowFor::Session } => "allowed for the session".to_owned(),
        Choice::Allow { allowed: AllowFor::Always } => match &answered.saved {
            Some(rule) => format!("allowed always in this folder, by the new rule `{}`", rule.name),
            None => "allowed always in this folder".to_owned(),
        },
        Choice::Deny { message } => format!("denied: {message}"),
    }
}
