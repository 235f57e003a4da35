//! What a person sees of recoveries and of usage limits.

use super::of_event::Words;
use super::status::QuotaView;
use crate::event::Event;
use crate::recovery::{Remedy, what};
use crate::state::{State, WorkerState};
use crate::time::{Timestamp, seconds};

/// The timeline's words for a recovery.
pub(super) fn words(event: &Event) -> Option<Words> {
    match event {
        Event::RecoveryAttempted(attempted) => {
            let wait = attempted.delay_ms.map(|ms| format!(" in {}", seconds(ms))).unwrap_or_default();
            let (try_no, of) = (attempted.try_no, attempted.of);
            let text = format!(
                "{} ({}): {}{wait} – try {try_no} of {of}",
                what(attempted.class),
                attempted.class.word(),
                remedy_words(attempted.remedy)
            );
            Some(("recovery", "warn", text, None))
        }
        Event::RecoverySucceeded(ended) => {
            Some(("recovery", "ok", format!("recovered ({})", ended.class.word()), None))
        }
        Event::RecoveryExhausted(ended) => {
            let times = if ended.tries == 1 { "time".to_owned() } else { "times".to_owned() };
            let text = format!("tried {} {times} without success ({})", ended.tries, ended.class.word());
            Some(("recovery", "bad", text, None))
        }
        Event::QuotaReached { agent, until, elsewhere } => {
            let whence = if *elsewhere { " (as another session was told)" } else { "" };
            let text = format!(
                "{}'s usage limit is reached{whence}; it goes on by itself at {}",
                agent.title(),
                clock(*until)
            );
            Some(("recovery", "warn", text, None))
        }
        Event::QuotaReset { agent, lifted } => {
            let how = if *lifted { "is tried again before it is over" } else { "is over" };
            Some(("recovery", "ok", format!("{}'s usage limit {how}", agent.title()), None))
        }
        _ => None,
    }
}

/// How a worker is started by a remedy that loosens a check of its agent's own; nothing of any other. Which option
/// says so on a command line is its agent's protocol.
pub(super) fn loosened(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::AddSkipGitRepoCheck => "without its check for a git repository",
        Remedy::AddSkipTrust => "without its check that the folder is trusted",
        Remedy::AskInstead | Remedy::BackOff | Remedy::WaitForReset | Remedy::NewSession | Remedy::GoOn => "",
    }
}

fn remedy_words(remedy: Remedy) -> String {
    match remedy {
        Remedy::AddSkipGitRepoCheck => format!("started again {}", loosened(remedy)),
        Remedy::AddSkipTrust => format!("started again {}, for this run only", loosened(remedy)),
        Remedy::AskInstead => "started again so that it asks".to_owned(),
        Remedy::BackOff => "asked again".to_owned(),
        Remedy::WaitForReset => "asked again when it is over".to_owned(),
        Remedy::NewSession => "goes on in a new session of its own".to_owned(),
        Remedy::GoOn => "goes on".to_owned(),
    }
}

/// `2026-11-22 14:05:07 UTC`.
fn clock(at: Timestamp) -> String {
    let (year, month, day, hour, minute, second, _) = at.civil();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The state and the words of a worker that goes on by itself after a failure or a wait.
pub(super) fn state_of(state: &State, worker: &WorkerState) -> Option<(&'static str, String)> {
    if state.is_over() || state.ending.is_some() {
        return None;
    }
    let underway = worker.recovery.to_begin();
    if let Some(until) =
        state.quotas.get(&worker.member.agent).filter(|_| underway.is_some() || is_next(state, worker))
    {
        return Some(("waiting", format!("its usage limit is over at {}", clock(*until))));
    }
    let underway = underway?;
    let why = what(underway.trouble);
    let doing = match underway.until {
        Some(until) => format!("{why}; try {} of {} at {}", underway.try_no, underway.of, clock(until)),
        None => format!("{why}; {}", remedy_words(underway.remedy)),
    };
    Some(("recovering", doing))
}

/// Whether the workflow stands where the worker is to work.
fn is_next(state: &State, worker: &WorkerState) -> bool {
    use crate::event::Step;
    use crate::ids::Role;
    match state.step {
        Step::Architecture => worker.member.role == Role::Architect,
        Step::Implementation { .. } => worker.member.role == Role::Implementer,
        Step::PlanReview | Step::Review { .. } => state.at_step.reviews.iter().any(|id| {
            state
                .review(id)
                .is_some_and(|r| r.request.reviewer == worker.member.name && r.judgement().is_none())
        }),
        Step::Prepare | Step::Done => false,
    }
}

/// The usage limits that are reached.
pub(super) fn quotas(state: &State) -> Vec<QuotaView> {
    if state.is_over() {
        return Vec::new();
    }
    let reached = state.quotas.iter();
    reached.map(|(agent, until)| QuotaView { agent: agent.to_string(), until: until.to_string() }).collect()
}
