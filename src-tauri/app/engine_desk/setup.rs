//! A new session: what the form says, in the engine's own words, and its start.

use std::path::{Path, PathBuf};

use mo_core::ids::Role;
use mo_core::money::limit_usd;
use mo_core::settings::{PermissionMode, Settings};
use mo_core::team::{Preset, Team};
use mo_engine::config::Config;
use mo_engine::search::learn;
use mo_engine::start::{StartError, StartRequest, check, check_target};

use super::EngineDesk;
use super::settings::spawner;
use crate::desk::{Answer, SetupDesk};
use crate::dto::{
    Choices, FieldProblem, Refusal, Remembered, StartCheck, StartForm, TargetFacts, TeamView, TeamWorker,
    WorkerPreview,
};

/// A minute in milliseconds.
const MINUTE: u64 = 60_000;
/// The most minutes of a time limit: a year.
const MAX_MINUTES: u64 = 365 * 24 * 60;
/// The most fix rounds that a configuration takes, too.
const MAX_FIX_ROUNDS: u32 = 20;

impl SetupDesk for EngineDesk {
    fn check_start(&self, form: StartForm) -> Answer<'_, StartCheck> {
        Box::pin(async move {
            // Mended by hand while the form is open: the form sees it. A broken file is said by the settings.
            self.read_again().await?;
            let (config, environment) = (self.host.config(), self.host.environment());
            let data = self.places.data.clone();
            let (request, mut problems) = read(&form, &config.session);
            let agents = request.team.workers.iter().map(|member| &member.agent);
            learn(spawner()?.as_ref(), &config, &environment, agents).await;
            let looked = tokio::task::spawn_blocking(move || {
                let found = check_target(&request.target, &environment, &data, false);
                // What is said of the goal and the mode has its own field; the rest is asked for apart from them.
                let plain = StartRequest {
                    goal: "x".to_owned(),
                    settings: Settings { permission: PermissionMode::Ask, ..request.settings.clone() },
                    ..request.clone()
                };
                let outside =
                    found.is_ok().then(|| check(&plain, &config, &environment, &data).err()).flatten();
                let own = [
                    StartRequest { settings: plain.settings.clone(), ..request.clone() },
                    StartRequest { goal: plain.goal.clone(), ..request.clone() },
                ];
                let of_form = own.map(|one| check(&one, &config, &environment, &data).err());
                (found, outside, of_form)
            })
            .await;
            let (found, outside, of_form) =
                looked.map_err(|error| Refusal::new("check_broke_off", error.to_string(), "try again"))?;
            let known = problems.iter().any(|problem| problem.field == "target");
            let target = match found {
                Ok(path) => Some(facts(&path)),
                Err(error) => {
                    if !known {
                        problems.push(problem("target", error.into()));
                    }
                    None
                }
            };
            problems.extend(outside.map(|error| problem(field(&error), error.into())));
            for error in of_form.into_iter().flatten() {
                let field = field(&error);
                if matches!(field, "goal" | "permission") && !problems.iter().any(|one| one.field == field) {
                    problems.push(problem(field, error.into()));
                }
            }
            let team = team(&form.choices.team).unwrap_or_else(Team::default_trio);
            Ok(StartCheck { problems, target, workers: previews(&team) })
        })
    }

    fn start(&self, form: StartForm) -> Answer<'_, String> {
        Box::pin(async move {
            self.read_again().await?;
            let (request, problems) = read(&form, &self.host.config().session);
            if let Some(first) = problems.into_iter().next() {
                return Err(first.refusal);
            }
            let target = request.target.clone();
            let session = self.host.start(request).await?;
            self.memory.keep(target.canonicalize().unwrap_or(target), form.choices).await;
            Ok(session.to_string())
        })
    }

    fn remembered(&self, target: String) -> Answer<'_, Remembered> {
        Box::pin(async move {
            let target = expand_home(&target);
            let target = target.canonicalize().unwrap_or(target);
            let (kept, recent) = self.memory.of(&target).await;
            let known = kept.is_some();
            self.read_again().await?;
            let choices = kept.unwrap_or_else(|| configured(&self.host.config()));
            Ok(Remembered { choices, known, recent })
        })
    }
}

