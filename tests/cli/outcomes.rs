//! How a run ends: state, decision, exit code and summary for each way.

use mo_core::ids::AgentKind;
use serde_json::{Value, json};

use crate::rig::{Stage, approving_team, kinds, members, quick_team, verdict};

/// The summary of a run, with what every summary must have.
fn summary(stage: &Stage, more: &[&str], code: i32) -> Value {
    let args: Vec<&str> = more.iter().copied().chain(["--json"]).collect();
    let done = stage.run_goal(&args).expect(code);
    let lines = done.json();
    let (last, events) = lines.split_last().unwrap();
    assert_eq!(kinds(events).len(), events.len(), "only events stand before the summary");
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "the numbers are dense from 1: {seqs:?}");
    let summary = last["summary"].clone();
    assert_eq!(
        members(&summary),
        [
            "cost_usd",
            "decision",
            "elapsed_ms",
            "exit_code",
            "files_changed",
            "results",
            "session",
            "state",
            "target",
            "warnings",
        ]
    );
    assert_eq!(summary["exit_code"], code);
    assert_eq!(summary["target"].as_str(), stage.target().canonicalize().unwrap().to_str());
    summary
}

#[test]
fn approved_by_all() {
    let stage = Stage::with_scripts(approving_team());
    let summary = summary(&stage, &[], 0);
    assert_eq!((&summary["state"], &summary["decision"]), (&json!("finished"), &json!("continue")));
    assert_eq!(summary["files_changed"], json!(["a.txt"]));
    assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "after\n");
    let results = summary["results"].as_array().unwrap();
    let of = |worker: &str| results.iter().find(|result| result["worker"] == worker).unwrap();
    assert_eq!(of("claude-implementer")["text"], "Done: `a.txt` is written.");
    assert_eq!(of("claude-implementer")["state"], "done");
    assert_eq!(of("codex-reviewer")["text"], Value::Null, "a review is no result of its own");
    // One worker that tells no price makes the whole unknown, never zero.
    assert_eq!(summary["cost_usd"], Value::Null);
}

#[test]
fn one_concern_warns_and_two_pause() {
    let stage = Stage::with_scripts(quick_team(verdict("approved"), verdict("approved"), verdict("concern")));
    let warned = summary(&stage, &[], 10);
    assert_eq!((&warned["state"], &warned["decision"]), (&json!("finished"), &json!("log_warning")));
    let stage = Stage::with_scripts(quick_team(verdict("approved"), verdict("concern"), verdict("concern")));
    let paused = summary(&stage, &[], 11);
    assert_eq!((&paused["state"], &paused["decision"]), (&json!("paused"), &json!("pause_and_clarify")));
}

#[test]
fn a_blocker_escalates() {
    let stage = Stage::with_scripts(quick_team(verdict("approved"), verdict("approved"), verdict("blocker")));
    let summary = summary(&stage, &[], 13);
    assert_eq!((&summary["state"], &summary["decision"]), (&json!("stopped"), &json!("stop_and_escalate")));
    let status = stage.run(["status", "--json"]).expect(0).last();
    assert_eq!(status["sessions"][0]["needs_you"][0]["kind"], "decision", "{status}");
}

#[test]
fn an_answer_that_is_none_never_continues() {
    let mut team =
        quick_team(verdict("approved"), verdict("approved"), json!({ "text": "Looks good to me!" }));
    // Asked once more, it says the same.
    let again = team[2].1["turns"][1].clone();
    team[2].1["turns"].as_array_mut().unwrap().push(again);
    let stage = Stage::with_scripts(team);
    let summary = summary(&stage, &[], 11);
    assert_eq!((&summary["state"], &summary["decision"]), (&json!("paused"), &json!("pause_and_clarify")));
}

