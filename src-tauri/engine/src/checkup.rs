//! What is found of the agents on this machine, for `orchestrate doctor` and the window.

use std::path::PathBuf;
use std::sync::Arc;

use mo_agents::own_args;
use mo_core::ids::AgentKind;
use mo_process::Spawner;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::environment::Environment;
use crate::roster;
use crate::search::{Candidate, candidates, learn};
use crate::start::StartError;
use crate::versions::doubt;

/// What was found of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentCheckup {
    /// Which.
    pub agent: AgentKind,
    /// Its program; `None` when it is not found.
    pub path: Option<PathBuf>,
    /// Every program that could be its own; the first is taken.
    pub candidates: Vec<Candidate>,
    /// What it says to `--version`.
    pub version: Option<String>,
    /// What a person should know of it, in one sentence.
    pub problem: Option<String>,
    /// What to do about that.
    pub hint: Option<String>,
    /// The command that installs it or brings it up to date, where there is one and it is called for.
    pub command: Option<String>,
    /// Whether it is logged in; `None` where only its work shows it.
    pub logged_in: Option<bool>,
}

/// The known agents and the configured ones, in that order.
pub fn agents_of(config: &Config) -> Vec<AgentKind> {
    let known = [AgentKind::Claude, AgentKind::Codex, AgentKind::Gemini];
    let others = config.agents.keys().filter(|agent| matches!(agent, AgentKind::Acp(_))).cloned();
    known.into_iter().chain(others).collect()
}

/// Looks for all of them, side by side.
pub async fn check_agents(
    config: &Arc<Config>,
    environment: &Arc<Environment>,
    spawner: &Arc<dyn Spawner>,
) -> Vec<AgentCheckup> {
    learn(spawner.as_ref(), config, environment, &agents_of(config)).await;
    let mut looking = JoinSet::new();
    for (at, agent) in agents_of(config).into_iter().enumerate() {
        let (config, environment, spawner) =
            (Arc::clone(config), Arc::clone(environment), Arc::clone(spawner));
        looking.spawn(async move { (at, check_agent(&config, &environment, spawner.as_ref(), agent).await) });
    }
    let mut found = looking.join_all().await;
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, checkup)| checkup).collect()
}

/// Looks for one agent.
pub async fn check_agent(
    config: &Config,
    environment: &Environment,
    spawner: &dyn Spawner,
    agent: AgentKind,
) -> AgentCheckup {
    learn(spawner, config, environment, [&agent]).await;
    let mut found = AgentCheckup {
        candidates: candidates(config, environment, &agent),
        agent,
        path: None,
        version: None,
        problem: None,
        hint: None,
        command: None,
        logged_in: None,
    };
    match roster::find(config, environment, &found.agent) {
        Ok(program) => {
            let (version, logged_in) = tokio::join!(
                roster::version(spawner, environment, &found.agent, &program),
                roster::logged_in(spawner, environment, &found.agent, &program),
            );
            found.problem = doubt(&found.agent, version.as_deref());
            if version.is_none() {
                found.problem = Some("it does not say its version".to_owned());
                found.hint = Some(format!("see what `{} --version` does", program.path.display()));
            } else if found.problem.is_some() {
                found.hint = Some(install_hint(&found.agent));
                found.command = install_command(&found.agent);
            }
            if found.problem.is_none()
                && let Err(error) = own_args::check(&found.agent, &program.args)
            {
                let error = StartError::Launch(found.agent.clone(), error);
                (found.problem, found.hint) = (Some(error.to_string()), Some(error.hint()));
            }
            found.logged_in = logged_in;
            found.version = version;
            found.path = Some(program.path);
        }
        Err(problem) => {
            found.problem = Some(problem);
            found.hint = Some(install_hint(&found.agent));
            found.command = install_command(&found.agent);
        }
    }
    found
}

fn install_command(agent: &AgentKind) -> Option<String> {
    let package = match agent {
        AgentKind::Claude => "@anthropic-ai/claude-code",
        AgentKind::Codex => "@openai/codex",
        AgentKind::Gemini => "@google/gemini-cli",
        AgentKind::Acp(_) => return None,
    };
    Some(format!("npm install -g {package}"))
}

fn install_hint(agent: &AgentKind) -> String {
    let install =
        install_command(agent).map_or_else(|| "install it".to_owned(), |command| format!("run `{command}`"));
    format!("{install}, or set [agents.{agent}] path")
}
