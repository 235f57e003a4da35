//! What a person can set for a session.

use serde::{Deserialize, Serialize};

use crate::ceiling::Ceiling;

/// The settings of one session, with the defaults of design.md §9.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether agents ask us or, inside a proven sandbox only, nobody.
    pub permission: PermissionMode,
    /// What may ever be let through without a person.
    #[serde(default)]
    pub ceiling: Ceiling,
    /// How often findings go back to the implementer before a decision takes effect.
    pub fix_rounds: u32,
    /// Milliseconds without a sign of work in a turn before it counts as stalled; 0 = never.
    pub stall_timeout_ms: u64,
    /// Milliseconds of the whole session before it pauses; 0 = none.
    pub time_limit_ms: u64,
    /// US dollars of known cost at which the session pauses; 0 = none. Agents that report no cost are not held.
    pub money_limit_usd: f64,
    /// Bytes of memory of one worker, with everything that it has started, above which the session pauses; 0 = any.
    #[serde(default)]
    pub memory_limit_bytes: u64,
    /// Bytes that must stay free on the disks of the target and the data folder, or the session pauses; 0 = none.
    #[serde(default)]
    pub free_disk_limit_bytes: u64,
    /// Milliseconds of one review before it is inconclusive; 0 = never.
    pub review_timeout_ms: u64,
    /// Milliseconds until a question to a person counts as a no; 0 = it waits without end.
    #[serde(default)]
    pub approval_timeout_ms: u64,
    /// Whether the session runs on while only a person could move it on; else it comes to rest, blocked.
    #[serde(default = "waits")]
    pub waits_for_person: bool,
    /// Commands of the person's that run on every checkpoint of the implementation before its reviews.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Milliseconds of one check before it is ended and counts as failed; 0 = never.
    #[serde(default = "check_timeout")]
    pub check_timeout_ms: u64,
    /// How many bytes of a check's output are kept: its beginning and its end.
    #[serde(default = "check_output")]
    pub check_output_bytes: u32,
    /// What is done by itself when a turn fails.
    #[serde(default)]
    pub recovery: RecoverySettings,
}

/// What is done by itself when a turn fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoverySettings {
    /// How often at most a failing turn is tried again before a person is called; 0: never.
    pub attempts: u32,
    /// Milliseconds before the first try where the model service is busy or away; twice as long before each further one.
    pub back_off_ms: u64,
    /// The longest such wait, in milliseconds.
    pub back_off_max_ms: u64,
}

/// The most attempts that can be set.
pub const MAX_RECOVERY_ATTEMPTS: u32 = 20;

impl Default for RecoverySettings {
    fn default() -> Self {
        Self { attempts: 5, back_off_ms: 5_000, back_off_max_ms: 5 * 60_000 }
    }
}

/// The most US dollars that a money limit can be; more is a slip of the keyboard.
pub const MAX_MONEY_LIMIT_USD: f64 = 1_000_000.0;

/// The most checks of a session.
pub const MAX_CHECKS: usize = 20;
/// The most bytes of a check's command.
pub const MAX_CHECK: usize = 4_096;
/// The bounds of [`Settings::check_output_bytes`].
pub const CHECK_OUTPUT: std::ops::RangeInclusive<u32> = 1_024..=256 * 1_024;

/// What is wrong with the commands of checks, in words that complete "checks …".
pub fn problem_of_checks(checks: &[String]) -> Option<String> {
    if checks.len() > MAX_CHECKS {
        return Some(format!("are {}; at most {MAX_CHECKS} are possible", checks.len()));
    }
    checks.iter().find_map(|command| match command {
        command if command.trim().is_empty() => Some("has an empty command".to_owned()),
        command if command.len() > MAX_CHECK => {
            Some(format!("has a command of {} bytes; put it into a script", command.len()))
        }
        command if command.contains('\0') => Some("has a command with a NUL byte".to_owned()),
        _ => None,
    })
}

fn waits() -> bool {
    true
}

fn check_timeout() -> u64 {
    10 * 60_000
}

fn check_output() -> u32 {
    16 * 1_024
}

/// How permissions are handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionMode {
    /// The agents ask, live.
    Ask,
    /// The agents ask nobody; refused until a sandbox has proven its guarantees.
    Bypass,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            permission: PermissionMode::Ask,
            ceiling: Ceiling::default(),
            fix_rounds: 0,
            stall_timeout_ms: 5 * 60_000,
            time_limit_ms: 0,
            money_limit_usd: 0.0,
            memory_limit_bytes: 0,
            free_disk_limit_bytes: 500_000_000,
            review_timeout_ms: 10 * 60_000,
            approval_timeout_ms: 0,
            waits_for_person: true,
            checks: Vec::new(),
            check_timeout_ms: check_timeout(),
            check_output_bytes: check_output(),
            recovery: RecoverySettings::default(),
        }
    }
}
