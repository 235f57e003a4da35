//! Questions to a person, answered by commands of their own.

use serde_json::{Value, json};

use crate::rig::{Done, Stage, approving_team};

/// An unknown program is asked; the mark tells how often the line ran.
const LINE: &str = "no-such-program; printf 'x\\n' >> marks.txt";

fn stage() -> Stage {
    let mut team = approving_team();
    for (agent, script) in &mut team {
        if agent.as_str() == "claude" {
            let steps = json!([{ "run": LINE }, { "text": "Done." }]);
            *script = json!({ "turns": [{ "kind": "work", "times": 0, "steps": steps }] });
        }
    }
    Stage::with_scripts(team)
}

fn marks(stage: &Stage) -> usize {
    std::fs::read_to_string(stage.target().join("marks.txt")).unwrap_or_default().lines().count()
}

fn run(stage: &Stage) -> Done {
    stage.run(["run", "mark it", "-C", stage.target().to_str().unwrap()])
}

fn the_question(stage: &Stage) -> String {
    let listed = stage.run(["approvals", "--json"]);
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(listed["approvals"].as_array().unwrap().len(), 1, "{listed}");
    let asked = &listed["approvals"][0];
    assert_eq!(
        (&asked["worker"], &asked["state"]),
        (&json!("claude-implementer"), &json!("open")),
        "{asked}"
    );
    asked["id"].as_str().unwrap().to_owned()
}

/// Each command is a process of its own, and the owner for as long as it needs.
#[test]
fn a_question_of_a_session_at_rest_is_answered_and_the_session_goes_on() {
    let stage = stage();
    let asked = run(&stage);
    assert_eq!((asked.code, marks(&stage)), (Some(12), 0), "{asked:?}");
    let id = the_question(&stage);
    assert!(asked.out.contains(&format!("orchestrate approve {id}")), "{asked:?}");
    let answered = stage.run(["approve", &id]);
    assert_eq!((answered.code, marks(&stage)), (Some(0), 0), "{answered:?}");
    let done = stage.run(["resume"]);
    assert_eq!((done.code, marks(&stage)), (Some(0), 1), "{done:?}");
    let again = stage.run(["approve", &id]);
    assert_eq!(again.code, Some(4), "{again:?}");
    assert!(again.err.contains("answered before"), "{again:?}");
}

#[test]
fn a_question_of_a_session_at_rest_is_refused_with_words_for_the_agent() {
    let stage = stage();
    assert_eq!(run(&stage).code, Some(12));
    let id = the_question(&stage);
    assert_eq!(stage.run(["deny", &id, "-m", "leave that to me"]).code, Some(0));
    let done = stage.run(["resume"]);
    assert_eq!((done.code, marks(&stage)), (Some(0), 0), "{done:?}");
    let story = stage.run(["logs"]).out;
    assert!(story.contains("leave that to me"), "{story}");
}
