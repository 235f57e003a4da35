//! The form of the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mo_core::ceiling::{Ceiling, Freedom};
use mo_core::ids::AgentKind;
use mo_core::settings::{
    CHECK_OUTPUT, MAX_MONEY_LIMIT_USD, MAX_RECOVERY_ATTEMPTS, PermissionMode, Settings, problem_of_checks,
};
use mo_core::team::Preset;
use serde::Deserialize;
use toml::Spanned;

use super::duration::parse_duration;
use super::size::parse_size;
use super::{AgentConfig, Config, ConfigError};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Root {
    #[serde(default)]
    agents: BTreeMap<Spanned<String>, Agent>,
    #[serde(default)]
    session: Session,
    #[serde(default)]
    review: Review,
    #[serde(default)]
    recovery: Recovery,
    #[serde(default)]
    storage: StorageTable,
    #[serde(default)]
    notifications: NotificationsTable,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Agent {
    path: Option<Spanned<PathBuf>>,
    model: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    args: Vec<String>,
    protocol: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Session {
    team: Option<Spanned<String>>,
    permission: Option<Spanned<String>>,
    ceiling: Option<Spanned<Vec<Spanned<String>>>>,
    isolation: Option<Spanned<String>>,
    fix_rounds: Option<Spanned<u32>>,
    stall_timeout: Option<Spanned<String>>,
    time_limit: Option<Spanned<String>>,
    approval_timeout: Option<Spanned<String>>,
    money_limit_usd: Option<Spanned<f64>>,
    memory_limit: Option<Spanned<String>>,
    free_disk_limit: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Review {
    timeout: Option<Spanned<String>>,
    triggers: Option<Spanned<Vec<String>>>,
    checks: Option<Spanned<Vec<String>>>,
    check_timeout: Option<Spanned<String>>,
    check_output_bytes: Option<Spanned<u32>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Recovery {
    attempts: Option<Spanned<u32>>,
    back_off: Option<Spanned<String>>,
    back_off_max: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct StorageTable {
    checkpoints_max_size: Option<Spanned<String>>,
    transcript_max_size: Option<Spanned<String>>,
    keep_sessions_for: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct NotificationsTable {
    questions: Option<bool>,
    blockers: Option<bool>,
    session_end: Option<bool>,
}

/// The most fix rounds that make sense; more is a slip of the keyboard.
pub(super) const MAX_FIX_ROUNDS: u32 = 20;

impl Config {
    /// Reads the text of a configuration file.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let broken = |at: usize, reason: String| {
            let (line, column) = place(text, at);
            ConfigError::Broken { file: file.to_owned(), line, column, reason }
        };
        let mut root: Root = toml::from_str(text).map_err(|error| {
            broken(error.span().map_or(0, |span| span.start), plain(error.message().trim()))
        })?;
        let mut config = Self { file: Some(file.to_owned()), ..Self::default() };
        for (name, agent) in std::mem::take(&mut root.agents) {
            let at = name.span().start;
            let kind: AgentKind = name.get_ref().parse().map_err(|e| broken(at, format!("{e}")))?;
            let acp = match &agent.protocol {
                None => false,
                Some(word) if word.get_ref() == "acp" => true,
                Some(word) => {
                    return Err(broken(
                        word.span().start,
                        format!("protocol = {:?}; only \"acp\" is possible", word.get_ref()),
                    ));
                }
            };
            if matches!(kind, AgentKind::Acp(_)) != acp {
                let reason = if acp {
                    format!("`{kind}` has a protocol of its own; leave protocol out")
                } else {
                    format!(
                        "`{kind}` is no known agent; set protocol = \"acp\" if it speaks the Agent Client Protocol"
                    )
                };
                return Err(broken(at, reason));
            }
            if let Some(path) = agent.path.as_ref().filter(|p| !p.get_ref().is_absolute()) {
                return Err(broken(path.span().start, "the path must be absolute".to_owned()));
            }
            for (key, is_set) in [
                ("protocol", acp),
                ("path", agent.path.is_some()),
                ("model", agent.model.is_some()),
                ("env", !agent.env.is_empty()),
                ("args", !agent.args.is_empty()),
            ] {
                if is_set {
                    config.set.insert(format!("agents.{kind}.{key}"));
                }
            }
            let agent = AgentConfig {
                path: agent.path.map(Spanned::into_inner),
                model: agent.model.filter(|model| !model.trim().is_empty()),
                env: agent.env,
                args: agent.args,
                acp,
            };
            config.agents.insert(kind, agent);
        }
        let duration = |value: &Option<Spanned<String>>, name: &str, set: &mut u64, all: &mut Vec<String>| {
            let Some(value) = value else { return Ok(()) };
            *set = parse_duration(value.get_ref()).map_err(|reason| broken(value.span().start, reason))?;
            all.push(name.to_owned());
            Ok(())
        };
        let mut settings = Settings::default();
        let mut set = Vec::new();
        duration(
            &root.session.stall_timeout,
            "session.stall_timeout",
            &mut settings.stall_timeout_ms,
            &mut set,
        )?;
        duration(
            &root.session.approval_timeout,
            "session.approval_timeout",
            &mut settings.approval_timeout_ms,
            &mut set,
        )?;
        duration(&root.session.time_limit, "session.time_limit", &mut settings.time_limit_ms, &mut set)?;
        duration(&root.review.timeout, "review.timeout", &mut settings.review_timeout_ms, &mut set)?;
        duration(
            &root.review.check_timeout,
            "review.check_timeout",
            &mut settings.check_timeout_ms,
            &mut set,
        )?;
        let recovery = &mut settings.recovery;
        duration(&root.recovery.back_off, "recovery.back_off", &mut recovery.back_off_ms, &mut set)?;
        duration(
            &root.recovery.back_off_max,
            "recovery.back_off_max",
            &mut recovery.back_off_max_ms,
            &mut set,
        )?;
        if let Some(attempts) = &root.recovery.attempts {
            if *attempts.get_ref() > MAX_RECOVERY_ATTEMPTS {
                let reason = format!("attempts is at most {MAX_RECOVERY_ATTEMPTS}; 0 is none");
                return Err(broken(attempts.span().start, reason));
            }
            recovery.attempts = *attempts.get_ref();
            set.push("recovery.attempts".to_owned());
        }
        if let Some(checks) = &root.review.checks {
            if let Some(problem) = problem_of_checks(checks.get_ref()) {
                return Err(broken(checks.span().start, format!("checks {problem}")));
            }
            settings.checks.clone_from(checks.get_ref());
            set.push("review.checks".to_owned());
        }
        if let Some(bytes) = &root.review.check_output_bytes {
            if !CHECK_OUTPUT.contains(bytes.get_ref()) {
                let (least, most) = CHECK_OUTPUT.into_inner();
                return Err(broken(
                    bytes.span().start,
                    format!("check_output_bytes is from {least} to {most}"),
                ));
            }
            settings.check_output_bytes = *bytes.get_ref();
            set.push("review.check_output_bytes".to_owned());
        }
        let kept = &mut config.storage;
        duration(
            &root.storage.keep_sessions_for,
            "storage.keep_sessions_for",
            &mut kept.keep_sessions_for_ms,
            &mut set,
        )?;
        for (value, name, bytes) in [
            (
                &root.storage.checkpoints_max_size,
                "storage.checkpoints_max_size",
                &mut kept.checkpoints_max_bytes,
            ),
            (
                &root.storage.transcript_max_size,
                "storage.transcript_max_size",
                &mut kept.transcript_max_bytes,
            ),
            (&root.session.memory_limit, "session.memory_limit", &mut settings.memory_limit_bytes),
            (&root.session.free_disk_limit, "session.free_disk_limit", &mut settings.free_disk_limit_bytes),
        ] {
            let Some(value) = value else { continue };
            *bytes = parse_size(value.get_ref()).map_err(|reason| broken(value.span().start, reason))?;
            set.push(name.to_owned());
        }
        let calls = &mut config.notifications;
        for (value, name, called) in [
            (root.notifications.questions, "questions", &mut calls.questions),
            (root.notifications.blockers, "blockers", &mut calls.blockers),
            (root.notifications.session_end, "session_end", &mut calls.session_end),
        ] {
            let Some(value) = value else { continue };
            *called = value;
            set.push(format!("notifications.{name}"));
        }
        if let Some(word) = &root.session.team {
            config.team = Preset::of_word(word.get_ref()).ok_or_else(|| {
                let known = Preset::ALL.map(|preset| format!("{:?}", preset.as_str())).join(", ");
                broken(word.span().start, format!("team = {:?}; possible are {known}", word.get_ref()))
            })?;
            set.push("session.team".to_owned());
        }
        if let Some(word) = &root.session.permission {
            settings.permission = match word.get_ref().as_str() {
                "ask" => PermissionMode::Ask,
                "bypass" => PermissionMode::Bypass,
                other => {
                    return Err(broken(
                        word.span().start,
                        format!("permission = {other:?}; \"ask\" or \"bypass\" is possible"),
                    ));
                }
            };
            set.push("session.permission".to_owned());
        }
        if let Some(words) = &root.session.ceiling {
            settings.ceiling = ceiling(words.get_ref(), &broken)?;
            set.push("session.ceiling".to_owned());
            if settings.permission == PermissionMode::Bypass && !settings.ceiling.has_all() {
                let reason = "permission = \"bypass\" lets everything through; a lower ceiling needs \"ask\"";
                return Err(broken(words.span().start, reason.to_owned()));
            }
        }
        if let Some(word) = &root.session.isolation {
            if word.get_ref() != "in-place" {
                return Err(broken(
                    word.span().start,
                    format!("isolation = {:?}; only \"in-place\" is possible yet", word.get_ref()),
                ));
            }
            set.push("session.isolation".to_owned());
        }
        if let Some(rounds) = &root.session.fix_rounds {
            if *rounds.get_ref() > MAX_FIX_ROUNDS {
                return Err(broken(rounds.span().start, format!("fix_rounds is at most {MAX_FIX_ROUNDS}")));
            }
            settings.fix_rounds = *rounds.get_ref();
            set.push("session.fix_rounds".to_owned());
        }
        if let Some(limit) = &root.session.money_limit_usd {
            if !(0.0..=MAX_MONEY_LIMIT_USD).contains(limit.get_ref()) {
                return Err(broken(
                    limit.span().start,
                    format!(
                        "money_limit_usd is a number of dollars from 0 to {MAX_MONEY_LIMIT_USD}; 0 for none"
                    ),
                ));
            }
            settings.money_limit_usd = *limit.get_ref();
            set.push("session.money_limit_usd".to_owned());
        }
        only_defaults_yet(&root, &broken)?;
        config.session = settings;
        config.set.extend(set);
        Ok(config)
    }
}

/// What the reader of TOML says, without the names of our types.
fn plain(message: &str) -> String {
    let Some((found, wanted)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let wanted = match wanted {
        "u32" => "a whole number from 0 on",
        "f64" => "a number",
        _ => return message.to_owned(),
    };
    format!("{found}, expected {wanted}")
}

/// The words of a ceiling.
fn ceiling(
    words: &[Spanned<String>],
    broken: &dyn Fn(usize, String) -> ConfigError,
) -> Result<Ceiling, ConfigError> {
    let freedoms = words.iter().map(|word| {
        Freedom::of_word(word.get_ref()).ok_or_else(|| {
            let known = Freedom::ALL.map(|freedom| format!("{:?}", freedom.as_str())).join(", ");
            broken(word.span().start, format!("ceiling has {:?}; possible are {known}", word.get_ref()))
        })
    });
    Ok(Ceiling::of(freedoms.collect::<Result<Vec<_>, _>>()?))
}

/// Settings of the design that this version has no code for: their defaults are fine, anything else would be
/// promised and not kept.
fn only_defaults_yet(root: &Root, broken: &dyn Fn(usize, String) -> ConfigError) -> Result<(), ConfigError> {
    let refuse = |at: usize, name: &str, default: &str| {
        Err(broken(at, format!("{name} cannot be set yet; leave it out or write {default}")))
    };
    if let Some(value) = root.review.triggers.as_ref().filter(|v| v.get_ref() != &["turn_end"]) {
        return refuse(value.span().start, "triggers", "[\"turn_end\"]");
    }
    Ok(())
}

/// Line and column, from 1, of a byte.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
