//! Makes a timeline entry of an event, where the event belongs into the story.

use super::timeline::TimelineEntry;
use super::{of_approvals, of_grants, of_recovery};
use crate::agent_event::{AgentEvent, FileTouch, NoticeLevel, ToolStatus};
use crate::approval::{Action, Answer, Choice};
use crate::event::{CheckpointRestored, Envelope, Event, Purpose, Step};
use crate::outcome::Outcome;
use crate::review::check::{CheckFinished, CheckOutcome};
use crate::review::decision::Decision;
use crate::review::verdict::{Judgement, Verdict};
use crate::shell_line;

/// The most characters of a line.
const LINE: usize = 160;
/// The most bytes of an entry's detail.
const DETAIL: usize = 20_000;

/// The entry of an event; `None` when it tells a person nothing.
pub fn timeline_entry(envelope: &Envelope) -> Option<TimelineEntry> {
    let (kind, tone, text, detail) = words(&envelope.event)?;
    Some(TimelineEntry {
        seq: envelope.seq,
        at: envelope.at.to_string(),
        worker: envelope.worker.as_ref().map(ToString::to_string),
        kind: kind.to_owned(),
        tone: tone.to_owned(),
        text: line(&text),
        detail: detail.map(cut),
    })
}

/// What is too long for a timeline is cut, and says so: all of it is in the event.
fn cut(mut detail: String) -> String {
    if detail.len() > DETAIL {
        let kept = detail.floor_char_boundary(DETAIL);
        let more = detail.len() - kept;
        detail.truncate(kept);
        detail.extend(["… [", &more.to_string(), " more bytes; `orchestrate events` has all of it]"]);
    }
    detail
}

pub(super) type Words = (&'static str, &'static str, String, Option<String>);

