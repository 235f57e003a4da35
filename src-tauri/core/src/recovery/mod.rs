//! What is done by itself when a turn fails (design.md §7): a table from what was recognised to a remedy and its bound.
//! Pure: a back-off's jitter comes from a seed, and nothing here reads a clock.

mod words;

use serde::{Deserialize, Serialize};

use crate::ids::AgentKind;
use crate::outcome::{FailureClass, Outcome, TurnEnd};
use crate::settings::{PermissionMode, RecoverySettings};

pub use words::{blocker, login, told, what};

/// What is wrong with a turn that did not complete. In JSON one word: `crashed`, `stalled`, `malformed_stream`,
/// `out_of_disk`, or that of the [`FailureClass`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Its process went away in the middle.
    Crashed,
    /// It gave no sign of work for longer than the stall timeout.
    Stalled,
    /// It broke off or fell silent after lines that are not what its protocol allows.
    MalformedStream,
    /// It failed because a disk is full.
    OutOfDisk,
    /// It failed, and said how.
    #[serde(untagged)]
    Failed(FailureClass),
}

/// What was noticed in a turn while it ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signs {
    /// The watchdog ended it.
    pub stalled: bool,
    /// It said something that its protocol does not allow.
    pub malformed: bool,
}

impl Trouble {
    /// What is wrong; `None` where the turn was completed, or ended by somebody.
    pub fn of(end: &TurnEnd, signs: Signs) -> Option<Self> {
        let vague = match (end.outcome, end.class) {
            (Outcome::Completed | Outcome::Interrupted, _) => return None,
            (Outcome::Vanished, _) => Self::Crashed,
            (Outcome::Failed, Some(FailureClass::Internal))
                if end.text.as_deref().is_some_and(words::no_space) =>
            {
                return Some(Self::OutOfDisk);
            }
            (Outcome::Failed, Some(FailureClass::Unknown) | None) if signs.stalled => Self::Stalled,
            (Outcome::Failed, class) => Self::Failed(class.unwrap_or(FailureClass::Unknown)),
        };
        let is_vague = !matches!(vague, Self::Failed(class) if !matches!(class, FailureClass::Unknown | FailureClass::Internal));
        Some(if is_vague && signs.malformed { Self::MalformedStream } else { vague })
    }

    /// Its word in output.
    pub fn word(self) -> String {
        serde_json::to_string(&self).unwrap_or_default().trim_matches('"').to_owned()
    }
}

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Launched again without its check that the folder is a git repository.
    AddSkipGitRepoCheck,
    /// Launched again without its check that the folder is trusted, for that run alone.
    AddSkipTrust,
    /// Launched again so that it asks for everything.
    AskInstead,
    /// Prompted again after a while.
    BackOff,
    /// Prompted again when the agent's usage limit is over.
    WaitForReset,
    /// Goes on in a new session of the agent, which is told what was done.
    NewSession,
    /// Goes on at once, in the agent's own session where it has one.
    GoOn,
}

impl Remedy {
    /// Its word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddSkipGitRepoCheck => "add_skip_git_repo_check",
            Self::AddSkipTrust => "add_skip_trust",
            Self::AskInstead => "ask_instead",
            Self::BackOff => "back_off",
            Self::WaitForReset => "wait_for_reset",
            Self::NewSession => "new_session",
            Self::GoOn => "go_on",
        }
    }

    /// Whether the agent's process cannot be used any more.
    pub fn needs_new_process(self) -> bool {
        match self {
            Self::AddSkipGitRepoCheck | Self::AddSkipTrust | Self::AskInstead | Self::NewSession => true,
            Self::BackOff | Self::WaitForReset | Self::GoOn => false,
        }
    }
}

/// What a worker's processes are launched with, as far as a remedy can change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launched {
    /// Whether it asks.
    pub permission: PermissionMode,
    /// Codex one-shot: told that it may do without a git repository.
    pub skip_git_repo_check: bool,
    /// Gemini: told that it may trust the folder.
    pub skip_trust: bool,
}

