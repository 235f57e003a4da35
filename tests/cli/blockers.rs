//! What only a person can resolve: listed with its steps, resolved, and gone on with.

use mo_core::ids::AgentKind;
use serde_json::json;

use crate::rig::{Running, Stage, approving_team, kinds};

/// Claude is not logged in at its first turn and works in its next; the session that stands blocked by that.
fn blocked() -> (Stage, String) {
    let mut scripts = approving_team();
    for (agent, script) in &mut scripts {
        if *agent == AgentKind::Claude {
            let work = script["turns"][0].clone();
            script["turns"] =
                json!([{"kind": "work", "times": 1, "steps": [{"error": {"class": "not_logged_in"}}]}, work]);
        }
    }
    let stage = Stage::with_scripts(scripts);
    let run = stage.run_goal(&["--json"]).expect(12);
    let session = run.last()["summary"]["session"].as_str().unwrap().to_owned();
    (stage, session)
}

#[test]
fn a_blocker_is_listed_resolved_once_and_gone_on_with() {
    let (stage, session) = blocked();
    let listed = stage.run(["blockers", "--json"]).expect(0).json().remove(0)["blockers"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    let blocker = &listed[0];
    let id = blocker["id"].as_str().unwrap();
    assert!(id.starts_with(&format!("{session}.")), "{id}");
    let shown = (&blocker["session"], &blocker["worker"], &blocker["state"]);
    assert_eq!(shown, (&json!(session), &json!("claude-implementer"), &json!("open")));
    assert!(!blocker["required_actions"].as_array().unwrap().is_empty(), "{blocker}");
    let told = stage.run(["blockers"]).expect(0).out;
    for part in [id, blocker["title"].as_str().unwrap(), &format!("then: orchestrate resolve {id} --retry")] {
        assert!(told.contains(part), "{part} is missing:\n{told}");
    }
    let needs =
        stage.run(["status", "--json"]).expect(0).json().remove(0)["sessions"][0]["needs_you"].clone();
    assert_eq!((&needs[0]["kind"], &needs[0]["id"]), (&json!("permission_blocker"), &json!(id)));

    for unknown in
        ["nothing", "orch_20200101_000000_0000.4", &format!("{session}.1"), &format!("{session}.x")]
    {
        let refused = stage.run(["resolve", unknown, "--json"]).expect(3);
        assert_eq!(refused.last()["error"]["code"], "blocker_unknown", "{unknown}");
    }
    stage.run(["resolve", id]).expect(0);
    let again = stage.run(["resolve", id, "--retry", "--json"]).expect(4);
    assert_eq!(again.last()["error"]["code"], "blocker_settled");
    assert_eq!(stage.run(["blockers"]).expect(0).out, "Nothing is blocked.\n");
    let of_session = stage.run(["blockers", &session, "--json"]).expect(0).json().remove(0);
    assert_eq!(of_session["blockers"][0]["state"], "resolved");
    stage.run(["resume", &session]).expect(0);
}

#[test]
fn retry_goes_on_at_once_also_in_the_owner() {
    let (stage, session) = blocked();
    let id = stage.run(["blockers", "--json"]).expect(0).json().remove(0)["blockers"][0]["id"].clone();
    let mut owner = Running::start(stage.command(["serve", "--json"]));
    owner.until("serving");
    let run = stage.run(["resolve", id.as_str().unwrap(), "--retry", "--json"]).expect(0);
    assert_eq!(run.last()["summary"]["session"], json!(session));
    let events = stage.run(["events", &session]).expect(0).json();
    let kinds = kinds(&events);
    let at = |kind: &str| {
        kinds.iter().position(|one| *one == kind).unwrap_or_else(|| panic!("no {kind}: {kinds:?}"))
    };
    assert!(
        at("permission_blocker") < at("blocker_resolved") && at("blocker_resolved") < at("session_resumed")
    );
}