fn words(event: &Event) -> Option<Words> {
    let plain = |kind, text: String| Some((kind, "plain", text, None));
    match event {
        Event::SessionCreated(created) => plain("session", format!("started: {}", created.goal)),
        Event::SessionPrepared(prepared) => {
            let found = prepared.agents.iter().map(|a| {
                let said = a.version.as_deref().unwrap_or("version unknown");
                // `2.1.330 (Claude Code)`, `codex-cli 0.169.0`
                let number =
                    said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
                format!("{} {}", a.agent.title(), number.unwrap_or(said))
            });
            Some(("session", "muted", format!("found {}", found.collect::<Vec<_>>().join(", ")), None))
        }
        Event::PhaseStarted { step } => plain("phase", phase_words(*step)),
        Event::CheckpointTaken(taken) => Some((
            "checkpoint",
            "muted",
            format!(
                "checkpoint {}: {} {}, {} changed",
                taken.checkpoint,
                taken.files,
                if taken.files == 1 { "file" } else { "files" },
                taken.changed.len()
            ),
            (!taken.changed.is_empty()).then(|| taken.changed.join("\n")),
        )),
        Event::CheckpointRestored(restored) => Some(restored_words(restored)),
        Event::PrepareFailed(fault) | Event::CheckpointFailed { fault, .. } => {
            Some(("session", "bad", fault.message.clone(), Some(fault.hint.clone())))
        }
        Event::ReviewPrepareFailed { fault, .. } | Event::WorkerSpawnFailed { fault, .. } => {
            Some(("worker", "bad", fault.message.clone(), Some(fault.hint.clone())))
        }
        Event::TurnRequested { purpose, .. } => Some(("worker", "plain", purpose_words(purpose), None)),
        Event::TurnEnded { end, purpose, .. } => turn_words(purpose, end.outcome, end.text.as_deref()),
        Event::AgentItem { item, .. } => item_words(item),
        Event::ApprovalDecided { request, ruling, .. } => match &ruling.answer {
            Answer::Allow | Answer::Instead { .. } => None,
            Answer::Deny { message } => Some((
                "approval",
                "warn",
                format!("denied: {}", action_words(&request.action)),
                Some(message.clone()),
            )),
        },
        Event::ApprovalRequested(asked) => {
            let what = asked.request.action.in_words();
            Some(("approval", "warn", format!("asks to {what}"), Some(asked.why.clone())))
        }
        Event::ApprovalAnswered(answered) => {
            let tone = if matches!(answered.choice, Choice::Deny { .. }) { "warn" } else { "ok" };
            let what = of_approvals::choice_words(answered);
            Some(("approval", tone, format!("{what} (by {})", answered.by.as_str()), None))
        }
        Event::ApprovalRepeated { approval, .. } => {
            Some(("approval", "warn", format!("asks again; it is question {approval}"), None))
        }
        Event::ApprovalVoided { why, .. } => plain("approval", format!("the question is void: {why}")),
        Event::GrantGiven(grant) => plain("approval", of_grants::words(grant.by, &grant.scope)?),
        Event::GrantRevoked { .. } => {
            plain("approval", "what was allowed for the session is so no longer".to_owned())
        }
        Event::BlockerResolved { .. } => Some(("blocker", "ok", "a person has resolved it".to_owned(), None)),
        Event::WorkerStalled { silent_ms, .. } => {
            Some(("notice", "warn", format!("no sign of work for {} s", silent_ms / 1000), None))
        }
        Event::RecoveryAttempted(_)
        | Event::RecoverySucceeded(_)
        | Event::RecoveryExhausted(_)
        | Event::QuotaReached { .. }
        | Event::QuotaReset { .. } => of_recovery::words(event),
        Event::PlanRecorded { text } => {
            Some(("plan", "plain", "wrote the plan".to_owned(), Some(text.clone())))
        }
        Event::CheckStarted(started) => {
            plain("check", format!("runs `{}` on checkpoint {}", started.command, started.checkpoint))
        }
        Event::CheckFinished(finished) => Some(check_words(finished)),
        Event::ReviewRequested(request) => {
            let what = if request.step == Step::PlanReview { "plan" } else { "work" };
            plain("review", format!("will review {}'s {what}", request.subject))
        }
        Event::ReviewAnswerUnusable { why, .. } => {
            Some(("review", "unknown", format!("its answer {why}; asked once more"), None))
        }
        Event::VerdictRecorded { judgement, .. } => Some(verdict_words(judgement)),
        Event::DecisionMade(made) => {
            let tone = match made.decision {
                Decision::Continue => "ok",
                Decision::LogWarning | Decision::PauseAndClarify => "warn",
                Decision::StopAndEscalate => "bad",
            };
            let then = if made.takes_effect { "" } else { "; a fix round comes first" };
            Some((
                "decision",
                tone,
                format!("decision: {}{then}", made.decision.as_str()),
                Some(made.rule.clone()),
            ))
        }
        Event::PermissionBlocker(blocker) => {
            Some(("blocker", "bad", blocker.title.clone(), Some(blocker.details.clone())))
        }
        Event::SessionResumed { message, .. } => {
            Some(("session", "plain", "goes on".to_owned(), message.clone()))
        }
        Event::ReviewNowRequested { focus } => {
            Some(("review", "plain", "a review was asked for".to_owned(), focus.clone()))
        }
        Event::MessageQueued { text } => {
            Some(("message", "plain", format!("a message for it: {text}"), None))
        }
        Event::LimitNear(reading) => {
            Some(("notice", "warn", reading.words(), Some(reading.hint().to_owned())))
        }
        Event::LimitReached(reading) => {
            Some(("notice", "bad", reading.words(), Some(reading.hint().to_owned())))
        }
        Event::WarningRaised { text } => Some(("notice", "warn", text.clone(), None)),
        Event::SessionEnded(ending) => {
            let tone = match ending.exit_code {
                0 => "ok",
                10 | 11 => "warn",
                14 | 130 | 143 => "muted",
                _ => "bad",
            };
            Some(("session", tone, standing(ending.state.as_str(), &ending.reason), None))
        }
        Event::CheckpointRequested { .. }
        | Event::CheckpointUnchanged { .. }
        | Event::WorkerSpawnRequested { .. }
        | Event::WorkerSpawned { .. }
        | Event::WorkerStopRequested { .. }
        | Event::WorkerExited { .. }
        | Event::ReviewPrepared { .. }
        | Event::ApprovalHeld { .. }
        | Event::RecoveryDue { .. }
        | Event::ReviewAnswered { .. }
        | Event::StopRequested { .. }
        | Event::SessionEnding(_) => None,
    }
}

