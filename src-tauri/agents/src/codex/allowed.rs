//! Commands that were allowed, until Codex has told their end.
//!
//! Measured on 0.169.0: Codex asks about some commands (`rm -f`, `rm -rf`) that have not asked to leave its sandbox, runs
//! what is then accepted inside it, and tells only the model when the sandbox refuses it: the item never ends.

use std::collections::BTreeMap;

use mo_core::agent_event::{AgentEvent, NoticeLevel};
use mo_core::approval::{Action, ApprovalRequest};
use mo_core::ids::ItemId;
use mo_core::outcome::Outcome;
use mo_core::shell_line;

use super::items::notice;
use crate::acp::rpc::RpcId;
use crate::shared::text::{LONG, cut};

/// The most commands of a turn that are kept in mind.
const MAX_COMMANDS: usize = 256;

/// A request that waits for an answer of ours.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: RpcId,
    /// The item and the command that it is about.
    pub(super) command: Option<(ItemId, String)>,
}

impl Waiting {
    pub(super) fn new(id: RpcId, request: &ApprovalRequest) -> Self {
        let command = match (&request.action, &request.item) {
            (Action::Command { command, .. }, Some(item)) => Some((item.clone(), command.clone())),
            _ => None,
        };
        Self { id, command }
    }
}

/// The allowed commands of the turn whose end is not told yet, by their items.
#[derive(Debug, Default)]
pub(super) struct AllowedCommands(BTreeMap<ItemId, String>);

impl AllowedCommands {
    pub(super) fn add(&mut self, command: Option<(ItemId, String)>) {
        if self.0.len() < MAX_COMMANDS {
            self.0.extend(command);
        }
    }

    pub(super) fn ended(&mut self, item: &ItemId) {
        self.0.remove(item);
    }

    /// What is to be said at the end of the turn. Where it was cut short, so may they have been.
    pub(super) fn without_end(&mut self, outcome: Outcome) -> Vec<AgentEvent> {
        let silent = std::mem::take(&mut self.0);
        let silent = silent.into_values().filter(|_| outcome == Outcome::Completed);
        silent.map(|command| notice(NoticeLevel::Warning, "command_without_end", &words(&command))).collect()
    }
}

fn words(command: &str) -> String {
    let command = cut(&shell_line::inner(command), LONG);
    format!(
        "`{command}` was allowed, but Codex has told no end of it: most likely its own sandbox refused it, and it \
         changed nothing"
    )
}
