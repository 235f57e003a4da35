//! What is found here, and what is set.

use std::sync::Arc;

use mo_core::ids::{AgentKind, Role};
use mo_core::policy::BUILT_IN;
use mo_core::sandbox::Guarantee;
use mo_engine::checkup::{AgentCheckup, check_agent, check_agents};
use mo_engine::config::{Config, ConfigError, Notifications, ShownValue, Source, change, rules_beside};
use mo_engine::own_command::{OwnCommand, own_command};
use mo_engine::search::Candidate;
use mo_engine::survey;
use mo_process::{ShimSpawner, Spawner};

use super::EngineDesk;
use super::setup::{expand_home, teams};
use crate::desk::{Answer, SettingsDesk};
use crate::dto::{
    AgentCheck, CommandCheck, DoctorView, GuaranteeCheck, ProgramView, Refusal, RuleView, RulesView,
    RulingView, SettingView, SettingsView,
};
use crate::hints::{of_config, of_start};

impl SettingsDesk for EngineDesk {
    fn doctor(&self) -> Answer<'_, DoctorView> {
        Box::pin(async move {
            let (environment, spawner) = (self.host.environment(), spawner()?);
            // The agents first: in looking for them the login shell is asked for its PATH.
            let found = check_agents(&self.host.config(), &environment, &spawner).await;
            let command = own_command(spawner.as_ref(), &environment, self.program.place()).await;
            let guarantee = |guarantee: Guarantee| GuaranteeCheck {
                name: guarantee.as_str().to_owned(),
                what: in_words(guarantee).to_owned(),
                proven: false,
            };
            Ok(DoctorView {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                agents: found.into_iter().map(agent_check).collect(),
                command: command_check(command),
                guarantees: Guarantee::FOR_BYPASS.map(guarantee).into(),
                warnings: warnings(),
            })
        })
    }

    fn first_start(&self) -> Answer<'_, bool> {
        Box::pin(async move { Ok(self.memory.begin().await) })
    }

    fn check_agent(&self, agent: String) -> Answer<'_, AgentCheck> {
        Box::pin(async move {
            let config = self.host.config();
            let kind =
                agent.parse::<AgentKind>().ok().filter(|kind| config.knows(kind)).ok_or_else(|| {
                    Refusal::new(
                        "agent_unknown",
                        format!("`{agent}` is no known agent"),
                        "set its protocol first",
                    )
                })?;
            let spawner = spawner()?;
            let found = check_agent(&config, &self.host.environment(), spawner.as_ref(), kind).await;
            Ok(agent_check(found))
        })
    }

    fn settings(&self) -> Answer<'_, SettingsView> {
        Box::pin(async move { self.read_settings().await })
    }

    fn set_setting(&self, name: String, value: Option<String>) -> Answer<'_, SettingsView> {
        Box::pin(async move {
            let alone = self.reading.lock().await;
            let file = self.places.config.clone();
            let changed = tokio::task::spawn_blocking(move || change(&file, &name, value.as_deref())).await;
            let config = changed.map_err(|error| broke_off(&error))??;
            self.host.reconfigure(config);
            drop(alone);
            self.read_settings().await
        })
    }

    fn notifications(&self) -> Notifications {
        self.host.config().notifications
    }

    fn explain(&self, command: String, role: String, folder: String) -> Answer<'_, RulingView> {
        Box::pin(async move {
            if command.trim().is_empty() {
                return Err(Refusal::new("command_empty", "there is no command", "write one as in a shell"));
            }
            let role: Role = serde_json::from_value(serde_json::Value::String(role))
                .map_err(|error| Refusal::new("role_unknown", error.to_string(), "choose one"))?;
            let folder = expand_home(&folder);
            let (config, home) = (self.host.config(), self.host.environment().home());
            let data = self.places.data.clone();
            let ruled = tokio::task::spawn_blocking(move || {
                let folder = folder.canonicalize().ok().filter(|folder| folder.is_dir())?;
                let (home, ceiling) = (home.as_deref(), config.session.ceiling);
                Some(survey::explain(&command, role, &folder, home, &data, &config.rules, ceiling))
            });
            let ruling = ruled.await.map_err(|error| broke_off(&error))?.ok_or_else(|| {
                Refusal::new("target_missing", "there is no such folder", "write it from / or ~/ on")
            })?;
            let verdict = ruling.verdict.as_str().to_owned();
            Ok(RulingView { verdict, rule: ruling.rule, why: ruling.why })
        })
    }
}

impl EngineDesk {
    /// The person may have changed the file by hand: what is on the disk counts from here on, when it can be used.
    /// When it cannot, what was good before still counts, and why is answered.
    pub(super) async fn read_again(&self) -> Result<Option<ConfigError>, Refusal> {
        let _alone = self.reading.lock().await;
        let file = self.places.config.clone();
        let read = tokio::task::spawn_blocking(move || Config::read(&file, false)).await;
        match read.map_err(|error| broke_off(&error))? {
            Ok(config) => {
                self.host.reconfigure(config);
                Ok(None)
            }
            Err(error) => Ok(Some(error)),
        }
    }

