//! The app-server's notifications as far as we read them (facts/codex-app-server-schema).

use mo_core::outcome::Usage;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::acp::rpc::RpcId;
use crate::shared::text::{LONG, cut};
use crate::shared::wire_text::Text;

/// A piece of text of an item.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    pub(super) item_id: Text<'a>,
    /// `message` in `item/mcpToolCall/progress`.
    #[serde(borrow, alias = "message")]
    pub(super) delta: Text<'a>,
}

/// `item/started` and `item/completed`.
#[derive(Debug, Deserialize)]
pub(super) struct ItemParams<'a> {
    #[serde(borrow)]
    pub(super) item: Item<'a>,
}

/// Only the type of an item, for those whose other fields we do not know.
#[derive(Debug, Deserialize)]
pub(super) struct ItemKind<'a> {
    #[serde(borrow)]
    pub(super) item: KindOnly<'a>,
}

/// See [`ItemKind`].
#[derive(Debug, Deserialize)]
pub(super) struct KindOnly<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
}

/// All types of item in one, of the app-server (`camelCase`) and of `exec --json` (`snake_case`): which fields are
/// set depends on `kind`. Fields that differ in type between kinds are left raw.
#[derive(Debug, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) phase: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) command: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) cwd: Option<Text<'a>>,
    #[serde(borrow, default, rename = "commandActions")]
    pub(super) command_actions: Option<Vec<CommandAction<'a>>>,
    #[serde(borrow, default, rename = "aggregatedOutput", alias = "aggregated_output")]
    pub(super) output: Option<Text<'a>>,
    #[serde(default, rename = "exitCode", alias = "exit_code")]
    pub(super) exit_code: Option<i64>,
    #[serde(borrow, default)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) changes: Option<Vec<Change<'a>>>,
    #[serde(borrow, default)]
    pub(super) summary: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) server: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) tool: Option<Text<'a>>,
    #[serde(default)]
    pub(super) arguments: Option<Value>,
    #[serde(borrow, default)]
    pub(super) result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) query: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) path: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) review: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) prompt: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) items: Option<Vec<Todo<'a>>>,
}

/// What a command does, as Codex has understood it.
#[derive(Debug, Deserialize)]
pub(super) struct CommandAction<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
}

/// One file of a patch.
#[derive(Debug, Deserialize)]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) path: Text<'a>,
    /// `{"type":"add"}` in the app-server, `"add"` in `exec`.
    #[serde(default)]
    pub(super) kind: Value,
    #[serde(borrow, default)]
    pub(super) diff: Option<Text<'a>>,
}

/// An entry of `exec`'s `todo_list`.
#[derive(Debug, Deserialize)]
pub(super) struct Todo<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(default)]
    pub(super) completed: bool,
}

/// `turn/started` and `turn/completed`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TurnParams<'a> {
    #[serde(borrow, default)]
    pub(super) thread_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) turn: Turn<'a>,
}

/// A turn.
#[derive(Debug, Deserialize)]
pub(super) struct Turn<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) items: Option<&'a RawValue>,
}

/// `turn/completed`, of which only the names can be read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BareTurnParams<'a> {
    #[serde(borrow, default)]
    pub(super) thread_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) turn: BareTurn<'a>,
}

/// See [`BareTurnParams`].
#[derive(Debug, Deserialize)]
pub(super) struct BareTurn<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
}

/// Why a turn or a request to the model failed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TurnError {
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) codex_error_info: Option<Value>,
    #[serde(default)]
    additional_details: Option<Value>,
}

impl TurnError {
    /// An error of which nothing can be read but its raw text.
    fn raw(text: &str) -> Self {
        Self { message: cut(text, LONG), codex_error_info: None, additional_details: None }
    }

    /// More words about it.
    pub(super) fn details(&self) -> Option<&str> {
        self.additional_details.as_ref()?.as_str()
    }
}

impl<'a> Turn<'a> {
    /// Why it failed. A form that is not known keeps its words.
    pub(super) fn failure(&self) -> Option<TurnError> {
        let raw = self.error?.get();
        if raw == "null" {
            return None;
        }
        Some(serde_json::from_str(raw).unwrap_or_else(|_| TurnError::raw(raw)))
    }

    /// Its items, as far as they are there and can be read.
    pub(super) fn items(&self) -> Vec<Item<'a>> {
        let raw = self.items.map_or("[]", RawValue::get);
        let pieces: Vec<&'a RawValue> = serde_json::from_str(raw).unwrap_or_default();
        pieces.into_iter().filter_map(|piece| serde_json::from_str(piece.get()).ok()).collect()
    }
}

/// `error`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorParams<'a> {
    pub(super) error: TurnError,
    #[serde(default)]
    pub(super) will_retry: bool,
    #[serde(borrow, default)]
    pub(super) thread_id: Option<Text<'a>>,
}

/// `turn/plan/updated`.
#[derive(Debug, Deserialize)]
pub(super) struct PlanParams<'a> {
    #[serde(borrow, default)]
    pub(super) plan: Vec<PlanStep<'a>>,
}

/// A step of a plan.
#[derive(Debug, Deserialize)]
pub(super) struct PlanStep<'a> {
    #[serde(borrow)]
    pub(super) step: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status: Option<Text<'a>>,
}

/// `thread/tokenUsage/updated`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenParams<'a> {
    #[serde(borrow, default)]
    pub(super) thread_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) turn_id: Option<Text<'a>>,
    pub(super) token_usage: TokenUsage,
}

/// Tokens of the thread and of its last request.
#[derive(Debug, Deserialize)]
pub(super) struct TokenUsage {
    pub(super) total: Tokens,
    pub(super) last: Tokens,
}

/// Tokens; cached ones are part of the input, reasoning ones of the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Tokens {
    #[serde(rename = "inputTokens", alias = "input_tokens")]
    pub(super) input: u64,
    #[serde(rename = "cachedInputTokens", alias = "cached_input_tokens")]
    pub(super) cached: u64,
    #[serde(rename = "outputTokens", alias = "output_tokens")]
    pub(super) output: u64,
}

impl Tokens {
    /// What came after `earlier`.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            input: self.input.saturating_sub(earlier.input),
            cached: self.cached.saturating_sub(earlier.cached),
            output: self.output.saturating_sub(earlier.output),
        }
    }
}

impl From<Tokens> for Usage {
    fn from(tokens: Tokens) -> Self {
        Self { input_tokens: tokens.input, output_tokens: tokens.output, cached_tokens: tokens.cached }
    }
}

/// `item/commandExecution/requestApproval`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommandApproval<'a> {
    #[serde(borrow)]
    pub(super) item_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) command: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) cwd: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) network_approval_context: Option<NetworkContext<'a>>,
}

/// The host that a command wants to reach.
#[derive(Debug, Deserialize)]
pub(super) struct NetworkContext<'a> {
    #[serde(borrow)]
    pub(super) host: Text<'a>,
    #[serde(borrow, default)]
    pub(super) protocol: Option<Text<'a>>,
}

/// `item/fileChange/requestApproval`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileApproval<'a> {
    #[serde(borrow)]
    pub(super) item_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) grant_root: Option<Text<'a>>,
}

/// `item/fileChange/patchUpdated`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PatchParams<'a> {
    #[serde(borrow)]
    pub(super) item_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) changes: Vec<Change<'a>>,
}

/// `serverRequest/resolved`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResolvedParams {
    pub(super) request_id: RpcId,
}
