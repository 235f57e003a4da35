//! Agents of the configuration that speak ACP and are none of the known ones: a whole session of nothing else.

use mo_core::ids::AgentKind;
use serde_json::{Value, json};

use crate::rig::{Stage, approving_team, kinds, verdict};

/// A stage whose `goose` and `opencode` are one scripted ACP agent: it writes, and it reviews with this verdict.
fn stage(word: &str) -> Stage {
    let mut scripts = approving_team();
    for (agent, script) in &mut scripts {
        if *agent == AgentKind::Gemini {
            *script = json!({ "turns": [
                { "kind": "work", "times": 0, "steps": [
                    { "say": "I write it." },
                    { "write": { "path": "a.txt", "content": "after\n" } },
                    { "text": "Done: `a.txt` is written." },
                ]},
                { "kind": "review", "times": 0, "steps": [verdict(word)] },
            ]});
        }
    }
    let stage = Stage::with_scripts(scripts);
    let agent = stage.path("bin/acp-agent");
    std::fs::rename(stage.path("bin/gemini"), &agent).unwrap();
    let agent = agent.display();
    let section =
        |name: &str| format!("[agents.{name}]\nprotocol = \"acp\"\npath = \"{agent}\"\nargs = [\"--acp\"]\n");
    stage.configure(&(section("goose") + &section("opencode")));
    let team = "[[worker]]\nagent = \"goose\"\nrole = \"implementer\"\n\
                [[worker]]\nagent = \"opencode\"\nrole = \"reviewer\"\n\
                [[review]]\nreviewer = \"opencode\"\nsubject = \"goose\"\n";
    std::fs::write(stage.path("team.toml"), team).unwrap();
    stage
}

fn run(stage: &Stage, code: i32) -> (Vec<Value>, Value) {
    let team = stage.path("team.toml");
    let mut lines = stage.run_goal(&["--team", team.to_str().unwrap(), "--json"]).expect(code).json();
    let summary = lines.pop().unwrap()["summary"].clone();
    (lines, summary)
}

#[test]
fn acp_agents_work_and_review() {
    let stage = stage("approved");
    let (events, summary) = run(&stage, 0);
    assert_eq!((&summary["state"], &summary["decision"]), (&json!("finished"), &json!("continue")));
    assert_eq!(summary["files_changed"], json!(["a.txt"]));
    assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "after\n");
    let of_kind = |kind: &str| events.iter().filter(|event| event["kind"] == kind).collect::<Vec<_>>();
    assert_eq!(of_kind("verdict_recorded").len(), 1, "{:?}", kinds(&events));
    // The write was asked for, and allowed by the policy.
    let decided = of_kind("approval_decided");
    assert!(decided.iter().any(|event| event["worker"] == "goose-implementer"), "{decided:?}");
    let workers: Vec<&str> =
        of_kind("turn_ended").iter().filter_map(|event| event["worker"].as_str()).collect();
    assert_eq!(workers, ["goose-implementer", "opencode-reviewer"]);
    assert!(of_kind("turn_ended").iter().all(|event| event["data"]["end"]["outcome"] == "completed"));
}

#[test]
fn an_acp_reviewers_blocker_counts() {
    let stage = stage("blocker");
    let (_, summary) = run(&stage, 13);
    assert_eq!(summary["decision"], "stop_and_escalate");
}

#[test]
fn an_acp_agent_that_is_not_there_is_said() {
    let stage = stage("approved");
    std::fs::remove_file(stage.path("bin/acp-agent")).unwrap();
    let team = stage.path("team.toml");
    let error =
        stage.run_goal(&["--team", team.to_str().unwrap(), "--json"]).expect(3).last()["error"].clone();
    assert_eq!(error["code"], "agent_not_installed");
    assert!(error["message"].as_str().unwrap().contains("goose"), "{error}");
}
