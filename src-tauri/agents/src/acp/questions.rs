//! Permission requests that wait for an answer, and what becomes of those that get none.

use mo_core::agent_event::AgentEvent;
use mo_core::ids::RequestId;

use super::conversation::{Conversation, Step};
use super::rpc::RpcId;
use crate::protocol::Exchange;

/// A permission request without an answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: RpcId,
    pub(super) item: String,
    /// The option that allows once, where offered.
    pub(super) allow: Option<String>,
    /// The option that rejects once, where offered.
    pub(super) reject: Option<String>,
}

impl Conversation {
    /// Questions that the agent itself says are over, by their name or with the call that they are about.
    pub(super) fn taken_back(
        &mut self,
        over: impl Fn(&RequestId, &Pending) -> bool,
        out: &mut Exchange,
    ) -> Option<Step> {
        let over: Vec<RequestId> =
            self.pending.iter().filter(|(id, pending)| over(id, pending)).map(|(id, _)| id.clone()).collect();
        let mut taken = Vec::new();
        for request in over {
            taken.extend(self.pending.remove(&request));
            // In a recording of stdout alone, what was answered cannot be told from what was taken back.
            if self.duplex {
                out.event(AgentEvent::ApprovalWithdrawn { request });
            }
        }
        (!taken.is_empty()).then_some(Step::Void(taken))
    }

    /// Withdraws all that is open.
    pub(super) fn withdraw(&mut self, out: &mut Exchange) -> Vec<Pending> {
        let open = std::mem::take(&mut self.pending);
        open.into_iter()
            .map(|(request, pending)| {
                out.event(AgentEvent::ApprovalWithdrawn { request });
                pending
            })
            .collect()
    }
}
