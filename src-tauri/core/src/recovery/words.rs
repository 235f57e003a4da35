//! What a person and an agent are told of a failure.

use crate::event::Blocker;
use crate::ids::{AgentKind, WorkerName};
use crate::outcome::{FailureClass, Outcome};

use super::Trouble;

/// What happened, in words that complete "its turn failed: …".
pub fn what(trouble: Trouble) -> &'static str {
    use FailureClass as Class;
    match trouble {
        Trouble::Crashed => "its process went away in the middle",
        Trouble::Stalled => "it gave no sign of work for too long",
        Trouble::MalformedStream => "what it said could not be understood, and it broke off",
        Trouble::OutOfDisk => "a disk is full",
        Trouble::Failed(class) => match class {
            Class::NotLoggedIn => "it is not logged in",
            Class::AuthInvalid => "its login or key was refused",
            Class::AuthExpired => "its login has expired",
            Class::PermissionDenied => "its own settings forbid it to be started like this",
            Class::UntrustedFolder => "it does not trust the folder",
            Class::NotAGitRepo => "it wants a git repository",
            Class::RootRefused => "it refuses to do this as root",
            Class::UsageLimit => "its usage limit is reached",
            Class::RateLimited => "its model service had too many requests",
            Class::Overloaded => "its model service is overloaded",
            Class::Network => "its model service could not be reached",
            Class::ContextTooLong => "the conversation became longer than its model takes",
            Class::ModelUnknown => "it does not know its model",
            Class::OutputTruncated => "its answer was cut off at the model's limit",
            Class::RefusedByModel => "its model refused to answer",
            Class::BadArguments => "it refused what it was started with",
            Class::SessionUnknown => "it no longer has its own session",
            Class::SessionInUse => "somebody else uses its own session",
            Class::BudgetExhausted => "the money or tokens that it may spend are used up",
            Class::TurnLimit => "it made as many requests as one turn may have",
            Class::StructuredOutputMissing => "it did not answer in the form that was asked for",
            Class::Internal => "it failed inside",
            Class::Unknown => "it failed, and what it said is not known",
        },
    }
}

/// One sentence to the agent about why its last turn broke off.
pub fn told(trouble: Trouble) -> String {
    use FailureClass as Class;
    let why = match trouble {
        Trouble::Crashed => "your process ended unexpectedly",
        Trouble::Stalled => "you gave no sign of work for too long and were stopped",
        Trouble::MalformedStream => "what you wrote could not be read any more",
        Trouble::Failed(Class::RateLimited) => "your model service had too many requests",
        Trouble::Failed(Class::Overloaded) => "your model service was overloaded",
        Trouble::Failed(Class::Network) => "your model service could not be reached",
        Trouble::Failed(Class::UsageLimit) => "your usage limit was reached; it is over now",
        Trouble::Failed(Class::ContextTooLong) => "the conversation had become too long for the model",
        Trouble::Failed(Class::OutputTruncated) => {
            "your answer was cut off at the model's limit; write less at once"
        }
        Trouble::Failed(Class::TurnLimit) => "you had made as many requests as one turn may have",
        Trouble::OutOfDisk | Trouble::Failed(_) => "you could not be run as before, which has been mended",
    };
    format!("What happened: the last turn broke off because {why}.\n")
}

/// The commands with which a person logs in to an agent.
pub fn login(agent: &AgentKind) -> Vec<String> {
    match agent {
        AgentKind::Claude => {
            vec!["claude auth login".to_owned()]
        }
        AgentKind::Codex => vec!["codex login".to_owned()],
        AgentKind::Gemini => {
            vec!["gemini  # choose a way to log in at its first question, or set GEMINI_API_KEY".to_owned()]
        }
        AgentKind::Acp(name) => vec![format!("{name}  # log in as its documentation says")],
    }
}

const RESUME: &str = "orchestrate resume <session>";

