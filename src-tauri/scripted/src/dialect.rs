//! What the three protocols have in common, as the performer of a script sees it.

use std::path::Path;

use mo_core::ids::AgentKind;
use serde_json::Value;

use crate::call::{Call, Outcome};
use crate::out::Out;
use crate::script::ErrorStep;

/// A prompt that asks for a turn.
#[derive(Debug, Clone)]
pub(crate) struct Prompt {
    pub(crate) text: String,
    /// The protocol's id of the request that the end of the turn answers, where it has one.
    pub(crate) reply_to: Value,
    /// Whether the answer must be JSON after a schema.
    pub(crate) schema: bool,
}

/// What a line of the client says.
pub(crate) enum Told {
    /// Do this.
    Prompt(Prompt),
    /// Stop the turn.
    Interrupt,
    /// The answer to a question of ours.
    Answer { request: String, body: Value },
    /// End the process with this code.
    Exit(i32),
}

/// What happens next with a tool call.
pub(crate) enum Next {
    /// A question went out; its answer decides.
    Await(String),
    /// It is allowed.
    Go,
    /// It is not, and the client was told; the turn goes on.
    Refused,
    /// It is not, and with it the turn ends.
    Break,
}

/// How a turn ends.
pub(crate) enum Close<'a> {
    Completed,
    Interrupted,
    Failed(&'a ErrorStep),
}

/// What the end of stdin means.
pub(crate) enum AtEof {
    /// Finish the turn in flight, then end; a question that waits is answered by this body.
    Finish(Value),
    /// End at once with this code.
    Exit(i32),
}

/// One protocol. It keeps the conversation's state and writes what the real CLI would write.
pub(crate) trait Dialect {
    /// Which CLI.
    fn agent(&self) -> AgentKind;
    /// The prompt that came with the start, where the shape has one.
    fn first_prompt(&mut self) -> Option<Prompt> {
        None
    }
    /// Takes a line of the client and answers what needs no script.
    fn take(&mut self, line: &[u8], out: &mut Out) -> Vec<Told>;
    /// The folder that the session works in.
    fn cwd(&self) -> &Path;
    /// A turn begins.
    fn begin(&mut self, prompt: &Prompt, out: &mut Out);
    /// A whole thought.
    fn thought(&mut self, text: &str, out: &mut Out);
    /// A message begins.
    fn message_open(&mut self, out: &mut Out);
    /// A piece of it.
    fn message_piece(&mut self, piece: &str, out: &mut Out);
    /// It is whole.
    fn message_close(&mut self, text: &str, out: &mut Out);
    /// A new id for a call.
    fn call_id(&mut self, call: &crate::call::Act) -> String;
    /// Announces a call, before its first question.
    fn call_open(&mut self, call: &Call, out: &mut Out);
    /// Asks what must be asked, or decides. `answer` is what the client said to the last question.
    fn call_next(&mut self, call: &mut Call, answer: Option<Value>, out: &mut Out) -> Next;
    /// Takes back the question of a call, which is then not made. Nothing to do where nothing is ever asked.
    fn take_back(&mut self, _call: &Call, _request: &str, _out: &mut Out) {}
    /// The call has ended.
    fn call_close(&mut self, call: &Call, outcome: &Outcome, out: &mut Out);
    /// Whether a review's object goes out by a tool of its own instead of as a message.
    fn structured_by_tool(&self, prompt: &Prompt) -> bool;
    /// The turn ends; after an interrupt this also closes what was open.
    fn end(&mut self, close: &Close<'_>, out: &mut Out);
    /// A line of message text of about this length, for floods.
    fn noise(&self, text: &str) -> Value;
    /// What the end of stdin means.
    fn at_eof(&self) -> AtEof;
    /// What SIGINT means in and out of a turn: the process's exit code, after `end` if a turn ran. `None`: the
    /// signal kills.
    fn at_sigint(&self) -> Option<i32>;
    /// The exit code on SIGTERM; `None`: the signal kills.
    fn at_sigterm(&self) -> Option<i32>;
    /// The exit code when all is done.
    fn exit_code(&self) -> i32;
    /// Keeps what was said in the session, for a later resume.
    fn remember(&mut self, prompt: &str, answer: &str);
}