/// What recovery has changed of a worker's launches, for the rest of the session. Nothing here permits more than the
/// person set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaunchChanges {
    /// It asks, though the person would have let it go without.
    pub asks: bool,
    /// The check for a git repository is left out.
    pub skip_git_repo_check: bool,
    /// The check that the folder is trusted is left out.
    pub skip_trust: bool,
}

/// How often a remedy that goes on at once is tried.
const GO_ONS: u32 = 2;
/// How often a usage limit is waited for in one turn: more than a week of five-hour limits.
const RESETS: u32 = 40;

/// The remedy of a trouble and how often it is tried before a person is called; `None` where only a person can help.
/// `reset_known` says whether the agent named the instant at which its usage limit is over.
pub fn remedy(
    trouble: Trouble,
    agent: &AgentKind,
    launched: Launched,
    reset_known: bool,
    settings: RecoverySettings,
) -> Option<(Remedy, u32)> {
    use FailureClass as Class;
    let (remedy, bound) = match trouble {
        Trouble::Crashed | Trouble::Stalled | Trouble::MalformedStream => (Remedy::GoOn, GO_ONS),
        Trouble::OutOfDisk => return None,
        Trouble::Failed(class) => match class {
            Class::RateLimited | Class::Overloaded | Class::Network | Class::SessionInUse => {
                (Remedy::BackOff, u32::MAX)
            }
            Class::UsageLimit if reset_known => (Remedy::WaitForReset, RESETS),
            Class::ContextTooLong | Class::SessionUnknown => (Remedy::NewSession, 1),
            Class::OutputTruncated | Class::TurnLimit | Class::Internal => (Remedy::GoOn, 1),
            Class::NotAGitRepo if *agent == AgentKind::Codex && !launched.skip_git_repo_check => {
                (Remedy::AddSkipGitRepoCheck, 1)
            }
            Class::UntrustedFolder if *agent == AgentKind::Gemini && !launched.skip_trust => {
                (Remedy::AddSkipTrust, 1)
            }
            Class::RootRefused | Class::PermissionDenied if launched.permission == PermissionMode::Bypass => {
                (Remedy::AskInstead, 1)
            }
            Class::NotLoggedIn
            | Class::AuthInvalid
            | Class::AuthExpired
            | Class::PermissionDenied
            | Class::UntrustedFolder
            | Class::NotAGitRepo
            | Class::RootRefused
            | Class::UsageLimit
            | Class::ModelUnknown
            | Class::RefusedByModel
            | Class::BadArguments
            | Class::BudgetExhausted
            | Class::StructuredOutputMissing
            | Class::Unknown => return None,
        },
    };
    let bound = bound.min(settings.attempts.max(if remedy == Remedy::WaitForReset { bound } else { 0 }));
    (settings.attempts > 0).then_some((remedy, bound))
}

/// How long to wait before the `try_no`th try, in milliseconds: twice as long each time, up to the longest, of which
/// the second half is left to chance, so that workers who failed together do not come back together.
pub fn back_off_ms(settings: RecoverySettings, try_no: u32, seed: u64) -> u64 {
    let doublings = try_no.saturating_sub(1).min(32);
    let whole = settings.back_off_ms.saturating_mul(1 << doublings).min(settings.back_off_max_ms);
    let half = whole / 2;
    let chance = if whole > half { mix(seed) % (whole - half + 1) } else { 0 };
    half + chance
}

/// Spreads the bits of a seed (the finalizer of SplitMix64).
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The seed of a try: what the session is and where it stands.
pub fn seed(created_at: i64, seq: u64, worker: &str) -> u64 {
    let start = created_at.unsigned_abs() ^ seq.rotate_left(32);
    worker.bytes().fold(start, |seed, byte| mix(seed ^ u64::from(byte)))
}

#[cfg(test)]
mod table_tests;
