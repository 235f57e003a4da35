//! What the one-shot shapes of Codex and Gemini CLI have in common: the prompt is all of stdin, nobody is asked, and
//! the process ends with its turn.

use std::io::Read as _;
use std::path::Path;

use mo_core::ids::AgentKind;
use serde_json::Value;

use crate::call::Act;
use crate::dialect::Prompt;
use crate::entry::Early;
use crate::stamp;
use crate::store::{Exchange, Session, Store};

/// The session of one such process.
pub(crate) struct Shot {
    prompt: Option<Prompt>,
    pub(crate) session: Session,
    store: Store,
    pub(crate) input: u64,
    pub(crate) output: u64,
    /// The answer of the turn so far; its last message.
    pub(crate) items: u64,
}

impl Shot {
    /// A new session, or the one to go on with; `unknown` is what the CLI says when it has it not. Reads the prompt.
    pub(crate) fn open(
        agent: AgentKind,
        cwd: &Path,
        state_dir: Option<std::path::PathBuf>,
        resume: Option<&str>,
        unknown: impl Fn(&str) -> Early,
    ) -> Result<Self, Early> {
        let store = Store::new(agent, state_dir);
        let session = match resume {
            Some(id) => store.session(id).ok_or_else(|| unknown(id))?,
            None => Session::new(stamp::uuid_by_time(), cwd.to_owned()),
        };
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|why| Early::bad(1, format!("Error: {why}\n")))?;
        let prompt = Some(Prompt { text, reply_to: Value::Null, schema: false });
        Ok(Self { prompt, session, store, input: 0, output: 0, items: 0 })
    }

    pub(crate) fn first_prompt(&mut self) -> Option<Prompt> {
        self.prompt.take()
    }

    /// The turn begins: from now on the session can be resumed.
    pub(crate) fn begin(&mut self, prompt: &Prompt) {
        self.input = stamp::tokens(&prompt.text) + 11;
        self.keep();
    }

    /// A number for the next item.
    pub(crate) fn next_item(&mut self) -> u64 {
        self.items += 1;
        self.items - 1
    }

    pub(crate) fn remember(&mut self, prompt: &str, answer: &str) {
        self.session.exchanges.push(Exchange { prompt: prompt.to_owned(), answer: answer.to_owned() });
        self.keep();
    }

    fn keep(&self) {
        if let Err(why) = self.store.keep(&self.session) {
            eprintln!("scripted agent: cannot keep the session: {why}");
        }
    }
}

/// Whether a call is one that only reads.
pub(crate) fn only_reads(act: &Act) -> bool {
    matches!(act, Act::Read { .. } | Act::Plan { .. } | Act::Structured { .. })
}
