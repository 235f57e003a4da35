//! The captures in `tests/transcripts`, read once.

#![allow(dead_code, reason = "each suite uses its part")]
#![allow(clippy::unwrap_used, reason = "a broken capture fails the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use mo_agents::decode::{Decode, Summary};
use mo_agents::protocol::{Exit, Line};
use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::ids::AgentKind;

/// One recorded run.
pub(crate) struct Capture {
    pub(crate) name: String,
    /// The first word of the name: claude, codex, gemini or acp.
    pub(crate) cli: String,
    pub(crate) agent: AgentKind,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) exit: Exit,
}

impl Capture {
    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        lines(&self.stdout)
    }

    pub(crate) fn decode(&self) -> (Vec<Decoded>, Summary) {
        decode(&self.agent, &self.stdout, self.exit, &self.stderr)
    }
}

/// The lines of a text; what follows the last newline is one where it is not empty.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let empty = text.is_empty();
    text.split(|&b| b == b'\n').filter(move |_| !empty)
}

pub(crate) fn decode(agent: &AgentKind, stdout: &[u8], exit: Exit, stderr: &[u8]) -> (Vec<Decoded>, Summary) {
    let mut decode = Decode::new(agent);
    let mut events = Vec::new();
    for line in lines(stdout) {
        decode.feed_line(Line::Whole(line), &mut events);
    }
    let summary = decode.finish(exit, stderr, &mut events);
    assert_eq!(summary.events, events.len() as u64);
    (events, summary)
}

/// The event's type as it is serialised.
pub(crate) fn event_kind(event: &AgentEvent) -> String {
    serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts")
}

pub(crate) fn captures() -> &'static [Capture] {
    static CAPTURES: OnceLock<Vec<Capture>> = OnceLock::new();
    CAPTURES.get_or_init(|| {
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(folder()).unwrap() {
            let path = entry.unwrap().path();
            if let Some(name) = path.file_name().unwrap().to_str().unwrap().strip_suffix(".cmd.txt") {
                found.insert(name.to_owned(), read(name));
            }
        }
        found.into_values().collect()
    })
}

/// Conversations with the real CLIs in the engine's own shapes (`tests/transcripts/wire`); all ended well.
pub(crate) fn conversations() -> &'static [Capture] {
    static CONVERSATIONS: OnceLock<Vec<Capture>> = OnceLock::new();
    CONVERSATIONS.get_or_init(|| {
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(folder().join("wire")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let cli = name.split('-').next().unwrap().to_owned();
            let (agent, exit) = (cli.parse().unwrap(), Exit::from_number(0));
            let stdout = std::fs::read(path).unwrap();
            found.insert(name.clone(), Capture { name, cli, agent, stdout, stderr: Vec::new(), exit });
        }
        found.into_values().collect()
    })
}

fn read(name: &str) -> Capture {
    let file = |end: &str| std::fs::read(folder().join(format!("{name}{end}"))).unwrap_or_default();
    let cli = name.split('-').next().unwrap().to_owned();
    let command = String::from_utf8(file(".cmd.txt")).unwrap();
    let exit = command.lines().find_map(|line| line.strip_prefix("# exit code: ")).unwrap();
    // `TIMEOUT`: the recorder ended it; how is not recorded.
    let exit = exit.parse().map_or(Exit::default(), Exit::from_number);
    let agent = cli.parse().unwrap();
    Capture { name: name.to_owned(), cli, agent, stdout: file(".jsonl"), stderr: file(".stderr.txt"), exit }
}
