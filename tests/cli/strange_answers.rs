//! Answers as nobody means them: twice at once, to what is not there, too long, after the end, beside broken or unwritable
//! rules, under the tightest ceiling.

use serde_json::{Value, json};

use crate::rig::{Done, Stage, approving_team};

/// An unknown program is asked; the mark tells how often the line ran.
const LINE: &str = "no-such-program --fast";

fn stage() -> Stage {
    let mut team = approving_team();
    for (agent, script) in &mut team {
        if agent.as_str() == "claude" {
            let steps = json!([{ "run": LINE }, { "write": { "path": "done.txt", "content": "x\n" } }, { "text": "Done." }]);
            *script = json!({ "turns": [{ "kind": "work", "times": 0, "steps": steps }] });
        }
    }
    Stage::with_scripts(team)
}

/// A session that rests with its question open; the question's name.
fn asked(stage: &Stage) -> String {
    stage.run(["run", "mark it", "-C", "target"]).expect(12);
    open(stage)
}

fn open(stage: &Stage) -> String {
    let listed = stage.run(["approvals", "--json"]).expect(0).last();
    assert_eq!(listed["approvals"].as_array().unwrap().len(), 1, "{listed}");
    listed["approvals"][0]["id"].as_str().unwrap().to_owned()
}

/// Refused in words, with a code of ours.
fn refused(done: &Done, code: i32, words: &str) {
    assert_eq!(done.code, Some(code), "{done:?}");
    assert!(done.err.contains(words), "{done:?}");
    assert!(!done.err.contains("panicked"), "{done:?}");
}

#[test]
fn names_of_nothing_answer_nothing() {
    let stage = stage();
    let id = asked(&stage);
    let long = "0".repeat(100_000);
    let session = stage.run(["status", "--json"]).expect(0).last()["sessions"][0]["id"].clone();
    let no_blocker = format!("{}.999999", session.as_str().unwrap());
    for name in
        ["nothing", long.as_str(), "../../etc", "\u{1b}[2J", session.as_str().unwrap(), no_blocker.as_str()]
    {
        for command in ["approve", "deny", "revoke", "resolve"] {
            let done = stage.run([command, name]);
            refused(&done, 3, "");
            assert!(done.err.len() < 2_000, "{} bytes are said", done.err.len());
            assert!(!done.err.contains('\u{1b}'), "{done:?}");
        }
    }
    assert_eq!(open(&stage), id, "it still waits");
}

/// Two terminals at the same moment: one answer counts, and the other is told so.
#[test]
fn two_answers_at_once_are_one() {
    for _ in 0..3 {
        let stage = stage();
        let id = asked(&stage);
        let session = stage.run(["status", "--json"]).expect(0).last()["sessions"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let done: Vec<Done> = std::thread::scope(|scope| {
            let all =
                [vec!["approve", &id], vec!["deny", &id, "-m", "no"], vec!["approve", &id, "--session"]];
            let running: Vec<_> = all.map(|args| scope.spawn(|| stage.run(args))).into_iter().collect();
            running.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let mut codes: Vec<Option<i32>> = done.iter().map(|one| one.code).collect();
        codes.sort_unstable();
        assert_eq!(codes, [Some(0), Some(4), Some(4)], "{done:?}");
        let counted = stage
            .run(["events", session.as_str(), "--json"])
            .expect(0)
            .out
            .matches("\"approval_answered\"")
            .count();
        assert_eq!(counted, 1);
        stage.run(["resume"]).expect(0);
    }
}

#[test]
fn a_very_long_no_is_a_no() {
    let stage = stage();
    let id = asked(&stage);
    let words = "no \u{1b}[31m\u{202e} ".repeat(9_000);
    let done = stage.run(["deny", &id, "-m", &words]);
    assert_eq!(done.code, Some(0), "{} {}", done.out.len(), done.err);
    assert!(done.out.len() < 10_000, "{}", done.out.len());
    stage.run(["resume"]).expect(0);
    let listed = stage.run(["approvals", "--json"]).expect(0).last();
    assert_eq!(listed["approvals"], json!([]));
    assert!(stage.target().join("done.txt").exists(), "the agent goes on without it");
}

#[test]
fn a_stopped_session_keeps_its_question_for_its_resume() {
    let stage = stage();
    let id = asked(&stage);
    stage.run(["stop"]);
    let done = stage.run(["approve", &id]);
    assert!(matches!(done.code, Some(0 | 4)), "{done:?}");
    let kept = done.code == Some(0);
    let resumed = stage.run(["resume"]);
    assert_eq!(resumed.code, Some(if kept { 0 } else { 12 }), "{resumed:?}");
}

/// Rules that cannot be read or written leave the question open, and a plain yes goes on.
#[test]
fn rules_that_are_broken_or_cannot_be_written_save_nothing_and_answer_nothing() {
    for broken in [true, false] {
        let stage = stage();
        let id = asked(&stage);
        let rules = stage.config().with_file_name("rules.toml");
        std::fs::create_dir_all(rules.parent().unwrap()).unwrap();
        if broken {
            std::fs::write(&rules, "[[rule]\nname = ").unwrap();
        } else {
            std::fs::create_dir_all(&rules).unwrap();
        }
        let done = stage.run(["approve", &id, "--always", "--yes"]);
        assert!(matches!(done.code, Some(1 | 2 | 4)), "{done:?}");
        assert!(done.err.contains("rules.toml"), "{done:?}");
        assert_eq!(open(&stage), id, "it still waits");
        if broken {
            assert_eq!(std::fs::read_to_string(&rules).unwrap(), "[[rule]\nname = ", "it stays as it was");
            std::fs::remove_file(&rules).unwrap();
        } else {
            std::fs::remove_dir(&rules).unwrap();
        }
        stage.run(["approve", &id]).expect(0);
        stage.run(["resume"]).expect(0);
    }
}

/// With nothing that may be let through without a person, each write is asked, and a person's yes still counts.
#[test]
fn under_the_tightest_ceiling_only_a_person_lets_through() {
    let stage = stage();
    stage.configure("[session]\nceiling = []\n");
    let mut asked_about: Vec<String> = Vec::new();
    let mut done = stage.run(["run", "mark it", "-C", "target"]);
    while done.code == Some(12) {
        let listed = stage.run(["approvals", "--json"]).expect(0).last();
        let one: &Value = &listed["approvals"][0];
        asked_about.push(one["rule"].as_str().unwrap().to_owned());
        assert!(asked_about.len() < 6, "{asked_about:?}");
        stage.run(["approve", "--session"]).expect(0);
        done = stage.run(["resume"]);
    }
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(stage.target().join("done.txt").exists());
    assert_eq!(asked_about.len(), 2, "the command and the write: {asked_about:?}");
}
