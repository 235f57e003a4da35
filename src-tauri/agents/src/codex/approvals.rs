//! What the app-server asks its client for. Commands and patches become approval requests; for everything else
//! there is one fixed answer that grants nothing.

use std::collections::{BTreeMap, HashSet};

use mo_core::approval::{Action, ApprovalRequest, AskedVia};
use mo_core::ids::{ItemId, RequestId};
use serde_json::{Value, json};

use super::items::touches;
use super::wire::{Change, CommandApproval, FileApproval};
use crate::acp::rpc::RpcId;
use crate::shared::text::{LONG, cut};
use crate::shared::wire_text::Text;

/// The most patches that are kept in mind until they are asked about.
const MAX_PATCHES: usize = 256;

/// The most that the files' names of one patch may take, in bytes.
const MAX_PATHS: usize = 1024 * 1024;

/// The patches of the turn: the request to approve one names only its item.
#[derive(Debug, Default)]
pub(super) struct Patches {
    open: BTreeMap<String, (Vec<String>, String)>,
}

impl Patches {
    /// Notes a patch that has begun or changed.
    pub(super) fn note(&mut self, item: &str, changes: &[Change<'_>]) {
        if self.open.len() >= MAX_PATCHES && !self.open.contains_key(item) {
            self.open.pop_first();
        }
        let (mut paths, mut seen, mut bytes) = (Vec::new(), HashSet::new(), 0);
        for touched in touches(changes) {
            if !seen.contains(&touched.path) {
                bytes += touched.path.len();
                seen.insert(touched.path.clone());
                paths.push(touched.path);
            }
        }
        if bytes > MAX_PATHS {
            // Without its files it is asked about as a tool that nobody knows.
            paths.clear();
        }
        let mut diff = String::new();
        for change in changes {
            let kind = change.kind.as_str().or_else(|| change.kind.get("type")?.as_str()).unwrap_or("change");
            if diff.len() < LONG {
                diff.extend(["*** ", kind, " ", change.path.as_str(), "\n"]);
                diff.push_str(&cut(change.diff.as_deref().unwrap_or(""), LONG));
            }
        }
        self.open.insert(item.to_owned(), (paths, cut(&diff, LONG)));
    }

    /// Forgets a patch that has ended.
    pub(super) fn forget(&mut self, item: &str) {
        self.open.remove(item);
    }
}

/// What a request of the server comes to.
#[derive(Debug)]
pub(super) enum Request {
    /// A person or the policy is asked.
    Approval(ApprovalRequest),
    /// This is the answer; the word is for the notice about it.
    Fixed(Value, &'static str),
    /// We serve nothing for it. `true` where Codex documents it.
    NotServed(bool),
}

/// Reads a request of the server. Whatever the answer, it is for this once: amendments of the command rules or the
/// network policy are written into the person's files by Codex and are never given.
pub(super) fn read(id: &RpcId, method: &str, params: &str, patches: &Patches) -> Result<Request, String> {
    let request = id.as_request();
    Ok(match method {
        "item/commandExecution/requestApproval" => {
            let asked = serde_json::from_str(params).map_err(|e| e.to_string())?;
            Request::Approval(command(request, &asked))
        }
        "item/fileChange/requestApproval" => {
            let asked = serde_json::from_str(params).map_err(|e| e.to_string())?;
            Request::Approval(patch(request, &asked, patches))
        }
        // More rights for the rest of the turn would outlive the one call that is looked at.
        "item/permissions/requestApproval" => {
            Request::Fixed(json!({ "permissions": {}, "scope": "turn" }), "permissions_not_granted")
        }
        "item/tool/requestUserInput" => Request::Fixed(json!({ "answers": {} }), "question_not_answered"),
        "mcpServer/elicitation/request" => {
            Request::Fixed(json!({ "action": "decline" }), "question_not_answered")
        }
        "item/tool/call" => {
            Request::Fixed(json!({ "contentItems": [], "success": false }), "tool_not_offered")
        }
        "account/chatgptAuthTokens/refresh"
        | "attestation/generate"
        | "applyPatchApproval"
        | "execCommandApproval" => Request::NotServed(true),
        _ => Request::NotServed(false),
    })
}

fn command(request: RequestId, asked: &CommandApproval<'_>) -> ApprovalRequest {
    let owned = |text: &Option<_>| text.as_ref().map(|t: &Text<'_>| cut(t, LONG));
    let is_whole = |text: &Option<Text<'_>>| text.as_ref().is_none_or(|text| text.len() <= LONG);
    // What is cut here runs whole: it is not judged by its beginning.
    let whole = is_whole(&asked.command) && is_whole(&asked.cwd);
    let command = owned(&asked.command);
    let action = match (&asked.network_approval_context, asked.kind.as_deref(), command) {
        (Some(network), _, _) => {
            let scheme = network.protocol.as_deref().unwrap_or("https");
            Action::Fetch { url: format!("{scheme}://{}", network.host.as_str()) }
        }
        (None, None | Some("command"), Some(command)) if whole => {
            Action::Command { command, cwd: owned(&asked.cwd) }
        }
        // Input for a running process, or a kind that is not known here: not a shell line to be judged as one.
        (None, kind, command) => Action::Tool {
            tool: kind.unwrap_or("command").to_owned(),
            input: json!({ "command": command, "cwd": owned(&asked.cwd) }),
        },
    };
    ApprovalRequest {
        request,
        item: Some(ItemId::new(asked.item_id.as_str())),
        via: AskedVia::Permission,
        action,
        reason: owned(&asked.reason),
        call: None,
    }
}

fn patch(request: RequestId, asked: &FileApproval<'_>, patches: &Patches) -> ApprovalRequest {
    let item = asked.item_id.as_str();
    let action = match (patches.open.get(item), &asked.grant_root) {
        (Some((paths, diff)), None) if !paths.is_empty() => {
            Action::Write { paths: paths.clone(), diff: Some(diff.clone()) }
        }
        // A patch that was not shown, or one that would open a whole folder for the session.
        (_, root) => Action::Tool {
            tool: "apply_patch".to_owned(),
            input: json!({ "grantRoot": root.as_ref().map(Text::as_str), "item": item }),
        },
    };
    ApprovalRequest {
        request,
        item: Some(ItemId::new(item)),
        via: AskedVia::Permission,
        action,
        reason: asked.reason.as_ref().map(|r| cut(r, LONG)),
        call: None,
    }
}
