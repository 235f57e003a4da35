//! What a person can set for a session.

use serde::{Deserialize, Serialize};

/// The settings of one session, with the defaults of design.md §9.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether agents ask us or, inside a proven sandbox only, nobody.
    pub permission: PermissionMode,
    /// How often findings go back to the implementer before a decision takes effect.
    pub fix_rounds: u32,
    /// Milliseconds without a sign of work in a turn before it counts as stalled; 0 = never.
    pub stall_timeout_ms: u64,
    /// Milliseconds of the whole session before it pauses; 0 = none.
    pub time_limit_ms: u64,
    /// US dollars of known cost at which the session pauses; 0 = none. Agents that report no cost are not held.
    pub money_limit_usd: f64,
    /// Milliseconds of one review before it is inconclusive; 0 = never.
    pub review_timeout_ms: u64,
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
            fix_rounds: 0,
            stall_timeout_ms: 5 * 60_000,
            time_limit_ms: 0,
            money_limit_usd: 0.0,
            review_timeout_ms: 10 * 60_000,
        }
    }
}