#[test]
fn an_agent_that_is_not_logged_in_blocks() {
    let mut team = approving_team();
    team[0].1["logged_in"] = false.into();
    let stage = Stage::with_scripts(team);
    let summary = summary(&stage, &[], 12);
    assert_eq!((&summary["state"], &summary["decision"]), (&json!("blocked"), &Value::Null));
    let needs = stage.run(["status", "--json"]).expect(0).last()["sessions"][0]["needs_you"][0].clone();
    assert_eq!(needs["kind"], "permission_blocker");
    // Commands that can be pasted.
    let id = summary["session"].as_str().unwrap();
    let action = |at: usize| needs["required_actions"][at].as_str().unwrap().to_owned();
    assert!(action(0).starts_with("gemini  # choose a way to log in"), "{needs}");
    assert!(action(1).starts_with(&format!("orchestrate resume {id}")), "{needs}");
    let logs = needs["suggestions"][0].as_str().unwrap();
    assert!(logs.starts_with(&format!("orchestrate logs {id}")), "{needs}");
}

#[test]
fn the_time_limit_pauses() {
    let mut team = approving_team();
    team[1].1 = json!({ "turns": [{ "kind": "work", "steps": [{ "hang": true }] }] });
    let stage = Stage::with_scripts(team);
    let summary = summary(&stage, &["--timeout", "2s"], 11);
    assert_eq!(summary["state"], "paused");
    assert_eq!(summary["decision"], Value::Null, "nothing was decided on the work");
}

#[test]
fn a_team_of_two_and_fix_rounds_of_the_command_line() {
    let [_, mut claude, mut codex] = approving_team();
    claude.1["turns"] = json!([
        { "kind": "work", "steps": [
            { "write": { "path": "a.txt", "content": "after\n" } }, { "text": "Done." } ] },
        { "kind": "work", "steps": [
            { "write": { "path": "a.txt", "content": "better\n" } }, { "text": "Mended." } ] },
    ]);
    codex.1["turns"] = json!([
        { "kind": "review", "steps": [verdict("concern")] },
        { "kind": "review", "steps": [verdict("approved")] },
    ]);
    let stage = Stage::with_scripts([(AgentKind::Gemini, json!({ "turns": [] })), claude, codex]);
    let team = stage.path("tmp/pair.toml");
    let text = "[[worker]]\nagent = \"claude\"\nrole = \"implementer\"\n[[worker]]\nagent = \"codex\"\n\
                role = \"reviewer\"\n[[review]]\nreviewer = \"codex\"\nsubject = \"claude\"\n";
    std::fs::write(&team, text).unwrap();
    let summary = summary(&stage, &["--team", team.to_str().unwrap(), "--fix-rounds", "1"], 0);
    assert_eq!(summary["decision"], "continue");
    assert_eq!(summary["results"].as_array().unwrap().len(), 2);
    assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "better\n");
}

/// The summary in words names what a person looks for next.
#[test]
fn the_summary_in_words() {
    let stage = Stage::with_scripts(quick_team(verdict("approved"), verdict("approved"), verdict("concern")));
    let done = stage.run_goal(&[]).expect(10);
    let id = done.out.lines().find_map(|line| line.strip_prefix("session     ")).unwrap().to_owned();
    let folder = stage.data().join("sessions").join(&id);
    for part in [
        "codex-reviewer on claude-implementer: concern – concern, I say",
        "concern a.txt:1: it says after",
        "log_warning after the review, round 1 (one concern: go on with a warning)",
        "cost unknown",
        &format!("plan        {}", folder.join("plan.md").display()),
        &format!("summary     {}", folder.join("summary.md").display()),
        &format!("orchestrate diff {id}"),
    ] {
        assert!(done.out.contains(part), "missing {part}:\n{}", done.out);
    }
    assert!(folder.join("summary.md").is_file() && folder.join("plan.md").is_file());
    assert!(!done.out.contains('\u{1b}'), "what is not a terminal gets no colours");
    // The story, line by line: `HH:MM:SS worker  text`.
    let line = done.out.lines().find(|line| line.contains("finished the implementation")).unwrap();
    let time = line.get(..8).unwrap();
    assert!(time.bytes().enumerate().all(|(i, b)| if i % 3 == 2 { b == b':' } else { b.is_ascii_digit() }));
    assert!(line.get(8..).unwrap().starts_with(" claude-implementer  "), "{line}");
}
