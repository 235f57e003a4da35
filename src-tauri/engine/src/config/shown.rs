//! The effective values and where each comes from, for `orchestrate config` and the settings page.

use mo_core::ids::AgentKind;
use serde::Serialize;

use super::duration::show_duration;
use super::size::show_size;
use super::{Config, permission_word};

/// One effective value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownValue {
    /// Its dotted name.
    pub name: String,
    /// The value as TOML.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The person's file.
    File,
}

impl Config {
    /// All effective values. Values of agents' environments are not shown: they may be secrets.
    pub fn shown(&self) -> Vec<ShownValue> {
        let mut values = Vec::new();
        let mut push = |name: String, value: String| {
            let source = if self.set.contains(&name) { Source::File } else { Source::Default };
            values.push(ShownValue { name, value, source });
        };
        let known = [AgentKind::Claude, AgentKind::Codex, AgentKind::Gemini];
        let others = self.agents.keys().filter(|agent| matches!(agent, AgentKind::Acp(_))).cloned();
        for agent in known.into_iter().chain(others) {
            let set = self.agent(&agent);
            let quoted = |text: &str| format!("{text:?}");
            let path = set.path.as_ref().map(|p| p.display().to_string()).unwrap_or_default();
            if set.acp {
                push(format!("agents.{agent}.protocol"), quoted("acp"));
            }
            push(format!("agents.{agent}.path"), quoted(&path));
            push(format!("agents.{agent}.model"), quoted(set.model.as_deref().unwrap_or_default()));
            push(format!("agents.{agent}.args"), format!("{:?}", set.args));
            let names: Vec<String> = set.env.keys().map(|name| format!("{name} = \"…\"")).collect();
            push(format!("agents.{agent}.env"), format!("{{ {} }}", names.join(", ")).replace("{  }", "{}"));
        }
        let session = &self.session;
        push("session.team".to_owned(), format!("{:?}", self.team.as_str()));
        push("session.permission".to_owned(), format!("{:?}", permission_word(session.permission)));
        push("session.ceiling".to_owned(), format!("{:?}", session.ceiling.words()));
        push("session.isolation".to_owned(), "\"in-place\"".to_owned());
        push("session.fix_rounds".to_owned(), session.fix_rounds.to_string());
        push("session.stall_timeout".to_owned(), format!("{:?}", show_duration(session.stall_timeout_ms)));
        let approval = show_duration(session.approval_timeout_ms);
        push("session.approval_timeout".to_owned(), format!("{approval:?}"));
        push("session.time_limit".to_owned(), format!("{:?}", show_duration(session.time_limit_ms)));
        push("session.money_limit_usd".to_owned(), session.money_limit_usd.to_string());
        push("session.memory_limit".to_owned(), format!("{:?}", show_size(session.memory_limit_bytes)));
        push("session.free_disk_limit".to_owned(), format!("{:?}", show_size(session.free_disk_limit_bytes)));
        push("review.timeout".to_owned(), format!("{:?}", show_duration(session.review_timeout_ms)));
        let checks: Vec<_> = session.checks.iter().map(|check| toml::Value::from(check.as_str())).collect();
        push("review.checks".to_owned(), toml::Value::Array(checks).to_string());
        push("review.check_timeout".to_owned(), format!("{:?}", show_duration(session.check_timeout_ms)));
        push("review.check_output_bytes".to_owned(), session.check_output_bytes.to_string());
        let recovery = &session.recovery;
        push("recovery.attempts".to_owned(), recovery.attempts.to_string());
        for (name, ms) in [("back_off", recovery.back_off_ms), ("back_off_max", recovery.back_off_max_ms)] {
            push(format!("recovery.{name}"), format!("{:?}", show_duration(ms)));
        }
        let storage = &self.storage;
        for (name, value) in [
            ("checkpoints_max_size", show_size(storage.checkpoints_max_bytes)),
            ("transcript_max_size", show_size(storage.transcript_max_bytes)),
            ("keep_sessions_for", show_duration(storage.keep_sessions_for_ms)),
        ] {
            push(format!("storage.{name}"), format!("{value:?}"));
        }
        let calls = &self.notifications;
        for (name, called) in
            [("questions", calls.questions), ("blockers", calls.blockers), ("session_end", calls.session_end)]
        {
            push(format!("notifications.{name}"), called.to_string());
        }
        values
    }
}
