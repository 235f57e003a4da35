use super::*;
use crate::event::{Ending, RestState};
use crate::ids::{AgentKind, Digest, WorkerName};
use crate::outcome::TurnEnd;
use crate::review::verdict::{Finding, Severity};

fn told(event: &Event) -> (String, Option<String>) {
    let (_, _, text, detail) = words(event).unwrap();
    (line(&text), detail.map(cut))
}

#[test]
fn a_long_detail_says_what_it_leaves_out() {
    let whole = "ä".repeat(DETAIL / 2);
    assert_eq!(cut(whole.clone()), whole);
    let cut = cut(format!("{whole}ä"));
    assert!(cut.starts_with(&whole) && cut.ends_with("… [2 more bytes; `orchestrate events` has all of it]"));
}

#[test]
fn a_rest_is_not_named_twice() {
    assert_eq!(standing("paused", "paused by the person"), "paused by the person");
    assert_eq!(standing("paused", "two concerns"), "paused: two concerns");
    let ending = Ending { state: RestState::Stopped, exit_code: 130, reason: "stopped by SIGINT".into() };
    assert_eq!(told(&Event::SessionEnded(ending)).0, "stopped by SIGINT");
}

#[test]
fn a_later_round_may_mend_or_follow_up() {
    let round = Step::Implementation { fix_round: 1 };
    assert_eq!(told(&Event::PhaseStarted { step: round }).0, "round 2 of the implementation begins");
    let end = TurnEnd::bare(Outcome::Completed, None);
    assert_eq!(turn_words(&Purpose::Fix { fix_round: 1 }, end.outcome, None).unwrap().2, "finished round 2");
}

#[test]
fn a_verdict_says_nothing_twice() {
    let judgement =
        |summary: &str, findings| Judgement { verdict: Verdict::Concern, summary: summary.into(), findings };
    let finding = Finding {
        severity: Severity::Concern,
        file: Some("a.py".into()),
        line: Some(3),
        title: "It is odd".into(),
        evidence: "see there".into(),
        suggestion: String::new(),
    };
    let words = |judgement| (verdict_words(&judgement).2, verdict_words(&judgement).3);
    assert_eq!(words(judgement("Odd.", vec![])), ("verdict: concern – Odd.".into(), None));
    assert_eq!(words(judgement("Odd.", vec![finding])).1.unwrap(), "concern – a.py:3: It is odd\nsee there");
    let long = format!("Odd.\n{}", "and odd ".repeat(40));
    assert_eq!(words(judgement(&long, vec![])).1, Some(long));
}

#[test]
fn an_answer_to_a_review_is_not_shown_as_json() {
    let (_, _, text, detail) = message_words(r#"{"verdict": "approved", "nonce": "n"}"#).unwrap();
    assert_eq!((&*text, detail), ("answered the review", None));
}

#[test]
fn a_command_is_shown_without_the_shell_that_it_is_given_to() {
    let action = Action::Command { command: "/bin/bash -lc 'touch a'".into(), cwd: None };
    assert_eq!(action_words(&action), "run touch a");
}

#[test]
fn a_review_says_of_what() {
    let request = |step, subject: &str| {
        Event::ReviewRequested(crate::event::ReviewRequested {
            review: crate::ids::ReviewId::new("r1"),
            step,
            reviewer: WorkerName::new("codex-reviewer"),
            subject: WorkerName::new(subject),
            checkpoint: 1,
            digest: Digest::parse(&format!("sha256:{}", "0".repeat(64))).unwrap(),
            since: 0,
        })
    };
    assert_eq!(told(&request(Step::PlanReview, "gemini-architect")).0, "will review gemini-architect's plan");
    let step = Step::Review { fix_round: 0 };
    assert_eq!(told(&request(step, "claude-implementer")).0, "will review claude-implementer's work");
}

#[test]
fn versions_are_numbers() {
    let found = |version: &str| crate::event::FoundAgent {
        agent: AgentKind::Codex,
        path: "/bin/codex".into(),
        version: Some(version.into()),
    };
    let agents = ["codex-cli 0.169.0", "2.1.330 (Claude Code)", "odd"].map(found).to_vec();
    let prepared = crate::event::Prepared { agents, git: false, guarantees: vec![], trusted: false };
    assert_eq!(told(&Event::SessionPrepared(prepared)).0, "found Codex 0.169.0, Codex 2.1.330, Codex odd");
}
