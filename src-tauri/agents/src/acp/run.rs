//! Chunks of text folded into whole messages and thoughts: a run ends when something else happens.

use mo_core::agent_event::{AgentEvent, Decoded, DeltaOf};
use mo_core::ids::ItemId;
use mo_core::time::Timestamp;

use crate::protocol::Exchange;
use crate::shared::milestone::milestones;

/// The most that is kept of one message or thought, in bytes. Deltas beyond it are still shown.
pub(crate) const MAX_TEXT: usize = 8 * 1024 * 1024;

/// What a run is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunOf {
    Message,
    Thought,
}

#[derive(Debug)]
struct Run {
    of: RunOf,
    source: Option<String>,
    item: ItemId,
    text: String,
    dropped: usize,
}

/// The open run of one turn's text, and the numbers of its items.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    open: Option<Run>,
    count: u64,
}

impl Runs {
    /// Takes a chunk: shown at once, and folded. `source` is the agent's own id of the message, where it has one;
    /// another id starts another item.
    pub(crate) fn chunk(
        &mut self,
        of: RunOf,
        source: Option<&str>,
        text: &str,
        at: Option<Timestamp>,
        out: &mut Exchange,
    ) -> Option<String> {
        let same = self.open.as_ref().is_some_and(|run| run.of == of && run.source.as_deref() == source);
        let ended = if same { None } else { self.end(at, out) };
        if text.is_empty() {
            return ended;
        }
        let count = &mut self.count;
        let run = self.open.get_or_insert_with(|| {
            *count += 1;
            let word = if of == RunOf::Message { "message" } else { "thought" };
            Run {
                of,
                source: source.map(str::to_owned),
                item: ItemId::new(format!("{word}-{count}")),
                text: String::new(),
                dropped: 0,
            }
        });
        let room = MAX_TEXT.saturating_sub(run.text.len());
        let kept =
            if run.dropped > 0 { "" } else { text.get(..text.floor_char_boundary(room)).unwrap_or("") };
        run.text.push_str(kept);
        run.dropped += text.len() - kept.len();
        let of = match of {
            RunOf::Message => DeltaOf::Message,
            RunOf::Thought => DeltaOf::Thought,
        };
        let event = AgentEvent::Delta { item: run.item.clone(), of, text: text.to_owned() };
        out.events.push(Decoded { at, event });
        ended
    }

    /// Ends the open run with its whole item; the text of a message comes back, for the turn's answer.
    pub(crate) fn end(&mut self, at: Option<Timestamp>, out: &mut Exchange) -> Option<String> {
        let mut run = self.open.take()?;
        if run.dropped > 0 {
            let note = format!("… [{} more bytes]", run.dropped);
            run.text.push_str(&note);
        }
        match run.of {
            RunOf::Thought => {
                let event = AgentEvent::Thought { item: run.item, text: run.text };
                out.events.push(Decoded { at, event });
                None
            }
            RunOf::Message => {
                push_message(run.item, run.text.clone(), at, out);
                Some(run.text)
            }
        }
    }
}

/// A whole message, followed by the milestones that it names.
pub(crate) fn push_message(item: ItemId, text: String, at: Option<Timestamp>, out: &mut Exchange) {
    let reached: Vec<Decoded> = milestones(&text)
        .map(|text| Decoded { at, event: AgentEvent::Milestone { text: text.to_owned() } })
        .collect();
    out.events.push(Decoded { at, event: AgentEvent::Message { item, text } });
    out.events.extend(reached);
}
