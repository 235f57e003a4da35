//! Sessions with an open question: who stays for the answer, and who leaves.

use mo_core::ids::AgentKind;
use serde_json::{Value, json};

use crate::rig::{Done, Running, Stage, approving_team, kinds};
use crate::terminal::on_a_terminal;

/// The approving team, whose implementer asks for something first.
fn stage() -> Stage {
    let mut team = approving_team();
    for (agent, script) in &mut team {
        if *agent == AgentKind::Claude {
            let steps = script["turns"][0]["steps"].as_array_mut().unwrap();
            steps.insert(0, json!({ "run": "rm -f none; echo done >> marks.txt" }));
        }
    }
    Stage::with_scripts(team)
}

fn session(done: &Done) -> String {
    done.last()["summary"]["session"].as_str().unwrap().to_owned()
}

/// The only question that is open.
fn open(stage: &Stage) -> String {
    let asked = stage.run(["approvals", "--json"]).expect(0).last()["approvals"].clone();
    let [question] = &asked.as_array().unwrap()[..] else { panic!("{asked}") };
    question["id"].as_str().unwrap().to_owned()
}

fn marks(stage: &Stage) -> usize {
    std::fs::read_to_string(stage.target().join("marks.txt")).unwrap_or_default().lines().count()
}

#[test]
fn without_a_terminal_run_and_resume_leave_with_12_unless_they_are_to_wait() {
    let stage = stage();
    let first = stage.run_goal(&["--json"]).expect(12);
    let (session, question) = (session(&first), open(&stage));
    let again = stage.run(["resume", &session, "--json"]).expect(12);
    assert_eq!(
        (again.last()["summary"]["state"].clone(), open(&stage)),
        (json!("blocked"), question.clone())
    );
    let lines = again.json();
    assert!(kinds(&lines).contains(&"approval_repeated"), "the same question: {lines:?}");

    let mut waits = Running::start(stage.command(["resume", &session, "--wait", "--json"]));
    let asked: Value = serde_json::from_str(&waits.until("\"approval_repeated\"")).unwrap();
    assert_eq!(asked["data"]["approval"], *question);
    // Everything that could move it on has been done by the time it would have left.
    stage.run(["approve", &question]).expect(0);
    waits.finish().expect(0);
    assert_eq!(marks(&stage), 1);
}

#[test]
fn a_run_that_was_to_wait_does_not_make_a_resume_wait() {
    let stage = stage();
    let target = stage.target();
    let args = ["run", "write a.txt", "-C", target.to_str().unwrap(), "--wait", "--json"];
    let mut waits = Running::start(stage.command(args));
    let asked: Value = serde_json::from_str(&waits.until("\"approval_requested\"")).unwrap();
    let session = asked["session"].as_str().unwrap().to_owned();
    stage.run(["pause", &session]).expect(0);
    waits.finish().expect(11);
    stage.run(["resume", &session, "--json"]).expect(12);
    stage.run(["deny", asked["data"]["approval"].as_str().unwrap(), "-m", "no"]).expect(0);
    stage.run(["resume", &session, "--json"]).expect(0);
    assert_eq!(marks(&stage), 0);
}

#[test]
fn on_a_terminal_resume_waits() {
    let stage = stage();
    let session = session(&stage.run_goal(&["--json"]).expect(12));
    let question = open(&stage);
    let mut answered = false;
    let (text, code) = on_a_terminal(&stage, &["resume", &session], true, |_, screen| {
        if !answered && screen.text().contains("asks again") {
            answered = true;
            stage.run(["approve", &question]).expect(0);
        }
    });
    assert!(answered, "{text}");
    assert_eq!((code, marks(&stage)), (0, 1), "{text}");
}