/// What a person is told when a turn did not complete and no remedy is left.
pub fn blocker(
    worker: &WorkerName,
    agent: &AgentKind,
    outcome: Outcome,
    trouble: Option<Trouble>,
    evidence: &str,
    tries: u32,
) -> Blocker {
    use FailureClass as Class;
    let how = match (outcome, trouble) {
        (Outcome::Interrupted, _) | (_, None) => "was interrupted".to_owned(),
        (Outcome::Vanished, Some(trouble)) => format!("broke off: {} ({})", what(trouble), trouble.word()),
        (_, Some(trouble)) => format!("failed: {} ({})", what(trouble), trouble.word()),
    };
    let times = match tries {
        0 => String::new(),
        1 => ", and once more after that".to_owned(),
        tries => format!(", and {tries} times more after that"),
    };
    let class = match trouble {
        Some(Trouble::Failed(class)) => Some(class),
        _ => None,
    };
    let mut actions = Vec::new();
    let mut suggestions = vec![format!("orchestrate logs <session> {worker}")];
    match class {
        Some(Class::NotLoggedIn | Class::AuthExpired) => actions.extend(login(agent)),
        Some(Class::AuthInvalid) => {
            actions.extend(login(agent));
            suggestions.push(format!(
                "a key from the environment or from [agents.{agent}] env goes before the login; see that it is right"
            ));
        }
        Some(Class::UsageLimit) => {
            actions.push(format!("wait until {agent}'s usage limit is over, or raise it"));
            suggestions
                .push(format!("{agent} did not say unmistakably when that is; its own words are above"));
        }
        Some(Class::ModelUnknown) => {
            actions.push(format!(
                "set a model that {agent} knows: [agents.{agent}] model = \"…\" in the configuration"
            ));
            suggestions.push("orchestrate config".to_owned());
        }
        Some(Class::RootRefused) => {
            actions.push("run it as an ordinary user, or with permission = \"ask\"".to_owned());
        }
        Some(Class::UntrustedFolder) => {
            actions.push(format!("{agent}  # in this folder, once, and trust it"));
        }
        Some(Class::NotAGitRepo) => actions.push("git init".to_owned()),
        Some(Class::PermissionDenied) => {
            actions.push(format!("look at {agent}'s own settings: they forbid it to be started like this"));
        }
        Some(Class::Network) => {
            actions.push(format!("see that {agent}'s model service can be reached from here"));
            suggestions.push("a proxy is taken from HTTPS_PROXY and its like".to_owned());
        }
        Some(Class::RateLimited | Class::Overloaded) => {
            actions.push(format!("wait until {agent}'s model service takes requests again"));
        }
        Some(Class::ContextTooLong) => {
            actions.push("make the goal smaller: name the files that matter in a follow-up".to_owned());
        }
        Some(Class::RefusedByModel) => {
            actions.push("say the goal in other words, or give the work to another agent".to_owned());
        }
        Some(Class::BadArguments) => actions.push(format!(
            "mend [agents.{agent}] in the configuration; orchestrate doctor shows what is found"
        )),
        Some(Class::BudgetExhausted) => actions.push(format!("raise what {agent} may spend")),
        _ if trouble == Some(Trouble::OutOfDisk) => {
            actions.push("df -h  # make room on the full disk".to_owned());
        }
        _ => actions.push(format!("see that `{agent}` works by itself in this folder")),
    }
    actions.push(RESUME.to_owned());
    suggestions.push("orchestrate doctor".to_owned());
    Blocker {
        title: format!("{worker}: its turn {how}{times}"),
        details: evidence.to_owned(),
        required_actions: actions,
        suggestions,
    }
}

/// Whether a text says that a disk is full.
pub(super) fn no_space(evidence: &str) -> bool {
    let text = evidence.to_ascii_lowercase();
    ["enospc", "no space left", "disk full", "disk is full", "disk quota", "edquot"]
        .iter()
        .any(|words| text.contains(words))
}
