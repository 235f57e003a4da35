//! The turn in flight of a Codex thread, and how it ends.

use mo_core::agent_event::AgentEvent;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd, Usage};
use mo_core::time::Timestamp;

use super::failure;
use super::wire::{self, TokenUsage, Tokens, TurnError};
use crate::protocol::{Exchange, Exit};
use crate::shared::resets;
use crate::shared::unclosed::{Cause, unclosed};

/// What is known of the turn in flight.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Codex's id of it, once told.
    pub(super) id: Option<String>,
    /// Whether the agent has taken it up.
    pub(super) began: bool,
    /// Whether we have asked to interrupt it.
    pub(super) cancelled: bool,
    schema: bool,
    answer: Option<String>,
    /// The last text that the agent does not call final.
    comment: Option<String>,
    tokens_before: Option<Tokens>,
    usage: Option<Usage>,
    error: Option<TurnError>,
    retrying: Option<TurnError>,
    /// When a usage limit ends, as an error said it.
    resets_at: Option<Timestamp>,
}

impl Turn {
    /// A turn that begins when the thread has used these tokens.
    pub(super) fn new(schema: bool, tokens_before: Option<Tokens>) -> Self {
        Self { schema, tokens_before, ..Self::default() }
    }

    /// Whether it is the turn of that id.
    pub(super) fn is(&self, id: &str) -> bool {
        self.id.as_deref().is_none_or(|own| own == id)
    }

    /// The agent has said something; the last final text is the answer.
    pub(super) fn said(&mut self, text: String, last: bool) {
        *(if last { &mut self.answer } else { &mut self.comment }) = Some(text);
    }

    /// A request to the model has failed.
    pub(super) fn failing(&mut self, error: TurnError, will_retry: bool, at: Option<Timestamp>) {
        if will_retry {
            self.retrying = Some(error);
        } else {
            self.resets_at = resets::in_text(&error.message, at).or(self.resets_at);
            (self.error, self.retrying) = (Some(error), None);
        }
    }

    /// The agent has done something else: its request was answered.
    pub(super) fn works(&mut self) {
        self.retrying = None;
    }

    /// Why the last request failed that the agent is making again, if it is.
    pub(super) fn retrying(&self) -> Option<FailureClass> {
        self.retrying.as_ref().map(failure::of_turn)
    }

    /// The thread has used these tokens before this turn.
    pub(super) fn begins_at(&mut self, total: Tokens) {
        self.tokens_before = Some(total);
    }

    /// The tokens of this turn so far, if they have changed. The thread's total is also of what was before the
    /// turn, and before a resume.
    pub(super) fn tokens_told(&mut self, told: &TokenUsage) -> Option<Usage> {
        let before = *self.tokens_before.get_or_insert(told.total.since(told.last));
        let usage = Usage::from(told.total.since(before));
        (self.usage.replace(usage) != Some(usage)).then_some(usage)
    }

    /// How `turn/completed` says that it ended.
    pub(super) fn completed(&mut self, told: &wire::Turn<'_>, out: &mut Exchange) -> TurnEnd {
        // A message whose own item was not seen.
        for item in told.items() {
            if item.kind.as_str() == "agentMessage" && self.answer.is_none() {
                self.answer = item.text.map(crate::shared::wire_text::Text::into_string);
            }
        }
        match told.status.as_deref() {
            Some("completed") => TurnEnd::bare(Outcome::Completed, None),
            Some("interrupted") => TurnEnd::bare(Outcome::Interrupted, None),
            status => {
                if status != Some("failed") {
                    let kind = format!("turn status:{}", status.unwrap_or("none"));
                    out.event(AgentEvent::Unrecognized { kind });
                }
                let error = told.failure().or_else(|| self.error.take());
                let class = error.as_ref().map_or(FailureClass::Unknown, failure::of_turn);
                TurnEnd { text: error.map(|e| e.message), ..TurnEnd::bare(Outcome::Failed, Some(class)) }
            }
        }
    }

    /// How it ended when its process did, if the agent had told of an error.
    pub(super) fn unclosed(&self, exit: Exit) -> Option<TurnEnd> {
        let error = self.error.as_ref().or(self.retrying.as_ref())?;
        let class = |error: &TurnError| Some(failure::of_turn(error)).filter(|&c| c != FailureClass::Unknown);
        let cause = Cause {
            error: self.error.as_ref().and_then(class),
            retrying: self.retrying.as_ref().and_then(class),
        };
        Some(unclosed(exit, &[], self.began, cause, Some(error.message.clone())))
    }

    /// The closing with what the turn has gathered: answer, structured answer, tokens.
    pub(super) fn closing(self, mut end: TurnEnd) -> TurnEnd {
        let answer = self.answer.or(self.comment);
        if self.schema && end.outcome == Outcome::Completed {
            // Codex gives the schema to the model and checks nothing itself.
            end.structured = answer.as_deref().and_then(|text| serde_json::from_str(text.trim()).ok());
        }
        end.text = end.text.or(answer);
        end.usage = self.usage;
        end.resets_at = self.resets_at.filter(|_| end.class == Some(FailureClass::UsageLimit));
        end
    }
}