    async fn read_settings(&self) -> Result<SettingsView, Refusal> {
        let unread = self.read_again().await?;
        let config = self.host.config();
        let problem = match unread {
            Some(error) => {
                Some(format!("{error}; {}. Until then the last good settings count", of_config(&error)))
            }
            None => config.bad_args().next().map(|error| format!("{error}; {}", of_start(&error))),
        };
        let rules = config.rules.iter().map(|rule| RuleView {
            name: rule.name.clone(),
            verdict: rule.verdict.as_str().to_owned(),
            what: rule.about.in_words(),
            scope: match (rule.role, &rule.folder) {
                (Some(role), Some(folder)) => Some(format!("{} in {folder}", role.as_str())),
                (Some(role), None) => Some(role.as_str().to_owned()),
                (None, folder) => folder.as_ref().map(|folder| format!("in {folder}")),
            },
        });
        let built_in = BUILT_IN.iter().map(|(name, verdict, what)| RuleView {
            name: (*name).to_owned(),
            verdict: verdict.as_str().to_owned(),
            what: (*what).to_owned(),
            scope: None,
        });
        Ok(SettingsView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            file: self.places.config.display().to_string(),
            file_exists: self.places.config.is_file(),
            problem,
            data: self.places.data.display().to_string(),
            data_source: if self.places.data_from_environment { "environment" } else { "default" }.to_owned(),
            values: config.shown().iter().filter_map(setting).collect(),
            teams: teams(),
            rules: RulesView {
                file: rules_beside(&self.places.config).display().to_string(),
                own: rules.collect(),
                built_in: built_in.collect(),
            },
        })
    }
}

/// A value as a person writes it; none for what has no single value. One that is not read as TOML stands there as it
/// is: no row goes away for its value.
fn setting(shown: &ShownValue) -> Option<SettingView> {
    let read = format!("v = {}", shown.value).parse::<toml::Table>().ok();
    let value = match read.as_ref().and_then(|toml| toml.get("v")) {
        Some(toml::Value::String(text)) => text.clone(),
        Some(toml::Value::Array(entries)) => {
            entries.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join("\n")
        }
        Some(toml::Value::Table(_)) => return None,
        Some(other) => other.to_string(),
        None => shown.value.clone(),
    };
    let source = match shown.source {
        Source::Default => "default",
        Source::File => "file",
    };
    Some(SettingView { name: shown.name.clone(), value, source: source.to_owned() })
}

fn agent_check(found: AgentCheckup) -> AgentCheck {
    let (title, login) = match &found.agent {
        AgentKind::Claude => ("Claude Code".to_owned(), Some("claude /login")),
        AgentKind::Codex => ("Codex".to_owned(), Some("codex login")),
        AgentKind::Gemini => ("Gemini CLI".to_owned(), Some("gemini")),
        AgentKind::Acp(name) => (name.clone(), None),
    };
    let program = |one: &Candidate| ProgramView {
        path: one.path.display().to_string(),
        how: one.origin.words().to_owned(),
    };
    AgentCheck {
        agent: found.agent.to_string(),
        title,
        candidates: found.candidates.iter().map(program).collect(),
        path: found.path.map(|path| path.display().to_string()),
        version: found.version,
        problem: found.problem,
        hint: found.hint,
        command: found.command,
        logged_in: found.logged_in,
        login: login.map(ToOwned::to_owned),
    }
}

/// The window shows lines of the command; who types one gets what is found here.
fn command_check(found: Option<OwnCommand>) -> CommandCheck {
    let Some(found) = found else {
        let problem = "`orchestrate` is neither on the PATH nor beside this app, so the commands that the window \
                       shows cannot be typed in a terminal. Install the whole package.";
        return CommandCheck { path: None, version: None, problem: Some(problem.to_owned()) };
    };
    let ours = env!("CARGO_PKG_VERSION");
    let problem = match found.version.as_deref().map(|said| said.rsplit(' ').next() == Some(ours)) {
        None => Some("It does not say its version.".to_owned()),
        Some(false) => Some(format!("This app is {ours}: bring both to one version.")),
        Some(true) if !found.on_path => Some(
            "It is not on the PATH: a terminal needs its whole path, or its folder on the PATH.".to_owned(),
        ),
        Some(true) => None,
    };
    CommandCheck { path: Some(found.path.display().to_string()), version: found.version, problem }
}

fn in_words(guarantee: Guarantee) -> &'static str {
    match guarantee {
        Guarantee::WriteConfined => "Writes stay in the target",
        Guarantee::SecretsUnreadable => "Secrets unreadable",
        Guarantee::NetAllowlisted => "Only allowed hosts reachable",
        Guarantee::TreeKill => "Whole process tree killed",
    }
}

fn warnings() -> Vec<String> {
    let mut warnings = Vec::new();
    if rustix::process::geteuid().is_root() {
        warnings.push(
            "This app runs as root: agents can write wherever root can. Start it as an ordinary user."
                .to_owned(),
        );
    }
    if !cfg!(target_os = "linux") {
        warnings.push("Only Linux is supported yet: agents cannot be supervised here.".to_owned());
    }
    warnings
}

pub(super) fn spawner() -> Result<Arc<dyn Spawner>, Refusal> {
    let spawner = ShimSpawner::of_this_program().map_err(|error| {
        Refusal::new("own_program_unknown", error.to_string(), "start the app by its full path")
    })?;
    Ok(Arc::new(spawner))
}

fn broke_off(error: &tokio::task::JoinError) -> Refusal {
    Refusal::new("broke_off", error.to_string(), "try again")
}
