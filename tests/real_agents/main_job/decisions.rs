//! From the verdicts of the real CLIs to the decision and the exit code, on all sorts of folders.

use std::fs;

use serde_json::{Value, json};

use super::job::{Job, Ran};
use super::play::{GREET_BY_NAME, PLAN, Play, rule, verdict};
use super::project::Kind;

/// What the implementer changes in a project, folders included.
const CHANGED: [&str; 3] = ["docs", "docs/usage.md", "greet.py"];

/// Reviewer, subject and verdict of each review that ended, in order of the subject and the reviewer.
fn verdicts(ran: &Ran) -> Vec<(String, String, String)> {
    let requests = ran.of_kind("review_requested");
    let mut found: Vec<_> = ran
        .of_kind("verdict_recorded")
        .iter()
        .map(|(reviewer, data)| {
            let request = requests.iter().find(|(_, request)| request["review"] == data["review"]).unwrap().1;
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            (word(&request["subject"]), (*reviewer).to_owned(), word(&data["judgement"]["verdict"]))
        })
        .collect();
    found.sort();
    found
}

/// The default pairs with these verdicts: Codex on the plan, Codex on the work, Gemini on the work.
fn pairs(on_plan: &str, by_codex: &str, by_gemini: &str) -> Vec<(String, String, String)> {
    [
        ("claude-implementer", "codex-reviewer", by_codex),
        ("claude-implementer", "gemini-architect", by_gemini),
        ("gemini-architect", "codex-reviewer", on_plan),
    ]
    .map(|(subject, reviewer, verdict)| (subject.to_owned(), reviewer.to_owned(), verdict.to_owned()))
    .into()
}

fn check_work(ran: &Ran) {
    let file = |path: &str| fs::read_to_string(ran.job.sandbox.target().join(path)).unwrap();
    assert_eq!(file("greet.py"), GREET_BY_NAME);
    assert_eq!(file("docs/usage.md"), "Call `greet(name)`.\n");
    assert_eq!(ran.summary["files_changed"], json!(["docs/usage.md", "greet.py"]));
    assert_eq!(fs::read_to_string(ran.folder().join("plan.md")).unwrap(), PLAN);
    ran.check_what_is_left(&CHANGED);
}

/// `events`, `status`, `diff` and `logs` tell of the session what `run` told.
fn check_other_commands(ran: &Ran) {
    let session = ran.summary["session"].as_str().unwrap();
    let events: Vec<Value> = ran
        .ask(&["events", session])
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events, ran.events, "`events` prints what `run --json` printed");
    let status: Value = serde_json::from_str(&ran.ask(&["status", session]).stdout).unwrap();
    let view = &status["sessions"][0];
    assert_eq!(
        (&view["id"], &view["state"], &view["decision"]),
        (&json!(session), &json!("finished"), &json!("continue"))
    );
    let workers: Vec<&str> =
        view["workers"].as_array().unwrap().iter().map(|w| w["state"].as_str().unwrap()).collect();
    assert_eq!(workers, ["done"; 3]);
    let diff = ran.ask(&["diff", session]).stdout;
    assert!(diff.contains("+def greet(name):") && diff.contains("docs/usage.md"), "{diff}");
    let logs = ran.ask(&["logs", session, "claude"]).stdout;
    assert!(logs.contains("I changed greet.py"), "{logs}");
}

#[test]
fn all_approved_continues() {
    let ran = Job::new("all approved, git", Kind::Git, "target", &Play::all_well()).run(&[]);
    let story = ran.check(Some("continue"), "finished", 0);
    check_work(&ran);
    assert_eq!(verdicts(&ran), pairs("approved", "approved", "approved"), "{story}");
    let mut turns = ran.turns_asked();
    turns[3..].sort();
    let expected = [
        "gemini: plan",
        "openai: plan review",
        "anthropic: work",
        "gemini: review by gemini",
        "openai: review by codex",
    ];
    assert_eq!(turns, expected);
    check_other_commands(&ran);
    // Each reviewer of the work was shown what was changed; the plan's reviewer was not.
    for request in ran.job.sandbox.requests().unwrap() {
        let shown = request["body"].to_string().contains("+def greet(name):");
        let rule = request["rule"].as_str().unwrap_or_default();
        assert!(!rule.starts_with("review by") || shown, "{request}");
        assert!(rule != "plan review" || !shown, "{request}");
    }
}

