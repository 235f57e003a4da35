//! The lines of `--output-format stream-json` that come often, as types that borrow from the line. Fields that we
//! do not need are skipped; fields whose form may vary stay raw.

use std::borrow::Cow;
use std::fmt;

use mo_core::agent_event::ToolStatus;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::shared::wire_text::Text;

/// What every line has.
#[derive(Debug, Deserialize)]
pub(super) struct Head<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
}

/// `{"type":"stream_event","event":{…}}`: a piece of the model service's own stream.
#[derive(Debug, Deserialize)]
pub(super) struct StreamLine<'a> {
    #[serde(borrow)]
    pub(super) event: StreamEvent<'a>,
    #[serde(borrow, default)]
    pub(super) api_message_id: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StreamEvent<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(default)]
    pub(super) index: Option<u64>,
    #[serde(borrow, default)]
    pub(super) delta: Option<StreamDelta<'a>>,
    #[serde(borrow, default)]
    pub(super) content_block: Option<BlockStart<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<MessageStart<'a>>,
    #[serde(default)]
    pub(super) usage: Option<TokenCounts>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StreamDelta<'a> {
    #[serde(borrow, rename = "type", default)]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) partial_json: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BlockStart<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MessageStart<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
}

/// Tokens as the model service counts them; absent and null count as none.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
pub(super) struct TokenCounts {
    #[serde(rename = "input_tokens", default)]
    pub(super) input: Option<u64>,
    #[serde(rename = "output_tokens", default)]
    pub(super) output: Option<u64>,
    #[serde(rename = "cache_read_input_tokens", default)]
    pub(super) cached: Option<u64>,
}

/// `{"type":"assistant","message":{…}}`: one content block of an answer, or an error of the model service.
#[derive(Debug, Deserialize)]
pub(super) struct AssistantLine<'a> {
    #[serde(borrow)]
    pub(super) message: Message<'a>,
    #[serde(borrow, default)]
    pub(super) parent_tool_use_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) error: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) api_error: Option<Text<'a>>,
    #[serde(default)]
    pub(super) api_error_status: Option<u64>,
}

/// `{"type":"user","message":{…}}`: tool results, and what the CLI puts into the conversation by itself.
#[derive(Debug, Deserialize)]
pub(super) struct UserLine<'a> {
    #[serde(borrow)]
    pub(super) message: Message<'a>,
    #[serde(borrow, default)]
    pub(super) parent_tool_use_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_use_result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) tool_result_meta: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) content: Blocks<'a>,
}

/// A message's content: a list of blocks, or a string that is one text block.
#[derive(Debug)]
pub(super) struct Blocks<'a>(pub(super) Vec<Block<'a>>);

#[derive(Debug, Default, Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(default)]
    pub(super) input: Option<Value>,
    #[serde(borrow, default)]
    pub(super) tool_use_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) is_error: Option<bool>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Blocks<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrText;
        impl<'de> Visitor<'de> for ListOrText {
            type Value = Blocks<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of content blocks or a string")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut blocks = Vec::new();
                while let Some(block) = list.next_element()? {
                    blocks.push(block);
                }
                Ok(Blocks(blocks))
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(one_text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(one_text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_any(ListOrText)
    }
}

fn one_text(text: Cow<'_, str>) -> Blocks<'_> {
    let kind = Text(Cow::Borrowed("text"));
    Blocks(vec![Block { kind, text: Some(Text(text)), ..Block::default() }])
}

/// The output of a tool: a string, or a list of parts of which only texts are shown.
pub(super) fn output_text(raw: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Part<'a> {
        #[serde(borrow, rename = "type", default)]
        kind: Option<Text<'a>>,
        #[serde(borrow, default)]
        text: Option<Text<'a>>,
    }
    let json = raw.get();
    if let Ok(text) = serde_json::from_str::<Text<'_>>(json) {
        return text.into_string();
    }
    let Ok(parts) = serde_json::from_str::<Vec<Part<'_>>>(json) else { return String::new() };
    let shown = parts.into_iter().filter_map(|part| match (part.text, part.kind) {
        (Some(text), _) => Some(text.into_string()),
        (None, Some(kind)) => Some(format!("[{kind}]")),
        (None, None) => None,
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// Why a call was not run, as far as its `tool_result_meta` says so.
pub(super) fn not_run(meta: Option<&RawValue>, call: &str) -> Option<ToolStatus> {
    #[derive(Deserialize)]
    struct Meta<'a> {
        #[serde(borrow, default)]
        id: Option<Text<'a>>,
        #[serde(borrow, default)]
        non_execution_kind: Option<Text<'a>>,
        #[serde(borrow, default)]
        permission_decision: Option<PermissionDecision<'a>>,
    }
    #[derive(Deserialize)]
    struct PermissionDecision<'a> {
        #[serde(borrow, default)]
        decision: Option<Text<'a>>,
    }
    let list: Vec<Meta<'_>> = serde_json::from_str(meta?.get()).ok()?;
    let meta = list.iter().find(|meta| meta.id.as_deref() == Some(call))?;
    let decision = meta.permission_decision.as_ref().and_then(|made| made.decision.as_deref());
    match (decision, meta.non_execution_kind.as_deref()) {
        (Some("reject"), _) => Some(ToolStatus::Declined),
        // `user-rejected` without a decision is an interrupt while the call waited to be asked about.
        (_, Some("cancelled" | "user-rejected")) => Some(ToolStatus::Cancelled),
        _ => None,
    }
}

/// What a tool reported for programs: whether it made a new file, whether it was interrupted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ToolReport<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Text<'a>>,
    #[serde(default)]
    interrupted: Option<bool>,
}

impl<'a> ToolReport<'a> {
    pub(super) fn read(raw: Option<&'a RawValue>) -> Self {
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
    pub(super) fn created(&self) -> bool {
        self.kind.as_deref() == Some("create")
    }
    pub(super) fn interrupted(&self) -> bool {
        self.interrupted == Some(true)
    }
}
