//! Which agents are installed, where, and which version they say they are.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mo_core::event::FoundAgent;
use mo_core::ids::AgentKind;
use mo_process::{ProbeCommand, Spawner, find_program, run_probe};

use crate::config::Config;
use crate::environment::Environment;
use crate::ports::Ports;
use crate::search::candidates;

/// How long an agent has to say its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);

/// An agent's program and how it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundProgram {
    /// Absolute.
    pub path: PathBuf,
    /// A model other than the CLI's own.
    pub model: Option<String>,
    /// Extra arguments.
    pub args: Vec<String>,
    /// Extra environment.
    pub env: BTreeMap<String, String>,
}

/// Finds an agent's program: where the configuration says, else the first of the [candidates].
pub fn find(config: &Config, environment: &Environment, agent: &AgentKind) -> Result<FoundProgram, String> {
    let configured = config.agent(agent);
    let path = if let Some(path) = &configured.path {
        match program_problem(path) {
            None => path.clone(),
            Some(problem) => return Err(format!("[agents.{agent}] path: {problem}")),
        }
    } else {
        let first = candidates(config, environment, agent).into_iter().next();
        first.ok_or_else(|| not_found(environment, agent))?.path
    };
    Ok(FoundProgram {
        path,
        model: configured.model.clone(),
        args: configured.args.clone(),
        env: configured.env.clone(),
    })
}

/// What keeps a path from being that of a program.
pub(crate) fn program_problem(path: &Path) -> Option<String> {
    let shown = path.display();
    if !path.is_absolute() {
        return Some(format!("{shown} is not absolute; write it from / on"));
    }
    if find_program(path.as_os_str(), OsStr::new("")).is_some() {
        return None;
    }
    Some(match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => format!("{shown} is a folder; name the program in it"),
        Ok(_) => format!("{shown} is no program that you may start"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => format!("there is no file {shown}"),
        Err(error) => format!("{shown} cannot be looked at: {error}"),
    })
}

fn not_found(environment: &Environment, agent: &AgentKind) -> String {
    let nor = match environment.login_shell().map(|shell| &shell.problem) {
        Some(Some(problem)) => format!(" (your login shell tells nothing of it: {problem})"),
        Some(None) => ", your login shell does not find it".to_owned(),
        None => String::new(),
    };
    format!("`{agent}` is not on the PATH{nor}, and [agents.{agent}] path is not set")
}

/// All agents with the versions that they say, asked side by side.
pub(crate) async fn versions(
    ports: &Ports,
    environment: &Arc<Environment>,
    programs: &BTreeMap<AgentKind, FoundProgram>,
) -> Vec<FoundAgent> {
    let mut asked = Vec::new();
    for (agent, program) in programs {
        let (spawner, environment) = (Arc::clone(&ports.spawner), Arc::clone(environment));
        let (kind, found) = (agent.clone(), program.clone());
        let path = program.path.to_string_lossy().into_owned();
        let task = tokio::spawn(async move { version(spawner.as_ref(), &environment, &kind, &found).await });
        asked.push((agent.clone(), path, task));
    }
    let mut agents = Vec::new();
    for (agent, path, task) in asked {
        agents.push(FoundAgent { agent, path, version: task.await.unwrap_or_default() });
    }
    agents
}

/// What the program says to `--version`: its first line, cut. `None` when it says nothing in time.
pub async fn version(
    spawner: &dyn Spawner,
    environment: &Environment,
    agent: &AgentKind,
    program: &FoundProgram,
) -> Option<String> {
    said_version(spawner, &program.path, environment.of_worker(agent, &program.path, &program.env, &[])).await
}

/// What a program says to `--version`, as [`version`].
pub(crate) async fn said_version(
    spawner: &dyn Spawner,
    program: &Path,
    env: Vec<(OsString, OsString)>,
) -> Option<String> {
    let mut probe = ProbeCommand::new(program, "/");
    probe.args = vec!["--version".into()];
    probe.env = env;
    probe.timeout = VERSION_TIMEOUT;
    probe.output_limit = 4096;
    let output = run_probe(spawner, probe).await.ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| !line.trim().is_empty())?.trim();
    (output.exit.code == Some(0)).then(|| line.chars().take(80).collect())
}

/// Whether the agent says that it is logged in; `None` where it has no way to say it, or says nothing in time.
///
/// Codex: `codex login status` ends with 0, or with 1 and "Not logged in" (measured, 0.169.0).
pub(crate) async fn logged_in(
    spawner: &dyn Spawner,
    environment: &Environment,
    agent: &AgentKind,
    program: &FoundProgram,
) -> Option<bool> {
    if *agent != AgentKind::Codex {
        return None;
    }
    let mut probe = ProbeCommand::new(&program.path, "/");
    probe.args = vec!["login".into(), "status".into()];
    probe.env = environment.of_worker(agent, &program.path, &program.env, &[]);
    probe.timeout = VERSION_TIMEOUT;
    probe.output_limit = 4096;
    let output = run_probe(spawner, probe).await.ok()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).to_lowercase();
    match output.exit.code {
        Some(0) if said.contains("logged in") => Some(!said.contains("not logged in")),
        Some(_) if said.contains("not logged in") => Some(false),
        _ => None,
    }
}
