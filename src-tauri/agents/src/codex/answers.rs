//! The app-server's answers to requests of ours.

use mo_core::agent_event::AgentEvent;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use serde_json::Value;

use super::failure;
use super::thread::{Asked, Step, Thread};
use crate::acp::rpc::{RpcError, RpcId};
use crate::protocol::Exchange;

impl Thread {
    pub(super) fn response(
        &mut self,
        id: &RpcId,
        result: Result<&str, RpcError>,
        out: &mut Exchange,
    ) -> Result<Option<Step>, String> {
        let result = match result.map(serde_json::from_str::<Value>) {
            Ok(Ok(value)) => Ok(value),
            // An answer that cannot be read is one all the same: no other will come.
            Ok(Err(reason)) if self.asked.contains_key(id) => {
                Err(RpcError { code: 0, message: format!("the answer cannot be read: {reason}"), data: None })
            }
            Ok(Err(reason)) => return Err(reason.to_string()),
            Err(error) => Err(error),
        };
        let asked = match self.asked.remove(id) {
            Some(asked) => asked,
            None if self.duplex => {
                out.event(AgentEvent::Unrecognized { kind: "response to no request of ours".to_owned() });
                return Ok(None);
            }
            None => self.guess(&result),
        };
        Ok(match (asked, result) {
            (Asked::Initialize, Ok(_)) => Some(Step::Initialized),
            (Asked::Thread, Ok(result)) => {
                if !self.opened(&result, out) {
                    let text = "the app-server named no thread".to_owned();
                    return Ok(Some(self.refuse(FailureClass::Internal, text)));
                }
                Some(Step::ThreadOpened)
            }
            (Asked::Initialize | Asked::Thread, Err(error)) => {
                Some(self.refuse(failure::of_answer(&error), error.text()))
            }
            (Asked::Turn { .. }, Ok(result)) => {
                let named = result.pointer("/turn/id").and_then(Value::as_str);
                let turn = self.turn.as_mut().filter(|turn| turn.id.is_none());
                turn.zip(named).map(|(turn, named)| {
                    turn.id = Some(named.to_owned());
                    Step::TurnNamed
                })
            }
            (Asked::Turn { .. }, Err(error)) => {
                let Some(turn) = self.turn.take_if(|turn| !turn.began) else { return Ok(None) };
                let end = if turn.cancelled {
                    TurnEnd::bare(Outcome::Interrupted, None)
                } else {
                    let bare = TurnEnd::bare(Outcome::Failed, Some(failure::of_answer(&error)));
                    TurnEnd { text: Some(error.text()), ..bare }
                };
                self.finish(turn, end, None, out);
                Some(Step::TurnEnded)
            }
            (Asked::Other, _) => None,
        })
    }

    /// What a response answers, where our requests are not known.
    fn guess(&self, result: &Result<Value, RpcError>) -> Asked {
        match result {
            Ok(result) if result.get("userAgent").is_some() => Asked::Initialize,
            Ok(result) if result.get("thread").is_some() && self.id.is_none() => Asked::Thread,
            Ok(result) if result.get("turn").is_some() => Asked::Turn { schema: false },
            Err(_) if self.id.is_none() => Asked::Thread,
            Ok(_) | Err(_) => Asked::Other,
        }
    }

    pub(super) fn opened(&mut self, told: &Value, out: &mut Exchange) -> bool {
        let text = |at: &str| told.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let Some(id) = text("/thread/id") else { return false };
        self.sandbox = text("/sandbox/type");
        if self.id.as_ref() != Some(&id) {
            let model = text("/model").or_else(|| text("/thread/model"));
            let version = text("/thread/cliVersion");
            self.id = Some(id.clone());
            out.event(AgentEvent::SessionStarted { agent_session: id, model, version });
        }
        true
    }

    /// Notes that there will be no thread.
    fn refuse(&mut self, class: FailureClass, text: String) -> Step {
        self.refused = Some((class, text.clone()));
        Step::Refused(class, text)
    }
}
