//! What outlives a scripted agent's process: its sessions and which turns of its script are used up.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use mo_core::ids::AgentKind;
use serde::{Deserialize, Serialize};

use crate::script::Script;
use crate::stamp;

/// One exchange of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) prompt: String,
    pub(crate) answer: String,
}

/// A session that can be resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) cwd: PathBuf,
    pub(crate) created_ms: i64,
    pub(crate) exchanges: Vec<Exchange>,
}

impl Session {
    /// A new one.
    pub(crate) fn new(id: String, cwd: PathBuf) -> Self {
        Self { id, cwd, created_ms: stamp::now_ms(), exchanges: Vec::new() }
    }
}

/// The files of one agent under the script's `state_dir`.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    agent: AgentKind,
    dir: Option<PathBuf>,
    used: Vec<u32>,
}

impl Store {
    /// Opens the folder, which is made when the first thing is written.
    pub(crate) fn new(agent: AgentKind, dir: Option<PathBuf>) -> Self {
        Self { agent, dir, used: Vec::new() }
    }

    /// Chooses the turn for a prompt and counts its use, against all processes that share the folder.
    pub(crate) fn choose(&mut self, script: &Script, prompt: &str) -> io::Result<Option<usize>> {
        let Some(dir) = self.dir.clone() else {
            return Ok(take(script, prompt, &mut self.used));
        };
        fs::create_dir_all(&dir)?;
        let lock = File::create(dir.join(format!("{}.lock", self.agent)))?;
        lock.lock()?;
        let counts = dir.join(format!("{}.used.json", self.agent));
        let mut used: Vec<u32> = read_json(&counts)?.unwrap_or_default();
        let chosen = take(script, prompt, &mut used);
        if chosen.is_some() {
            write_json(&counts, &used)?;
        }
        Ok(chosen)
    }

    /// A session by its id.
    pub(crate) fn session(&self, id: &str) -> Option<Session> {
        read_json(&self.path_of(id)?).ok().flatten()
    }

    /// Keeps a session.
    pub(crate) fn keep(&self, session: &Session) -> io::Result<()> {
        match self.path_of(&session.id) {
            Some(path) => write_json(&path, session),
            None => Ok(()),
        }
    }

    fn path_of(&self, id: &str) -> Option<PathBuf> {
        // Ids come from the client: only a UUID may become a file name.
        let id = uuid::Uuid::parse_str(id).ok()?;
        Some(self.dir.as_ref()?.join("sessions").join(format!("{}-{id}.json", self.agent)))
    }
}

fn take(script: &Script, prompt: &str, used: &mut Vec<u32>) -> Option<usize> {
    let chosen = script.choose(prompt, used)?;
    used.resize(used.len().max(script.turns.len()), 0);
    if let Some(count) = used.get_mut(chosen) {
        *count = count.saturating_add(1);
    }
    Some(chosen)
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(other) => Err(other),
    }
}

/// By way of a second file, so that a killed agent leaves the old state or the new one.
fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&beside, serde_json::to_vec_pretty(value)?)?;
    fs::rename(&beside, path)
}
