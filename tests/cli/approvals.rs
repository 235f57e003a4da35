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

/// The edited line runs, and only it; what cannot be used changes nothing.
#[test]
fn a_question_is_answered_with_an_edited_call() {
    let stage = stage();
    assert_eq!(run(&stage).code, Some(12));
    let id = the_question(&stage);
    let file = stage.path("edit.txt");
    for (text, code, words) in [
        ("", 2, "it is empty"),
        ("{\"command\": \"ls\"", 2, "it is no JSON"),
        ("{\"command\": \"ls\"}", 2, "`description` is missing"),
        ("cat .env", 4, "secrets"),
    ] {
        std::fs::write(&file, text).unwrap();
        let refused = stage.run(["approve", &id, "--edit", file.to_str().unwrap()]);
        assert_eq!(refused.code, Some(code), "{text}: {refused:?}");
        assert!(refused.err.contains(words), "{text}: {refused:?}");
        assert_eq!(the_question(&stage), id, "it still waits");
    }
    assert_eq!(stage.run(["approve", &id, "--edit", "nothing"]).code, Some(3));
    assert_eq!(stage.run(["approve", &id, "--edit", "x", "--session"]).code, Some(2));
    std::fs::write(&file, "echo edited >> edited.txt\n").unwrap();
    let answered = stage.run(["approve", "--edit", file.to_str().unwrap()]);
    assert_eq!(answered.code, Some(0), "{answered:?}");
    assert!(answered.out.contains("allowed as edited"), "{answered:?}");
    let done = stage.run(["resume"]);
    assert_eq!((done.code, marks(&stage)), (Some(0), 0), "{done:?}");
    assert_eq!(std::fs::read_to_string(stage.target().join("edited.txt")).unwrap(), "edited\n");
    let story = stage.run(["logs"]).out;
    assert!(story.contains("allowed instead: run `echo edited >> edited.txt`"), "{story}");
    let listed = stage.run(["approvals", "--json"]).out;
    assert!(listed.contains("\"approvals\":[]"), "{listed}");
}

#[test]
fn a_question_becomes_a_rule_that_is_shown_first() {
    let mut team = approving_team();
    for (agent, script) in &mut team {
        if agent.as_str() == "claude" {
            let steps = json!([{ "run": "no-such-program --fast" }, { "text": "Done." }]);
            *script = json!({ "turns": [{ "kind": "work", "times": 0, "steps": steps }] });
        }
    }
    let stage = Stage::with_scripts(team);
    assert_eq!(run(&stage).code, Some(12));
    let id = the_question(&stage);
    assert!(stage.run(["approvals"]).out.contains(&format!("orchestrate approve {id} --always")));
    let shown = stage.run(["approve", "--always"]);
    assert_eq!(shown.code, Some(2), "{shown:?}");
    for part in
        ["command = \"no-such-program --fast\"", "spared 1 of this session's 1 question", "rules.toml"]
    {
        assert!(shown.out.contains(part), "{part}: {shown:?}");
    }
    assert!(shown.err.contains("--yes"), "{shown:?}");
    assert_eq!(the_question(&stage), id, "nothing is answered by looking");
    assert_eq!(stage.run(["approve", &id, "--always", "--session"]).code, Some(2));
    let saved = stage.run(["approve", &id, "--always", "--yes", "--json"]);
    assert_eq!(saved.code, Some(0), "{saved:?}");
    let lines = saved.json();
    assert_eq!((&lines[0]["rule"]["spares"], &lines[1]["done"]["approval"]), (&json!(1), &json!(id)));
    let rules = stage.run(["rules"]).expect(0).out;
    assert!(rules.contains("always command no-such-program --fast"), "{rules}");
    stage.run(["rules", "test"]).expect(0);
    stage.run(["resume"]).expect(0);
    let exactly = stage.run(["rules", "explain", "-C", "target", "--", "no-such-program --fast"]);
    assert!(exactly.out.starts_with("allow"), "{exactly:?}");
    let elsewhere = stage.run(["rules", "explain", "-C", "home", "--", "no-such-program --fast"]);
    assert!(elsewhere.out.starts_with("ask"), "{elsewhere:?}");
    let explained = stage.run(["rules", "explain", "-C", "target", "--", "no-such-program --fast; make"]);
    assert!(explained.out.starts_with("ask"), "{explained:?}");
}

#[test]
fn a_question_need_not_be_named_in_full() {
    let stage = stage();
    let none = stage.run(["approve"]);
    assert_eq!(none.code, Some(3), "{none:?}");
    for _ in 0..2 {
        assert_eq!(run(&stage).code, Some(12));
    }
    let listed: Value = serde_json::from_str(&stage.run(["approvals", "--json"]).out).unwrap();
    let ids: Vec<&str> =
        listed["approvals"].as_array().unwrap().iter().map(|asked| asked["id"].as_str().unwrap()).collect();
    let common = ids[0].bytes().zip(ids[1].bytes()).take_while(|(a, b)| a == b).count();
    for args in [vec!["approve"], vec!["deny", "-m", "no"], vec!["approve", &ids[0][..common]]] {
        let several = stage.run(args.iter().copied());
        assert_eq!(several.code, Some(2), "{several:?}");
        assert!(ids.iter().all(|id| several.err.contains(id)), "all are listed: {several:?}");
    }
    assert_eq!(stage.run(["approve", "x"]).code, Some(3));
    assert_eq!(stage.run(["approve", ""]).code, Some(3));
    let first = stage.run(["approve", &ids[0][..=common]]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.out.contains("allowed: run `no-such-program"), "{first:?}");
    let again = stage.run(["approve", &ids[0][..=common]]);
    assert_eq!((again.code, again.err.contains("answered before")), (Some(4), true), "{again:?}");
    let second = stage.run(["deny", "-m", "not now", "--json"]);
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(second.out.contains(ids[1]), "{second:?}");
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
