//! Codex as recorded: raw stdout of `exec --json` or of the app-server, or a duplex recording of the latter.

use mo_core::agent_event::AgentEvent;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::exec::CodexExecDecoder;
use super::thread::{Asked, Thread};
use crate::acp::rpc::RpcId;
use crate::decode::Decoder;
use crate::protocol::{Exchange, Exit, Line};

/// Finds the format from the first line with a `type` (exec) or a `method` or `id` (app-server).
#[derive(Debug, Default)]
pub(super) enum CodexRecording {
    #[default]
    Unknown,
    Exec(CodexExecDecoder),
    AppServer(Box<Thread>),
}

/// The fields that tell the shapes apart.
#[derive(Deserialize)]
struct Fields {
    #[serde(default, rename = "type")]
    kind: Option<IgnoredAny>,
    #[serde(default)]
    method: Option<IgnoredAny>,
    #[serde(default)]
    id: Option<IgnoredAny>,
}

impl CodexRecording {
    fn find(&mut self, line: &[u8]) {
        if !matches!(self, Self::Unknown) {
            return;
        }
        let Ok(fields) = serde_json::from_slice::<Fields>(line) else { return };
        if fields.kind.is_some() {
            *self = Self::Exec(CodexExecDecoder::new());
        } else if fields.method.is_some() || fields.id.is_some() {
            *self = Self::AppServer(Box::default());
        }
    }

    fn thread(&mut self) -> Option<&mut Thread> {
        if matches!(self, Self::Unknown) {
            *self = Self::AppServer(Box::default());
        }
        match self {
            Self::AppServer(thread) => Some(thread),
            _ => None,
        }
    }
}

impl Decoder for CodexRecording {
    fn line(&mut self, line: Line<'_>, out: &mut Exchange) {
        if let Line::Whole(bytes) = line {
            self.find(bytes);
        }
        match self {
            Self::AppServer(thread) => {
                // Nobody is there to take the next step: the other half of it is in the recording.
                thread.line(line, out);
            }
            Self::Exec(exec) => exec.line(line, out),
            Self::Unknown => CodexExecDecoder::new().line(line, out),
        }
    }

    fn sent(&mut self, message: &Value, _out: &mut Exchange) {
        let Some(thread) = self.thread() else { return };
        let Some(id) = message.get("id").and_then(|id| serde_json::from_value::<RpcId>(id.clone()).ok())
        else {
            return;
        };
        match message.get("method").and_then(Value::as_str) {
            Some("initialize") => thread.asked(id, Asked::Initialize),
            Some("thread/start" | "thread/resume" | "thread/fork") => thread.asked(id, Asked::Thread),
            Some("turn/start") => {
                let schema = message.pointer("/params/outputSchema").is_some_and(|s| !s.is_null());
                thread.asked(id, Asked::Turn { schema });
            }
            Some(method) => {
                if method == "turn/interrupt" {
                    thread.cancelled();
                }
                thread.asked(id, Asked::Other);
            }
            None => {
                thread.answered(&id.as_request(), false);
            }
        }
    }

    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        match self {
            Self::Exec(exec) => exec.close(exit, stderr, out),
            Self::Unknown => CodexExecDecoder::new().close(exit, stderr, out),
            Self::AppServer(thread) => {
                thread.close(exit, stderr, out);
                if thread.turns_ended() == 0 {
                    let end = thread.unclosed(false, exit, stderr);
                    out.event(AgentEvent::TurnEnded { end });
                }
            }
        }
    }
}