#[test]
fn one_concern_warns() {
    let play = Play { by_codex: verdict("concern"), ..Play::all_well() };
    let ran =
        Job::new("one concern, dirty git, odd name", Kind::DirtyGit, "ein ordner ü ñ 日本", &play).run(&[]);
    let story = ran.check(Some("log_warning"), "finished", 10);
    check_work(&ran);
    assert_eq!(verdicts(&ran), pairs("approved", "concern", "approved"), "{story}");
}

#[test]
fn two_concerns_pause() {
    let play = Play { by_codex: verdict("concern"), by_gemini: verdict("concern"), ..Play::all_well() };
    let ran = Job::new("two concerns, folder", Kind::Folder, "target", &play).run(&[]);
    let story = ran.check(Some("pause_and_clarify"), "paused", 11);
    check_work(&ran);
    assert_eq!(verdicts(&ran), pairs("approved", "concern", "concern"), "{story}");
}

#[test]
fn a_blocker_stops() {
    let play = Play { by_gemini: verdict("blocker"), ..Play::from_nothing() };
    let ran = Job::new("blocker, empty folder", Kind::Empty, "target", &play).run(&[]);
    let story = ran.check(Some("stop_and_escalate"), "stopped", 13);
    assert_eq!(verdicts(&ran), pairs("approved", "approved", "blocker"), "{story}");
    assert_eq!(ran.summary["files_changed"], json!(["greet.py"]));
    ran.check_what_is_left(&["greet.py"]);
}

#[test]
fn a_fix_round_goes_on_in_the_same_process() {
    let once = |mut rule: Value| {
        rule["when"]["nth"] = json!(1);
        rule
    };
    let of_claude = "You review claude-implementer's work";
    let mend = json!([
        {"tool": {"name": "Edit", "input": {"file_path": "${cwd}/greet.py", "old_string": "def greet(name):\n",
            "new_string": "def greet(name):\n    name = name or \"you\"\n"}}},
        {"text": "An empty name is thought of now."}
    ]);
    let play = Play {
        first: vec![
            once(rule("first review by codex", "openai", &[of_claude], &verdict("concern"))),
            rule(
                "fix",
                "anthropic",
                &["Your work was reviewed (fix round 1)", "An empty name is not thought of"],
                &mend,
            ),
        ],
        ..Play::all_well()
    };
    let ran = Job::new("fix round, folder", Kind::Folder, "target", &play).run(&["--fix-rounds", "1"]);
    let story = ran.check(Some("continue"), "finished", 0);
    let decisions: Vec<(&Value, &Value)> = ran
        .of_kind("decision_made")
        .iter()
        .map(|(_, data)| (&data["decision"], &data["takes_effect"]))
        .collect();
    let expected = [("continue", true), ("log_warning", false), ("continue", true)];
    assert_eq!(decisions.len(), 3, "{story}");
    for ((decision, takes_effect), (word, effect)) in decisions.iter().zip(expected) {
        assert_eq!((decision.as_str(), takes_effect.as_bool()), (Some(word), Some(effect)), "{story}");
    }
    let of_claude =
        |kind| ran.of_kind(kind).iter().filter(|(worker, _)| *worker == "claude-implementer").count();
    assert_eq!((of_claude("worker_spawned"), of_claude("turn_ended")), (1, 2), "{story}");
    let sessions: std::collections::BTreeSet<&str> = ran
        .of_kind("agent_item")
        .iter()
        .filter(|(worker, data)| *worker == "claude-implementer" && data["item"]["type"] == "session_started")
        .map(|(_, data)| data["item"]["agent_session"].as_str().unwrap())
        .collect();
    assert_eq!(sessions.len(), 1, "{story}");
    let greet = fs::read_to_string(ran.job.sandbox.target().join("greet.py")).unwrap();
    assert_eq!(greet, GREET_BY_NAME.replace("(name):\n", "(name):\n    name = name or \"you\"\n"));
    ran.check_what_is_left(&CHANGED);
}