/// What the person's configuration says for a new session.
fn configured(config: &Config) -> Choices {
    let settings = &config.session;
    let limit = |value: f64| if value > 0.0 { value.to_string() } else { String::new() };
    Choices {
        team: config.team.as_str().to_owned(),
        permission: match settings.permission {
            PermissionMode::Ask => "ask",
            PermissionMode::Bypass => "bypass",
        }
        .to_owned(),
        isolation: "in-place".to_owned(),
        fix_rounds: settings.fix_rounds.to_string(),
        time_limit: match settings.time_limit_ms.div_ceil(MINUTE) {
            0 => String::new(),
            minutes => minutes.to_string(),
        },
        money_limit: limit(settings.money_limit_usd),
    }
}

/// The form as a request, and what in it is no value at all.
fn read(form: &StartForm, defaults: &Settings) -> (StartRequest, Vec<FieldProblem>) {
    let (mut problems, mut settings) = (Vec::new(), defaults.clone());
    let mut wrong = |field: &str, code: &str, message: &str, hint: &str| {
        problems.push(problem(field, Refusal::new(code, message, hint)));
    };
    let choices = &form.choices;
    let target = expand_home(&form.target);
    if form.target.trim().is_empty() {
        wrong("target", "target_empty", "choose the folder to work on", "");
    } else if !target.is_absolute() {
        let message = format!("{} is not a whole path", target.display());
        wrong("target", "target_not_absolute", &message, "write it from / or ~/ on, or choose the folder");
    }
    match choices.permission.as_str() {
        "ask" => settings.permission = PermissionMode::Ask,
        "bypass" => settings.permission = PermissionMode::Bypass,
        other => {
            let message = format!("`{other}` is no permission mode");
            wrong("permission", "permission_unknown", &message, "choose one");
        }
    }
    if choices.isolation != "in-place" {
        wrong("isolation", "isolation_unknown", "only working in the folder itself is possible yet", "");
    }
    match choices.fix_rounds.trim().parse::<u32>() {
        Ok(rounds) if rounds <= MAX_FIX_ROUNDS => settings.fix_rounds = rounds,
        _ => wrong("fix_rounds", "fix_rounds_wrong", "enter a whole number from 0 to 20", ""),
    }
    match (choices.time_limit.trim(), choices.time_limit.trim().parse::<u64>()) {
        ("", _) => settings.time_limit_ms = 0,
        (_, Ok(minutes @ 1..=MAX_MINUTES)) => settings.time_limit_ms = minutes * MINUTE,
        _ => {
            wrong(
                "time_limit",
                "time_limit_wrong",
                "enter whole minutes, or leave it empty for no limit",
                "",
            );
        }
    }
    match (choices.money_limit.trim(), limit_usd(&choices.money_limit)) {
        ("", _) => settings.money_limit_usd = 0.0,
        (_, Ok(dollars)) => settings.money_limit_usd = dollars,
        (_, Err(problem)) => wrong("money_limit", "money_limit_wrong", &problem.to_string(), ""),
    }
    let team = team(&choices.team).unwrap_or_else(|| {
        wrong("team", "team_unknown", &format!("`{}` is no team", choices.team), "choose one");
        Team::default_trio()
    });
    (StartRequest { goal: form.goal.clone(), target, team, settings, yes_really: false }, problems)
}

fn problem(field: &str, refusal: Refusal) -> FieldProblem {
    let hint = refusal.hint.filter(|hint| !hint.is_empty());
    FieldProblem { field: field.to_owned(), refusal: Refusal { hint, ..refusal } }
}

