//! The demo: a small real project, a goal, and a team that reaches it. One reviewer finds a real mistake; it is
//! mended, and everybody approves. On the way one command is asked for, and the model service is busy once.

mod architect;
mod implementer;
mod project;
mod reviewer;

use std::io;
use std::path::{Path, PathBuf};

use mo_core::ids::AgentKind;
use mo_core::settings::{RecoverySettings, Settings};

use crate::install::{InstallError, install};
use crate::script::{Script, Step, Turn, TurnKind};

/// What the demo's person asks for.
pub const GOAL: &str = "Tasks should have due dates: `add --due 2026-12-01`, shown by `list`, and a new command \
`overdue` that lists what is late.";

/// The settings of the demo's session: the concern of the first review is mended in one fix round, and when the model
/// service is busy the team waits a moment; hardly one with `fast`.
pub fn settings(fast: bool) -> Settings {
    let (back_off_ms, back_off_max_ms) = if fast { (100, 100) } else { (3_000, 3_000) };
    let recovery = RecoverySettings { back_off_ms, back_off_max_ms, ..RecoverySettings::default() };
    Settings { fix_rounds: 1, recovery, ..Settings::default() }
}

/// What is ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    /// The sample project: the target of the session.
    pub target: PathBuf,
    /// The programs of the team, to be used as the agents' configured paths.
    pub programs: Vec<(AgentKind, PathBuf)>,
}

/// Why the demo could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// There is something already where the sample project should be.
    #[error("{0} is not empty; the demo writes its sample project only into a new or empty folder")]
    NotEmpty(PathBuf),
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The programs could not be installed.
    #[error(transparent)]
    Install(#[from] InstallError),
}

impl DemoError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotEmpty(_) => "demo_folder_not_empty",
            Self::Unwritable { .. } => "demo_unwritable",
            Self::Install(install) => install.code(),
        }
    }
}

/// Writes everything that the demo needs under `dir`: `pocket-todo/` (the target), `team/` (the scripts and the
/// agents' state) and `bin/` (the programs). `exe` is a binary whose `main` calls [`crate::reexec_entry`] first.
/// With `fast` the team does not take its time.
///
/// # Errors
/// When `dir/pocket-todo` is not empty or something cannot be written.
pub fn set_up(dir: &Path, exe: &Path, fast: bool) -> Result<Demo, DemoError> {
    let target = dir.join("pocket-todo");
    sample_project(&target)?;
    let team = dir.join("team");
    let mut paths = Vec::new();
    for (agent, script) in scripts() {
        let path = team.join(format!("{agent}.json"));
        let text = serde_json::to_vec_pretty(&script).map_err(io::Error::from);
        let written = text.and_then(|text| {
            // State of an earlier demo in this folder would make the team begin in the middle.
            match std::fs::remove_dir_all(team.join(STATE)) {
                Err(other) if other.kind() != io::ErrorKind::NotFound => return Err(other),
                _ => {}
            }
            std::fs::create_dir_all(&team)?;
            std::fs::write(&path, text)
        });
        written.map_err(|source| DemoError::Unwritable { path: path.clone(), source })?;
        paths.push((agent, path));
    }
    let programs = install(&dir.join("bin"), exe, &paths, fast)?;
    Ok(Demo { target, programs })
}

/// Writes the sample project into a new or empty folder.
///
/// # Errors
/// When the folder is not empty or something cannot be written.
pub fn sample_project(dir: &Path) -> Result<(), DemoError> {
    let unwritable = |path: PathBuf| move |source| DemoError::Unwritable { path, source };
    std::fs::create_dir_all(dir).map_err(unwritable(dir.to_owned()))?;
    let mut entries = std::fs::read_dir(dir).map_err(unwritable(dir.to_owned()))?;
    if entries.next().is_some() {
        return Err(DemoError::NotEmpty(dir.to_owned()));
    }
    for (name, text) in project::FILES {
        let path = dir.join(name);
        std::fs::write(&path, text).map_err(unwritable(path))?;
    }
    Ok(())
}

/// The script of each agent of the demo's team.
pub fn scripts() -> Vec<(AgentKind, Script)> {
    vec![
        (AgentKind::Gemini, script("gemini-2.5-pro", architect::turns())),
        (AgentKind::Claude, script("claude-opus-5-5", implementer::turns())),
        (AgentKind::Codex, script("gpt-5.5", reviewer::turns())),
    ]
}

const STATE: &str = "state";

fn script(model: &str, mut turns: Vec<Turn>) -> Script {
    // Whatever comes after the story: a message, or a review that the person asks for.
    let over = "This was the end of the demo. I am a scripted agent: I speak like the real one, but I only know this one story. With the real CLI installed I would go on from here.";
    turns.push(Turn { times: 0, ..Turn::of(TurnKind::Work, vec![Step::Text(over.to_owned())]) });
    let again = reviewer::approved("Nothing to add: as far as this demo goes, all is well.");
    turns.push(Turn { times: 0, ..Turn::of(TurnKind::Review, vec![Step::Review(again)]) });
    Script {
        state_dir: Some(STATE.into()),
        typing: 360,
        model: Some(model.to_owned()),
        version: None,
        logged_in: true,
        root: None,
        load: crate::script::Load::AsReal,
        turns,
    }
}

/// Reads a file, and takes a moment for it.
fn read(path: &str, ms: u64) -> [Step; 2] {
    [Step::Read(path.to_owned()), Step::WaitMs(ms)]
}

#[cfg(test)]
#[path = "demo_tests.rs"]
mod demo_tests;