fn restored_words(restored: &CheckpointRestored) -> Words {
    let what = match restored.paths.as_slice() {
        [] => "everything".to_owned(),
        paths => paths.join(", "),
    };
    let text = format!(
        "restored {what} from checkpoint {}; what was there before is checkpoint {}",
        restored.checkpoint, restored.saved
    );
    let tone = if restored.left.is_empty() { "plain" } else { "warn" };
    ("checkpoint", tone, text, (!restored.left.is_empty()).then(|| restored.left.join("\n")))
}

/// How a session stands, and why: `finished: all approved`, but `paused by the person`.
pub fn standing(state: &str, reason: &str) -> String {
    if reason.starts_with(state) { reason.to_owned() } else { format!("{state}: {reason}") }
}

fn phase_words(step: Step) -> String {
    match step {
        Step::Prepare => "preparing".to_owned(),
        Step::Architecture => "the architecture begins".to_owned(),
        Step::PlanReview => "the plan is reviewed".to_owned(),
        Step::Implementation { fix_round: 0 } => "the implementation begins".to_owned(),
        Step::Implementation { fix_round } => format!("round {} of the implementation begins", fix_round + 1),
        Step::Review { .. } => "the implementation is reviewed".to_owned(),
        Step::Done => "done".to_owned(),
    }
}

fn purpose_words(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Plan => "started on the plan".to_owned(),
        Purpose::Implement => "started on the goal".to_owned(),
        Purpose::Fix { fix_round } => format!("started on round {}", fix_round + 1),
        Purpose::FollowUp => "started on what the person said".to_owned(),
        Purpose::Review { try_no: 1, .. } => "started its review".to_owned(),
        Purpose::Review { .. } => "was asked once more for its review".to_owned(),
    }
}

fn turn_words(purpose: &Purpose, outcome: Outcome, text: Option<&str>) -> Option<Words> {
    let what = match purpose {
        Purpose::Plan => "the plan".to_owned(),
        Purpose::Implement => "the implementation".to_owned(),
        Purpose::Fix { fix_round } => format!("round {}", fix_round + 1),
        Purpose::FollowUp => "the follow-up".to_owned(),
        Purpose::Review { .. } => "the review".to_owned(),
    };
    match (outcome, purpose) {
        // The plan and the verdict speak for themselves.
        (Outcome::Completed, Purpose::Plan | Purpose::Review { .. }) => None,
        (Outcome::Completed, _) => {
            Some(("worker", "ok", format!("finished {what}"), text.map(ToOwned::to_owned)))
        }
        (Outcome::Interrupted, _) => Some(("worker", "muted", format!("was interrupted in {what}"), None)),
        (Outcome::Failed | Outcome::Vanished, _) => {
            Some(("worker", "bad", format!("{} in {what}", outcome.as_str()), text.map(ToOwned::to_owned)))
        }
    }
}

fn item_words(item: &AgentEvent) -> Option<Words> {
    match item {
        AgentEvent::Message { text, .. } => message_words(text),
        AgentEvent::ToolStarted { title, .. } => Some(("tool", "muted", title.clone(), None)),
        AgentEvent::ToolEnded { status, output, .. } => match status {
            ToolStatus::Completed => None,
            ToolStatus::Failed => Some(("tool", "warn", "the tool failed".to_owned(), Some(output.clone()))),
            ToolStatus::Declined => Some(("tool", "warn", "was declined".to_owned(), Some(output.clone()))),
            ToolStatus::Cancelled => Some(("tool", "muted", "was cancelled".to_owned(), None)),
        },
        AgentEvent::FilesChanged { changes, status: ToolStatus::Completed, .. } => {
            Some(("files", "plain", format!("changed {}", file_names(changes)), None))
        }
        AgentEvent::Milestone { text } => Some(("worker", "plain", format!("milestone: {text}"), None)),
        AgentEvent::Notice { level, text, .. } if *level != NoticeLevel::Info => {
            Some(("notice", "warn", first_line(text), Some(text.clone())))
        }
        AgentEvent::Malformed { reason, excerpt, .. } => {
            Some(("notice", "warn", format!("a malformed line: {reason}"), Some(excerpt.clone())))
        }
        AgentEvent::Unrecognized { kind } => {
            Some(("notice", "warn", format!("an unrecognised event: {kind}"), None))
        }
        AgentEvent::SessionStarted { .. }
        | AgentEvent::TurnStarted
        | AgentEvent::Thought { .. }
        | AgentEvent::Delta { .. }
        | AgentEvent::FilesChanged { .. }
        | AgentEvent::Plan { .. }
        | AgentEvent::ApprovalRequested { .. }
        | AgentEvent::ApprovalWithdrawn { .. }
        | AgentEvent::UsageReported { .. }
        | AgentEvent::Notice { .. }
        | AgentEvent::TurnEnded { .. } => None,
    }
}

