//! Agents, models and files may say anything: none of it reaches a terminal as more than text.

use serde_json::json;

use crate::rig::{Stage, approving_team};

const NASTY: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}evil\r\u{8}\u{2066}";

#[test]
fn no_text_output_carries_a_control_sequence() {
    let mut team = approving_team();
    let name = format!("b{NASTY}.txt");
    team[0].1["turns"][0]["steps"] = json!([{ "text": format!("# Plan {NASTY}\n\nWrite.") }]);
    team[1].1["turns"][0]["steps"] = json!([
        { "say": format!("MILESTONE: {NASTY} half") },
        { "plan": [format!("{NASTY} plan")] },
        { "write": { "path": name, "content": NASTY } },
        { "garbage": NASTY },
        { "stderr": NASTY },
        { "text": format!("{NASTY} done") },
    ]);
    team[2].1["turns"][1]["steps"] = json!([{ "review": {
        "verdict": "concern", "summary": format!("{NASTY} summary"),
        "findings": [{ "severity": "concern", "file": name, "title": format!("{NASTY} title"),
                       "evidence": format!("{NASTY} evidence"), "suggestion": NASTY }],
    } }]);
    let stage = Stage::with_scripts(team);
    let target = stage.target();
    let goal = format!("do {NASTY} it");
    let run = stage.run(["run", &goal, "-C", target.to_str().unwrap()]).expect(10);
    let id =
        stage.run(["status", "--json"]).expect(0).last()["sessions"][0]["id"].as_str().unwrap().to_owned();
    let mut all = vec![run];
    for args in [&["status"][..], &["status", &id], &["logs"], &["logs", "claude"]] {
        all.push(stage.run(args).expect(0));
    }
    for done in all {
        let bad = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2066}');
        assert!(!done.out.contains(bad) && !done.err.contains(bad), "{done:?}");
        assert!(done.out.contains("evil"), "what is text stays: {done:?}");
    }
    // For `patch` and for files the difference keeps the bytes.
    assert!(stage.run(["diff"]).expect(0).out.contains('\u{202e}'));
}