/// The field that a refusal of the engine is about.
fn field(error: &StartError) -> &'static str {
    match error {
        StartError::GoalEmpty | StartError::GoalTooLong(_) => "goal",
        StartError::TargetMissing(_)
        | StartError::TargetNotAFolder(_)
        | StartError::TargetUnreadable(..)
        | StartError::TargetAndData(..)
        | StartError::TargetTooWide(..)
        | StartError::TargetOfKernel(..)
        | StartError::TargetBusy(_) => "target",
        StartError::AgentUnknown(_) | StartError::AgentNotInstalled(..) | StartError::Launch(..) => "team",
        StartError::BypassRefused(_) => "permission",
        StartError::Config(_) | StartError::Journal(_) => "form",
    }
}

/// The team of that preset.
fn team(id: &str) -> Option<Team> {
    Preset::of_word(id).map(Preset::team)
}

/// The presets, as they are chosen from.
pub(super) fn teams() -> Vec<TeamView> {
    let title = |preset: Preset| match preset {
        Preset::Trio => "Three, each reviewed",
        Preset::Pair => "A pair",
        Preset::Solo => "Solo with a reviewer",
    };
    let view = |preset: Preset, team: Team| TeamView {
        id: preset.as_str().to_owned(),
        title: title(preset).to_owned(),
        workers: team
            .workers
            .iter()
            .map(|member| TeamWorker {
                agent: member.agent.to_string(),
                role: member.role.as_str().to_owned(),
            })
            .collect(),
        reviews: team
            .reviews
            .iter()
            .map(|pair| format!("{} reviews {}", pair.reviewer, pair.subject))
            .collect(),
    };
    Preset::ALL.map(|preset| view(preset, preset.team())).into()
}

/// What each worker may do without a question, in the mode that asks.
fn previews(team: &Team) -> Vec<WorkerPreview> {
    let runs_as = if rustix::process::geteuid().is_root() {
        "as root, like this app: it could write anywhere".to_owned()
    } else {
        "as you, with your login and your files: not yet confined by a sandbox".to_owned()
    };
    let preview = |member: &mo_core::team::Member| WorkerPreview {
        name: member.name.to_string(),
        agent: member.agent.to_string(),
        role: member.role.as_str().to_owned(),
        reviews: team
            .reviews
            .iter()
            .filter(|pair| pair.reviewer == member.name)
            .map(|pair| pair.subject.to_string())
            .collect(),
        reads: match member.role {
            Role::Reviewer => "a read-only copy at a fixed checkpoint",
            Role::Architect | Role::Implementer => "the folder; anything outside it asks, secrets never",
        }
        .to_owned(),
        writes: match member.role {
            Role::Implementer => "the folder, but what changes how tools run asks",
            Role::Architect | Role::Reviewer => "nothing",
        }
        .to_owned(),
        reaches: "its own model service; anything else asks".to_owned(),
        runs_as: runs_as.clone(),
    };
    team.workers.iter().map(preview).collect()
}

/// What can be said of a good folder without starting anything.
fn facts(path: &Path) -> TargetFacts {
    let git = path.join(".git");
    // A linked checkout has a file there that names the real place.
    let real = std::fs::read_to_string(&git).ok().and_then(|text| {
        let named = text.strip_prefix("gitdir:")?.trim();
        Some(path.join(named))
    });
    let head = std::fs::read_to_string(real.unwrap_or_else(|| git.clone()).join("HEAD")).unwrap_or_default();
    TargetFacts {
        path: path.display().to_string(),
        git: git.exists(),
        branch: head.trim().strip_prefix("ref: refs/heads/").map(ToOwned::to_owned),
    }
}

/// A path as a person types it.
pub(super) fn expand_home(typed: &str) -> PathBuf {
    let typed = typed.trim();
    match (typed.strip_prefix('~'), std::env::home_dir()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(typed),
    }
}