/// A review's answer is told by its verdict, a milestone by its own event.
fn message_words(text: &str) -> Option<Words> {
    let start = text.trim_start();
    if start.starts_with('{') && text.contains("\"nonce\"") && text.contains("\"verdict\"") {
        // Its verdict, or why it has none, comes next.
        return Some(("review", "muted", "answered the review".to_owned(), None));
    }
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if !start.is_empty() && lines.all(|line| line.trim_start().starts_with("MILESTONE:")) {
        return None;
    }
    Some(("message", "plain", first_line(text), Some(text.to_owned())))
}

fn verdict_words(judgement: &Judgement) -> Words {
    let tone = match judgement.verdict {
        Verdict::Approved => "ok",
        Verdict::Concern => "warn",
        Verdict::Inconclusive => "unknown",
        Verdict::Blocker => "bad",
    };
    let findings = judgement.findings.iter().map(|f| {
        let place = match (&f.file, f.line) {
            (Some(file), Some(line)) => format!("{file}:{line}: "),
            (Some(file), None) => format!("{file}: "),
            (None, _) => String::new(),
        };
        format!("{} – {place}{}\n{}", f.severity.as_str(), f.title, f.evidence)
    });
    let text = format!("verdict: {} – {}", judgement.verdict.as_str(), judgement.summary);
    // What the line says in full is not said again.
    let summary = (line(&text) != text).then(|| judgement.summary.clone());
    let detail: Vec<String> = summary.into_iter().chain(findings).collect();
    ("review", tone, text, (!detail.is_empty()).then(|| detail.join("\n\n")))
}

fn check_words(finished: &CheckFinished) -> Words {
    let tone = match finished.outcome {
        CheckOutcome::Passed => "ok",
        CheckOutcome::Failed => "bad",
        CheckOutcome::TimedOut => "warn",
        CheckOutcome::NotRun => "unknown",
        CheckOutcome::Stopped => "muted",
    };
    let text = format!("`{}` {}", finished.command, finished.words());
    let hint = finished.fault.as_ref().map(|fault| fault.hint.clone());
    ("check", tone, text, hint.or_else(|| (!finished.output.is_empty()).then(|| finished.output.clone())))
}

/// What was asked for, in a few words.
pub fn action_words(action: &Action) -> String {
    match action {
        Action::Read { paths } => format!("read {}", paths.join(", ")),
        Action::Write { paths, .. } => format!("write {}", paths.join(", ")),
        Action::Command { command, .. } => format!("run {}", shell_line::inner(command)),
        Action::Fetch { url } => format!("reach {url}"),
        Action::Internal { tool } | Action::Tool { tool, .. } => format!("use {tool}"),
    }
}

fn file_names(changes: &[FileTouch]) -> String {
    changes.iter().map(|c| c.path.as_str()).collect::<Vec<_>>().join(", ")
}

fn first_line(text: &str) -> String {
    text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default().trim().to_owned()
}

/// One line of at most `LINE` characters.
fn line(text: &str) -> String {
    let first = text.split(['\n', '\r']).next().unwrap_or_default();
    if first.chars().count() <= LINE {
        return first.to_owned();
    }
    first.chars().take(LINE - 1).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
#[path = "of_event_tests.rs"]
mod tests;
