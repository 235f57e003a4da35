//! Codex, the reviewer: approves the plan, finds the mistake in the change, approves the mended one.

use super::{implementer, project, read};
use crate::script::{Finding, Review, ReviewCheckpoint, ReviewNonce, Severity, Step, Turn, TurnKind, Wrap};

pub(super) fn turns() -> Vec<Turn> {
    [of_the_plan(), of_the_change(), of_the_mended_change()]
        .map(|steps| Turn::of(TurnKind::Review, steps))
        .into()
}

/// An approval.
pub(super) fn approved(summary: &str) -> Review {
    Review {
        verdict: "approved".into(),
        summary: summary.to_owned(),
        findings: Vec::new(),
        nonce: ReviewNonce::Echo,
        checkpoint: ReviewCheckpoint::Echo,
        wrap: Wrap::Plain,
    }
}

fn of_the_plan() -> Vec<Step> {
    let mut steps = vec![Step::WaitMs(600)];
    for file in ["store.py", "todo.py"] {
        steps.extend(read(file, 1200));
    }
    steps.extend([
        Step::Think("The plan keeps old files loading and says what \"overdue\" means. Both are easy to get wrong, so it is good that they are written down.".to_owned()),
        Step::WaitMs(1000),
        Step::Review(approved("The plan fits the project, keeps old task files loading, and defines \"overdue\" precisely enough to be tested.")),
    ]);
    steps
}

fn of_the_change() -> Vec<Step> {
    let mut steps = vec![Step::WaitMs(500)];
    for file in ["store.py", "todo.py", "test_todo.py", "README.md"] {
        steps.extend(read(file, 900));
    }
    steps.extend([
        Step::Think("`<=` also holds on the day itself. The plan and the README both say: before today. No test looks at the day itself, so nothing caught it.".to_owned()),
        Step::WaitMs(900),
        Step::Review(Review {
            verdict: "concern".into(),
            summary: "One real mistake at the edge: what is due today is already called overdue. The rest is right.".to_owned(),
            findings: vec![due_today()],
            ..approved("")
        }),
    ]);
    steps
}

/// The finding, at the line where the mistake really is after the first implementation.
fn due_today() -> Finding {
    let store = project::after(&implementer::first_turn(), "store.py");
    Finding {
        severity: Severity::Concern,
        file: Some("store.py".to_owned()),
        line: project::line_with(&store, implementer::MISTAKE),
        title: "A task that is due today is listed as overdue".to_owned(),
        evidence: format!(
            "`{}` is true on the day itself, but the plan says \"what is due today is still in time\" and README.md says that `overdue` lists what should have been done before today. No test covers that day.",
            implementer::MISTAKE
        ),
        suggestion: format!("Use `{}` and add a test for a task that is due today.", implementer::MENDED),
    }
}

fn of_the_mended_change() -> Vec<Step> {
    let mut steps = vec![Step::WaitMs(500)];
    for file in ["store.py", "test_todo.py"] {
        steps.extend(read(file, 800));
    }
    steps.push(Step::Review(approved(
        "The comparison is strict now, and a test holds the edge in place. Nothing else changed.",
    )));
    steps
}
