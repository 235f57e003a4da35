//! Where programs are looked for: on our own PATH, on that of the person's login shell, and where installers put them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use mo_core::ids::AgentKind;
use mo_process::{Spawner, find_program};
use serde::Serialize;

use crate::config::Config;
use crate::environment::Environment;
use crate::known_folders::known_folders;
use crate::login_shell::{LoginShell, PATIENCE, ask};

/// How a program was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The configuration names it.
    Configured,
    /// It is on our own PATH.
    Path,
    /// It is on the PATH of the person's login shell.
    LoginShell,
    /// It is where an installer puts it.
    KnownFolder,
}

impl Origin {
    /// In words, behind a path.
    pub fn words(self) -> &'static str {
        match self {
            Self::Configured => "set in the configuration",
            Self::Path => "on the PATH",
            Self::LoginShell => "found by your login shell",
            Self::KnownFolder => "in a folder of installers",
        }
    }
}

/// A program that could be an agent's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Absolute.
    pub path: PathBuf,
    /// How it was found.
    pub origin: Origin,
}

/// Has the login shell asked, once in all, where these agents' programs may be there alone: one of them is not on our own
/// PATH, or nobody started us from a terminal, so that our PATH is not the person's.
pub async fn learn<'a>(
    spawner: &dyn Spawner,
    config: &Config,
    environment: &Environment,
    agents: impl IntoIterator<Item = &'a AgentKind>,
) {
    let unknown = |agent: &AgentKind| {
        let alone = environment.var("PATH").unwrap_or_default();
        let found = || find_program(OsStr::new(agent.as_str()), OsStr::new(alone)).is_some();
        config.agent(agent).path.is_none() && (!environment.has_terminal() || !found())
    };
    if agents.into_iter().any(unknown) {
        environment.login.get_or_init(|| ask(spawner, environment, PATIENCE)).await;
    }
}

/// All programs that could be an agent's, the one that is taken first. Each once, however many ways lead to it.
pub fn candidates(config: &Config, environment: &Environment, agent: &AgentKind) -> Vec<Candidate> {
    let configured = config.agent(agent).path.iter().filter(|path| path.is_absolute());
    let configured = configured.filter_map(|path| find_program(path.as_os_str(), OsStr::new("")));
    let configured = configured.map(|path| Candidate { path, origin: Origin::Configured });
    let found = environment.folders().into_iter().filter_map(|(origin, folder)| {
        let path = find_program(OsStr::new(agent.as_str()), folder.as_os_str())?;
        Some(Candidate { path, origin })
    });
    let mut seen = Vec::new();
    let mut new = |candidate: &Candidate| {
        let real = candidate.path.canonicalize().unwrap_or_else(|_| candidate.path.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    };
    configured.chain(found).filter(|candidate| new(candidate)).collect()
}

impl Environment {
    /// What the person's login shell was found to be, once it was asked.
    pub fn login_shell(&self) -> Option<&LoginShell> {
        self.login.get()
    }

    /// A `PATH` on which the person's own programs are found, as far as it is known.
    pub fn search_path(&self) -> OsString {
        self.path(None).unwrap_or_default()
    }

    /// Whether somebody sat before a terminal when we were started; a desktop gives none.
    fn has_terminal(&self) -> bool {
        self.var("TERM").is_some_and(|term| !term.is_empty())
    }

    /// The folders of our own PATH and of the login shell's. Who started us from a terminal means that PATH.
    pub(crate) fn path_folders(&self) -> Vec<(Origin, PathBuf)> {
        let own =
            std::env::split_paths(self.var("PATH").unwrap_or_default()).filter(|folder| folder.is_absolute());
        let own = own.map(|folder| (Origin::Path, folder));
        let shell = self.login_shell().into_iter().flat_map(|shell| &shell.folders);
        let shell = shell.map(|folder| (Origin::LoginShell, folder.clone()));
        let all: Vec<_> =
            if self.has_terminal() { own.chain(shell).collect() } else { shell.chain(own).collect() };
        let mut seen = Vec::new();
        let mut folders = Vec::new();
        for (origin, folder) in all {
            if !seen.contains(&folder) {
                seen.push(folder.clone());
                folders.push((origin, folder));
            }
        }
        folders
    }

    /// Everywhere that programs are looked for, in that order. What installers use counts once the login shell was asked.
    fn folders(&self) -> Vec<(Origin, PathBuf)> {
        let known = self.login_shell().map(|_| known_folders(self.home().as_deref())).unwrap_or_default();
        let known = known.into_iter().map(|folder| (Origin::KnownFolder, folder));
        self.path_folders().into_iter().chain(known).collect()
    }

    /// The PATH of what is started: what the person's shell finds, its tools find too. The program's own folder is on it
    /// last, since a script of a version manager asks for what lies beside it. A folder that is not absolute would be one
    /// of the target, and what an agent wrote there would stand for `ls`.
    pub(crate) fn path(&self, program: Option<&Path>) -> Option<OsString> {
        let own = self.var("PATH").map(OsString::from);
        let beside = program.and_then(Path::parent).filter(|folder| folder.is_absolute());
        let mut folders: Vec<PathBuf> = match self.login_shell() {
            Some(_) => self.path_folders().into_iter().map(|(_, folder)| folder).collect(),
            // As it is, to the letter, where it can be.
            None => std::env::split_paths(own.as_deref().unwrap_or_default())
                .filter(|folder| folder.is_absolute())
                .collect(),
        };
        let own = own.filter(|own| std::env::split_paths(own).all(|folder| folder.is_absolute()));
        let more = beside.filter(|beside| !folders.iter().any(|folder| folder == beside));
        if self.login_shell().is_none() && more.is_none() && own.is_some() {
            return own;
        }
        folders.extend(more.map(Path::to_owned));
        std::env::join_paths(folders).ok().filter(|path| !path.is_empty()).or(own)
    }
}
