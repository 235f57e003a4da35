//! A process for a single prompt: it comes from stdin, and what the CLI writes until it ends is the answer.

use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::approval::Answer;
use mo_core::ids::{AgentKind, RequestId};
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};

use crate::claude::ClaudeDecoder;
use crate::codex::CodexExecDecoder;
use crate::decode::Decoder;
use crate::gemini::GeminiStreamDecoder;
use crate::launch::LaunchSpec;
use crate::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};
use crate::shared::unclosed::{Cause, unclosed};

/// The decoder of what the one-shot of a spec writes; `None` for an agent that has no such shape.
pub fn decoder(spec: &LaunchSpec) -> Option<Box<dyn Decoder>> {
    Some(match (&spec.agent, spec.resume.is_some()) {
        (AgentKind::Claude, false) => Box::new(ClaudeDecoder::new()),
        (AgentKind::Claude, true) => Box::new(ClaudeDecoder::resumed()),
        (AgentKind::Codex, false) => Box::new(CodexExecDecoder::new()),
        (AgentKind::Codex, true) => Box::new(CodexExecDecoder::resumed()),
        (AgentKind::Gemini, _) => Box::new(GeminiStreamDecoder::default()),
        (AgentKind::Acp(_), _) => return None,
    })
}

/// The client of such a process. Its turn ends with the process, never before: what has given its answer takes no
/// further prompt, and how it exits belongs to how it ended. A process that ends before its prompt was given, since it
/// refused to start, has failed that turn all the same.
pub struct OneShot {
    decoder: Box<dyn Decoder>,
    prompts: usize,
    end: Option<Decoded>,
}

impl OneShot {
    /// The client over the decoder of what the process writes.
    pub fn new(decoder: Box<dyn Decoder>) -> Self {
        Self { decoder, prompts: 0, end: None }
    }

    /// Keeps the end of the turn until that of the process. Claude may go on by itself after it has answered; then the
    /// last end is the turn's.
    fn hold(&mut self, since: usize, out: &mut Exchange) {
        let ends = |decoded: &Decoded| matches!(decoded.event, AgentEvent::TurnEnded { .. });
        if !out.events.iter().skip(since).any(ends) {
            return;
        }
        for decoded in out.events.split_off(since) {
            if ends(&decoded) {
                self.end = Some(decoded);
            } else {
                out.events.push(decoded);
            }
        }
    }
}

impl Protocol for OneShot {
    fn open(&mut self, _out: &mut Exchange) {}

    fn prompt(&mut self, prompt: TurnPrompt, out: &mut Exchange) {
        self.prompts += 1;
        if self.prompts == 1 {
            out.send.extend_from_slice(prompt.text.as_bytes());
            out.end_input = true;
        }
    }

    fn line(&mut self, line: Line<'_>, out: &mut Exchange) {
        let since = out.events.len();
        self.decoder.line(line, out);
        self.hold(since, out);
    }

    /// Nothing can be answered: stdin has ended. Such a process asks nothing either.
    fn answer(&mut self, _request: &RequestId, _answer: &Answer, _out: &mut Exchange) {}

    /// A one-shot has no cancel of its own; the signal that follows ends it.
    fn cancel(&mut self, _out: &mut Exchange) {}

    fn retrying(&self) -> Option<FailureClass> {
        self.decoder.retrying()
    }

    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        let since = out.events.len();
        self.decoder.close(exit, stderr, out);
        self.hold(since, out);
        let unknown = || AgentEvent::TurnEnded { end: unclosed(exit, &[], false, Cause::default(), None) };
        let mut end = self.end.take().unwrap_or_else(|| unknown().into());
        if let AgentEvent::TurnEnded { end } = &mut end.event
            && exit.by_us
            && (end.outcome, end.class) == (Outcome::Failed, Some(FailureClass::Unknown))
        {
            // It was ended before it had a reason of its own to give.
            (end.outcome, end.class) = (Outcome::Interrupted, None);
        }
        out.events.push(end);
        for _ in 1..self.prompts {
            let text = Some("a one-shot takes one prompt".to_owned());
            let end = TurnEnd { text, ..TurnEnd::bare(Outcome::Failed, Some(FailureClass::Internal)) };
            out.event(AgentEvent::TurnEnded { end });
        }
    }
}

#[cfg(test)]
#[path = "one_shot_tests.rs"]
mod one_shot_tests;
