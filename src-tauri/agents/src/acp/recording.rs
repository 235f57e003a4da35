//! ACP as recorded: raw stdout or duplex.

use mo_core::agent_event::AgentEvent;
use serde_json::Value;

use super::conversation::{Asked, Conversation};
use super::rpc::RpcId;
use crate::decode::Decoder;
use crate::protocol::{Exchange, Exit, Line};

/// The decoder of ACP lines.
#[derive(Debug, Default)]
pub(crate) struct AcpRecording {
    conversation: Conversation,
}

impl Decoder for AcpRecording {
    fn line(&mut self, line: Line<'_>, out: &mut Exchange) {
        // Nobody is there to take the next step: the other half of it is in the recording.
        self.conversation.line(line, out);
    }

    fn sent(&mut self, message: &Value, out: &mut Exchange) {
        let id = message.get("id").and_then(|id| serde_json::from_value::<RpcId>(id.clone()).ok());
        let session = message.pointer("/params/sessionId").and_then(Value::as_str);
        match (message.get("method").and_then(Value::as_str), id) {
            (Some(method), Some(id)) => {
                let asked = match method {
                    "initialize" => Asked::Initialize,
                    "session/new" => Asked::OpenSession(None),
                    "session/load" | "session/resume" => Asked::OpenSession(session.map(str::to_owned)),
                    "session/prompt" => Asked::Prompt { schema: false },
                    "session/set_mode" | "session/set_model" | "session/set_config_option" => Asked::Setting,
                    _ => Asked::Other,
                };
                self.conversation.asked(id, asked, out);
            }
            (Some("session/cancel"), None) => {
                self.conversation.cancelled(out);
            }
            (None, Some(id)) => {
                let request = id.as_request();
                let chosen = message.pointer("/result/outcome/optionId").and_then(Value::as_str);
                let allowed = self
                    .conversation
                    .pending
                    .get(&request)
                    .is_some_and(|pending| chosen.is_some() && chosen != pending.reject.as_deref());
                self.conversation.answered(&request, allowed, out);
            }
            _ => {}
        }
    }

    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        self.conversation.close(exit, stderr, out);
        if self.conversation.turns_ended() == 0 {
            let end = self.conversation.unclosed(false, exit, stderr);
            out.event(AgentEvent::TurnEnded { end });
        }
    }
}
