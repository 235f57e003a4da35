//! What the settings' page shows.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// All settings in effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingsView {
    /// This program's own version.
    pub version: String,
    /// The person's file.
    pub file: String,
    /// Whether it is there.
    pub file_exists: bool,
    /// Why the file as it is on the disk does not count.
    pub problem: Option<String>,
    /// Where everything is kept.
    pub data: String,
    /// What says so: `default` or `environment`.
    pub data_source: String,
    /// Each value.
    pub values: Vec<SettingView>,
    /// The teams that a session can have.
    pub teams: Vec<TeamView>,
    /// What decides over what workers ask.
    pub rules: RulesView,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingView {
    /// Its dotted name.
    pub name: String,
    /// As a person writes it: the text itself, a number, a list with one entry a line.
    pub value: String,
    /// `default` or `file`.
    pub source: String,
}

/// A team that a session can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TeamView {
    /// `trio`, `pair` or `solo`.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// In the team's order.
    pub workers: Vec<TeamWorker>,
    /// Who reviews whose work, in words.
    pub reviews: Vec<String>,
}

/// One worker of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TeamWorker {
    /// Which CLI.
    pub agent: String,
    /// `architect`, `implementer` or `reviewer`.
    pub role: String,
}

/// The rules in effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RulesView {
    /// The file of the person's own rules, which need not exist.
    pub file: String,
    /// The person's own.
    pub own: Vec<RuleView>,
    /// Built in.
    pub built_in: Vec<RuleView>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuleView {
    /// What it is called where it decides.
    pub name: String,
    /// `allow`, `ask` or `deny`.
    pub verdict: String,
    /// What it is about.
    pub what: String,
    /// Where it holds, when not everywhere.
    pub scope: Option<String>,
}

/// What the rules say to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RulingView {
    /// `allow`, `ask` or `deny`.
    pub verdict: String,
    /// The rule that decides.
    pub rule: String,
    /// Why, in words.
    pub why: String,
}
