//! ACP's messages as far as we read them. Every field may be missing: what an agent leaves out is decided where it
//! is used.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::rpc::RpcId;
use crate::shared::wire_text::Text;

/// Params of `session/update`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateParams<'a> {
    #[serde(borrow, default)]
    pub(super) session_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) update: Update<'a>,
}

/// All kinds of update in one: which fields are set depends on `kind`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Update<'a> {
    #[serde(borrow, rename = "sessionUpdate")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) message_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) entries: Option<Vec<PlanLine<'a>>>,
    #[serde(borrow, default)]
    pub(super) current_mode_id: Option<Text<'a>>,
    #[serde(default)]
    pub(super) cost: Option<Cost>,
}

/// Only the kind of an update, for those whose other fields we do not know.
#[derive(Debug, Deserialize)]
pub(super) struct UpdateKind<'a> {
    #[serde(borrow)]
    pub(super) update: KindOnly<'a>,
}

/// See [`UpdateKind`].
#[derive(Debug, Deserialize)]
pub(super) struct KindOnly<'a> {
    #[serde(borrow, rename = "sessionUpdate")]
    pub(super) kind: Text<'a>,
}

/// Params of `session/update` of a tool call.
#[derive(Debug, Deserialize)]
pub(super) struct ToolParams<'a> {
    #[serde(borrow)]
    pub(super) update: ToolFields<'a>,
}

/// A tool call or what has changed of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolFields<'a> {
    #[serde(borrow)]
    pub(super) tool_call_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) content: Option<Vec<ToolContent<'a>>>,
    #[serde(borrow, default)]
    pub(super) locations: Option<Vec<Location<'a>>>,
    #[serde(default)]
    pub(super) raw_input: Option<Value>,
    #[serde(default)]
    pub(super) raw_output: Option<Value>,
    #[serde(default, rename = "_meta")]
    pub(super) meta: Option<Value>,
}

/// A piece of a tool call's content: text, a diff or a terminal.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolContent<'a> {
    #[serde(borrow, default)]
    pub(super) content: Option<Chunk<'a>>,
    #[serde(borrow, default)]
    pub(super) path: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) old_text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) new_text: Option<Text<'a>>,
    #[serde(default, rename = "_meta")]
    pub(super) meta: Option<Value>,
}

/// A content block; only text and links have something to show.
#[derive(Debug, Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) uri: Option<Text<'a>>,
}

/// A place that a tool call is about.
#[derive(Debug, Deserialize)]
pub(super) struct Location<'a> {
    #[serde(borrow, default)]
    pub(super) path: Option<Text<'a>>,
}

/// An entry of `plan`.
#[derive(Debug, Deserialize)]
pub(super) struct PlanLine<'a> {
    #[serde(borrow, default)]
    pub(super) content: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) status: Option<Text<'a>>,
}

/// Money of the whole session so far.
#[derive(Debug, Deserialize)]
pub(super) struct Cost {
    #[serde(default)]
    pub(super) amount: f64,
    #[serde(default)]
    pub(super) currency: String,
}

/// Params of `session/request_permission`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PermissionParams<'a> {
    #[serde(borrow, default)]
    pub(super) options: Vec<PermissionOption<'a>>,
    #[serde(borrow)]
    pub(super) tool_call: ToolFields<'a>,
}

/// One of the answers that an agent offers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PermissionOption<'a> {
    #[serde(borrow)]
    pub(super) option_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) kind: Option<Text<'a>>,
}

/// Params of `$/cancel_request`, by which the protocol's next version lets either side take a request back. None of the
/// agents that were measured sends it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CancelParams {
    pub(super) request_id: RpcId,
}
