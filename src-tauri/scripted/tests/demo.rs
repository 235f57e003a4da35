//! The demo's story, told by the scripted team to the real clients: a plan, a change with a model service that is overloaded
//! in between, one concern, one fix.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::unnecessary_wraps,
    reason = "tests read better so"
)]

mod talk;

use std::path::{Path, PathBuf};

use mo_agents::launch::{Access, LaunchSpec, Permission};
use mo_core::agent_event::{AgentEvent, PlanStatus};
use mo_core::approval::{Action, Answer, ApprovalRequest};
use mo_core::ids::AgentKind;
use mo_core::outcome::FailureClass;
use mo_scripted::demo::{Demo, GOAL, set_up};
use serde_json::{Value, json};
use talk::{Talk, allow, completed, end_of};

const EXE: &str = env!("CARGO_BIN_EXE_scripted-agent");

fn spec(demo: &Demo, agent: &AgentKind, cwd: &Path, access: Access) -> LaunchSpec {
    LaunchSpec {
        agent: agent.clone(),
        program: demo.programs.iter().find(|(of, _)| of == agent).unwrap().1.clone(),
        cwd: cwd.to_owned(),
        add_dirs: Vec::new(),
        access,
        permission: Permission::Ask,
        model: None,
        args: Vec::new(),
        resume: None,
        skip_git_repo_check: false,
        skip_trust: true,
        schema: None,
        files_dir: "/files".into(),
    }
}

/// A review as the engine asks for it: a copy of the target, a fresh agent session, a nonce.
fn review(demo: &Demo, agent: &AgentKind, round: u32) -> (Value, PathBuf) {
    let checkout = demo.target.with_file_name(format!("checkout-{agent}-{round}"));
    std::fs::create_dir(&checkout).unwrap();
    for entry in std::fs::read_dir(&demo.target).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, checkout.join(path.file_name().unwrap())).unwrap();
    }
    let prompt = format!("Review this.\ncheckpoint: sha256:{round}\nnonce: {agent}-{round}\n");
    let mut talk = Talk::of(&spec(demo, agent, &checkout, Access::ReadOnly));
    let events = talk.turn(&prompt, Some(json!({"type": "object"})), only_reads);
    let end = completed(&events);
    let answer =
        end.structured.clone().unwrap_or_else(|| serde_json::from_str(end.text.as_ref().unwrap()).unwrap());
    assert_eq!(answer["nonce"], format!("{agent}-{round}"));
    assert_eq!(answer["checkpoint"], format!("sha256:{round}"));
    (answer, checkout)
}

/// The built-in policy of a reviewer and an architect.
fn only_reads(request: &ApprovalRequest) -> Option<Answer> {
    match &request.action {
        Action::Read { .. } | Action::Internal { .. } => Some(Answer::Allow),
        other => panic!("asked for {other:?}"),
    }
}

#[test]
fn the_whole_story() {
    let dir = tempfile::tempdir().unwrap();
    let demo = set_up(dir.path(), Path::new(EXE), true).unwrap();
    let (gemini, claude, codex) = (AgentKind::Gemini, AgentKind::Claude, AgentKind::Codex);

    let mut architect = Talk::of(&spec(&demo, &gemini, &demo.target, Access::ReadOnly));
    let events = architect.turn(&format!("Plan this: {GOAL}"), None, only_reads);
    let plan = completed(&events).text.clone().unwrap();
    assert!(plan.starts_with("# Plan: due dates\n"), "the answer is the plan and nothing else: {plan}");
    assert_eq!(review(&demo, &codex, 1).0["verdict"], "approved");

    let mut implementer = Talk::of(&spec(&demo, &claude, &demo.target, Access::Write));
    let mut written = Vec::new();
    let mut commands = Vec::new();
    let mut policy = |request: &ApprovalRequest| {
        match &request.action {
            Action::Write { paths, .. } => written.extend(paths.clone()),
            Action::Command { command, .. } => commands.push(command.clone()),
            other => assert!(!matches!(other, Action::Tool { .. }), "{request:?}"),
        }
        Some(Answer::Allow)
    };
    let mut events = implementer.turn(&format!("{GOAL}\n\n{plan}"), None, &mut policy);
    assert_eq!(end_of(&events).class, Some(FailureClass::Overloaded), "{events:?}");
    let rest = implementer.turn("Go on.", None, &mut policy);
    assert!(completed(&rest).text.as_ref().unwrap().starts_with("Tasks have due dates now."));
    events.extend(rest);
    assert_eq!(commands, ["python3 -B -m unittest"]);
    assert!(written.iter().all(|path| Path::new(path).starts_with(&demo.target)), "{written:?}");
    let milestones = events.iter().filter(|event| matches!(event, AgentEvent::Milestone { .. })).count();
    assert_eq!(milestones, 2);
    let last_plan = events.iter().rev().find_map(|event| match event {
        AgentEvent::Plan { entries } => Some(entries.clone()),
        _ => None,
    });
    assert!(last_plan.unwrap().iter().all(|entry| entry.status == PlanStatus::Completed));

    assert_eq!(review(&demo, &gemini, 2).0["verdict"], "approved");
    let (concern, checkout) = review(&demo, &codex, 2);
    assert_eq!(concern["verdict"], "concern");
    let finding = &concern["findings"][0];
    let file = std::fs::read_to_string(checkout.join(finding["file"].as_str().unwrap())).unwrap();
    let line = usize::try_from(finding["line"].as_u64().unwrap()).unwrap();
    assert!(file.lines().nth(line - 1).unwrap().contains("<= today"));

    let events = implementer.turn(&format!("Mend this: {finding}"), None, allow);
    assert!(completed(&events).text.as_ref().unwrap().starts_with("Mended:"));
    let mended = std::fs::read_to_string(demo.target.join("store.py")).unwrap();
    let changed: Vec<(&str, &str)> = file.lines().zip(mended.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(changed.len(), 1, "exactly the line of the finding: {changed:?}");
    for agent in [&gemini, &codex] {
        assert_eq!(review(&demo, agent, 3).0["verdict"], "approved");
    }

    let events = implementer.turn("And now in Klingon, please.", None, allow);
    assert!(completed(&events).text.as_ref().unwrap().contains("scripted agent"));
}
